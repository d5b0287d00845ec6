"""Faults as choices: interrupts, handlers and finalizers at every point of a thread, each explored and replayed."""

import random
import sys
import threading
from collections.abc import Callable

import pytest

from tests.sched.programs import Body, Box, holds, together
from treadle.sched import (
    Deadlock,
    Finalizer,
    Handler,
    Interrupt,
    Result,
    ScheduleError,
    Verdict,
    check,
    replay,
)
from treadle.sched.faults import Fault

HERE = sys.modules[__name__]

#: The first seed of random programs. Each version of Python takes others.
FIRST = sys.version_info.minor * 1_000


def fails(program: Body, error: type[BaseException], *faults: Fault) -> Result:
    """Check *program*, which must fail with *error*, and replay that."""
    result = check(program, instrument=[HERE], faults=faults)
    assert result.verdict is Verdict.VIOLATED, str(result)
    assert result.failure is not None
    assert type(result.failure.error) is error, repr(result.failure.error)
    for _ in range(2):
        with pytest.raises(error):
            replay(program, result.failure.schedule, instrument=[HERE], faults=faults)
    return result


# -- interrupts -----------------------------------------------------------------------------------------------------


def with_statement() -> None:
    lock = threading.Lock()
    try:
        with lock:
            pass
    except KeyboardInterrupt:
        pass
    assert not lock.locked()


def acquire_then_try() -> None:
    lock = threading.Lock()
    try:
        lock.acquire()
        done = []  # an interrupt here comes before the try
        done.append(1)
        try:
            done.append(2)
        finally:
            lock.release()
    except KeyboardInterrupt:
        pass
    assert not lock.locked()


def test_a_with_statement_never_leaks_its_lock_under_an_interrupt() -> None:
    holds(with_statement, instrument=[HERE], faults=[Interrupt(times=1)])


def test_a_lock_acquired_before_the_try_is_leaked_by_an_interrupt() -> None:
    result = fails(acquire_then_try, AssertionError, Interrupt())
    assert result.failure is not None
    assert "KeyboardInterrupt is raised" in result.failure.trace
    assert "replays 10/10" in result.failure.trace
    assert "f0@0@" in result.failure.schedule


def test_no_fault_happens_unless_it_is_asked_for() -> None:
    assert holds(acquire_then_try, instrument=[HERE]).executions == 1


def test_an_interrupt_that_leaves_its_thread_is_no_failure() -> None:
    def program() -> None:
        threading.Lock().acquire()

    assert holds(program, faults=[Interrupt()]).executions > 1


def test_an_interrupt_hits_the_thread_that_is_named() -> None:
    hit: set[str] = set()

    def program() -> None:
        lock = threading.Lock()

        def body() -> None:
            try:
                with lock:
                    pass
            except ValueError:
                hit.add(threading.current_thread().name)

        together(body, body)

    holds(program, faults=[Interrupt("T1", ValueError)])
    assert hit == {"T1"}


def test_a_blocked_thread_is_interrupted_out_of_its_wait() -> None:
    seen: set[str] = set()

    def program() -> None:
        never = threading.Event()
        try:
            never.wait()
        except KeyboardInterrupt:
            seen.add("interrupted")

    result = check(program, faults=[Interrupt()], allow_deadlock=True)
    assert result.verdict is Verdict.HOLDS
    assert result.deadlocked
    assert seen == {"interrupted"}


def test_a_join_is_interrupted() -> None:
    seen: set[bool] = set()

    def program() -> None:
        box = Box()

        def body() -> None:
            box.x = 1

        thread = threading.Thread(target=body)
        thread.start()
        try:
            thread.join()
        except KeyboardInterrupt:
            seen.add(box.x == 1)

    holds(program, instrument=[HERE], faults=[Interrupt()])
    assert seen == {False, True}


def test_an_interrupt_happens_as_often_as_it_may() -> None:
    def program() -> int:
        count, lock = 0, threading.Lock()
        for _ in range(2):
            try:
                lock.acquire(blocking=False)
            except KeyboardInterrupt:
                count += 1
        return count

    def most(times: int) -> int:
        counts: set[int] = set()
        holds(lambda: counts.add(program()), faults=[Interrupt(times=times)])
        assert counts == set(range(times + 1))
        return max(counts)

    assert most(1) == 1
    assert most(2) == 2


# -- finalizers and handlers ----------------------------------------------------------------------------------------


class Shared:
    """What a program and its finalizers share, made anew by each execution."""

    lock: threading.Lock
    event: threading.Event
    box: Box


def make_shared() -> None:
    Shared.lock = threading.Lock()
    Shared.event = threading.Event()
    Shared.box = Box()


def take_lock() -> None:
    with Shared.lock:
        pass


def try_lock() -> None:
    if Shared.lock.acquire(blocking=False):
        Shared.lock.release()


def holder() -> None:
    with Shared.lock:
        Shared.box.x = 1


def in_two_threads() -> None:
    make_shared()
    together(holder, holder)


