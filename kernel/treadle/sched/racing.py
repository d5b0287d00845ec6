"""Data races, by happens-before: two accesses to one location, one a write, that nothing orders.

What orders is synchronisation: locks and all that is made of them, starting and joining threads, the clock. Accesses to
memory order nothing here, whether or not they are steps. The clocks are kept beside those of the reduction, in which
memory does order.
"""

import sys
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from treadle.sched.access import READ, WRITE, Accesses, Location, Mode
from treadle.sched.causality import Causality, merge
from treadle.sched.source import Line, line_of

if TYPE_CHECKING:
    from treadle.sched.history import Clock
    from treadle.sched.operation import Operation
    from treadle.sched.world import ControlledThread, World


class DataRace(Exception):
    """Two threads touch one location, one of them writes it, and nothing orders the two; says where, with both stacks."""


class Access(NamedTuple):
    """One access of a thread to a location."""

    epoch: int
    verb: str
    stack: tuple[Line, ...]


class Watching(Causality):
    """The clocks of one execution, with clocks of synchronisation alone beside them, and the accesses so far."""

    def __init__(self, width: int, world: "World", instrumented: frozenset[str]) -> None:
        super().__init__(width)
        self._world = world
        self._files = instrumented
        self._synced: list[Clock] = [[0] * width for _ in range(width)]
        self._touched: dict[Location, dict[Mode, Clock]] = {}
        self._barrier: Clock = [0] * width
        self._accesses: dict[Location, dict[tuple[int, Mode], Access]] = {}

    def clear(self) -> None:
        super().clear()
        self._touched.clear()
        self._accesses.clear()

    def spawned(self, parent: int, child: int) -> None:
        super().spawned(parent, child)
        clock = self._synced[parent] = self._synced[parent][:]
        clock[parent] += 1
        own = self._synced[child] = clock[:]
        own[child] = 0

    def joined(self, joiner: int, target: int) -> None:
        super().joined(joiner, target)
        clock = self._synced[joiner] = self._synced[joiner][:]
        merge(clock, self._synced[target])
        clock[target] += 1

    def step(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, barrier: bool
    ) -> None:
        super().step(thread, operation, accesses, waits=waits, barrier=barrier)
        # What memory is made of has a kind; all else synchronises.
        syncing = [access for access in accesses if getattr(access[0], "kind", None) is None]
        if not syncing and not barrier:
            return
        clock = self._synced[thread][:]
        merge(clock, self._barrier)
        for location, mode in syncing:
            for other, past in self._touched.get(location, {}).items():
                if other is not mode or mode is WRITE:
                    merge(clock, past)
        if barrier:
            for other_clock in self._synced:
                merge(clock, other_clock)
            self._barrier = clock
        clock[thread] += 1
        self._synced[thread] = clock
        for location, mode in syncing:
            merge(self._touched.setdefault(location, {}).setdefault(mode, [0] * self.width), clock)

    def touch(self, thread: "ControlledThread", accesses: Accesses) -> None:
        """Note that *thread* touches memory; if an access of another thread is not ordered before it, that is a race."""
        me, clock = thread.index, self._synced[thread.index]
        stack = stack_of(sys._getframe(1), self._files)
        for location, mode in accesses:
            past = self._accesses.setdefault(location, {})
            for (other, other_mode), access in past.items():
                conflicts = other_mode is not mode or mode is WRITE
                if other != me and conflicts and clock[other] < access.epoch:
                    verb = _verb(mode)
                    first = self._world.threads[other].label, access
                    second = thread.label, Access(0, verb, stack)
                    self._world.fail(thread, DataRace(_describe(location.name, first, second)))
                    return
            past[me, mode] = Access(clock[me] + 1, _verb(mode), stack)


def _verb(mode: Mode) -> str:
    return "reads" if mode is READ else "writes"


def stack_of(frame: FrameType | None, instrumented: frozenset[str]) -> tuple[Line, ...]:
    """Return the program's own lines on the stack, the innermost first."""
    lines: list[Line] = []
    while frame is not None:
        line = line_of(frame, instrumented)
        if line is None:
            break
        while frame is not None and (frame.f_code.co_filename, frame.f_lineno) != (line.file, line.number):
            frame = frame.f_back
        lines.append(line)
        frame = frame.f_back if frame is not None else None
    return tuple(lines)


def _describe(name: str, *sides: tuple[str, Access]) -> str:
    (first, one), (second, other) = sides
    lines = [
        f"data race on {name}: {first} {one.verb} it, {second} {other.verb} it, and nothing orders the two"
    ]
    for label, access in sides:
        lines.append(f"  {label} {access.verb} it at")
        lines += [f"    {line.place} in {line.function}: {line.text}" for line in access.stack]
    return "\n".join(lines)
