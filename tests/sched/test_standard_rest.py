"""Queues, context variables, logging, caches, and modules imported late."""

import contextlib
import contextvars
import functools
import logging
import queue
import reprlib
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue as ImportedSimpleQueue
from typing import TYPE_CHECKING

import pytest

from tests.sched.programs import Box, check_and_replay, holds, in_turn, outcomes, pause, together
from treadle.sched import Deadlock, UncontrolledError, check

if TYPE_CHECKING:
    from collections.abc import Callable

EARLY: "queue.SimpleQueue[int]" = queue.SimpleQueue()
EARLY.put(7)
TASKS: "queue.Queue[int]" = queue.Queue()
VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="nothing")
LOGGER = logging.getLogger("tests.sched.test_standard_rest")


def taken(numbers: "queue.SimpleQueue[int]", **options: float | bool) -> int | None:
    try:
        return numbers.get(**options)  # type: ignore[arg-type]
    except queue.Empty:
        return None


@pytest.mark.parametrize("make", [queue.SimpleQueue, ImportedSimpleQueue])
def test_simple_queues_are_atomic(make: "Callable[[], queue.SimpleQueue[int]]") -> None:
    """Two that take share what one puts, however they wait; nothing is lost, nothing is taken twice."""

    def program(**options: float | bool) -> tuple[int | None, ...]:
        numbers, seen = make(), {}

        def take(number: int) -> None:
            seen[number] = taken(numbers, **options)

        together(in_turn(lambda: numbers.put(1), lambda: numbers.put(2)), lambda: take(0), lambda: take(1))
        return seen[0], seen[1]

    both: set[object] = {(1, 2), (2, 1)}
    assert outcomes(program) == both
    assert outcomes(lambda: program(timeout=1), timeouts="idle") == both
    assert outcomes(lambda: program(block=False)) == {*both, (1, None), (None, 1), (None, None)}
    assert outcomes(lambda: program(timeout=1)) == {*both, (1, None), (None, 1), (None, None)}


def test_a_simple_queue_with_too_few_items_leaves_one_waiting() -> None:
    def program() -> None:
        numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        together(lambda: numbers.put(1), numbers.get, numbers.get)

    check_and_replay(program, Deadlock)
    assert holds(program, allow_deadlock=True).complete == 0


def test_a_simple_queue_of_any_type_is_made_and_none_is_derived() -> None:
    holds(lambda: queue.SimpleQueue[int]().put(1))

    def derive() -> None:
        type("Derived", (queue.SimpleQueue,), {})

    with pytest.raises(UncontrolledError, match="Derived"):
        check(derive)


def test_queues_made_at_import_time_begin_each_execution_as_they_were() -> None:
    def program() -> tuple[int, int]:
        assert TASKS.empty()
        EARLY.put(8)
        TASKS.put(1)
        return EARLY.get(), EARLY.qsize()

    for _ in range(2):
        assert outcomes(program) == {(7, 1)}
    assert (EARLY.qsize(), TASKS.qsize()) == (1, 0)
    assert type(EARLY) is queue.SimpleQueue


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Queue.shutdown is new in Python 3.13")
@pytest.mark.parametrize("immediate", [False, True])
def test_a_queue_that_is_shut_down_lets_everyone_go(immediate: bool) -> None:
    def program(shut: bool = True) -> object:
        numbers: queue.Queue[int] = queue.Queue()
        seen: list[object] = []

        def take() -> None:
            try:
                seen.append(numbers.get())
            except queue.ShutDown:  # type: ignore[attr-defined,unused-ignore]
                seen.append("shut down")

        def put() -> None:
            numbers.put(1)
            if shut:
                numbers.shutdown(immediate)  # type: ignore[attr-defined,unused-ignore]

        together(put, take, take)
        return tuple(sorted(seen, key=str))

    late = {("shut down", "shut down")} if immediate else set()
    assert outcomes(program) == {(1, "shut down"), *late}
    check_and_replay(lambda: program(shut=False), Deadlock)


def test_context_variables_belong_to_their_thread() -> None:
    def program() -> tuple[object, ...]:
        seen: list[str] = []

        def body(value: str) -> None:
            seen.append(VARIABLE.get())
            VARIABLE.set(value)
            time.sleep(0)
            seen.append(VARIABLE.get())

        together(lambda: body("a"), lambda: body("b"))
        return (VARIABLE.get(), *sorted(seen))

    token = VARIABLE.set("the caller's")
    try:
        assert outcomes(program) == {("the caller's", "a", "b", "nothing", "nothing")}
    finally:
        VARIABLE.reset(token)


