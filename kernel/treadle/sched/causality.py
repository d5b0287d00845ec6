"""Happens-before in one execution, kept while it runs.

`clock[t]` counts what thread t has done that comes before; a thread's own entry grows with each step and with each
thread it starts. A step comes after every earlier step that it depends on, a thread's beginning after what its
parent did before, a join after all the joined thread did.

What a thread does between two steps belongs to an *epoch*, the number that its own entry will have at the next
step: another thread comes after it once it has seen that number.

The same order between steps alone is kept as sets of positions, as the bits of an integer: what the reduction asks
after an execution are set operations.
"""

from typing import TYPE_CHECKING

from treadle.sched.access import WRITE, Accesses, Location, Mode
from treadle.sched.history import Clock, History, Step

if TYPE_CHECKING:
    from treadle.sched.operation import Operation

#: An earlier step's access to a location: the step's position, the mode, and whether it is a release, which a waiting
#: operation can only follow. A bare tuple, because each step makes one and goes through some.
Past = tuple[int, Mode, bool]


class Causality(History):
    """The clocks of one execution with at most *width* threads."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.now = [[0] * width for _ in range(width)]
        self.seen = [0] * width  #: the steps that each thread comes after, as bits
        self.barrier: Clock = [
            0
        ] * width  #: of the last step that came when all waited; later steps follow it
        self.barrier_past = 0
        self.pasts: dict[Location, list[Past]] = {}  #: accesses that later ones can depend on, oldest first

    def clear(self) -> None:
        super().clear()
        self.now.clear()
        self.pasts.clear()

    def spawned(self, parent: int, child: int) -> None:
        clock = self.now[parent] = self.now[parent][:]
        clock[parent] += 1
        own = self.now[child] = clock[:]
        own[child] = 0
        self.seen[child] = self.seen[parent]

    def joined(self, joiner: int, target: int) -> None:
        clock = self.now[joiner] = self.now[joiner][:]
        merge(clock, self.now[target])
        clock[target] += 1
        self.seen[joiner] |= self.seen[target]

    def dependencies(self, accesses: Accesses) -> list[int]:
        """Return the earlier steps that a step with *accesses* directly depends on."""
        found = []
        for location, mode in accesses:
            pasts = self.pasts.get(location)
            if pasts is not None:
                for position, other, _ in pasts:
                    if other is not mode or mode is WRITE:
                        found.append(position)
        return found

    def left(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, blocked: bool
    ) -> None:
        self.pending.append(self._next(thread, operation, accesses, waits=waits, blocked=blocked))

    def _next(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, blocked: bool = False
    ) -> Step:
        """Return the step that *thread* would make; what *waits* can only come before what it does not wait for."""
        step = Step(thread, operation, accesses)
        step.before = step.clock = self.now[thread]
        step.seen = step.past = self.seen[thread]
        step.dependencies = step.rivals = self.dependencies(accesses)
        if waits:
            step.rivals = self._rivals_of(operation, accesses, blocked=blocked)
        return step

    def _rivals_of(self, operation: "Operation", accesses: Accesses, *, blocked: bool) -> list[int]:
        if not operation.watched:
            return self._rivals(accesses, blocked=blocked)
        own = len(accesses) - operation.watched
        rivals = self._rivals(accesses[:own], blocked=blocked)
        return rivals + self.dependencies(accesses[own:]) if operation.blocking else rivals

    def _rivals(self, accesses: Accesses, *, blocked: bool) -> list[int]:
        if not accesses:
            return []
        location, mode = accesses[0]
        conflicting, writes, tries = [], [], []
        released = False
        for position, other, enabling in self.pasts.get(location, ()):
            if other is mode and mode is not WRITE:
                continue
            conflicting.append(position)
            if other is WRITE:
                writes.append(position)
            if enabling:
                released = True
            else:
                tries.append(position)
        if released:
            return tries
        if blocked:  # by the last write; if there was none, from the beginning
            return writes
        return writes or conflicting

    def step(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, barrier: bool
    ) -> None:
        step = self._next(thread, operation, accesses, waits=waits)
        clock, past = step.before[:], step.seen
        if self.barrier_past:
            merge(clock, self.barrier)
            past |= self.barrier_past
        for position in reversed(step.dependencies):
            if not past >> position & 1:
                earlier = self.steps[position]
                merge(clock, earlier.clock)
                past |= earlier.past
        position = len(self.steps)
        if barrier:
            for other in self.now:
                merge(clock, other)
            past = self.barrier_past = (2 << position) - 1
        clock[thread] += 1
        self.now[thread] = clock
        if barrier:
            self.barrier = clock
        self.seen[thread] = step.past = past | 1 << position
        step.clock = clock
        self.steps.append(step)
        enabling = operation.enabling
        for location, mode in accesses:
            pasts = self.pasts.get(location)
            past_access = (position, mode, enabling and mode is WRITE)
            if pasts is None:
                self.pasts[location] = [past_access]
                continue
            if mode is WRITE:
                # A later acquisition races with the acquisition before this release.
                pasts[:] = [past for past in pasts if past[1] is WRITE and not past[2]] if enabling else ()
            pasts.append(past_access)


def merge(clock: Clock, other: Clock) -> None:
    """Let *clock* come after *other* too."""
    for index, count in enumerate(other):
        if count > clock[index]:  # noqa: PLR1730 - max() is three times slower, and this is the innermost loop
            clock[index] = count
