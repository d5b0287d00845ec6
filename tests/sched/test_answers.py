"""The three answers of a check, its bounds and budgets, and the arguments it refuses."""

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.sched.programs import Box, check_and_replay, holds, together
from treadle.sched import CheckError, Deadlock, Verdict, check, replay


def counter(locked: bool) -> Callable[[], None]:
    def program() -> None:
        lock, box = threading.Lock(), Box()

        def increment() -> None:
            if locked:
                with lock:
                    box.x += 1
            else:
                box.x += 1

        together(increment, increment)
        assert box.x == 2

    return program


#: Whose accesses are scheduling points.
COUNTER: list[Any] = [counter]


def locks(threads: int = 2) -> None:
    lock = threading.Lock()

    def body() -> None:
        with lock:
            pass

    together(*[body] * threads)


def test_holds() -> None:
    result = holds(counter(locked=True), instrument=COUNTER)
    assert result.bound is None
    assert result.seed is None
    assert str(result) == "holds: 2 executions (2 complete), exhaustive"


def test_violated() -> None:
    result, error = check_and_replay(counter(locked=False), AssertionError, instrument=COUNTER)
    assert result.failure is not None
    assert result.failure.error is error
    assert result.executions == result.complete + result.deadlocked + result.cut
    assert str(result).startswith("violated: ")


def test_uninstrumented_memory_is_no_scheduling_point() -> None:
    assert holds(counter(locked=False)).executions == 1


def test_an_answer_for_which_nothing_was_instrumented_says_so() -> None:
    assert "nothing is instrumented" in str(holds(counter(locked=False)))
    for told in (
        holds(counter(locked=False), instrument=COUNTER, preemptions=0),
        holds(lambda: None),
        holds(locks),
    ):
        assert "nothing is instrumented" not in str(told)


