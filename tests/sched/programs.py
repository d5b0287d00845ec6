"""What the tests of the scheduler share: shared objects, starting threads, and failures that must replay."""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import pytest

from treadle.sched import Result, Verdict, check, replay
from treadle.sched.engine import Budget, Laboratory, Settings, explore, prepared
from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.exhaustive import Exhaustive

Error = TypeVar("Error", bound=BaseException)
Body = Callable[[], object]


class Box:
    """Shared attributes."""

    def __init__(self, **values: int) -> None:
        self.x = 0
        self.y = 0
        self.z = 0
        self.data: Any = None
        for name, value in values.items():
            setattr(self, name, value)


def together(*bodies: Body) -> None:
    """Run each of *bodies* in a thread of its own, named T0, T1, …, and wait for all of them."""
    threads = [threading.Thread(target=body, name=f"T{number}") for number, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_turn(*bodies: Body) -> Body:
    """Return a body that runs each of *bodies*, one after the other."""

    def body() -> None:
        for part in bodies:
            part()

    return body


def pause() -> None:
    """Let others go first, wherever that can be."""
    time.sleep(0)


def idle() -> None:
    """Do nothing."""


def holds(program: Body, *, instrument: Iterable[Any] = (), **options: Any) -> Result:
    """Check *program*, which must hold, and return the answer."""
    result = check(program, instrument=instrument, **options)
    assert result.verdict is Verdict.HOLDS, str(result)
    assert result.failure is None
    assert result.executions == result.complete + result.deadlocked + result.cut
    return result


def check_and_replay(
    program: Body, error: type[Error], *, instrument: Iterable[Any] = (), **options: Any
) -> tuple[Result, Error]:
    """Check *program*, which must fail with *error*, and prove that the schedule found fails each time again."""
    result = check(program, instrument=instrument, **options)
    assert result.verdict is Verdict.VIOLATED, str(result)
    assert result.failure is not None
    found = result.failure.error
    assert type(found) is error, repr(found)
    for _ in range(2):
        with pytest.raises(error) as caught:
            replay(program, result.failure.schedule, instrument=instrument)
        assert type(caught.value) is error
        assert str(caught.value) == str(found)
    return result, found


def outcomes(program: Callable[[], object], *, instrument: Iterable[Any] = (), **options: Any) -> set[object]:
    """Return what *program* returns, over all its executions."""
    seen: set[object] = set()

    @functools.wraps(program)
    def noted() -> None:
        seen.add(program())

    holds(noted, instrument=instrument, **options)
    return seen


class Impatient(Budget):
    """A budget for one search, which is given up early if it will hardly end within it."""

    LOOK = 10  #: executions after which it is asked how many there will be

    def __init__(self, executions: int, strategy: Strategy) -> None:
        super().__init__(executions)
        self._most = executions
        self._strategy = strategy

    def spent(self, executions: int) -> str | None:
        if executions == self.LOOK and (self._strategy.estimate() or 0) > 2 * self._most:
            return "hopeless"
        return super().spent(executions)


class Returning:
    """A program that is exchanged for another, and what it returned."""

    def __init__(self) -> None:
        self.body: Callable[[], object] = idle
        self.seen: set[object] = set()

    def run(self) -> None:
        self.seen.add(self.body())


class Many:
    """Explores one small program after the other: to prepare the process for each takes longer than most of them run."""

    def __init__(self, laboratory: Laboratory, program: Returning) -> None:
        self._laboratory = laboratory
        self._program = program
        self.executions = 0  #: of the program explored last

    def explored(
        self,
        body: Callable[[], object],
        strategy: Strategy | None = None,
        *,
        most: int | None = None,
        every_access: bool = False,
    ) -> set[object] | None:
        """Return what *body* returns over all its executions, or None if there are, or will hardly be less than, *most*."""
        self._program.body, self._program.seen = body, set()
        self._laboratory.settings.every_access = every_access
        strategy = strategy or Exhaustive()
        budget = Budget() if most is None else Impatient(most, strategy)
        found = explore(self._laboratory, strategy, budget, stop_on_failure=True)
        assert found.error is None
        assert found.limited is None
        self.executions = found.counts.executions
        return None if found.spent else self._program.seen


@contextlib.contextmanager
def many(*instrument: Any) -> Iterator[Many]:
    """Prepare the process once for many programs, none of which uses locks or the like that were made before."""
    program = Returning()
    with prepared(program.run, Settings(instrument)) as laboratory:
        yield Many(laboratory, program)
