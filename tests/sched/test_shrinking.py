"""The schedule of a failure is the shortest that could be found: fewest preemptions, then fewest steps."""

import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.sched.programs import Box, check_and_replay, together
from tests.sched.test_bug_programs import PROGRAMS, Expected
from treadle.sched import Deadlock, Failure, Verdict, check
from treadle.sched.schedule import decode

#: The first seed of random programs. Each version of Python takes others.
FIRST = sys.version_info.minor * 1_000


def failure_of(program: Callable[[], None], **options: Any) -> Failure:
    result = check(program, **options)
    assert result.failure is not None, str(result)
    return result.failure


def least(program: Callable[[], None], error: type[BaseException], **options: Any) -> int:
    """Return, by brute force, with how many preemptions *program* can fail with *error*."""
    for bound in range(9):
        failing = check(program, preemptions=bound, stop_on_failure=False, shrink=0, **options).failure
        if failing is not None:
            assert type(failing.error) is error
            return bound
    raise AssertionError


@pytest.mark.parametrize("expected", PROGRAMS, ids=lambda expected: expected.program.__qualname__)
def test_a_random_failure_is_shortened_to_the_fewest_preemptions(expected: Expected) -> None:
    options: dict[str, Any] = {"instrument": [expected.factory]}
    failure = failure_of(expected.program, strategy="random", seed=1, **options)
    assert type(failure.error) is expected.error
    assert failure.replays == 10
    if failure.preemptions > 1:
        assert failure.preemptions == least(expected.program, expected.error, **options)
    assert "replays 10/10" in failure.trace


def noisy(threads: int = 3, steps: int = 5) -> Callable[[], None]:
    """Return a lost update between two threads, among many steps that do not matter."""

    def program() -> None:
        box, lock = Box(), threading.Lock()

        def noise() -> None:
            for _ in range(steps):
                with lock:
                    pass

        def increment() -> None:
            noise()
            box.x += 1
            noise()

        together(increment, increment, *[noise] * threads)
        assert box.x == 2

    return program


def test_what_does_not_matter_is_left_out() -> None:
    """The random walk finds a failure with dozens of preemptions; one is enough."""
    program = noisy()
    options: dict[str, Any] = {"instrument": [noisy], "strategy": "random", "seed": 3}
    found = failure_of(program, shrink=0, **options)
    short = failure_of(program, **options)
    assert found.preemptions > 10
    assert (found.tries, found.replays) == (0, 10)
    assert "as it was found (shrink=0)" in found.trace
    assert short.preemptions == 1
    assert len(short.schedule) < len(found.schedule) / 5
    assert "1 preemption, the fewest with which it fails so" in short.trace


def test_a_failure_without_preemptions_is_found_so() -> None:
    """The order of two threads is all that matters."""

    def program() -> None:
        box = Box()

        def first() -> None:
            box.x = 1

        def second() -> None:
            assert box.x == 1

        together(first, second, *[first] * 2)

    failure = failure_of(program, instrument=[program], strategy="random", seed=5)
    assert failure.preemptions == 0
    assert "no preemptions" in failure.trace
    assert {run.operation for run in decode(failure.schedule).runs} == {None}


def test_the_budget_is_kept_and_named() -> None:
    told: list[int] = []
    options: dict[str, Any] = {"instrument": [noisy], "strategy": "random", "seed": 3}
    result = check(noisy(), shrink=4, on_execution=lambda counts: told.append(counts.executions), **options)
    assert result.failure is not None
    assert result.failure.tries == 4
    assert "after 4 executions to shorten it, which is all that shrink=4 allows" in result.failure.trace
    assert result.executions == told[-1], "what shortening takes is not counted as exploration"


