"""Plain depth-first search over every choice: the oracle that checks the reduction, and the preemption bound.

With a preemption bound it covers every execution in which a thread that could have gone on was interrupted at most
that often. It uses no reduction: combining the two naively loses executions (Coons, Musuvathi, McKinley 2013).
"""

from treadle.sched.strategies.base import Node, Path, by_preference, estimated_total
from treadle.sched.world import ControlledThread, World


class DepthFirst:
    """Explore every schedule, or every schedule with at most *preemptions* preemptions."""

    exhaustive = True

    def __init__(self, preemptions: int | None = None) -> None:
        self._bound = preemptions
        self._path = Path()
        self._todo: list[list[int]] = []
        self._made = 0
        self._turns: list[int] = []  #: how many turns each decision on the path has

    @property
    def bound(self) -> str | None:
        return None if self._bound is None else f"at most {self._bound} preemption{'s' * (self._bound != 1)}"

    def restart(self) -> None:
        self.__init__(self._bound)  # type: ignore[misc]

    def rewind(self) -> bool:
        self._path.depth = 0
        return True

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        path = self._path
        if path.depth < len(path.nodes):
            return path.replay(world, enabled)
        running = world.last
        node = Node(enabled, None if running is None else running.index)
        if path.nodes:
            node.preemptions = path.nodes[-1].preemptions + _preempts(path.nodes[-1])
        order = by_preference(enabled, running)
        if node.preemptions == self._bound and running in enabled:
            order = order[:1]
        self._todo.append([thread.index for thread in order[1:]])
        self._turns.append(len(order))
        return path.extend(node, order[0])

    def more(self, world: World) -> bool:
        nodes = self._path.nodes
        self._path.depth = 0
        self._made += 1
        while nodes and not self._todo[-1]:
            nodes.pop()
            self._todo.pop()
            self._turns.pop()
        if not nodes:
            return False
        nodes[-1].chosen = self._todo[-1].pop(0)
        return True

    def estimate(self) -> int | None:
        left = [len(todo) + 1 for todo in self._todo]
        branches = [(turns - rest, rest) for turns, rest in zip(self._turns, left, strict=True)]
        return estimated_total(self._made, branches)


def _preempts(node: Node) -> bool:
    return node.running in node.enabled and node.chosen != node.running
