"""`concurrent.futures` with threads: results, timeouts, cancellation, callbacks and the end of executors."""

import threading
import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.sched.programs import Box, check_and_replay, holds, in_turn, outcomes, together
from treadle.sched import Deadlock, check

EARLY = ThreadPoolExecutor(1)


def finish(future: "Future[str]") -> None:
    future.set_result("done")


def pending() -> "Future[str]":
    return Future()


def test_a_result_comes_from_the_worker() -> None:
    def program(work: Callable[[], int]) -> int:
        with ThreadPoolExecutor(1) as executor:
            return executor.submit(work).result()

    assert outcomes(lambda: program(lambda: 5)) == {5}
    check_and_replay(lambda: program(lambda: 1 // 0), ZeroDivisionError)


def test_a_worker_that_waits_for_itself_deadlocks() -> None:
    def program(workers: int) -> None:
        with ThreadPoolExecutor(workers) as executor:
            executor.submit(lambda: executor.submit(int).result()).result()

    check_and_replay(lambda: program(1), Deadlock)
    assert check(lambda: program(2), strategy="random", seed=1, max_executions=50).failure is None


def test_waiting_for_a_result_may_take_too_long() -> None:
    def program(timeout: float | None) -> str:
        future, seen = pending(), []

        def wait() -> None:
            try:
                seen.append(future.result(timeout))
            except TimeoutError:
                seen.append("late")

        together(wait, lambda: finish(future))
        return seen[0]

    assert outcomes(lambda: program(None)) == {"done"}
    assert outcomes(lambda: program(1)) == {"done", "late"}
    assert outcomes(lambda: program(1), timeouts="idle") == {"done"}
    check_and_replay(lambda: pending().result(), Deadlock)
    check_and_replay(lambda: pending().exception(timeout=1), TimeoutError)


def test_a_future_is_cancelled_before_it_runs_or_not_at_all() -> None:
    def program() -> tuple[bool, bool, bool]:
        future, seen = pending(), []

        def run() -> None:
            if future.set_running_or_notify_cancel():
                future.set_result("done")

        together(run, lambda: seen.append(future.cancel()))
        return seen[0], future.cancelled(), future.done()

    assert outcomes(program) == {(True, True, True), (False, False, True)}


def test_setting_a_result_twice_fails_in_every_order() -> None:
    def program() -> None:
        future = pending()
        together(lambda: finish(future), lambda: finish(future))

    check_and_replay(program, futures.InvalidStateError)


def test_a_callback_runs_once_whoever_comes_first() -> None:
    def program() -> tuple[str, ...]:
        future, calls = pending(), []

        def add() -> None:
            future.add_done_callback(lambda _: calls.append(threading.current_thread().name))

        together(lambda: finish(future), add)
        return tuple(calls)

    assert outcomes(program) == {("T0",), ("T1",)}


def first(fs: "list[Future[str]]", **options: str | float) -> tuple[tuple[bool, ...], int]:
    done, not_done = futures.wait(fs, **options)  # type: ignore[arg-type]
    return tuple(future in done for future in fs), len(not_done)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"return_when": futures.FIRST_COMPLETED},
            {((True, False), 1), ((False, True), 1), ((True, True), 0)},
        ),
        ({"return_when": futures.FIRST_EXCEPTION}, {((True, True), 0)}),
        ({}, {((True, True), 0)}),
    ],
)
def test_waiting_for_several(options: dict[str, str], expected: set[object]) -> None:
    def program() -> object:
        fs, seen = [pending(), pending()], []
        together(lambda: finish(fs[0]), lambda: finish(fs[1]), lambda: seen.append(first(fs, **options)))
        return seen[0]

    assert outcomes(program) == expected


def test_an_exception_ends_a_wait_for_the_first_one() -> None:
    def program() -> object:
        fs, seen = [pending(), pending()], []
        together(
            lambda: fs[0].set_exception(KeyError()),
            lambda: seen.append(first(fs, return_when=futures.FIRST_EXCEPTION)),
        )
        return seen[0]

    assert outcomes(program) == {((True, False), 1)}
    check_and_replay(lambda: futures.wait([pending()]), Deadlock)