def test_only_the_same_failure_counts() -> None:
    """An easier failure of another type, or from another line, does not take the place of the one found."""

    def program() -> None:
        box = Box()

        def rare() -> None:
            before = box.x
            box.y = 1
            if box.x != before:
                raise ValueError("between")

        def other() -> None:
            box.x = 1
            if not box.y:
                raise KeyError("first")

        together(rare, other)

    class Only:
        """Objects to one kind of failure and lets the others pass."""

        def begin(self) -> None:
            """Nothing to prepare."""

        def judge(self, world: object, failure: BaseException | None) -> BaseException | None:
            return failure if isinstance(failure, ValueError) else None

    failure = failure_of(program, instrument=[program], strategy="random", seed=2, monitor=Only())
    assert type(failure.error) is ValueError
    for seed in range(6):
        result = check(program, instrument=[program], strategy="random", seed=seed, max_executions=1)
        again = check(program, instrument=[program], strategy="random", seed=seed, max_executions=1, shrink=0)
        if result.failure is not None:
            assert again.failure is not None
            assert type(result.failure.error) is type(again.failure.error)


def test_a_try_that_never_ends_is_stopped() -> None:
    """Without a preemption the waiting thread would spin for ever."""

    def program() -> None:
        box = Box()

        def wait() -> None:
            while not box.x:
                pass
            assert not box.y

        def go() -> None:
            box.x = 1
            box.y = 1

        together(wait, go)

    result = check(program, instrument=[program], strategy="random", seed=1, max_executions=300)
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    assert result.failure.replays == 10
    assert result.failure.tries < 1_000


def test_a_deadlock_is_shortened_to_a_deadlock() -> None:
    def program() -> None:
        locks = [threading.Lock() for _ in range(3)]

        def dine(left: int) -> Callable[[], None]:
            def body() -> None:
                with locks[left], locks[(left + 1) % 3]:
                    pass

            return body

        together(*(dine(left) for left in range(3)))

    result, _ = check_and_replay(program, Deadlock, strategy="random", seed=2)
    assert result.failure is not None
    assert result.failure.preemptions == 1
    assert least(program, Deadlock) == 1


def test_a_schedule_ends_where_the_failure_happens() -> None:
    """What other threads do afterwards is not shown."""

    def program() -> None:
        lock = threading.Lock()

        def fail() -> None:
            with lock:
                raise ZeroDivisionError

        def go_on() -> None:
            for _ in range(20):
                with lock:
                    pass

        together(fail, go_on)

    failure = failure_of(program)
    assert failure.schedule == "1"
    assert failure.trace.count("acquire Lock") == 1


def test_a_program_that_stops_being_deterministic_is_still_shown() -> None:
    """Shortening ends where an execution cannot be made, and says so."""
    runs: list[int] = []

    def program() -> None:
        lock = threading.Lock()
        runs.append(1)

        def body() -> None:
            if len(runs) > 3:
                lock.acquire(blocking=False)
            with lock:
                pass

        def fail() -> None:
            with lock:
                raise ZeroDivisionError

        together(body, fail)

    result = check(program)
    assert result.failure is not None
    assert type(result.failure.error) is ZeroDivisionError


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 3))
def test_shortening_agrees_with_brute_force_on_random_programs(seed: int) -> None:
    """The fewest preemptions found, when they are said to be the fewest, are those of a search of every schedule."""
    chooser = random.Random(seed)
    names = [[chooser.choice("xyz") for _ in range(chooser.randint(1, 3))] for _ in range(3)]
    wanted = chooser.randint(0, 1)

    def program() -> None:
        box, lock = Box(), threading.Lock()

        def body(mine: list[str]) -> Callable[[], None]:
            def run() -> None:
                for name in mine:
                    if len(mine) == wanted:
                        with lock:
                            setattr(box, name, getattr(box, name) + 1)
                    else:
                        setattr(box, name, getattr(box, name) + 1)

            return run

        together(*map(body, names))
        assert box.x + box.y + box.z == sum(map(len, names))

    result = check(program, instrument=[program], strategy="random", seed=seed, max_executions=200)
    if result.failure is not None:
        assert result.failure.preemptions == least(program, AssertionError, instrument=[program])