def test_a_failing_program_without_threads() -> None:
    result, _ = check_and_replay(lambda: 1 // 0, ZeroDivisionError)
    assert result.executions == 1


@pytest.mark.parametrize(
    "options", [{"max_executions": 1}, {"strategy": "random", "max_executions": 5, "seed": 1}]
)
def test_a_spent_budget_is_unknown_and_named(options: dict[str, Any]) -> None:
    result = check(locks, **options)
    assert result.verdict is Verdict.UNKNOWN
    assert result.executions == options["max_executions"]
    assert result.bound is not None
    assert f"max_executions={options['max_executions']}" in result.bound


def test_a_budget_that_was_just_enough_holds() -> None:
    assert check(locks, max_executions=2).verdict is Verdict.HOLDS


def test_spent_time_is_unknown_and_named() -> None:
    result = check(lambda: locks(5), max_seconds=1e-9)
    assert result.verdict is Verdict.UNKNOWN
    assert result.executions >= 1
    assert result.bound is not None
    assert "max_seconds" in result.bound


def test_the_step_limit_is_unknown_and_names_the_loop() -> None:
    def program() -> None:
        lock, tries = threading.Lock(), 0
        lock.acquire()
        while not lock.acquire(blocking=False):
            tries += 1

    result = check(program, max_steps=50)
    assert result.verdict is Verdict.UNKNOWN
    assert result.cut == 1
    assert result.bound is not None
    assert "max_steps=50" in result.bound
    assert "while not lock.acquire(blocking=False)" in " ".join(result.notes)


def test_a_failure_found_before_the_step_limit_is_a_violation() -> None:
    def program() -> None:
        together(lambda: 1 // 0, threading.Event().wait)

    assert check(program, max_steps=50).verdict is Verdict.VIOLATED


def test_a_random_strategy_never_holds_and_says_its_seed() -> None:
    result = check(lambda: None, strategy="random")
    assert result.verdict is Verdict.UNKNOWN
    assert result.executions == 1_000
    assert result.seed is not None
    assert str(result.seed) in str(result)
    again = check(locks, strategy="random", seed=7, max_executions=3)
    assert (again.seed, again.verdict) == (7, Verdict.UNKNOWN)


def test_a_random_strategy_repeats_with_its_seed() -> None:
    results = [check(counter(locked=False), instrument=COUNTER, strategy="random", seed=3) for _ in range(3)]
    assert len({(result.executions, str(result)) for result in results}) == 1
    assert results[0].verdict is Verdict.VIOLATED


@pytest.mark.parametrize("strategy", ["exhaustive", "dfs"])
def test_a_preemption_bound_holds_within_itself(strategy: str) -> None:
    result = holds(counter(locked=False), instrument=COUNTER, strategy=strategy, preemptions=0)
    assert result.bound == "at most 0 preemptions"
    found, _ = check_and_replay(
        counter(locked=False), AssertionError, instrument=COUNTER, strategy=strategy, preemptions=1
    )
    assert found.bound == "at most 1 preemption"


def abba() -> None:
    left, right = threading.Lock(), threading.Lock()

    def there() -> None:
        with left, right:
            pass

    def back() -> None:
        with right, left:
            pass

    together(there, back)


def test_deadlocks_are_failures_unless_allowed() -> None:
    check_and_replay(abba, Deadlock)
    result = holds(abba, allow_deadlock=True)
    assert (result.complete, result.deadlocked) == (2, 1)


def test_exploring_goes_on_after_a_failure_if_asked() -> None:
    first = check(counter(locked=False), instrument=COUNTER)
    everything = check(counter(locked=False), instrument=COUNTER, stop_on_failure=False)
    assert first.executions < everything.executions
    assert everything.complete == 4
    assert everything.verdict is Verdict.VIOLATED


def test_progress_is_told() -> None:
    told: list[int] = []
    result = check(lambda: locks(3), on_execution=lambda counts: told.append(counts.executions))
    assert told == list(range(1, result.executions + 1))


def test_a_verdict_is_not_a_boolean() -> None:
    with pytest.raises(TypeError, match="one of three"):
        bool(Verdict.HOLDS)


async def coroutine() -> None:
    await asyncio.sleep(0)


def generator() -> Generator[int, None, None]:
    yield 1


def needs(argument: int) -> None:
    raise AssertionError(argument)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (None, "callable"),
        ("text", "callable"),
        (needs, "argument"),
        (lambda x: x, "x"),
        (functools.partial(needs), "argument"),
        (coroutine, "coroutine"),
        (functools.partial(coroutine), "coroutine"),
        (generator, "generator"),
    ],
)
def test_what_is_no_program_is_refused(program: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        check(program)
    with pytest.raises(TypeError, match=words):
        replay(program, "0")


def test_a_bound_method_a_partial_and_a_callable_object_are_programs() -> None:
    class Program:
        def __call__(self) -> None:
            locks()

        def method(self) -> None:
            locks()

    for program in (
        Program(),
        Program().method,
        functools.partial(locks, 2),
        lambda threads=2: locks(threads),
    ):
        assert holds(program).executions == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"strategy": "magic"}, ValueError),
        ({"timeouts": "never"}, ValueError),
        ({"preemptions": -1}, ValueError),
        ({"preemptions": True}, TypeError),
        ({"preemptions": 1.5}, TypeError),
        ({"preemptions": 1, "strategy": "random"}, ValueError),
        ({"max_executions": 0}, ValueError),
        ({"max_executions": True}, TypeError),
        ({"max_executions": "9"}, TypeError),
        ({"max_seconds": 0}, ValueError),
        ({"max_seconds": -1.0}, ValueError),
        ({"max_seconds": float("nan")}, ValueError),
        ({"max_seconds": True}, TypeError),
        ({"max_seconds": "1"}, TypeError),
        ({"jobs": 0}, ValueError),
        ({"jobs": None}, TypeError),
        ({"shrink": -1}, ValueError),
        ({"shrink": None}, TypeError),
        ({"max_steps": 0}, ValueError),
        ({"max_steps": None}, TypeError),
        ({"max_steps": False}, TypeError),
        ({"instrument": [42]}, TypeError),
        ({"instrument": ["module"]}, TypeError),
        ({"instrument": [len]}, (TypeError, ValueError)),
        ({"instrument": 42}, TypeError),
        ({"seed": "x"}, TypeError),
        ({"seed": True}, TypeError),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_at_the_call(options: dict[str, Any], error: type[Exception]) -> None:
    ran: list[int] = []
    with pytest.raises(error):
        check(lambda: ran.append(1), **options)
    assert not ran
    holds(lambda: None)


def test_checks_do_not_nest() -> None:
    def program() -> None:
        check(lambda: None)

    with pytest.raises(CheckError, match="nest"):
        check(program)
    holds(lambda: None)


def test_a_check_inside_an_allowed_exception_is_still_refused() -> None:
    """The program under test cannot swallow what ends the check."""

    def program() -> None:
        try:
            check(lambda: None)
        except CheckError:
            time.sleep(1)

    with pytest.raises(CheckError):
        check(program)
