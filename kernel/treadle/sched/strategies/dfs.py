"""Plain depth-first search over every choice: the oracle that checks the reduction, and the preemption bound.

With a preemption bound it covers every execution in which a thread that could have gone on was interrupted at most
that often. It uses no reduction: combining the two naively loses executions (Coons, Musuvathi, McKinley 2013).
"""

from treadle.sched.strategies.base import Decision, Path, by_preference, estimated_total
from treadle.sched.world import ControlledThread, World


def at_most(preemptions: int) -> str:
    """Return a bound in words."""
    return f"at most {preemptions} preemption{'s' * (preemptions != 1)}"


class Node(Decision):
    """A decision, who could go there, and what it cost to come there."""

    __slots__ = ("enabled", "preemptions", "running", "todo", "turns")

    def __init__(self, enabled: list[ControlledThread], running: ControlledThread | None) -> None:
        super().__init__(enabled)
        self.enabled = [thread.index for thread in enabled]
        self.running = None if running is None else running.index  #: who executed the step before
        self.preemptions = 0  #: before this decision
        self.todo: list[int] = []  #: turns to be explored after the present one
        self.turns = 0  #: how many turns there are in all

    def preempts(self) -> bool:
        """Say whether the present turn interrupts a thread that could have gone on."""
        return self.running in self.enabled and self.chosen != self.running


class DepthFirst:
    """Explore every schedule, or every schedule with at most *preemptions* preemptions."""

    exhaustive = True

    def __init__(self, preemptions: int | None = None) -> None:
        self._bound = preemptions
        self._path: Path[Node] = Path()
        self._made = 0
        self.curbed = False  #: there are schedules with more preemptions

    @property
    def bound(self) -> str | None:
        return None if self._bound is None else at_most(self._bound)

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
        node = Node(enabled, running)
        if path.nodes:
            node.preemptions = path.nodes[-1].preemptions + path.nodes[-1].preempts()
        order = by_preference(enabled, running)
        if node.preemptions == self._bound and running in enabled:
            self.curbed |= len(order) > 1
            order = order[:1]
        node.todo = [thread.index for thread in order[1:]]
        node.turns = len(order)
        return path.extend(node, order[0])

    def more(self, world: World) -> bool:
        nodes = self._path.nodes
        self._path.depth = 0
        self._made += 1
        while nodes and not nodes[-1].todo:
            nodes.pop()
        if not nodes:
            return False
        nodes[-1].chosen = nodes[-1].todo.pop(0)
        return True

    def estimate(self) -> int | None:
        branches = [(node.turns - len(node.todo) - 1, len(node.todo) + 1) for node in self._path.nodes]
        return estimated_total(self._made, branches)
