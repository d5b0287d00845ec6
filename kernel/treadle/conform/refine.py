"""Refinement: every interleaving of a scenario must be explained by the model, and so must its end.

Two things are checked of each execution. Its calls and returns must be a behaviour of the model. And when nothing
can go on any more, what is blocked must be allowed to be blocked (stable failures): this alone finds a lost
wake-up, in which nothing wrong is ever returned.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from treadle.conform.belief import Beliefs, Specification
from treadle.conform.history import Event, History
from treadle.sched import check
from treadle.sched import replay as replay_program
from treadle.sched.check import SHRINK
from treadle.sched.engine import Counts
from treadle.sched.errors import Deadlock
from treadle.sched.memory import Instrumentable
from treadle.sched.result import Result
from treadle.sched.world import Outcome, Timeouts, World

S = TypeVar("S", bound=Hashable)

Scenario = Callable[[History], object]


class RefinementError(AssertionError):
    """The real object did something that its model does not allow."""


@dataclass(frozen=True)
class Refinement:
    """The answer of `refines`: the exploration's result, and how much of the model it met."""

    result: Result
    states: int  #: model states that were possible at some moment
    beliefs: int  #: different sets of possible states


def refines(
    scenario: Scenario,
    specification: Specification[S],
    *,
    instrument: Iterable[Instrumentable] = (),
    preemptions: int | None = None,
    max_executions: int | None = None,
    max_seconds: float | None = None,
    timeouts: Timeouts = "explore",
    shrink: int = SHRINK,
    on_execution: Callable[[Counts], None] | None = None,
) -> Refinement:
    """Check that every interleaving of *scenario* is a behaviour of *specification*.

    Args:
        scenario: starts threads and performs operations through `History.record`.
        specification: what the operations must do.
        instrument: modules whose accesses to shared memory are scheduling points.
        preemptions: explore executions with at most so many preemptions only; the verdict holds within that bound.
        max_executions: stop after so many executions.
        max_seconds: stop after so many real seconds.
        timeouts: when a timed wait may time out, as for `treadle.sched.check`.
        shrink: executions that may be made to shorten the schedule of a failure, likewise.
        on_execution: called after each execution with the counts so far.

    Returns:
        The result of the exploration. A failure's error is a `RefinementError` where the model was broken.
        A deadlock is a failure unless the model allows every blocked operation to be blocked.
    """
    monitor = _Monitor(scenario, specification)
    result = check(
        monitor.program,
        instrument=instrument,
        preemptions=preemptions,
        max_executions=max_executions,
        max_seconds=max_seconds,
        timeouts=timeouts,
        shrink=shrink,
        monitor=monitor,
        on_execution=on_execution,
    )
    return Refinement(result, monitor.beliefs.states, len(monitor.beliefs))


def replay(
    scenario: Scenario,
    specification: Specification[S],
    schedule: str,
    *,
    instrument: Iterable[Instrumentable] = (),
) -> None:
    """Run *scenario* once, under *schedule*, and raise what is wrong with that execution.

    Raises:
        RefinementError: the model does not explain the execution.
        Deadlock: the execution deadlocked and the model does not allow it.
        Exception: whatever left a thread first.
    """
    monitor = _Monitor(scenario, specification)
    replay_program(monitor.program, schedule, instrument=instrument, monitor=monitor)


class _Monitor(Generic[S]):
    """Walks the model alongside each execution."""

    #: What `replay` takes before the schedule.
    arguments = "scenario, specification"

    def __init__(self, scenario: Scenario, specification: Specification[S]) -> None:
        self.beliefs = Beliefs(specification)
        self._scenario = scenario
        self._history = History()

    def program(self) -> None:
        """Perform the scenario once."""
        self._scenario(self._history)

    def begin(self) -> None:
        self._history = History()

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        if failure is not None and not isinstance(failure, Deadlock):
            return failure
        belief = self.beliefs.initial
        for number, event in enumerate(self._history.events):
            before, belief = belief, self.beliefs.after(belief, event)
            if not belief:
                possible = self.beliefs.outcomes(before, event.thread)
                return RefinementError(_unexplained(self._history.events[: number + 1], possible))
        stuck = self._history.open_calls()
        if world.outcome is Outcome.LIMIT or not stuck:
            return failure
        if self.beliefs.may_be_stuck(belief):
            return None
        calls = "\n".join(f"  {call}, and waits for ever" for call in stuck)
        return RefinementError(
            f"nothing can go on, and no behaviour of the model ends like this:\n{_listed(self._history.events)}\n"
            f"stuck:\n{calls}"
        )


def _unexplained(events: list[Event], possible: list[Hashable]) -> str:
    allowed = ", ".join(map(str, possible)) if possible else "only to wait"
    return f"no behaviour of the model explains the last of these:\n{_listed(events)}\nthe model allows: {allowed}"


def _listed(events: list[Event]) -> str:
    return "\n".join(f"  {event}" for event in events)
