"""Every execution that can differ, by source sets and sleep sets.

Two executions that differ only in the order of neighbouring independent operations are the same Mazurkiewicz
trace; one of each is enough. After an execution its races are found, and for each race that can be reversed a
turn is added where the reversal begins (source sets: Abdulla, Aronis, Jonsson, Sagonas, *Optimal dynamic partial
order reduction*, POPL 2014). A sleep set keeps what has been explored from being explored again (Godefroid 1996).
No trace is completed twice; some executions are cut short when everything that could go on is asleep.
"""

from treadle.sched.access import dependent
from treadle.sched.strategies.base import Node, Path, by_preference, estimated_total
from treadle.sched.strategies.races import find_races
from treadle.sched.world import ControlledThread, World


class Exhaustive:
    """Explore one execution of every trace."""

    exhaustive = True
    bound = None

    def __init__(self) -> None:
        self._path = Path()
        self._sleep: set[int] = set()  #: sleeping threads at the next new decision
        self._analysed = 0  #: steps of the path whose races have been found
        self._made = 0

    def restart(self) -> None:
        self.__init__()  # type: ignore[misc]

    def rewind(self) -> bool:
        self._path.depth = 0
        self._sleep = set()
        return True

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        path = self._path
        if path.depth < len(path.nodes):
            chosen = path.replay(world, enabled)
            if path.depth == len(path.nodes):
                self._sleep = _still_asleep(world, path.nodes[-1].sleep, chosen)
            return chosen
        awake = [thread for thread in enabled if thread.index not in self._sleep]
        if not awake:
            return None
        chosen = by_preference(awake, world.last)[0]
        node = Node(enabled, None)
        node.sleep = self._sleep
        node.backtrack = {chosen.index} if not world.barrier else set(node.enabled)
        self._sleep = _still_asleep(world, node.sleep, chosen) if node.sleep else node.sleep
        return path.extend(node, chosen)

    def more(self, world: World) -> bool:
        nodes = self._path.nodes
        self._path.depth = 0
        self._made += 1

        def settled(position: int) -> bool:
            return len(nodes[position].backtrack) == len(nodes[position].enabled)

        for position, initials, thread in find_races(world, self._analysed, settled):
            node = nodes[position]
            if initials.isdisjoint(node.backtrack):
                able = initials.intersection(node.enabled)
                node.backtrack.add(thread if thread in able else min(able))
        while nodes:
            node = nodes[-1]
            node.sleep = node.sleep | {node.chosen}
            node.done += 1
            todo = node.backtrack - node.sleep
            if todo:
                node.chosen = min(todo)
                self._analysed = len(nodes) - 1
                return True
            nodes.pop()
        return False

    def estimate(self) -> int | None:
        branches = [(node.done, len(node.backtrack - node.sleep)) for node in self._path.nodes]
        return estimated_total(self._made, branches)


def _still_asleep(world: World, sleep: set[int], chosen: ControlledThread) -> set[int]:
    """Return who of *sleep* stays asleep when *chosen* executes its operation."""
    if world.barrier:
        return set()
    operation = chosen.pending
    assert operation is not None
    accesses = operation.accesses(chosen)
    still = set()
    for index in sleep:
        thread = world.threads[index]
        pending = thread.pending
        if (
            index != chosen.index
            and pending is not None
            and not dependent(pending.accesses(thread), accesses)
        ):
            still.add(index)
    return still
