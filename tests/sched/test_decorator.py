"""`@interleavings`: a test function is checked over all its interleavings whenever it is called."""

import functools
import inspect
import threading
import traceback
from collections.abc import Callable, Generator
from typing import Any, get_type_hints

import pytest

from tests.sched.programs import Box, together
from treadle.sched import (
    CheckError,
    Deadlock,
    Failure,
    ScheduleError,
    UnknownError,
    check,
    interleavings,
    replay,
)
from treadle.sched.decorator import Options


def counter(locked: bool, box: Box) -> None:
    lock = threading.Lock()
    before = box.x

    def increment() -> None:
        if locked:
            with lock:
                box.x += 1
        else:
            box.x += 1

    together(increment, increment)
    assert box.x == before + 2, box.x - before


#: Whose accesses are scheduling points.
COUNTER: list[Any] = [counter]


@interleavings
def bare() -> None:
    counter(locked=True, box=Box())


@interleavings(instrument=COUNTER)
def racy() -> None:
    counter(locked=False, box=Box())


@interleavings(instrument=COUNTER)
def with_arguments(locked: bool, *, start: int = 0) -> None:
    """Say what it does."""
    counter(locked, Box(x=start))


class Case:
    @interleavings(instrument=COUNTER)
    def method(self, locked: bool) -> str:
        counter(locked, Box())
        return type(self).__name__


def test_what_holds_returns_nothing() -> None:
    bare()
    with_arguments(True)
    with_arguments(locked=True, start=5)
    Case().method(True)


def test_what_fails_raises_the_error_of_the_failing_execution_with_the_columns() -> None:
    with pytest.raises(AssertionError, match="1") as caught:
        racy()
    (note,) = caught.value.__notes__
    assert "T0 is preempted" in note
    assert "replays 10/10" in note
    assert "replay(racy, " in note


def test_the_traceback_is_the_programs_own() -> None:
    with pytest.raises(AssertionError) as caught:
        racy()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[0] == "test_the_traceback_is_the_programs_own"
    assert names[-2:] == ["racy", "counter"]
    assert len(names) == 4, "between them there is the decorator alone"


def test_arguments_and_self_are_passed_through() -> None:
    with pytest.raises(AssertionError):
        with_arguments(False)
    with pytest.raises(AssertionError):
        with_arguments(locked=False, start=3)
    with pytest.raises(AssertionError):
        Case().method(False)


def test_a_program_with_arguments_names_no_call_that_would_not_work() -> None:
    with pytest.raises(AssertionError) as caught:
        with_arguments(False)
    assert "replay(with_arguments" not in caught.value.__notes__[0]
    assert "--treadle-replay=" in caught.value.__notes__[0]


def test_the_line_that_is_shown_replays_the_decorated_function() -> None:
    result = check(racy, instrument=COUNTER)
    assert result.failure is not None
    with pytest.raises(AssertionError):
        replay(racy, result.failure.schedule)


def test_the_function_keeps_its_name_its_text_and_its_signature() -> None:
    assert with_arguments.__name__ == "with_arguments"
    assert with_arguments.__doc__ == "Say what it does."
    assert list(inspect.signature(with_arguments).parameters) == ["locked", "start"]


def test_a_deadlock_is_raised() -> None:
    @interleavings
    def stuck() -> None:
        together(threading.Event().wait)

    with pytest.raises(Deadlock) as caught:
        stuck()
    assert "Event.wait" in str(caught.value)


def test_an_answer_of_unknown_is_an_error_unless_it_is_allowed() -> None:
    options: dict[str, Any] = {"max_executions": 1}

    def body() -> None:
        lock = threading.Lock()

        def use() -> None:
            with lock:
                pass

        together(use, use)

    with pytest.raises(
        UnknownError, match=r"body: no answer after 1 exec.*max_executions=1.*allow_unknown=True"
    ):
        interleavings(**options)(body)()
    interleavings(allow_unknown=True, **options)(body)()
    assert issubclass(UnknownError, CheckError)


def test_sampling_is_unknown_too() -> None:
    @interleavings(strategy="random", max_executions=3, seed=1)
    def sampled() -> None:
        together(lambda: None)

    with pytest.raises(UnknownError, match="seed 1"):
        sampled()


async def coroutine() -> None:
    pass


def generator() -> Generator[int, None, None]:
    yield 1


@pytest.mark.parametrize("function", [coroutine, generator, Case, functools.partial(bare), 3, Case().method])
def test_what_is_no_plain_function_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="@interleavings decorates"):
        interleavings(function)
    with pytest.raises(TypeError, match="@interleavings decorates"):
        interleavings(max_steps=5)(function)


def test_arguments_that_check_does_not_have_are_refused_at_once() -> None:
    with pytest.raises(TypeError, match="max_exec"):
        interleavings(max_exec=3)  # type: ignore[call-overload]


def test_the_decorator_takes_what_check_takes() -> None:
    parameters = list(inspect.signature(check).parameters)
    assert set(parameters[1:]) == set(Options.__annotations__)
    assert get_type_hints(Options)


def test_every_execution_is_given_the_same_objects() -> None:
    seen: list[int] = []

    @interleavings
    def program(box: Box) -> None:
        seen.append(id(box))

    program(Box())
    assert len(set(seen)) == 1


def test_a_schedule_that_does_not_fit_is_told() -> None:
    with pytest.raises(ScheduleError, match="1st"):
        replay(racy, "1@read nothing.x")


def failure_of(program: Callable[[], None]) -> Failure:
    with pytest.raises(AssertionError) as caught:
        program()
    failure: Failure = caught.value.__treadle_failure__  # type: ignore[attr-defined]
    return failure


def test_checking_again_gives_the_same_failure() -> None:
    assert failure_of(racy).schedule == failure_of(racy).schedule
    assert failure_of(racy).trace == failure_of(racy).trace
