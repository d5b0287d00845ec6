"""After a check, however it ended, nothing stays patched, and threads and locks are real."""

# ruff: noqa: PLW0108 - a name is looked up when it is called, while it is patched
import _thread
import builtins
import contextlib
import gc
import multiprocessing
import os
import queue
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sched.programs import Box, together
from treadle.sched import CheckError, UncontrolledError, check, replay

LOCK = threading.Lock()
CONDITION = threading.Condition()
WATCHED: tuple[Any, ...] = (
    _thread,
    threading,
    threading.Thread,
    threading.Condition,
    queue,
    queue.Queue,
    time,
    random,
    builtins,
    os,
    select,
    signal,
    socket.socket,
    subprocess.Popen,
    sys.modules[__name__],
)
#: Changes by itself: counters, registries, what the test runner keeps.
MOVING = frozenset(
    (
        "_counter",
        "_active",
        "_limbo",
        "_dangling",
        "_shutdown_locks",
        "_",
        "_profile_hook",
        "_shutdown_locks_lock",
    )
)


def snapshot() -> dict[str, object]:
    """Return everything that a check may patch."""
    state: dict[str, object] = {}
    for owner in WATCHED:
        name = getattr(owner, "__qualname__", getattr(owner, "__name__", "?"))
        state |= {f"{name}.{key}": value for key, value in vars(owner).items() if key not in MOVING}
    state["codes"] = (increments.__code__, Box.__init__.__code__, queue.Queue.put.__code__)
    state["condition"] = dict(vars(CONDITION))
    state["signals"] = {
        number: signal.getsignal(number) for number in signal.valid_signals() if number not in (9, 19)
    }
    state["collecting"] = gc.isenabled()
    state["hooks"] = (threading.excepthook, sys.excepthook, sys.unraisablehook)
    state["threads"] = set(threading.enumerate())
    state["counter"] = threading._counter  # type: ignore[attr-defined]
    return state


def increments() -> None:
    box = Box()

    def increment() -> None:
        with LOCK, CONDITION:
            box.x += 1

    together(increment, increment)


