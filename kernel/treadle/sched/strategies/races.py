"""Races of an execution: pairs of steps that could have come in the other order.

Two dependent steps race when the first does not also come before the second in another way. A blocking acquisition
follows the release that enabled it, and that pair cannot be exchanged; what it races with is the acquisition
before. Where timeouts fire only when nothing else can run, a timed acquisition waits just so.

Races are looked for in operations that were announced and never executed, too: a deadlock hides the reversal that
avoids it, unless the blocked acquisition is asked what it races with.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from treadle.sched.causality import Causality, Step, merge
from treadle.sched.world import World


class Race(NamedTuple):
    """A race that can be reversed."""

    position: int  #: the step before which the reversal begins
    initials: set[int]  #: the threads with which the reversed continuation can begin; exploring one is enough
    thread: int  #: the thread of the later step


def find_races(world: World, start: int, settled: Callable[[int], bool]) -> Iterator[Race]:
    """Yield the races whose later step is the *start*-th or later, or was announced and never executed.

    Races whose earlier step is *settled*, because every reversal there is going to be explored anyway, are left out.
    """
    steps = world.causality.steps
    for position in range(start, len(steps)):
        yield from _races(world.causality, steps[position], position, settled)
    for step in world.left:
        yield from _races(world.causality, step, len(steps), settled)


def _races(causality: Causality, step: Step, end: int, settled: Callable[[int], bool]) -> Iterator[Race]:
    known = step.before
    for position in sorted(set(step.rivals), reverse=True):
        earlier = causality.steps[position]
        if known[earlier.thread] >= earlier.clock[earlier.thread]:
            continue
        if not settled(position):
            yield Race(position, _initials(causality, position, step, end), step.thread)
        if known is step.before:
            known = known[:]
        merge(known, earlier.clock)


def _initials(causality: Causality, position: int, last: Step, end: int) -> set[int]:
    """Return who can begin the continuation made of all that does not depend on *position*, then *last*."""
    steps = causality.steps
    owner = steps[position].thread
    index = steps[position].clock[owner]
    first: dict[int, int] = {}  # of each thread in the continuation, the number of its first step there
    initials = set()
    before = last.before
    for later in range(position + 1, end):
        clock = steps[later].clock
        if clock[owner] >= index:
            continue
        who = steps[later].thread
        if who not in first:
            if all(clock[other] < number for other, number in first.items()):
                initials.add(who)
            first[who] = clock[who]
        if later in last.dependencies:
            before = [max(pair) for pair in zip(before, clock, strict=True)]
    if last.thread not in first and all(before[other] < number for other, number in first.items()):
        initials.add(last.thread)
    return initials
