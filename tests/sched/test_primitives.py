"""Every primitive of `threading` and `queue` under control: its outcomes are exactly those it may have."""

# ruff: noqa: PLW0108 - a name is looked up when it is called, while it is patched
import contextlib
import functools
import queue
import threading
import time
from collections.abc import Callable
from threading import Condition as ImportedCondition
from threading import Lock as ImportedLock
from time import monotonic as imported_monotonic
from typing import Any

import pytest

from tests.sched.programs import Box, check_and_replay, holds, outcomes, together
from treadle.sched import Deadlock, check

MODULE_LOCK = threading.Lock()
MODULE_RLOCK = threading.RLock()
MODULE_CONDITION = threading.Condition(MODULE_LOCK)
bound_acquire, bound_release = MODULE_LOCK.acquire, MODULE_LOCK.release


def overlapping(enter: Callable[[], object], leave: Callable[[], object]) -> set[object]:
    """Return how many threads were ever between *enter* and *leave* at once, over all executions of two."""
    most: set[object] = set()

    def program() -> None:
        inside: list[int] = []

        def body() -> None:
            enter()
            inside.append(1)
            most.add(len(inside))
            inside.pop()
            leave()

        together(body, body)

    holds(program, instrument=[overlapping])
    return most


class Holder:
    lock = threading.Lock()

    def __init__(self) -> None:
        self.lock = threading.Lock()


def test_locks_made_at_import_time() -> None:
    """A module's own locks are controlled: bare, recursive, as a condition, imported by name, and bound methods."""
    assert overlapping(MODULE_LOCK.acquire, MODULE_LOCK.release) == {1}
    assert overlapping(lambda: MODULE_LOCK.acquire(), lambda: MODULE_LOCK.release()) == {1}
    assert overlapping(lambda: MODULE_RLOCK.acquire(), lambda: MODULE_RLOCK.release()) == {1}
    assert overlapping(lambda: MODULE_CONDITION.acquire(), lambda: MODULE_CONDITION.release()) == {1}
    assert overlapping(lambda: bound_acquire(), lambda: bound_release()) == {1}
    assert overlapping(lambda: Holder.lock.acquire(), lambda: Holder.lock.release()) == {1}


@pytest.mark.parametrize(
    "make", [threading.Lock, ImportedLock, threading.RLock, threading.Condition, ImportedCondition]
)
def test_locks_in_closures_and_attributes(make: Callable[[], threading.Lock]) -> None:
    """A lock made before the check and reached through a closure or an instance is controlled."""
    lock, holder = make(), Holder()
    holder.lock = make()
    assert overlapping(lambda: lock.acquire(), lambda: lock.release()) == {1}
    assert overlapping(lambda: holder.lock.acquire(), lambda: holder.lock.release()) == {1}
    assert lock.acquire(blocking=False)
    lock.release()


class Posing:
    """An object that says it is what it wraps, as some libraries' decorators do that keep the signature."""

    def __init__(self, wrapped: object) -> None:
        self.wrapped = wrapped

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.wrapped)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def __call__(self) -> None:
        self.wrapped()  # type: ignore[operator]


Posing.__module__ = "a_library"


