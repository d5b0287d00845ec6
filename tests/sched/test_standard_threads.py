"""Threads and what belongs to them: `threading.local`, identities, hooks, and locks found wherever they are kept."""

import _thread
import collections
import dataclasses
import functools
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.sched.programs import Box, check_and_replay, holds, in_turn, outcomes, pause, together
from treadle.sched import Deadlock, check


class Counted(threading.local):
    """A class of locals made at import time, with arguments."""

    made = 0

    def __init__(self, start: int, *, step: int = 1) -> None:
        self.count = start
        self.step = step

    def advance(self) -> int:
        self.count += self.step
        return self.count


EARLY = threading.local()
EARLY.name = "main's"
COUNTED = Counted(10, step=5)


def test_each_thread_has_its_own_local() -> None:
    """One thread's attribute is never seen by another, whatever the order; a shared attribute is."""

    def program(make: Callable[[], Any]) -> tuple[object, ...]:
        mine, seen = make(), []
        mine.x = "main's"

        def body(value: str) -> None:
            before = getattr(mine, "x", None)
            mine.x = value
            time.sleep(0)
            seen.append((before, mine.x))

        together(lambda: body("a"), lambda: body("b"))
        return (mine.x, *sorted(seen, key=repr))

    assert outcomes(lambda: program(threading.local)) == {("main's", (None, "a"), (None, "b"))}
    assert outcomes(lambda: program(Box), strategy="dfs") == {("b", ("main's", "b"), ("a", "b"))}


def test_a_local_is_made_anew_for_each_thread_with_the_arguments_of_its_class() -> None:
    def program(make: Callable[..., Any]) -> tuple[int, ...]:
        counted, seen = make(3, step=2), []

        def body() -> None:
            counted.advance()
            time.sleep(0)
            seen.append(counted.advance())

        together(body, body)
        return counted.count, *seen

    class Inner(threading.local):
        def __init__(self, start: int, step: int) -> None:
            self.count, self.step = start, step

        advance = Counted.advance

    def inside() -> tuple[int, ...]:
        class Local(threading.local):
            def __init__(self, start: int, step: int) -> None:
                self.count, self.step = start, step

            advance = Counted.advance

        return program(Local)

    assert outcomes(lambda: program(Counted)) == {(3, 7, 7)}
    assert outcomes(lambda: program(Inner)) == {(3, 7, 7)}
    assert outcomes(inside) == {(3, 7, 7)}


def test_locals_made_at_import_time_begin_each_execution_as_they_were() -> None:
    def program() -> tuple[object, ...]:
        seen: list[object] = []

        def body() -> None:
            seen.append((getattr(EARLY, "name", None), COUNTED.advance()))
            EARLY.name = "a thread's"

        found = EARLY.name, COUNTED.advance()
        EARLY.name = "changed"
        together(body, body)
        return found, EARLY.name, COUNTED.count, *seen

    expected = {(("main's", 15), "changed", 15, (None, 15), (None, 15))}
    assert outcomes(program) == expected
    assert outcomes(program) == expected
    assert (EARLY.name, COUNTED.count) == ("main's", 10)
    assert type(EARLY) is threading.local


def test_what_a_thread_keeps_in_a_local_goes_with_the_thread() -> None:
    class Kept:
        pass

    def program(keep: bool) -> bool:
        local, others = threading.local(), []
        references: list[weakref.ref[Kept]] = []

        def body() -> None:
            local.kept = Kept()
            references.append(weakref.ref(local.kept))
            if keep:
                others.append(local.kept)

        together(body)
        return references[0]() is None

    assert outcomes(lambda: program(keep=False)) == {True}
    assert outcomes(lambda: program(keep=True)) == {False}


def test_a_local_refuses_what_the_real_one_refuses() -> None:
    def program() -> None:
        assert isinstance(threading.local(), threading.local)
        assert isinstance(COUNTED, threading.local)
        assert issubclass(Counted, threading.local)
        local = threading.local()
        local.x = 1
        assert vars(local) == {"x": 1}
        del local.x
        with pytest.raises(AttributeError):
            _ = local.x
        with pytest.raises(TypeError):
            threading.local(1)  # type: ignore[call-arg]

    holds(program)


def test_threads_know_who_they_are() -> None:
    def program() -> None:
        main, seen = threading.main_thread(), []

        def body() -> None:
            me = threading.current_thread()
            assert me.ident == threading.get_ident() == _thread.get_ident()
            assert me.native_id == threading.get_native_id()
            assert me in threading.enumerate()
            assert me.is_alive()
            assert not me.daemon
            seen.append((me.ident, me.name))

        together(body, body)
        assert len({ident for ident, _ in seen}) == 2
        assert sorted(name for _, name in seen) == ["T0", "T1"]
        assert threading.current_thread() is main

    holds(program)
    check_and_replay(
        lambda: together(lambda: _require(threading.current_thread().name == "T1")), AssertionError
    )


def _require(condition: bool) -> None:
    assert condition


