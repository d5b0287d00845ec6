"""Executions along the runs of a schedule, and the runs of an execution.

One mechanism is used three times: to replay a schedule, to try a shorter one, and to write down what an execution
did. Followed strictly, a schedule that does not fit is an error which names the operation; otherwise what cannot be
done is left out.
"""

from collections import Counter
from typing import NamedTuple

from treadle.sched.errors import ScheduleError
from treadle.sched.schedule import Run
from treadle.sched.strategies.base import Strategy
from treadle.sched.world import ControlledThread, Outcome, World


class Taken(NamedTuple):
    """A step that was taken."""

    thread: str  #: which schedules call it so
    operation: str
    preempts: bool  #: the thread of the step before could have gone on
    stops: bool  #: the thread of the step before could not


def name_of(thread: ControlledThread) -> str:
    """Return what schedules call *thread*."""
    return thread.path.removeprefix("0.")


class Recorded:
    """A strategy whose choices are written down, and whose executions are cut at *limit* steps."""

    def __init__(self, inner: Strategy, limit: int | None = None) -> None:
        self.inner = inner
        self.exhaustive, self.bound = inner.exhaustive, inner.bound
        self.taken: list[Taken] = []
        self.cut = False  #: an execution was cut
        self._limit = limit

    def restart(self) -> None:
        """Let the strategy forget everything."""
        self.inner.restart()

    def rewind(self) -> bool:
        """Let the strategy go back."""
        return self.inner.rewind()

    def more(self, world: World) -> bool:
        """Let the strategy learn."""
        return self.inner.more(world)

    def estimate(self) -> int | None:
        """Let the strategy guess."""
        return self.inner.estimate()

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        """Let the strategy choose."""
        if not world.steps:
            self.taken.clear()
        if self._limit is not None and len(world.steps) >= self._limit:
            self.cut = True
            return None
        chosen = self.inner.choose(world, enabled)
        if chosen is not None:
            switched = world.last is not chosen and world.last is not None
            able = world.last in enabled
            self.taken.append(
                Taken(name_of(chosen), str(chosen.pending), switched and able, switched and not able)
            )
        return chosen


def runs_of(taken: list[Taken]) -> tuple[Run, ...]:
    """Return the runs that the steps *taken* are."""
    runs: list[Run] = []
    done: Counter[tuple[str, str]] = Counter()
    for position, step in enumerate(taken):
        name = step.thread, step.operation
        done[name] += 1
        after = taken[position + 1] if position + 1 < len(taken) else None
        if after is None or after.stops:
            runs.append(Run(step.thread))
        elif after.preempts:
            runs.append(Run(*name, done[name]))
    return tuple(runs)


class Follow:
    """Let threads run as the runs of a schedule say; afterwards let the thread that runs go on."""

    exhaustive = False
    bound = None

    def __init__(self, runs: tuple[Run, ...], *, strict: bool = True) -> None:
        self._runs = runs
        self._strict = strict
        self.restart()

    def restart(self) -> None:
        """Begin at the beginning."""
        self._at = 0  #: the run that is being followed
        self._begun = False  #: it has made a step
        self.misfit: str | None = None  #: where the schedule did not fit
        self._done: Counter[tuple[str, str]] = Counter()

    def rewind(self) -> bool:
        return False

    def more(self, world: World) -> bool:
        return False

    def estimate(self) -> int | None:
        return None

    def doubt(self, world: World) -> str | None:
        """Say why the execution that has ended without a failure was not the one that the schedule describes."""
        left = len(self._runs) - self._at - self._begun
        if self.misfit is None and left > 0:
            return (
                f"the schedule does not fit the program, which ended after {len(world.steps)} steps, with {left} runs "
                "of the schedule left. It has changed since the schedule was printed, or instrument=[…] differs."
            )
        return self.misfit

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        if not world.steps:
            self.restart()
        while self._at < len(self._runs):
            run = self._runs[self._at]
            thread = next((thread for thread in enabled if name_of(thread) == run.thread), None)
            if thread is not None and self._done[run.thread, run.operation or ""] < run.times:
                return self._step(run, thread)
            if run.operation is not None or not self._begun:
                self._note_misfit(world, run, thread)
            self._next()
        return go_on(world, enabled)

    def _step(self, run: Run, thread: ControlledThread) -> ControlledThread:
        operation = str(thread.pending)
        self._begun = True
        self._done[run.thread, operation] += 1
        if operation == run.operation and self._done[run.thread, operation] == run.times:
            self._next()
        return thread

    def _next(self) -> None:
        self._at += 1
        self._begun = False

    def _note_misfit(self, world: World, run: Run, able: ControlledThread | None) -> None:
        """Give up where a named operation is missing; where a thread can't begin, only if nothing fails later."""
        if self._strict and self.misfit is None:
            self.misfit = self._describe(world, run, able)
        if self._strict and run.operation is not None:
            raise ScheduleError(self.misfit)

    def _describe(self, world: World, run: Run, able: ControlledThread | None) -> str:
        thread = next((thread for thread in world.threads if name_of(thread) == run.thread), None)
        who = f"thread {run.thread}" if thread is None else f"thread {run.thread} ({thread.label})"
        until = "" if run.operation is None else f" until its {_nth(run.times)} “{run.operation}”"
        if thread is None:
            state = "has not been started"
        elif able is not None:
            state = "has executed that already"
        elif thread.ended:
            state = "has ended"
        elif thread.waits_for is not None:
            state = f"waits for the end of {thread.waits_for.label}"
        else:
            state = f"can't go on: it is about to “{thread.pending}”"
        return (
            f"the schedule does not fit the program: in its {_nth(self._at + 1)} run, after {len(world.steps)} steps, "
            f"{who} was to run{until}, but {state}. The program has changed there since the schedule was printed, "
            "or instrument=[…] differs."
        )


def go_on(world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
    """Return who runs when a schedule is used up: nobody where the failure has happened, else who runs already."""
    if world.failure is not None:
        world.stop(Outcome.COMPLETE)
        return None
    return world.last if world.last in enabled else enabled[0]


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