def test_waiting_for_several_may_take_too_long() -> None:
    def program() -> object:
        fs, seen = [pending(), pending()], []
        together(lambda: finish(fs[0]), lambda: seen.append(first(fs, timeout=1)))
        return seen[0]

    assert outcomes(program) == {((False, False), 2), ((True, False), 1)}
    assert outcomes(program, timeouts="idle") == {((True, False), 1)}


def test_futures_come_as_they_complete() -> None:
    def program(timeout: float | None) -> tuple[object, ...]:
        fs = [pending(), pending()]
        seen: list[object] = []

        def collect() -> None:
            try:
                seen.extend(fs.index(future) for future in futures.as_completed(fs, timeout))
            except TimeoutError:
                seen.append("late")

        together(in_turn(lambda: finish(fs[1]), lambda: finish(fs[0])), collect)
        return tuple(seen)

    assert outcomes(lambda: program(None)) == {(1, 0)}
    assert outcomes(lambda: program(1)) == {(1, 0), (1, "late"), ("late",)}
    assert outcomes(lambda: program(1), timeouts="idle") == {(1, 0)}


def test_as_completed_times_out_when_nothing_else_can_run() -> None:
    for mode in ("explore", "idle"):
        check_and_replay(lambda: list(futures.as_completed([pending()], 1)), TimeoutError, timeouts=mode)


def test_map_keeps_the_order() -> None:
    def program(timeout: float | None = None) -> tuple[int, ...]:
        with ThreadPoolExecutor(1) as executor:
            return tuple(executor.map(lambda number: number * number, (2, 3), timeout=timeout))

    assert outcomes(program) == {(4, 9)}


def test_shutting_down_cancels_what_has_not_begun() -> None:
    def program() -> tuple[bool, bool]:
        executor = ThreadPoolExecutor(1)
        fs = [executor.submit(int), executor.submit(int)]
        executor.shutdown(wait=True, cancel_futures=True)
        return fs[0].cancelled(), fs[1].cancelled()

    # Also the second alone: a worker takes the first, or the second while the first is being cancelled.
    assert outcomes(program) == {(False, False), (False, True), (True, False), (True, True)}


def test_an_executor_that_has_been_shut_down_takes_no_more() -> None:
    def program() -> None:
        executor = ThreadPoolExecutor(1)
        executor.shutdown()
        executor.submit(int)

    check_and_replay(program, RuntimeError)


def test_workers_are_initialized_and_a_failure_breaks_the_pool() -> None:
    def program(initializer: Callable[[], object]) -> str:
        with ThreadPoolExecutor(1, initializer=initializer) as executor:
            try:
                return str(executor.submit(int).result())
            except futures.BrokenExecutor:
                return "broken"

    ran: list[int] = []
    assert outcomes(lambda: program(lambda: ran.append(1))) == {"0"}
    assert ran
    assert outcomes(lambda: program(lambda: 1 // 0)) == {"broken"}


def test_an_executor_never_shut_down_ends_with_the_program() -> None:
    holds(lambda: ThreadPoolExecutor(1).submit(int))
    held = [ThreadPoolExecutor(1)]

    def keeping() -> None:
        held[0] = ThreadPoolExecutor(1)
        held[0].submit(int)

    holds(keeping)
    check_and_replay(lambda: ThreadPoolExecutor(1).submit(threading.Event().wait), Deadlock)


def test_an_executor_made_at_import_time_begins_each_execution_without_workers() -> None:
    def program() -> int:
        return EARLY.submit(lambda: 3).result()

    for _ in range(2):
        assert outcomes(program) == {3}
    assert not EARLY._threads
    assert EARLY.submit(threading.get_ident).result() != threading.get_ident()
    EARLY.shutdown()


def test_workers_are_named_the_same_in_each_execution() -> None:
    def program() -> str:
        with ThreadPoolExecutor(1) as executor:
            return executor.submit(lambda: threading.current_thread().name).result()

    assert outcomes(program) == {"ThreadPoolExecutor-0_0"}


def test_two_tasks_of_two_workers_race() -> None:
    """A lost update between tasks is found."""

    def program() -> None:
        box = Box()

        def task() -> None:
            seen = box.x
            time.sleep(0)
            box.x = seen + 1

        with ThreadPoolExecutor(2) as executor:
            executor.submit(task)
            executor.submit(task)
        assert box.x == 2

    check_and_replay(program, AssertionError, instrument=[Box, test_two_tasks_of_two_workers_race])
