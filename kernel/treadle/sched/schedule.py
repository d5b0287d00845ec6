"""Schedules as short strings: which thread runs, and where it is interrupted.

`0,1@read Account.balance,2,1` reads: thread 0 runs until it can go no further; thread 1 runs until it has read
`Account.balance`; thread 2 runs until it can go no further; thread 1 goes on. So only what a preemption stands
behind is named, and a schedule fits as long as these operations are there, whatever else is changed. `*3` after an
operation says that it is the thread's third of that name.

Thread 0 is the program itself, 1 and 2 are the first and second that it starts, 2.1 the first that thread 2 starts, and exit
the end of the program, where daemons could still run.
Letters before a colon say how the program was run: `i`, timeouts fired only when nothing else could run; `e`, the
ends of threads are steps; `c`, so is the clock; `r`, data races were failures; `s7`, the program drew its random numbers from the seed 7, not 0;
`f0@0.1@3`, the first of its faults happened to thread 1 at its third point.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from treadle.sched.errors import ScheduleError
from treadle.sched.faults import Injection, Plan
from treadle.sched.world import Learned, Timeouts

#: The letters before the colon.
_HOW = re.compile(r"(i?)(e?)(c?)(r?)(?:s(-?\d+))?((?:f\d+@[\d.]+@\d+)*):")
_RUN = re.compile(
    r"(?P<thread>\d+(?:\.\d+)*|exit)(?:@(?P<operation>[^@*]+)(?:\*(?P<times>[1-9]\d*))?)?",
    re.ASCII,
)
#: What stays as it is in the name of an operation; a comma, a quote and the like do not.
_PLAIN = " #./:<>()[]-+=!|&^{}"


class Run(NamedTuple):
    """A thread runs until it has executed *operation* so many *times*; without one, until it can go no further."""

    thread: str
    operation: str | None = None
    times: int = 1

    def __str__(self) -> str:
        if self.operation is None:
            return self.thread
        times = f"*{self.times}" if self.times > 1 else ""
        return f"{self.thread}@{quote(self.operation, safe=_PLAIN)}{times}"


class Schedule(NamedTuple):
    """A schedule, and how the program must be run for it to fit."""

    runs: tuple[Run, ...]
    timeouts: Timeouts = "explore"
    ends: bool = False
    clock: bool = False
    seed: int = 0
    races: bool = False
    plan: Plan = ()

    def learned(self) -> Learned:
        """Return what makes every step of the schedule a step."""
        learned = Learned()
        learned.ends, learned.clock, learned.everything = self.ends, self.clock, True
        return learned


def encode(schedule: Schedule) -> str:
    """Return the text of *schedule*."""
    letters = (
        "i" * (schedule.timeouts == "idle")
        + "e" * schedule.ends
        + "c" * schedule.clock
        + "r" * schedule.races
    )
    letters += f"s{schedule.seed}" if schedule.seed else ""
    letters += "".join(map(str, schedule.plan))
    text = ",".join(map(str, schedule.runs))
    return f"{letters}:{text}" if letters else text


def decode(text: str) -> Schedule:
    """Return the schedule that *text* stands for.

    Raises:
        TypeError: *text* is no text.
        ScheduleError: *text* is no schedule.
    """
    if not isinstance(text, str):
        raise TypeError(f"a schedule is a string such as '0,1@acquire Lock 0/1,2', not {type(text).__name__}")
    how = _HOW.match(text)
    idle, ends, clock, races, seed, plan = ("", "", "", "", None, "") if how is None else how.groups()
    rest = text if how is None else text[how.end() :]
    runs = tuple(_run(part, text) for part in rest.split(",")) if rest else ()
    return Schedule(
        runs, "idle" if idle else "explore", bool(ends), bool(clock), int(seed or 0), bool(races), _plan(plan)
    )


def _plan(text: str) -> Plan:
    found = re.findall(r"f(\d+)@([\d.]+)@(\d+)", text)
    return tuple(Injection(int(fault), thread, int(point)) for fault, thread, point in found)


def _run(part: str, text: str) -> Run:
    match = _RUN.fullmatch(part)
    if match is None:
        raise ScheduleError(
            f"{text!r} is not a schedule: {part!r} is neither THREAD nor THREAD@OPERATION, such as 1@acquire Lock 0/1"
        )
    operation = match["operation"]
    return Run(match["thread"], operation and unquote(operation), int(match["times"] or 1))
