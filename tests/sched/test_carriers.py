"""Threads of one check run on the same greenlets one after the other, and nothing of one is left for the next."""

import contextvars
import gc
import threading

import pytest

from tests.sched.programs import together
from treadle.sched import check
from treadle.sched.carriers import Carrier
from treadle.verdict import Verdict

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


def carriers() -> int:
    """Return how many there are in the process."""
    gc.collect()
    return sum(isinstance(found, Carrier) for found in gc.get_objects())


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
    seen: set[int] = set()

    def program() -> None:
        seen.add(carriers())
        lock = threading.Lock()

        def body() -> None:
            with lock:
                pass

        together(body, body, body)

    before = carriers()
    result = check(program)
    assert result.executions == 6
    assert max(seen) <= before + 4
    assert carriers() == before


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

    def program() -> None:
        lock = threading.Lock()
        lock.acquire()

        def stubborn() -> None:
            while True:
                try:
                    lock.acquire()
                except BaseException:
                    refused.append(1)

        threading.Thread(target=stubborn).start()

    before = carriers()
    result = check(program, allow_deadlock=True)
    assert (result.verdict, result.deadlocked) == (Verdict.HOLDS, result.executions)
    assert refused
    # Each execution has left one behind, suspended for good; those of the main threads are gone.
    assert carriers() <= before + result.executions + 1


def test_the_calling_thread_goes_on_after_a_check_that_was_interrupted() -> None:
    def program() -> None:
        together(lambda: None, lambda: None)
        raise KeyboardInterrupt

    before = carriers()
    with pytest.raises(KeyboardInterrupt):
        check(program)
    assert carriers() == before
    assert check(lambda: together(lambda: None, lambda: None)).verdict is Verdict.HOLDS
