"""The interface between the engine and a policy, and the path of decisions that systematic policies share."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from treadle.sched.errors import NondeterminismError
from treadle.sched.world import ControlledThread, World

#: Where programs that are not deterministic mostly get it from.
WHERE_TO_LOOK = (
    "Look for state kept between executions, real time, randomness, id(), or the order of objects in a set "
    "or by their default hash."
)


class Strategy(Protocol):
    """A policy over one tape of choices."""

    @property
    def exhaustive(self) -> bool:
        """Whether running out of executions means that everything within the bound was covered."""

    @property
    def bound(self) -> str | None:
        """What limits the coverage, in words; None when nothing does."""

    def restart(self) -> None:
        """Forget everything: the program's operations have changed."""

    def rewind(self) -> bool:
        """Go back to the beginning of the execution that has just ended, to make it again; say whether that works."""

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        """Return one of *enabled* (never empty), or None to cut the execution short."""

    def more(self, world: World) -> bool:
        """Learn from the execution that has just ended; say whether there is another one to make."""

    def estimate(self) -> int | None:
        """Guess how many executions there are in all, those made included; None when that cannot be known."""


def estimated_total(made: int, branches: Iterable[tuple[int, int]]) -> int | None:
    """Return how many executions there will be if what is left is like what was made.

    Each decision on the present path is given as *branches*: how many of its turns have been explored, and how many
    more are known, the present one included. All turns of one decision are taken to weigh the same (the weighted
    backtrack estimator of Kilby, Slaney, Thiébaux and Walsh, AAAI 2006). Turns that are not known yet are not
    counted, so that the estimate mostly grows.
    """
    covered, weight = 0.0, 1.0
    for done, left in branches:
        weight /= done + left
        covered += done * weight
    return max(made, round(made / covered)) if made and covered > 0 else None


class Decision:
    """One decision on the current path."""

    __slots__ = ("announced", "chosen")

    def __init__(self, enabled: list[ControlledThread]) -> None:
        self.announced = announced_by(
            enabled
        )  #: who could go, in order of creation, and with which operation
        self.chosen = -1  #: who goes in the present execution


Node = TypeVar("Node", bound=Decision)


class Path(Generic[Node]):
    """The decisions of the current execution: a prefix that is replayed, then new ones.

    While replaying, every step is compared with what was seen before, so that a program which is not deterministic
    is caught at the first operation that differs.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.depth = 0

    def replay(self, world: World, enabled: list[ControlledThread]) -> ControlledThread:
        """Return the thread chosen at this depth of the prefix."""
        node = self.nodes[self.depth]
        self.depth += 1
        announced = node.announced
        if len(enabled) != len(announced):
            raise _different(world, self.depth, node, enabled)
        for thread, (index, kind, name) in zip(enabled, announced, strict=True):
            operation = thread.pending
            if (
                thread.index != index
                or operation is None
                or operation.kind != kind
                or operation.target.name != name
            ):
                raise _different(world, self.depth, node, enabled)
        return world.threads[node.chosen]

    def extend(self, node: Node, chosen: ControlledThread) -> ControlledThread:
        """Add a new decision for *chosen*."""
        node.chosen = chosen.index
        self.nodes.append(node)
        self.depth += 1
        return chosen


#: Of an enabled thread: its number, and the kind and the target of the operation it announced.
Announced = tuple[int, str, str]


def announced_by(enabled: list[ControlledThread]) -> list[Announced]:
    """Return what each of *enabled* has announced."""
    return [
        (thread.index, thread.pending.kind, thread.pending.target.name)
        for thread in enabled
        if thread.pending is not None
    ]


def _different(
    world: World, step: int, node: Decision, enabled: list[ControlledThread]
) -> NondeterminismError:
    before, now = node.announced, announced_by(enabled)
    labels = {thread.index: thread.label for thread in world.threads}
    if [index for index, _, _ in before] == [index for index, _, _ in now]:
        old, new = next(pair for pair in zip(before, now, strict=True) if pair[0] != pair[1])
        what = f"{labels[new[0]]} was about to {old[1]} {old[2]} before, and to {new[1]} {new[2]} now"
    else:
        what = f"the threads that could run were {_listed(before, labels)} before, and are {_listed(now, labels)} now"
    return NondeterminismError(
        f"the program is not deterministic: after the same {step - 1} steps, {what}. {WHERE_TO_LOOK}"
    )


def _listed(announced: list[Announced], labels: dict[int, str]) -> str:
    return ", ".join(
        f"{labels.get(index, f'thread {index}')} ({kind} {name})" for index, kind, name in announced
    )


def by_preference(
    enabled: list[ControlledThread], running: ControlledThread | None
) -> list[ControlledThread]:
    """Order *enabled* so that the thread that ran last comes first: the first execution has no preemption."""
    if running in enabled:
        return [running, *(thread for thread in enabled if thread is not running)]
    return enabled