def test_a_lock_behind_what_poses_as_a_function_is_controlled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one such object leads to says nothing about the next, although both are of one class."""
    monkeypatch.setattr("treadle.sched.watchdog.PATIENCE", 0.4)
    lock = threading.Lock()
    posing = [Posing(0), Posing(lambda: lock.acquire()), Posing(lambda: lock.release())]
    assert overlapping(lambda: posing[1](), lambda: posing[2]()) == {1}


def test_no_lock_lets_both_in() -> None:
    assert overlapping(lambda: None, lambda: None) == {1, 2}


@pytest.mark.parametrize("kind", [threading.Semaphore, threading.BoundedSemaphore])
@pytest.mark.parametrize("count", [1, 2])
def test_a_semaphore_lets_as_many_in(kind: type[threading.Semaphore], count: int) -> None:
    semaphores: list[threading.Semaphore] = []

    def enter() -> None:
        semaphores[-1].acquire()

    semaphores.append(kind(count))
    assert overlapping(enter, lambda: semaphores[-1].release()) == set(range(1, count + 1))


def test_a_bounded_semaphore_is_released_once_too_often() -> None:
    def program() -> None:
        semaphore = threading.BoundedSemaphore(1)
        together(semaphore.release)

    check_and_replay(program, ValueError)


def test_a_lock_released_by_another_thread() -> None:
    def program() -> str:
        lock = threading.Lock()
        lock.acquire()
        together(lock.release, lock.acquire)
        return "over"

    assert outcomes(program) == {"over"}


@pytest.mark.parametrize("first", [True, False])
def test_a_condition_finds_out_that_another_thread_has_released_its_lock(first: bool) -> None:
    def program() -> str:
        lock, found = threading.Lock(), list[str]()
        condition = threading.Condition(lock)

        def notify() -> None:
            with contextlib.suppress(RuntimeError), condition:
                try:
                    condition.notify()
                except RuntimeError:
                    found.append("not held")

        def release() -> None:
            with contextlib.suppress(RuntimeError):
                lock.release()

        together(*((release, notify) if first else (notify, release)))
        return "".join(found)

    assert outcomes(program) == {"", "not held"}


def test_releasing_what_is_not_held_fails() -> None:
    check_and_replay(lambda: threading.Lock().release(), RuntimeError)
    check_and_replay(lambda: threading.RLock().release(), RuntimeError)


def test_a_recursive_lock_belongs_to_its_thread() -> None:
    def program() -> None:
        lock = threading.RLock()
        lock.acquire()
        lock.acquire()
        together(lock.release)

    check_and_replay(program, RuntimeError)


def test_locked_is_a_read() -> None:
    """Two that look are not ordered; one that looks sees the lock free or held."""

    def program(lookers: int) -> list[bool]:
        lock = threading.Lock()
        seen: list[bool] = []

        def hold() -> None:
            with lock:
                pass

        together(hold, *[lambda: seen.append(lock.locked())] * lookers)
        return seen

    assert holds(lambda: program(1)).complete == 3
    assert holds(lambda: program(2)).complete == 9
    assert outcomes(lambda: program(1)[0]) == {True, False}


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
def test_a_timed_acquisition_times_out(timeouts: str) -> None:
    """Wherever it could, or only when nothing else can run; the clock has moved to the deadline then."""

    def program() -> tuple[bool, float]:
        lock, held = threading.Lock(), threading.Lock()
        held.acquire()
        seen: list[tuple[bool, float]] = []

        def wait() -> None:
            start = time.monotonic()
            got = held.acquire(timeout=5)
            seen.append((got, time.monotonic() - start))

        def free() -> None:
            with lock:
                held.release()

        together(wait, free)
        return seen[0]

    expected = {(True, 0.0), (False, 5.0)} if timeouts == "explore" else {(True, 0.0)}
    assert outcomes(program, timeouts=timeouts) == expected


@pytest.mark.parametrize("bad", [{"timeout": -2}, {"blocking": False, "timeout": 1}])
@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_bad_timeouts_are_refused_as_ever(make: Callable[[], threading.Lock], bad: dict[str, float]) -> None:
    check_and_replay(lambda: make().acquire(**bad), ValueError)  # type: ignore[arg-type]


def test_condition_waits_are_notified_or_lost() -> None:
    """A notification before the wait is lost: a deadlock without a timeout, False with one."""

    def program(timeout: float | None) -> bool:
        condition = threading.Condition()
        seen: list[bool] = []

        def wait() -> None:
            with condition:
                seen.append(condition.wait(timeout))

        def notify() -> None:
            with condition:
                condition.notify()

        together(wait, notify)
        return seen[0]

    result, _ = check_and_replay(lambda: program(None), Deadlock)
    result = holds(lambda: program(None), allow_deadlock=True)
    assert (result.complete, result.deadlocked) == (1, 1)
    assert outcomes(lambda: program(1.0)) == {True, False}
    assert outcomes(lambda: program(1.0), timeouts="idle") == {True, False}


def test_notify_wakes_one_in_order_and_notify_all_everyone() -> None:
    def program(everyone: bool) -> tuple[str, ...]:
        condition = threading.Condition()
        woken: list[str] = []
        waiting: list[str] = []

        def wait() -> None:
            name = threading.current_thread().name
            with condition:
                waiting.append(name)
                if condition.wait(timeout=1):
                    woken.append(name)

        def notify() -> None:
            with condition:
                if len(waiting) == 2:
                    condition.notify_all() if everyone else condition.notify()

        together(wait, wait, notify)
        return tuple(sorted(woken))

    assert outcomes(lambda: program(everyone=False), timeouts="idle") == {(), ("T0",), ("T1",)}
    assert outcomes(lambda: program(everyone=True), timeouts="idle") == {(), ("T0", "T1")}


def test_wait_for_waits_for_its_predicate() -> None:
    def program() -> int:
        condition, box = threading.Condition(), Box()
        seen: list[int] = []

        def wait() -> None:
            with condition:
                condition.wait_for(lambda: box.x == 2)
                seen.append(box.x)

        def add() -> None:
            with condition:
                box.x += 1
                condition.notify()

        together(wait, add, add)
        return seen[0]

    assert outcomes(program) == {2}


def test_events() -> None:
    def program() -> tuple[bool, bool]:
        event = threading.Event()
        seen: list[bool] = []
        together(lambda: seen.append(event.wait(timeout=1)), event.set)
        return seen[0], event.is_set()

    assert outcomes(program) == {(True, True), (False, True)}
    assert outcomes(program, timeouts="idle") == {(True, True)}
    check_and_replay(lambda: together(threading.Event().wait), Deadlock)


def test_looking_at_an_event_or_a_barrier_is_a_read() -> None:
    def event() -> bool:
        made = threading.Event()
        seen: list[bool] = []
        together(made.set, lambda: seen.append(made.is_set()))
        return seen[0]

    def barrier() -> tuple[int, bool]:
        made = threading.Barrier(2)
        seen: list[Any] = []
        together(made.abort, lambda: seen.extend((made.n_waiting, made.broken)))
        return seen[0], seen[1]

    assert outcomes(event) == {False, True}
    assert outcomes(barrier) == {(0, False), (0, True)}
    check_and_replay(lambda: _require(event()), AssertionError)


def _require(condition: bool) -> None:
    assert condition


def test_a_barrier_lets_its_parties_pass_together() -> None:
    def program() -> tuple[int, ...]:
        barrier = threading.Barrier(2)
        seen: list[int] = []
        together(*[lambda: seen.append(barrier.wait())] * 2)
        return tuple(sorted(seen))

    assert outcomes(program) == {(0, 1)}
    check_and_replay(lambda: together(threading.Barrier(2).wait), Deadlock)
    check_and_replay(lambda: together(threading.Barrier(2, timeout=1).wait), threading.BrokenBarrierError)


def test_a_timer_fires_or_is_cancelled() -> None:
    def program() -> tuple[str, ...]:
        fired: list[str] = []
        timer = threading.Timer(5, lambda: fired.append("fired"))
        timer.start()
        together(timer.cancel)
        timer.join()
        return tuple(fired)

    assert outcomes(program) == {(), ("fired",)}
    assert outcomes(program, timeouts="idle") == {()}


QUEUES: list[Callable[[], "queue.Queue[int]"]] = [queue.Queue, queue.LifoQueue, queue.PriorityQueue]


def simple_queue() -> "queue.Queue[int]":
    return queue.SimpleQueue()  # type: ignore[return-value]


@pytest.mark.parametrize("make", [*QUEUES, simple_queue])
def test_queues_hand_over(make: Callable[[], "queue.Queue[int]"]) -> None:
    def program() -> tuple[int, ...]:
        numbers = make()
        got: list[int] = []
        together(lambda: numbers.put(1), lambda: got.append(numbers.get()))
        return tuple(got)

    assert outcomes(program) == {(1,)}
    check_and_replay(lambda: together(make().get), Deadlock)
    check_and_replay(lambda: make().get(block=False), queue.Empty)
    check_and_replay(lambda: make().get(timeout=1), queue.Empty)


@pytest.mark.parametrize("make", [*QUEUES[:2], simple_queue])
def test_two_producers_are_met_in_either_order(make: Callable[[], "queue.Queue[int]"]) -> None:
    def program() -> tuple[int, int]:
        numbers = make()
        together(lambda: numbers.put(1), lambda: numbers.put(2))
        return numbers.get(), numbers.get()

    assert outcomes(program) == {(1, 2), (2, 1)}


@pytest.mark.parametrize(
    ("make", "orders"),
    [(queue.Queue, {(2, 1)}), (queue.LifoQueue, {(1, 2)}), (queue.PriorityQueue, {(1, 2)})],
)
def test_queues_order(make: Callable[[], "queue.Queue[int]"], orders: set[tuple[int, int]]) -> None:
    def program() -> tuple[int, int]:
        numbers = make()

        def put() -> None:
            numbers.put(2)
            numbers.put(1)

        together(put)
        return numbers.get(), numbers.get()

    assert outcomes(program) == orders


@pytest.mark.parametrize("kind", QUEUES)
def test_full_queues(kind: Callable[..., "queue.Queue[int]"]) -> None:
    """Put blocks, refuses or times out when there is no room."""

    def filled() -> "queue.Queue[int]":
        numbers = kind(1)
        numbers.put(0)
        return numbers

    check_and_replay(lambda: filled().put_nowait(1), queue.Full)
    check_and_replay(lambda: filled().put(1, timeout=3), queue.Full)
    check_and_replay(lambda: filled().put(1), Deadlock)

    def program() -> bool:
        numbers = filled()
        seen: list[bool] = []

        def put() -> None:
            try:
                numbers.put(1, timeout=1)
            except queue.Full:
                seen.append(False)
            else:
                seen.append(True)

        together(put, numbers.get)
        return seen[0]

    assert outcomes(program) == {True, False}


def test_queue_join_waits_for_every_task() -> None:
    def program(finishing: bool) -> None:
        tasks: queue.Queue[int] = queue.Queue()
        tasks.put(1)
        done: list[int] = []

        def work() -> None:
            done.append(tasks.get())
            if finishing:
                tasks.task_done()

        worker = threading.Thread(target=work)
        worker.start()
        tasks.join()
        assert done == [1]
        worker.join()

    holds(lambda: program(finishing=True))
    check_and_replay(lambda: program(finishing=False), Deadlock)


def test_size_and_emptiness_are_reads() -> None:
    def program() -> tuple[int, bool]:
        numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        seen: list[object] = []
        together(lambda: numbers.put(1), lambda: seen.extend((numbers.qsize(), numbers.empty())))
        return tuple(seen)  # type: ignore[return-value]

    assert outcomes(program) == {(0, True), (1, False), (0, False)}


class Worker(threading.Thread):
    """A thread as a subclass that keeps its result."""

    def __init__(self, number: int) -> None:
        super().__init__(name=f"worker {number}")
        self.number = number
        self.square = 0

    def run(self) -> None:
        self.square = self.number**2


def test_a_partial_is_a_program_of_its_functions_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names imported by the module of what a partial calls are found too."""

    def program(make: Callable[[], threading.Lock]) -> None:
        lock = make()

        def body() -> None:
            with lock:
                time.sleep(0)

        together(body, body)

    monkeypatch.setattr("treadle.sched.watchdog.PATIENCE", 0.4)
    holds(functools.partial(program, lambda: ImportedLock()))


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock, queue.SimpleQueue])
def test_a_primitive_that_a_closure_refers_to_is_controlled(
    make: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What makes a lock need not be found by its name in a module."""
    monkeypatch.setattr("treadle.sched.watchdog.PATIENCE", 0.4)

    def program() -> None:
        made = make()
        assert type(made).__module__.startswith("treadle."), "a real one"

    holds(program)


def test_kinds_can_be_told_as_ever() -> None:
    """What stands in for a class is a class."""

    def program() -> None:
        assert isinstance(queue.SimpleQueue(), queue.SimpleQueue)
        assert isinstance(queue.Queue(), queue.Queue)
        assert isinstance(threading.Condition(), threading.Condition)

    holds(program)


def test_an_execution_that_is_given_up_runs_no_further() -> None:
    """The first look at a thread's life makes the execution begin anew; the one before leaves no results."""
    results: list[int] = []

    def program() -> None:
        thread = Worker(3)

        def outer() -> None:
            thread.start()
            thread.is_alive()
            thread.join()

        together(outer)
        results.append(thread.square)

    holds(program)
    assert set(results) == {9}


def test_subclasses_nested_starts_and_names() -> None:
    def program() -> object:
        seen: list[object] = []

        def outer() -> None:
            inner = Worker(3)
            assert not inner.is_alive()
            assert inner.ident is None
            inner.start()
            inner.join()
            assert not inner.is_alive()
            assert inner.ident is not None
            seen.append((threading.current_thread().name, inner.name, inner.square))

        thread = threading.Thread(target=outer)
        thread.start()
        thread.join()
        assert hash(thread) == hash(thread)
        assert threading.current_thread() is threading.main_thread()
        assert threading.active_count() == len(threading.enumerate())
        return thread.name, *seen

    assert outcomes(program) == {("Thread-1 (outer)", ("Thread-1 (outer)", "worker 3", 9))}


def test_idents_and_current_thread_differ_by_thread() -> None:
    def program() -> None:
        idents: list[int] = []
        threads: list[threading.Thread] = []

        def body() -> None:
            idents.append(threading.get_ident())
            threads.append(threading.current_thread())

        together(body, body)
        assert len({*idents, threading.get_ident()}) == 3
        assert [thread.ident for thread in threads] == idents

    holds(program)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda thread: thread.join(), "before it is started"),
        (lambda thread: [thread.start(), thread.start()], "only be started once"),
        (lambda thread: threading.current_thread().join(), "current thread"),
    ],
)
def test_misused_threads_fail_as_ever(wrong: Callable[[threading.Thread], object], words: str) -> None:
    _, error = check_and_replay(lambda: wrong(threading.Thread(target=lambda: None)), RuntimeError)
    assert words in str(error)


