"""Schedules as short strings: who executed each step, run by run.

`0x3,1,0` reads: thread 0 executes three steps, thread 1 one, thread 0 one. Threads are numbered in the order of
their creation. A leading `idle:` says that timeouts fired only when nothing else could run.
"""

from itertools import groupby

from treadle.sched.errors import ScheduleError
from treadle.sched.world import Timeouts


def encode(steps: list[int], timeouts: Timeouts) -> str:
    """Return the schedule string of *steps*."""
    runs = ((thread, len(list(run))) for thread, run in groupby(steps))
    text = ",".join(f"{thread}x{length}" if length > 1 else str(thread) for thread, length in runs)
    return f"idle:{text}" if timeouts == "idle" else text


def decode(text: str) -> tuple[list[int], Timeouts]:
    """Return the steps of a schedule string, and how its timeouts fired.

    Raises:
        ScheduleError: *text* is no schedule.
    """
    if not isinstance(text, str):
        raise TypeError(f"a schedule is a string such as '0x3,1,0', not {type(text).__name__}")
    mode, _, runs = text.rpartition(":")
    if mode not in ("", "idle"):
        raise ScheduleError(f"{text!r} is not a schedule: it starts with {mode!r}")
    steps: list[int] = []
    for run in runs.split(",") if runs else ():
        thread, _, length = run.partition("x")
        if not thread.isdecimal() or not (length.isdecimal() or not length):
            raise ScheduleError(f"{text!r} is not a schedule: {run!r} is not THREAD or THREADxSTEPS")
        steps.extend([int(thread)] * int(length or 1))
    return steps, "idle" if mode else "explore"
