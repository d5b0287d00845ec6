"""Threads of one check run on the same greenlets one after the other, and nothing of one is left for the next."""

import contextvars
import gc
import threading
import weakref

import greenlet
import pytest

from tests.sched.programs import together
from treadle.sched import check
from treadle.verdict import Verdict

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


class Seen:
    """The greenlets that threads of one program were seen to run on."""

    def __init__(self) -> None:
        gc.collect()  # what earlier tests have left would end in the midst of the program, which collects as it counts
        self.looks = 0
        self._found: weakref.WeakSet[greenlet.greenlet] = weakref.WeakSet()

    def look(self) -> None:
        """Note the one that the caller runs on."""
        self.looks += 1
        self._found.add(greenlet.getcurrent())

    def __len__(self) -> int:
        gc.collect()
        # Garbage that another thread's collection found is ended by the next switch in the thread it belongs to.
        greenlet.greenlet(gc.isenabled).switch()
        return len(self._found)


def test_a_thread_begins_with_an_empty_context_whoever_was_carried_before() -> None:
    def program() -> None:
        lock = threading.Lock()

        def body(name: str) -> None:
            assert WHO.get() == "nobody"
            WHO.set(name)
            with lock:
                assert WHO.get() == name

        together(lambda: body("one"), lambda: body("other"))

    result = check(program)
    assert (result.verdict, result.executions) == (Verdict.HOLDS, 2)


def test_greenlets_are_used_again_and_gone_with_the_check() -> None:
    seen = Seen()
    most = 0

    def program() -> None:
        nonlocal most
        lock = threading.Lock()

        def body() -> None:
            seen.look()
            with lock:
                pass

        together(body, body, body)
        most = max(most, len(seen))

    result = check(program)
    assert (result.executions, seen.looks) == (6, 3 * 7)  # the first one is made twice
    # Those of the first execution, which is kept to be compared with, are used once; then there are as many as needed.
    assert most <= 3 + 4
    assert len(seen) == 0


def test_what_a_thread_of_a_deadlock_had_is_let_go_of_before_the_next() -> None:
    ended: list[str] = []
    alive = 0

    class Held:
        def __init__(self) -> None:
            nonlocal alive
            alive += 1

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def program() -> None:
        assert alive == 0
        first, second = threading.Lock(), threading.Lock()

        def body(one: threading.Lock, other: threading.Lock) -> None:
            held = Held()
            with one, other:
                ended.append(type(held).__name__)

        together(lambda: body(first, second), lambda: body(second, first))

    result = check(program, allow_deadlock=True, stop_on_failure=False)
    assert result.deadlocked > 0
    assert result.complete > 0
    assert result.verdict is Verdict.HOLDS


def test_a_thread_that_refuses_to_end_is_not_carried_further() -> None:
    refused: list[int] = []
    seen, others = Seen(), Seen()

    def program() -> None:
        others.look()
        lock = threading.Lock()
        lock.acquire()

        def stubborn() -> None:
            seen.look()
            while True:
                try:
                    lock.acquire()
                except BaseException:
                    refused.append(1)

        threading.Thread(target=stubborn).start()

    result = check(program, allow_deadlock=True)
    assert (result.verdict, result.deadlocked) == (Verdict.HOLDS, result.executions)
    assert refused
    assert len(seen) == seen.looks  # each is suspended for good
    assert len(others) == 0


def test_the_calling_thread_goes_on_after_a_check_that_was_interrupted() -> None:
    seen = Seen()

    def program() -> None:
        together(seen.look, seen.look)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(program)
    assert len(seen) == 0
    assert check(lambda: together(lambda: None, lambda: None)).verdict is Verdict.HOLDS


def test_who_starts_whom_brings_no_thread_nearer_to_the_recursion_limit() -> None:
    executions: list[list[int]] = []

    def depth(so_far: int = 0) -> int:
        try:
            return depth(so_far + 1)
        except RecursionError:
            return so_far

    def chain(length: int) -> None:
        executions[-1].append(depth())
        if length:
            together(lambda: chain(length - 1))

    def program() -> None:
        executions.append([])
        together(lambda: chain(2), lambda: chain(2))

    check(program, strategy="random", max_executions=20)
    # In the first execution nothing is kept yet, and each begins where it was started.
    assert all(depths == executions[-1] for depths in executions[2:])
    assert len(executions[-1]) == 6
    assert len(set(executions[-1])) == 1
