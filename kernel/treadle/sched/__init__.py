"""A deterministic thread scheduler, and the exploration of real code with it."""

from treadle.sched.check import check, replay
from treadle.sched.errors import CheckError, Deadlock, NondeterminismError, ScheduleError, UncontrolledError
from treadle.sched.result import Failure, Result
from treadle.verdict import Verdict
