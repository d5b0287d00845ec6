"""One execution of every trace, by wake-up trees and sleep sets.

Two executions that differ only in the order of neighbouring independent operations are the same Mazurkiewicz
trace; one of each is enough. After an execution its races are found, and for each race the continuation in which it
comes the other way round is inserted into the wake-up tree of the decision where the reversal begins, unless what
has been explored from there, or is going to be, covers it. A sleep set keeps what has been explored from being
explored again. (Abdulla, Aronis, Jonsson, Sagonas, *Source sets: a foundation for optimal dynamic partial order
reduction*, JACM 2017.)

No trace is completed twice. No execution is begun in vain either, where it is known what the last step of a
reversal will touch, and names of locations can be compared over executions; otherwise it is assumed to conflict,
and the execution may be cut short when everything that could go on is asleep.
"""

from typing import NamedTuple

from treadle.sched.access import dependent
from treadle.sched.strategies.base import Decision, Path, by_preference, estimated_total
from treadle.sched.strategies.races import Outlook, Races
from treadle.sched.strategies.unforeseen import unforeseen
from treadle.sched.strategies.wakeup import Branch, Event, Touches, certain, insert
from treadle.sched.world import ControlledThread, Outcome, World

#: Threads whose turn need not be explored (again), by name: number, and what the operation announced touches.
Sleep = dict[str, tuple[int, Touches]]


class Node(Decision):
    """One decision on the current path."""

    __slots__ = ("barrier", "branches", "done", "numbers", "outlook", "sleep", "waiting")

    def __init__(self, world: World, enabled: list[ControlledThread], sleep: Sleep) -> None:
        super().__init__(enabled)
        self.numbers = {thread.path: thread.index for thread in enabled}
        self.sleep = sleep
        self.waiting = _waiting(world)
        self.branches: list[Branch] = []  #: the wake-up tree; its first branch is being explored
        self.done = 0  #: how many turns have been explored here
        self.barrier = (
            world.barrier
        )  #: nothing but timeouts could happen: each is explored, without reduction
        self.outlook: Outlook = {}
        for thread in enabled:
            operation = thread.pending
            if operation is not None and operation.varies and operation.alternatives(thread) is None:
                self.outlook[thread.path] = certain(operation.accesses(thread))


class Reversal(NamedTuple):
    """A continuation that has to be explored from one decision."""

    position: int  #: the decision's
    events: list[Event]


class Exhaustive:
    """Explore one execution of every trace."""

    exhaustive = True
    bound = None

    def __init__(self) -> None:
        self._path: Path[Node] = Path()
        self._sleep: Sleep = {}  #: sleeping threads at the next new decision
        self._branches: list[Branch] = []  #: and its wake-up tree
        self._made = 0
        self._alone = True  #: whatever is asleep, or is going to be explored, is so here, one after the other
        self._fixed = 0  #: decisions whose other turns are explored elsewhere
        self.outside: list[Reversal] = []  #: what is to be explored from these

    def restart(self) -> None:
        self.__init__()  # type: ignore[misc]

    def rewind(self) -> bool:
        self._path.depth = 0
        return True

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        path = self._path
        if path.depth < len(path.nodes):
            chosen = path.replay(world, enabled)
            if path.depth == len(path.nodes):
                self._sleep = _still_asleep(world, path.nodes[-1].sleep, chosen)
            return chosen
        node = Node(world, enabled, self._sleep)
        node.branches = self._branches
        following = self._follow(world, enabled, node)
        if following is None:
            return None
        self._branches = node.branches[0].branches
        self._sleep = _still_asleep(world, node.sleep, following)
        return path.extend(node, following)

    def _follow(self, world: World, enabled: list[ControlledThread], node: Node) -> ControlledThread | None:
        """Return whose turn the wake-up tree of *node* says it is, or plant one; None if all that can go on sleeps."""
        names = {thread.path: thread for thread in enabled}
        if node.branches:
            wanted = node.branches[0].who
            if wanted not in names:
                raise unforeseen(world, wanted, len(world.steps))
            return None if wanted in node.sleep else names[wanted]
        awake = [thread for name, thread in names.items() if name not in node.sleep]
        if not awake:
            return None
        chosen = by_preference(awake, world.last)[0]
        turns = by_preference(awake, chosen) if world.barrier else [chosen]
        node.branches.extend(Branch(thread.path) for thread in turns)
        return chosen

    def more(self, world: World) -> bool:
        self._path.depth = 0
        self._made += 1
        self._reverse_races(world)
        nodes = self._path.nodes
        while len(nodes) > self._fixed:
            node = nodes[-1]
            node.done += 1
            step = world.history.steps[len(nodes) - 1]
            gone = node.branches.pop(0)
            if node.branches:
                node.sleep = {**node.sleep, gone.who: (node.chosen, certain(step.accesses))}
                following = node.branches[0]
                if following.who not in node.numbers:
                    raise unforeseen(world, following.who, len(nodes) - 1)
                node.chosen = node.numbers[following.who]
                self._branches = following.branches
                return True
            nodes.pop()
        return False

    def _reverse_races(self, world: World) -> None:
        nodes = self._path.nodes
        races = Races(world)
        maximal = self._alone and world.outcome in (Outcome.COMPLETE, Outcome.DEADLOCKED)
        for position in races.firsts():
            node = nodes[position]
            if node.barrier or len(node.sleep.keys() & node.numbers.keys()) + 1 == len(node.announced):
                continue
            covering = {who: touches for who, (_, touches) in (*node.sleep.items(), *node.waiting.items())}
            for sequence in races.reversals(position, covering, node.outlook, maximal=maximal):
                events = sequence.events
                if insert(node.branches, sequence, position, maximal=maximal) and position < self._fixed:
                    self.outside.append(Reversal(position, events))

    def estimate(self) -> int | None:
        branches = [(node.done, len(node.branches)) for node in self._path.nodes]
        return estimated_total(self._made, branches)


def _waiting(world: World) -> Sleep:
    """Return who would go round a loop and learn nothing: the executions without that turn are explored."""
    return {
        thread.path: (thread.index, certain(thread.pending.accesses(thread)))
        for thread in world.threads
        if thread.pending is not None and thread.pending.sleeps(thread)
    }


def _still_asleep(world: World, sleep: Sleep, chosen: ControlledThread) -> Sleep:
    """Return who of *sleep* stays asleep when *chosen* executes its operation."""
    if not sleep:
        return sleep
    operation = chosen.pending
    if world.barrier or operation is None:
        return {}
    accesses = operation.accesses(chosen)
    still: Sleep = {}
    for who, (index, touches) in sleep.items():
        thread = world.threads[index]
        pending = thread.pending
        if thread is not chosen and pending is not None and not dependent(pending.accesses(thread), accesses):
            still[who] = index, touches
    return still
