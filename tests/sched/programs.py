"""What the tests of the scheduler share: shared objects, starting threads, and failures that must replay."""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

from treadle.sched import Result, Verdict, check, replay

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
    for _ in range(3):
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