def test_joining_with_a_timeout() -> None:
    """The thread is alive after a join that timed out, and the clock has moved."""

    def program() -> tuple[bool, float]:
        lock = threading.Lock()
        lock.acquire()
        thread = threading.Thread(target=lock.acquire)
        thread.start()
        start = imported_monotonic()
        thread.join(timeout=2)
        found = thread.is_alive(), imported_monotonic() - start
        lock.release()
        return found

    assert outcomes(program) == {(True, 2.0)}


def test_an_exception_in_a_thread_is_a_failure() -> None:
    def program() -> None:
        together(lambda: 1 // 0)

    result, _ = check_and_replay(program, ZeroDivisionError)
    assert result.failure is not None
    assert result.failure.thread == "T0"


def test_the_program_may_handle_its_threads_exceptions() -> None:
    def program() -> str:
        handled: list[str] = []
        before, threading.excepthook = (
            threading.excepthook,
            lambda args: handled.append(args.exc_type.__name__),
        )
        try:
            together(lambda: 1 // 0)
        finally:
            threading.excepthook = before
        return handled[0]

    assert outcomes(program) == {"ZeroDivisionError"}


def test_an_exception_reported_to_the_hook_of_threads_is_a_failure() -> None:
    """A thread pool, say, that keeps what its threads raise and reports it later."""

    def report(error: BaseException) -> None:
        threading.excepthook(threading.ExceptHookArgs((type(error), error, None, threading.current_thread())))

    result, _ = check_and_replay(lambda: together(lambda: report(KeyError())), KeyError)
    assert result.failure is not None
    assert result.failure.thread == "T0"
    holds(lambda: report(SystemExit()))


def test_what_another_hook_handles_is_no_failure() -> None:
    def program() -> None:
        threading.excepthook = lambda args: None
        args = threading.ExceptHookArgs((KeyError, None, None, None))
        threading.excepthook(args)

    holds(program)


def test_an_exception_without_a_value_or_a_thread_may_be_reported() -> None:
    check_and_replay(
        lambda: threading.excepthook(threading.ExceptHookArgs((KeyError, None, None, None))), KeyError
    )


def test_leaving_a_thread_by_system_exit_is_its_end() -> None:
    def leave() -> None:
        raise SystemExit(1)

    holds(lambda: together(leave))
    check_and_replay(leave, SystemExit)


def test_the_program_waits_for_threads_it_has_not_joined() -> None:
    def failing() -> None:
        threading.Thread(target=lambda: 1 // 0, name="late").start()

    check_and_replay(failing, ZeroDivisionError)
    check_and_replay(lambda: threading.Thread(target=threading.Event().wait).start(), Deadlock)


def test_daemons_left_over_are_discarded() -> None:
    holds(lambda: threading.Thread(target=threading.Event().wait, daemon=True).start())

    def program() -> None:
        tasks: queue.Queue[int] = queue.Queue()

        def serve() -> None:
            while True:
                tasks.get()
                tasks.task_done()

        threading.Thread(target=serve, daemon=True).start()
        tasks.put(1)
        tasks.join()

    holds(program)


def test_sleeping_takes_no_time_and_moves_the_clock() -> None:
    def program() -> tuple[float, float]:
        start, wall = time.monotonic(), time.time()
        time.sleep(3600)
        return time.monotonic() - start, time.time() - wall

    assert outcomes(program) == {(3600.0, 3600.0)}


def test_sleepers_wake_in_any_order_or_in_the_order_of_their_deadlines() -> None:
    def program() -> tuple[int, ...]:
        woken: list[int] = []

        def body(seconds: int) -> None:
            time.sleep(seconds)
            woken.append(seconds)

        together(*[lambda seconds=seconds: body(seconds) for seconds in (3, 1, 2)])
        return tuple(woken)

    assert outcomes(program, timeouts="idle") == {(1, 2, 3)}
    result = check(program, strategy="dfs")
    assert result.complete == 6


def test_the_clock_never_goes_back() -> None:
    def program() -> None:
        def body(seconds: int) -> None:
            start = time.monotonic()
            time.sleep(seconds)
            assert time.monotonic() >= start + seconds

        together(lambda: body(2), lambda: body(1))

    holds(program)
    holds(program, timeouts="idle")


def test_negative_sleep_is_refused_as_ever() -> None:
    check_and_replay(lambda: time.sleep(-1), ValueError)