def test_a_context_is_run_in_another_thread_and_entered_once() -> None:
    def program(contexts: int) -> tuple[str, ...]:
        VARIABLE.set("passed on")
        several = [contextvars.copy_context() for _ in range(contexts)] * 2
        seen: list[str] = []

        def look() -> None:
            time.sleep(0)
            seen.append(VARIABLE.get())

        together(lambda: several[0].run(look), lambda: several[1].run(look))
        return tuple(seen)

    assert outcomes(lambda: program(2)) == {("passed on", "passed on")}
    failure = check(lambda: program(1), strategy="dfs").failure  # its text has an address in it
    assert failure is not None
    assert "already entered" in str(failure.error)
    assert VARIABLE.get() == "nothing"


class Collecting(logging.Handler):
    """Notes messages, and whether two threads were ever inside at once."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.inside = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.inside += 1
        time.sleep(0)
        assert self.inside == 1, "two threads in one handler"
        self.messages.append(f"{record.threadName} {record.getMessage()}")
        self.inside -= 1


class NoLock(contextlib.nullcontext[None]):
    """Excludes nobody."""

    def acquire(self) -> None:
        """Return at once."""

    release = acquire


def test_threads_log_one_after_the_other() -> None:
    def program(locked: bool) -> tuple[str, ...]:
        handler = Collecting()
        if not locked:
            handler.lock = NoLock()  # type: ignore[assignment]
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False
        together(lambda: LOGGER.info("hello"), lambda: LOGGER.info("hello"))
        return tuple(handler.messages)

    before = dict(vars(LOGGER))
    assert outcomes(lambda: program(locked=True)) == {("T0 hello", "T1 hello"), ("T1 hello", "T0 hello")}
    check_and_replay(lambda: program(locked=False), AssertionError, strategy="dfs")
    assert vars(LOGGER) == before
    assert not LOGGER.handlers


def test_a_handler_made_before_the_check_is_controlled() -> None:
    handler = Collecting()
    LOGGER.addHandler(handler)
    try:
        holds(lambda: together(lambda: LOGGER.warning("early"), lambda: LOGGER.warning("early")))
        assert set(handler.messages) == {"T0 early", "T1 early"}
    finally:
        LOGGER.removeHandler(handler)


def test_a_level_is_changed_before_or_after_a_message() -> None:
    def program() -> int:
        handler = Collecting()
        LOGGER.addHandler(handler)
        LOGGER.propagate = False
        together(in_turn(pause, lambda: LOGGER.setLevel(logging.ERROR)), lambda: LOGGER.warning("perhaps"))
        return len(handler.messages)

    assert outcomes(program, strategy="dfs") == {0, 1}


def test_a_cache_may_compute_twice() -> None:
    """`lru_cache` promises a consistent cache, not a single computation."""

    def program(cached: bool) -> int:
        calls: list[int] = []

        def compute(number: int) -> int:
            calls.append(number)
            time.sleep(0)
            return number

        function = functools.lru_cache(compute) if cached else compute
        together(*[in_turn(pause, lambda: function(1))] * 2)
        return len(calls)

    assert outcomes(lambda: program(cached=True), strategy="dfs") == {1, 2}
    assert outcomes(lambda: program(cached=False), strategy="dfs") == {2}


class Computing:
    def __init__(self) -> None:
        self.calls = 0

    @functools.cached_property
    def value(self) -> int:
        self.calls += 1
        time.sleep(0)
        return self.calls


def test_a_cached_property_may_compute_twice_from_3_12_on() -> None:
    """Until 3.11 it holds a lock, which is controlled though it was made with the class."""

    def program() -> int:
        computing = Computing()
        together(*[in_turn(pause, lambda: computing.value)] * 2)
        return computing.calls

    expected = {1} if sys.version_info < (3, 12) else {1, 2}
    assert outcomes(program, strategy="dfs") == expected


class Node:
    def __init__(self) -> None:
        self.items: list[object] = [self]

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        time.sleep(0)
        return f"Node({self.items})"


def test_recursion_in_repr_is_told_apart_by_thread() -> None:
    def program() -> tuple[str, ...]:
        node, seen = Node(), []
        together(lambda: seen.append(repr(node)), lambda: seen.append(repr(node)))
        return tuple(seen)

    assert outcomes(program, strategy="dfs") == {("Node([...])", "Node([...])")}


def test_a_module_that_the_program_imports_first_is_controlled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_module.py").write_text(
        "import threading\nfrom threading import Lock\nfrom time import sleep\nLOCK = threading.Lock()\n"
        "def hold(): \n    with LOCK: sleep(1)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def program() -> str:
        import late_module  # type: ignore[import-not-found]  # noqa: PLC0415

        lock = late_module.Lock()
        with lock:
            together(late_module.hold, late_module.hold)
        return type(lock).__module__.partition(".")[0]

    try:
        assert outcomes(program) == {"treadle"}
        late = sys.modules["late_module"]
        assert late.Lock is threading.Lock
        assert late.sleep is time.sleep
        assert type(late.LOCK) is type(threading.Lock())
    finally:
        sys.modules.pop("late_module", None)


def test_box_is_shared() -> None:
    """The helper that the twins rest on: what is not a local is seen by all."""
    box = Box()
    assert outcomes(lambda: box.x) == {0}
