"""Schedules as short strings: who executed each step, run by run.

`0x3,1,0` reads: thread 0 executes three steps, thread 1 one, thread 0 one. Threads are numbered in the order of
their creation; each access to instrumented memory is a step. Letters before a colon say how the program was run:
`i`, timeouts fired only when nothing else could run; `e`, the ends of threads are steps; `c`, so is the clock; `s7`,
the program drew its random numbers from the seed 7 and not from 0.
"""

import re
from itertools import groupby
from typing import NamedTuple

from treadle.sched.errors import ScheduleError
from treadle.sched.world import Learned, Timeouts

#: The letters before the colon.
_HOW = re.compile(r"(i?)(e?)(c?)(?:s(-?\d+))?")


class Schedule(NamedTuple):
    """A schedule, and how the program must be run for it to fit."""

    steps: list[int]
    timeouts: Timeouts = "explore"
    ends: bool = False
    clock: bool = False
    seed: int = 0

    def learned(self) -> Learned:
        """Return what makes every step of the schedule a step."""
        learned = Learned()
        learned.ends, learned.clock, learned.everything = self.ends, self.clock, True
        return learned


def encode(schedule: Schedule) -> str:
    """Return the text of *schedule*."""
    runs = ((thread, len(list(run))) for thread, run in groupby(schedule.steps))
    text = ",".join(f"{thread}x{length}" if length > 1 else str(thread) for thread, length in runs)
    letters = "i" * (schedule.timeouts == "idle") + "e" * schedule.ends + "c" * schedule.clock
    letters += f"s{schedule.seed}" if schedule.seed else ""
    return f"{letters}:{text}" if letters else text


def decode(text: str) -> Schedule:
    """Return the schedule that *text* stands for.

    Raises:
        TypeError: *text* is no text.
        ScheduleError: *text* is no schedule.
    """
    if not isinstance(text, str):
        raise TypeError(f"a schedule is a string such as '0x3,1,0', not {type(text).__name__}")
    letters, _, runs = text.rpartition(":")
    how = _HOW.fullmatch(letters)
    if how is None:
        raise ScheduleError(f"{text!r} is not a schedule: it starts with {letters!r}")
    steps: list[int] = []
    for run in runs.split(",") if runs else ():
        thread, times, length = run.partition("x")
        if not thread.isdecimal() or (times and not length.isdecimal()):
            raise ScheduleError(f"{text!r} is not a schedule: {run!r} is not THREAD or THREADxSTEPS")
        steps.extend([int(thread)] * int(length or 1))
    idle, ends, clock, seed = how.groups()
    return Schedule(steps, "idle" if idle else "explore", bool(ends), bool(clock), int(seed or 0))
