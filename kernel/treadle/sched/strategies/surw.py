"""Interleavings of what matters, each about as likely as any other.

In each execution one location that threads were seen to compete for is picked, and only the steps that touch it are
*interesting*. Whose interesting step comes next is drawn with a weight: how many of them each thread still has, those
of the threads it has not started yet included. Between them threads run at random. (Zhao, Wolff, Mathur, Roychoudhury,
*Selectively uniform concurrency testing*, ASPLOS 2025.)

How many steps there are is counted in the execution before; the first one is a random walk. Where threads block, the one
whose turn it is may not be able to take it, and another does.
"""

from collections import Counter

from treadle.sched.access import READ
from treadle.sched.history import Step
from treadle.sched.strategies.sampling import Sampling
from treadle.sched.world import ControlledThread, World


class SURW(Sampling):
    """Sample interleavings of the accesses to one location, uniformly where nothing blocks."""

    name = "selectively uniform random walk"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._counts: dict[str, Counter[str]] = {}  #: of each contended location, the accesses of each thread
        self._begin()

    def restart(self) -> None:
        super().restart()
        self._counts.clear()
        self._begin()

    def _begin(self) -> None:
        """Pick what is interesting in the next execution."""
        names = sorted(self._counts)
        self._interest = self.random.choice(names) if names else None
        self._left = Counter(self._counts[self._interest]) if self._interest is not None else Counter[str]()
        self._next: str | None = None  #: whose interesting step comes next
        self._born = 0

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        if self._interest is None:
            return self.random.choice(enabled)
        if len(world.threads) != self._born:  # weights moved from a parent to what it started
            self._born = len(world.threads)
            self._next = None
        self._next = self._next or self._draw(world)
        interesting = {thread.path for thread in enabled if self._touches(thread)}
        able = [thread for thread in enabled if thread.path == self._next or thread.path not in interesting]
        chosen = self.random.choice(able or enabled)
        if chosen.path in interesting:
            self._left[chosen.path] -= 1
            self._next = None
        return chosen

    def _touches(self, thread: ControlledThread) -> bool:
        operation = thread.pending
        assert operation is not None
        return any(location.name == self._interest for location, _ in operation.accesses(thread))

    def _draw(self, world: World) -> str:
        """Draw whose interesting step comes next, each thread's weight being the steps it is expected to have."""
        alive = [thread.path for thread in world.threads if not thread.ended]
        weights = dict.fromkeys(alive, 0)
        for path, count in self._left.items():
            heir = path
            while heir not in weights and "." in heir:
                heir = heir.rpartition(".")[0]
            if heir in weights:
                weights[heir] += max(count, 0)
        drawn = [max(weight, 0.5) for weight in weights.values()]  # a count may be wrong: none is hopeless
        return self.random.choices(list(weights), drawn)[0]

    def more(self, world: World) -> bool:
        self._counts = contended(world)
        self._begin()
        return True


def contended(world: World) -> dict[str, Counter[str]]:
    """Return how often each thread touched each location that two threads touched and one did not only read."""
    touched: dict[str, Counter[str]] = {}
    written: set[str] = set()
    for who, step in zip(world.steps, world.history.steps, strict=True):
        for name, writes in _accesses(step):
            touched.setdefault(name, Counter())[world.threads[who].path] += 1
            if writes:
                written.add(name)
    return {name: counts for name, counts in touched.items() if len(counts) > 1 and name in written}


def _accesses(step: Step) -> set[tuple[str, bool]]:
    modes = {location.name: False for location, _ in step.accesses}
    for location, mode in step.accesses:
        modes[location.name] |= mode is not READ
    return set(modes.items())