def test_threads_without_an_object_get_one_when_they_ask() -> None:
    def program() -> str:
        done = threading.Event()
        names: list[str] = []

        def body(word: str, *, more: str) -> None:
            names.append(threading.current_thread().name.rstrip("0123456789") + word + more)
            done.set()

        _thread.start_new_thread(body, ("a",), {"more": "b"})
        done.wait()
        return names[0]

    assert outcomes(program) == {"Dummy-ab"}
    check_and_replay(in_turn(lambda: _thread.start_new_thread(lambda: 1 // 0, ()), pause), ZeroDivisionError)


def test_default_names_begin_at_one_in_each_execution() -> None:
    def program() -> tuple[str, ...]:
        threads = [threading.Thread(target=_require, args=(True,)) for _ in range(2)]
        for thread in threads:
            thread.start()
            thread.join()
        return tuple(thread.name for thread in threads)

    for _ in range(2):
        assert outcomes(program) == {("Thread-1 (_require)", "Thread-2 (_require)")}


def test_tracing_and_stack_sizes_are_taken_and_put_back() -> None:
    def program() -> tuple[int, int]:
        threading.settrace(lambda *_: None)
        threading.setprofile(lambda *_: None)
        before = threading.stack_size(1 << 20)
        with pytest.raises(ValueError, match="size"):
            threading.stack_size(5)
        together(lambda: None)
        return before, threading.stack_size()

    size, trace = threading.stack_size(), threading.gettrace()
    assert outcomes(program) == {(0, 1 << 20)}
    assert (threading.stack_size(), threading.gettrace()) == (size, trace)
    assert sys.getprofile() is None


def test_a_generator_may_run_in_several_threads_one_after_the_other() -> None:
    def numbers() -> Generator[int, None, None]:
        for number in range(2):
            time.sleep(0)
            yield number

    def program(locked: bool) -> tuple[int, ...]:
        shared, lock = numbers(), threading.Lock()
        seen: list[int] = []

        def body() -> None:
            if locked:
                with lock:
                    seen.append(next(shared))
            else:
                seen.append(next(shared))

        together(body, body)
        return tuple(seen)

    assert outcomes(lambda: program(locked=True)) == {(0, 1)}
    check_and_replay(lambda: program(locked=False), ValueError, strategy="dfs")


LOCK, PAIR, PLACES = threading.Lock(), (threading.Lock(), "a name"), {threading.Lock()}
FROZEN = frozenset({threading.RLock()})
PARTIAL = functools.partial(LOCK.acquire)
FACTORIES: collections.defaultdict[str, threading.Lock] = collections.defaultdict(threading.Lock)


class Keeper:
    shared = threading.RLock()
    both = (threading.Lock(), threading.Lock())

    def __init__(self) -> None:
        self.deque = collections.deque([threading.Lock()])

    def take(self, lock: threading.Lock = LOCK, *, other: threading.Lock = LOCK) -> list[Any]:
        return [lock, other]


KEEPER = Keeper()


@dataclasses.dataclass
class Record:
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


@pytest.mark.parametrize(
    "find",
    [
        lambda: LOCK,
        lambda: PAIR[0],
        lambda: next(iter(PLACES)),
        lambda: next(iter(FROZEN)),
        lambda: PARTIAL.func.__self__,  # type: ignore[attr-defined]
        lambda: FACTORIES["x"],
        lambda: Keeper.shared,
        lambda: Keeper.both[1],
        lambda: KEEPER.deque[0],
        lambda: KEEPER.take()[0],
        lambda: KEEPER.take()[1],
        lambda: Record().lock,
    ],
)
def test_a_lock_is_found_wherever_it_is_kept(find: Callable[[], Any]) -> None:
    """It excludes: acquired twice by one thread that does not release it, it deadlocks, or is recursive."""

    def program() -> None:
        lock = find()
        assert type(lock).__module__.startswith("treadle."), lock
        lock.acquire()
        together(lock.acquire)

    check_and_replay(program, Deadlock)
    FACTORIES.clear()
    assert not type(find()).__module__.startswith("treadle.")
    FACTORIES.clear()


def test_locks_are_context_managers_and_can_be_referred_to_weakly() -> None:
    def program() -> None:
        for lock in (threading.Lock(), threading.RLock()):
            reference = weakref.ref(lock)
            with lock as entered:
                assert entered is True
            assert reference() is lock

    holds(program)


CONDITION, EVENT = threading.Condition(), threading.Event()
SEMAPHORE, BARRIER = threading.Semaphore(1), threading.Barrier(2)


def test_what_is_built_on_locks_begins_each_execution_as_it_was() -> None:
    """Executions that end with waiters, or with an event set, leave nothing to the next."""

    def program() -> None:
        assert not EVENT.is_set()
        assert SEMAPHORE.acquire(blocking=False)

        def wait() -> None:
            with CONDITION:
                CONDITION.wait()

        def notify() -> None:
            with CONDITION:
                CONDITION.notify()

        EVENT.set()
        threading.Thread(target=BARRIER.wait, daemon=True).start()
        together(wait, notify)

    result = holds(program, allow_deadlock=True)
    assert (result.complete > 0, result.deadlocked > 0) == (True, True)
    assert not EVENT.is_set()
    assert SEMAPHORE.acquire(blocking=False)
    SEMAPHORE.release()
    assert not CONDITION._waiters  # type: ignore[attr-defined]
    assert BARRIER.n_waiting == 0


def test_a_thread_made_before_the_check_is_started_in_each_execution() -> None:
    ran: list[int] = []
    thread = threading.Thread(target=lambda: ran.append(1))

    def program() -> None:
        thread.start()
        thread.join()

    thread.run = lambda: ran.append(1)  # type: ignore[method-assign]
    assert check(program, strategy="random", max_executions=3).failure is None
    assert len(ran) >= 3
    assert not thread.is_alive()
    thread.start()
    thread.join()