def failing() -> None:
    together(lambda: 1 // 0)


def deadlocking() -> None:
    LOCK.acquire()
    LOCK.acquire()


def interrupted() -> None:
    def body() -> None:
        with LOCK:
            raise KeyboardInterrupt

    together(body, lambda: LOCK.acquire())


def exiting() -> None:
    raise SystemExit(3)


def blocking() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.recv(1)


class Changing:
    """A program that behaves differently each time."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> None:
        self.runs += 1
        lock = threading.Lock()

        def body() -> None:
            with lock:
                pass
            lock.acquire(blocking=self.runs % 2 == 1)

        together(body, body)


def swallowing() -> None:
    def body() -> None:
        while True:
            with contextlib.suppress(BaseException):
                LOCK.acquire()

    together(body, body)


PROGRAMS: list[tuple[Callable[[], None], dict[str, Any]]] = [
    (increments, {"instrument": [increments, Box]}),
    (increments, {"instrument": [queue, threading]}),
    (increments, {"strategy": "random", "max_executions": 5}),
    (increments, {"max_executions": 1}),
    (failing, {}),
    (deadlocking, {}),
    (interrupted, {}),
    (exiting, {}),
    (blocking, {}),
    (Changing(), {"allow_deadlock": True}),
    (swallowing, {}),
    (increments, {"instrument": [42]}),
    (increments, {"instrument": [len]}),
    (increments, {"max_steps": 2}),
    (None, {}),  # type: ignore[list-item]
]


@pytest.mark.parametrize(
    ("program", "options"),
    PROGRAMS,
    ids=[
        re.sub(
            r" at 0x\w+", "", f"{getattr(program, '__name__', program)}-{options}"
        )  # the same in each process
        for program, options in PROGRAMS
    ],
)
def test_everything_is_put_back(program: Callable[[], None], options: dict[str, Any]) -> None:
    before = snapshot()
    failure = None
    with contextlib.suppress(CheckError, KeyboardInterrupt, TypeError, ValueError):
        failure = check(program, **options).failure
    after = snapshot()
    assert {key: (before[key], after.get(key)) for key in before if before[key] != after.get(key)} == {}
    assert set(after) == set(before)
    if failure is not None:
        with pytest.raises(BaseException):  # noqa: B017 - whichever
            replay(program, failure.schedule, instrument=options.get("instrument", ()))
        assert snapshot() == before
    threads_are_real()


def threads_are_real() -> None:
    assert not LOCK.locked()
    results: queue.SimpleQueue[int] = queue.SimpleQueue()
    lock = threading.Lock()
    lock.acquire()

    def body() -> None:
        with lock, LOCK, CONDITION:
            results.put(threading.get_ident())

    thread = threading.Thread(target=body)
    thread.start()
    lock.release()
    assert results.get(timeout=10) != threading.get_ident()
    thread.join()
    assert type(lock) is type(LOCK)


def test_an_interrupt_reaches_the_caller() -> None:
    with pytest.raises(KeyboardInterrupt):
        check(interrupted)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        check(increments)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_check_on_another_thread_leaves_this_one_alone() -> None:
    """A check may run on any thread; all other threads keep their real locks meanwhile."""
    before = snapshot()
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(str(check(increments))))
    thread.start()
    thread.join()
    assert results == ["holds: 2 executions (2 complete), exhaustive"]
    assert snapshot() == before


def connecting() -> None:
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", 9))


REFUSED: list[tuple[Callable[[], object], str]] = [
    (blocking, "socket.recv"),
    (connecting, "connect"),
    (lambda: subprocess.run(["true"], check=True), "Popen"),  # noqa: S607 - refused before it is looked up
    (lambda: os.system("true"), "system"),  # noqa: S605, S607 - refused before it is run
    (lambda: os.fork(), "fork"),
    (lambda: input(), "input"),
    (lambda: select.select([], [], [], 0), "select"),
    (lambda: multiprocessing.get_context("spawn").Process(target=print).start(), "Process.start"),
    (lambda: socket.getaddrinfo("localhost", 80), "getaddrinfo"),
]


@pytest.mark.parametrize(("program", "name"), REFUSED, ids=[name for _, name in REFUSED])
@pytest.mark.parametrize("where", ["main", "thread", "swallowed"])
def test_real_blocking_calls_are_refused_by_name(
    program: Callable[[], object], name: str, where: str
) -> None:
    def swallow() -> None:
        with contextlib.suppress(Exception):
            program()

    entry = {"main": program, "thread": lambda: together(program), "swallowed": swallow}[where]
    with pytest.raises(UncontrolledError, match=name):
        check(entry)


def spinning() -> None:
    box = Box()

    def spin() -> None:
        while not box.x:
            pass

    def release() -> None:
        with LOCK:
            box.x = 1

    together(spin, release)


def hidden_lock() -> None:
    hidden = sys.modules["tests.sched.hidden"].LOCK

    def body() -> None:
        with hidden:
            time.sleep(0)

    together(body, body)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.sched.watchdog.PATIENCE", 0.4)


@pytest.mark.usefixtures("impatient")
def test_a_spin_without_a_scheduling_point_is_named() -> None:
    before = snapshot()
    with pytest.raises(UncontrolledError, match=r"spins.*while not box\.x"):
        check(spinning)
    assert snapshot() == before
    threads_are_real()


@pytest.mark.usefixtures("impatient")
def test_a_real_lock_blocked_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock of a module that the check knows nothing of."""
    hidden = type(sys)("tests.sched.hidden")
    hidden.__dict__["LOCK"] = threading.Lock()
    monkeypatch.setitem(sys.modules, "tests.sched.hidden", hidden)
    with pytest.raises(UncontrolledError, match="with hidden"):
        check(hidden_lock)
    threads_are_real()


@pytest.fixture
def outsider() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run something in a real thread while the check runs; it begins when the program does."""
    go = _thread.allocate_lock()
    threads: list[threading.Thread] = []

    def start(body: Callable[[], object]) -> None:
        go.acquire()

        def live() -> None:
            with go:
                pass
            with contextlib.suppress(UncontrolledError):
                body()

        threads.append(threading.Thread(target=live, name="outsider"))
        threads[-1].start()
        OUTSIDE.release = go.release

    yield start
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


#: What lets the outsider go, where it is not looked for, and so stays real.
OUTSIDE = types.SimpleNamespace(release=None)
LATE = threading.Condition()


def entered(lock: threading.Lock) -> None:
    with lock:
        pass


def meeting() -> None:
    """Let the outsider go, and use the lock until it is noticed."""
    release, OUTSIDE.release = OUTSIDE.release, None
    if release is not None:
        release()
    turns = 0
    while True:
        turns += 1  # so that no turn is like another
        with LOCK:
            time.sleep(0)


@pytest.mark.parametrize("use", [lambda: entered(LOCK), lambda: LOCK.locked()])
def test_real_threads_that_use_the_same_lock_are_named(
    use: Callable[[], object], outsider: Callable[[Callable[[], object]], None]
) -> None:
    outsider(use)
    with pytest.raises(UncontrolledError, match=r"LOCK.*outsider"):
        check(meeting, max_steps=10_000_000)
    threads_are_real()


def test_real_threads_that_wait_are_named_at_the_call() -> None:
    waiting = _thread.allocate_lock()
    waiting.acquire()

    def wait() -> None:
        with LATE:
            waiting.release()
            LATE.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.acquire()
    with LATE:  # so it waits by now
        pass
    before = snapshot()
    with pytest.raises(UncontrolledError, match="LATE"):
        check(increments)
    assert snapshot() == before
    with LATE:
        LATE.notify()
    thread.join()


def test_checks_on_two_threads_do_not_run_at_once(outsider: Callable[[Callable[[], object]], None]) -> None:
    errors: list[BaseException] = []

    def other() -> None:
        try:
            check(increments)
        except CheckError as error:
            errors.append(error)

    def program() -> None:
        release, OUTSIDE.release = OUTSIDE.release, None
        release()
        turns = 0
        while not errors:
            turns += 1  # so that no turn is like another
            time.sleep(0)

    outsider(other)
    check(program, strategy="random", max_executions=1, max_steps=10_000_000)
    assert "nest" in str(errors[0])


def test_the_threads_that_threading_notes_are_those_made_outside_the_program() -> None:
    before = threading._dangling  # type: ignore[attr-defined]
    inside: list[threading.Thread] = []
    outside: list[threading.Thread] = []

    def program() -> None:
        inside.append(threading.Thread())

    check(program, on_execution=lambda _: outside.append(threading.Thread()))
    assert threading._dangling is before  # type: ignore[attr-defined]
    assert set(outside) <= set(before)
    assert not set(inside) & set(before)
