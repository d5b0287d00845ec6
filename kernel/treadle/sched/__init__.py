"""A deterministic thread scheduler, and the exploration of real code with it."""

try:
    import greenlet as _greenlet  # noqa: F401 - asked for here, so that the answer names the extra
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "treadle.sched needs the checker's extra: pip install 'treadle[check]'", name=error.name
    ) from error

from treadle.sched.check import check, replay
from treadle.sched.decorator import interleavings
from treadle.sched.errors import (
    CheckError,
    Deadlock,
    Livelock,
    NondeterminismError,
    ScheduleError,
    UncontrolledError,
    UnknownError,
)
from treadle.sched.faults import Finalizer, Handler, Interrupt
from treadle.sched.instrument import instrument
from treadle.sched.racing import DataRace
from treadle.sched.result import Failure, Result
from treadle.verdict import Verdict

__all__ = [
    "CheckError",
    "DataRace",
    "Deadlock",
    "Failure",
    "Finalizer",
    "Handler",
    "Interrupt",
    "Livelock",
    "NondeterminismError",
    "Result",
    "ScheduleError",
    "UncontrolledError",
    "UnknownError",
    "Verdict",
    "check",
    "instrument",
    "interleavings",
    "replay",
]