def test_a_finalizer_that_takes_a_lock_of_its_own_thread_deadlocks() -> None:
    result = fails(in_two_threads, Deadlock, Finalizer(take_lock, "T0"))
    assert "the finalizer take_lock runs" in str(result)


def test_a_finalizer_that_only_tries_does_not() -> None:
    holds(in_two_threads, instrument=[HERE], faults=[Finalizer(try_lock, "T0"), Finalizer(try_lock, "T1")])


def test_what_a_finalizer_raises_is_a_failure_and_does_not_go_through_the_thread() -> None:
    def broken() -> None:
        raise ValueError("broken")

    def program() -> None:
        try:
            threading.Lock().acquire()
        except ValueError:  # pragma: no cover - it must not come here
            raise AssertionError("it went through") from None

    fails(program, ValueError, Finalizer(broken))


def wait_for_handler() -> None:
    make_shared()
    Shared.event.wait()


def set_event() -> None:
    Shared.event.set()


def test_a_handler_that_sets_an_event_ends_a_wait_or_finds_its_lock_held() -> None:
    """Without the handler the wait never ends; inside the wait the event's own lock is held, and is not reentrant."""
    result = check(wait_for_handler, faults=[Handler(set_event)], allow_deadlock=True)
    assert result.verdict is Verdict.HOLDS
    assert result.deadlocked == 4
    assert result.complete == 2


def lost_update() -> None:
    make_shared()
    Shared.box.x += 1
    assert Shared.box.x in (1, 11)


def add_ten() -> None:
    Shared.box.x += 10


def test_a_handler_between_a_read_and_a_write_is_found() -> None:
    def program() -> None:
        make_shared()
        together(lambda: None)
        Shared.box.x += 1
        assert Shared.box.y == 0 or Shared.box.x == 11

    def handler() -> None:
        if hasattr(Shared, "box"):
            Shared.box.x += 10
            Shared.box.y = 1

    fails(program, AssertionError, Handler(handler))


def test_what_a_handler_does_races_with_other_threads_as_ever() -> None:
    seen: set[int] = set()

    def program() -> None:
        make_shared()
        together(add_ten, add_ten)
        seen.add(Shared.box.x)

    holds(program, instrument=[HERE], faults=[Finalizer(add_ten, "T0")])
    assert seen == {10, 20, 30}


# -- every point, against brute force -------------------------------------------------------------------------------


def random_program(seed: int) -> Callable[[], object]:
    """Return a program of two threads that lock, read and write, and say what they saw."""
    chance = random.Random(seed)
    scripts = [[chance.choice(["lock", "read", "write", "add"]) for _ in range(length)] for length in (2, 1)]

    def program() -> object:
        make_shared()
        seen: list[list[object]] = [[], []]

        def body(index: int) -> None:
            try:
                for step in scripts[index]:
                    act(step, seen[index])
            except KeyboardInterrupt:
                seen[index].append("interrupted")

        together(lambda: body(0), lambda: body(1))
        return (*map(tuple, seen), Shared.box.x, Shared.lock.locked())

    return program


def act(step: str, seen: list[object]) -> None:
    box = Shared.box
    if step == "lock":
        with Shared.lock:
            box.x *= 2
    elif step == "read":
        seen.append(box.x)
    elif step == "write":
        box.x = 3
    else:
        box.x += 1


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 2))
@pytest.mark.parametrize("fault", [Interrupt("T0"), Finalizer(add_ten, "T1")], ids=str)
def test_outcomes_are_those_of_brute_force(seed: int, fault: Fault) -> None:
    program = random_program(seed)

    def explored(strategy: str) -> set[object]:
        outcomes: set[object] = set()
        holds(
            lambda: outcomes.add(program()),
            instrument=[act, add_ten],
            faults=[fault],
            strategy=strategy,
        )
        return outcomes

    assert explored("exhaustive") == explored("dfs")


def test_a_random_strategy_takes_faults_too() -> None:
    result = check(acquire_then_try, instrument=[HERE], faults=[Interrupt()], strategy="random", seed=1)
    assert result.verdict is Verdict.VIOLATED


# -- bad input ------------------------------------------------------------------------------------------------------


def test_what_is_no_fault_is_refused() -> None:
    with pytest.raises(TypeError, match="faults is a list"):
        check(with_statement, faults=Interrupt())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a fault is an Interrupt"):
        check(with_statement, faults=[KeyboardInterrupt])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="at least once"):
        check(with_statement, faults=[Interrupt(times=0)])


def test_a_schedule_with_faults_needs_them_to_replay() -> None:
    result = check(acquire_then_try, instrument=[HERE], faults=[Interrupt()])
    assert result.failure is not None
    with pytest.raises(ScheduleError, match="pass the same faults"):
        replay(acquire_then_try, result.failure.schedule, instrument=[HERE])


def test_a_budget_covers_all_faults_together() -> None:
    result = check(in_two_threads, instrument=[HERE], faults=[Finalizer(try_lock)], max_executions=3)
    assert result.verdict is Verdict.UNKNOWN
    assert result.executions == 3
