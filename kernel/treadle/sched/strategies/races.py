"""Races of an execution: pairs of steps that could have come in the other order.

Happens-before is kept in vector clocks: `clock[t]` counts the steps of thread t that come before. Two dependent
steps race when the first does not also come before the second in another way. A blocking acquisition follows the
release that enabled it, and that pair cannot be exchanged; what it races with is the acquisition before. Where
timeouts fire only when nothing else can run, a timed acquisition waits just so.

Races are looked for in operations that were announced and never executed, too: a deadlock hides the reversal that
avoids it, unless the blocked acquisition is asked what it races with.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from treadle.sched.access import WRITE, Accesses, Location, Mode
from treadle.sched.world import Event, World

Clock = list[int]


class Race(NamedTuple):
    """A race that can be reversed."""

    position: int  #: the step before which the reversal begins
    initials: set[int]  #: the threads with which the reversed continuation can begin; exploring one is enough
    thread: int  #: the thread of the later step


class _Past(NamedTuple):
    """An earlier step's access to a location."""

    position: int
    mode: Mode
    release: bool


def find_races(world: World, start: int, settled: Callable[[int], bool]) -> Iterator[Race]:
    """Yield the races whose later step is the *start*-th or later, or was announced and never executed.

    Races whose earlier step is *settled*, because every reversal there is going to be explored anyway, are left out.
    """
    return _Analysis(len(world.threads), settled).races(world, start)


class _Analysis:
    def __init__(self, threads: int, settled: Callable[[int], bool]) -> None:
        self.settled = settled
        self.now: list[Clock] = [[0] * threads for _ in range(threads)]  #: each thread's clock
        self.clocks: list[Clock] = []  #: of each step, itself included
        self.owners: list[int] = []  #: whose step it is
        self.pasts: dict[Location, list[_Past]] = {}  #: accesses that later ones can depend on, oldest first

    def races(self, world: World, start: int) -> Iterator[Race]:
        for event in world.events:
            if event.accesses is None:
                self._follow(event)
                continue
            dependencies = self._dependencies(event.accesses)
            if len(self.clocks) >= start and dependencies:
                yield from self._races(event, event.accesses, dependencies, world)
            self._step(event, event.accesses, dependencies)
        for event in world.left:
            assert event.accesses is not None
            yield from self._races(event, event.accesses, self._dependencies(event.accesses), world)

    def _follow(self, event: Event) -> None:
        """Note a start or a join."""
        if event.spawned is not None:
            self.now[event.spawned] = self.now[event.thread][:]
        elif event.joined is not None:
            _merge(self.now[event.thread], self.now[event.joined])

    def _step(self, event: Event, accesses: Accesses, dependencies: list[int]) -> None:
        """Note a step: advance its thread's clock past everything it depends on."""
        clock = self.now[event.thread]
        for position in dependencies:
            _merge(clock, self.clocks[position])
        if event.barrier:
            for other in self.now:
                _merge(clock, other)
        clock[event.thread] += 1
        if event.barrier:
            for other in self.now:
                _merge(other, clock)
        position = len(self.clocks)
        self.clocks.append(clock[:])
        self.owners.append(event.thread)
        release = event.operation is not None and event.operation.enabling
        for location, mode in accesses:
            pasts = self.pasts.setdefault(location, [])
            if mode is WRITE:
                # A later acquisition races with the acquisition before this release.
                pasts[:] = [past for past in pasts if release and past.mode is WRITE and not past.release]
            pasts.append(_Past(position, mode, release))

    def _dependencies(self, accesses: Accesses) -> list[int]:
        """Return the earlier steps that a step with *accesses* directly depends on."""
        found = []
        for location, mode in accesses:
            for past in self.pasts.get(location, ()):
                if past.mode is not mode or mode is WRITE:
                    found.append(past.position)
        return found

    def _reversible(self, accesses: Accesses) -> set[int]:
        """Return the earlier steps that an operation which waits could come before."""
        location, _ = accesses[0]
        pasts = self.pasts.get(location, [])
        if any(past.release for past in pasts):
            return {past.position for past in pasts if not past.release}
        return {past.position for past in pasts if past.mode is WRITE} or {past.position for past in pasts}

    def _races(self, event: Event, accesses: Accesses, dependencies: list[int], world: World) -> Iterator[Race]:
        thread = event.thread
        own = self.now[thread]
        known = own[:]
        assert event.operation is not None
        waits = event.operation.blocking or (event.operation.timed and world.timeouts == "idle")
        candidates = self._reversible(accesses) if waits and accesses else set(dependencies)
        for position in sorted(candidates, reverse=True):
            owner = self.owners[position]
            if known[owner] >= self.clocks[position][owner]:
                continue
            if not self.settled(position):
                yield Race(position, self._initials(position, thread, own, dependencies), thread)
            _merge(known, self.clocks[position])

    def _initials(self, position: int, thread: int, own: Clock, dependencies: list[int]) -> set[int]:
        """Return who can begin the continuation made of all that does not depend on *position*, then *thread*."""
        owner = self.owners[position]
        index = self.clocks[position][owner]
        first: dict[int, int] = {}  # of each thread in the continuation, the number of its first step there
        initials = set()
        last = own
        for later in range(position + 1, len(self.clocks)):
            clock = self.clocks[later]
            if clock[owner] >= index:
                continue
            who = self.owners[later]
            if who not in first:
                if all(clock[other] < number for other, number in first.items()):
                    initials.add(who)
                first[who] = clock[who]
            if later in dependencies:
                last = [max(pair) for pair in zip(last, clock, strict=True)]
        if thread not in first and all(last[other] < number for other, number in first.items()):
            initials.add(thread)
        return initials


def _merge(clock: Clock, other: Clock) -> None:
    for index, count in enumerate(other):
        if count > clock[index]:
            clock[index] = count
