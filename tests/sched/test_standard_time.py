"""Timeouts and the virtual clock: what the standard library does with them, under both ways to let them run out."""

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests.sched.programs import check_and_replay, holds, outcomes, together

WAYS: tuple[Literal["explore", "idle"], ...] = ("explore", "idle")


def held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


#: Each waits for what never comes, for so many seconds.
WAITS: dict[str, Callable[[float], object]] = {
    "Lock": lambda seconds: held().acquire(timeout=seconds),
    "Condition": lambda seconds: entered(threading.Condition(), lambda c: c.wait(seconds)),
    "wait_for": lambda seconds: entered(threading.Condition(), lambda c: c.wait_for(lambda: False, seconds)),
    "Event": lambda seconds: threading.Event().wait(seconds),
    "Semaphore": lambda seconds: threading.Semaphore(0).acquire(timeout=seconds),
    "Barrier": lambda seconds: caught(
        threading.BrokenBarrierError, lambda: threading.Barrier(2).wait(seconds)
    ),
    "Queue": lambda seconds: caught(queue.Empty, lambda: queue.Queue[int]().get(timeout=seconds)),
    "SimpleQueue": lambda seconds: caught(queue.Empty, lambda: queue.SimpleQueue[int]().get(timeout=seconds)),
    "sleep": lambda seconds: time.sleep(seconds),  # noqa: PLW0108 - looked up when it is called, while it is patched
}


def entered(condition: threading.Condition, body: Callable[[threading.Condition], object]) -> object:
    with condition:
        return body(condition)


def caught(error: type[Exception], body: Callable[[], object]) -> object:
    try:
        return body()
    except error:
        return False


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_the_clock_stands_at_the_deadline_after_a_timeout(
    wait: Callable[[float], object], way: Literal["explore", "idle"]
) -> None:
    def program() -> tuple[object, float, float, float]:
        clocks = (time.monotonic, time.perf_counter, time.time)
        starts = [clock() for clock in clocks]
        result = wait(2.5)
        first, second, third = (
            round(clock() - start, 3) for clock, start in zip(clocks, starts, strict=True)
        )
        return bool(result), first, second, third

    assert outcomes(program, timeouts=way) == {(False, 2.5, 2.5, 2.5)}
    check_and_replay(lambda: _require(program()[1] < 2.5), AssertionError, timeouts=way)


def _require(condition: bool) -> None:
    assert condition


REAL_WAITS: dict[str, Callable[[float], object]] = {
    "Lock": lambda seconds: threading.Lock().acquire(timeout=seconds),
    "RLock": lambda seconds: threading.RLock().acquire(timeout=seconds),
    "Condition": lambda seconds: entered(threading.Condition(), lambda c: c.wait(seconds)),
    "Event": WAITS["Event"],
    "Semaphore": WAITS["Semaphore"],
    "Queue": WAITS["Queue"],
    "SimpleQueue": WAITS["SimpleQueue"],
    "sleep": lambda seconds: time.sleep(seconds) if seconds == 0 else time.sleep(-abs(seconds)),
}


def result_of(body: Callable[[], object]) -> str:
    try:
        return repr(body())
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize("seconds", [0, 0.0, -1, -0.5, -math.inf, 1e10, 1e300, math.inf, "x"], ids=str)
@pytest.mark.parametrize("name", REAL_WAITS)
def test_odd_timeouts_are_taken_or_refused_as_ever(name: str, seconds: Any) -> None:
    """The same result, or the same error with the same words."""
    wait = REAL_WAITS[name]
    seen: list[str] = []
    holds(lambda: seen.append(result_of(lambda: wait(seconds))))
    assert set(seen) == {result_of(lambda: wait(seconds))}


@pytest.mark.parametrize("name", ["Lock", "RLock", "SimpleQueue", "sleep"])
def test_a_timeout_that_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="NaN"):
        REAL_WAITS[name](math.nan)
    check_and_replay(lambda: REAL_WAITS[name](math.nan), ValueError)


def test_the_standard_librarys_own_readings_of_the_clock_cost_no_executions() -> None:
    """What is left of a timeout is found out by reading the clock; other threads' timeouts do not matter for it."""

    def program() -> None:
        numbers: queue.Queue[int] = queue.Queue()
        condition = threading.Condition()
        together(
            lambda: caught(queue.Empty, lambda: numbers.get(timeout=1)),
            lambda: entered(condition, lambda c: c.wait_for(lambda: False, 1)),
            lambda: threading.Semaphore(0).acquire(timeout=1),
        )

    assert holds(program).executions == 1


def test_what_is_left_of_a_timeout_is_waited_for() -> None:
    """A wait that is woken for nothing goes on, and no longer than it may."""

    def program() -> tuple[bool, float]:
        condition = threading.Condition()
        seen: list[tuple[bool, float]] = []

        def wait() -> None:
            start = time.monotonic()
            with condition:
                found = condition.wait_for(lambda: False, 3)
            seen.append((found, round(time.monotonic() - start, 3)))

        def wake() -> None:
            time.sleep(1)
            with condition:
                condition.notify()

        together(wait, wake)
        return seen[0]

    assert outcomes(program, timeouts="idle") == {(False, 3.0)}


def test_deadlines_are_met_in_order_when_nothing_else_can_run() -> None:
    def program() -> tuple[str, ...]:
        order: list[str] = []

        def late(name: str, body: Callable[[], object]) -> None:
            body()
            order.append(name)

        together(
            lambda: late("queue", lambda: caught(queue.Empty, lambda: queue.Queue[int]().get(timeout=3))),
            lambda: late("event", lambda: threading.Event().wait(1)),
            lambda: late("sleep", lambda: time.sleep(2)),
        )
        return tuple(order)

    assert outcomes(program, timeouts="idle") == {("event", "sleep", "queue")}


def test_a_timer_fires_at_its_time() -> None:
    def program(seconds: float) -> tuple[object, ...]:
        seen: list[object] = []
        timer = threading.Timer(seconds, lambda: seen.append("timer"))
        timer.start()
        time.sleep(2)
        seen.append("main")
        timer.join()
        return tuple(seen)

    assert outcomes(lambda: program(1), timeouts="idle") == {("timer", "main")}
    assert outcomes(lambda: program(3), timeouts="idle") == {("main", "timer")}
