"""A part of the exploration of all traces, explored apart from the rest, perhaps by another process.

A part is a path of decisions. At the first of them, the *fixed* ones, the turn is given: others explore the other
turns, and a continuation that has to be explored from there is handed back. From the decisions after these, the
part's *own*, everything is explored that is not asleep. A part can be set aside between any two executions, and cut
into smaller ones: the turns that are known and not explored yet at its first own decisions.

All of it is plain data: threads by what they are called in every execution, and touches by name.
"""

from collections.abc import Iterable
from typing import NamedTuple

from treadle.sched.strategies.base import Announced
from treadle.sched.strategies.exhaustive import Exhaustive, Node, Sleep
from treadle.sched.strategies.races import Outlook
from treadle.sched.strategies.wakeup import Branch, Touches

#: A wake-up tree in one list, each branch after the one it belongs to: how deep it is, whose turn, what that touches.
Flat = tuple[tuple[int, str, Touches], ...]


class Frozen(NamedTuple):
    """A decision, set aside; `Node` says what the fields are."""

    announced: list[Announced]
    numbers: dict[str, int]
    sleep: Sleep
    waiting: Sleep
    barrier: bool
    outlook: Outlook
    chosen: int
    branches: Flat


class Part(NamedTuple):
    """What is to be explored."""

    fixed: tuple[Frozen, ...] = ()
    own: tuple[Frozen, ...] = ()
    branches: Flat = ()  #: the wake-up tree after the fixed decisions, where there are no others yet


class Relearned(Exception):
    """The program's operations have changed, and with them the decisions before this part."""


class Subtree(Exhaustive):
    """Explore one execution of every trace of a part."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._whole = not part.fixed and not part.own
        self._fixed = len(part.fixed)
        self._alone = self._whole
        nodes = self._path.nodes = [_thawed(frozen) for frozen in (*part.fixed, *part.own)]
        self._branches = nodes[-1].branches[0].branches if part.own else grown(part.branches)

    def restart(self) -> None:
        """Begin anew with everything.

        Raises:
            Relearned: this is but a part.
        """
        if not self._whole:
            raise Relearned
        self.__init__(Part())  # type: ignore[misc]

    def rewind(self) -> bool:
        return self._whole and super().rewind()

    def rest(self) -> tuple[Frozen, ...]:
        """Return the part's own decisions as they are now, between two executions."""
        nodes = self._path.nodes
        return tuple(
            _frozen(node, last=position == len(nodes) - 1)
            for position, node in enumerate(nodes)
            if position >= self._fixed
        )


def _frozen(node: Node, *, last: bool) -> Frozen:
    """Set *node* aside; what is being explored after it stands in the decisions that follow."""
    first, *others = node.branches
    tree = node.branches if last else [Branch(first.who), *others]
    return Frozen(
        node.announced,
        node.numbers,
        node.sleep,
        node.waiting,
        node.barrier,
        node.outlook,
        node.chosen,
        flat(tree),
    )


def _thawed(frozen: Frozen) -> Node:
    node = Node.__new__(Node)
    node.announced, node.numbers, node.sleep, node.waiting, node.barrier, node.outlook, node.chosen, tree = (
        frozen
    )
    node.branches = grown(tree)
    node.done = 0
    return node


def flat(branches: Iterable[Branch]) -> Flat:
    """Return a wake-up tree as one list; a tree is as deep as an execution is long, too deep to be pickled."""
    found = []
    left = [(0, branch) for branch in branches][::-1]
    while left:
        depth, branch = left.pop()
        found.append((depth, branch.who, branch.touches))
        left += [(depth + 1, inner) for inner in reversed(branch.branches)]
    return tuple(found)


def grown(tree: Flat) -> list[Branch]:
    """Return the wake-up tree that *tree* is the list of."""
    line = [Branch("")]
    for depth, who, touches in tree:
        branch = Branch(who, touches)
        del line[depth + 1 :]
        line[depth].branches.append(branch)
        line.append(branch)
    return line[0].branches
