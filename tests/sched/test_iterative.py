"""The strategy that allows one preemption more each round."""

import itertools
import re
import threading
from collections.abc import Callable

import pytest

from tests.sched.programs import Box, check_and_replay, holds, idle, together
from treadle.sched import Verdict, check
from treadle.sched.engine import Counts
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.iterative import Iterative


def atomic_twice(times: int) -> Callable[[], None]:
    """A critical section each time; the other thread must not come between all of them."""

    def program() -> None:
        lock = threading.Lock()
        seen: list[str] = []

        def work(name: str) -> None:
            for _ in range(times):
                with lock:
                    seen.append(name)

        together(lambda: work("a"), lambda: work("b"))
        changes = sum(first != second for first, second in itertools.pairwise(seen))
        if changes == 2 * times - 1:
            raise ValueError(f"{changes} changes")

    return program


@pytest.mark.parametrize(("times", "preemptions"), [(1, 0), (2, 2), (3, 4)])
def test_the_first_failure_has_the_fewest_preemptions(times: int, preemptions: int) -> None:
    """Two threads that take turns k times need 2k - 2 preemptions."""
    result, _ = check_and_replay(atomic_twice(times), ValueError, strategy="iterative")
    assert result.bound == f"at most {preemptions} preemption{'s' * (preemptions != 1)}"


def test_the_rounds_are_the_bounded_searches_one_after_the_other() -> None:
    def program() -> None:
        box = Box()
        together(lambda: setattr(box, "x", box.y), lambda: setattr(box, "y", box.x))

    subjects = [test_the_rounds_are_the_bounded_searches_one_after_the_other]
    rounds = [check(program, strategy="dfs", preemptions=bound, instrument=subjects) for bound in range(10)]
    everything = check(program, strategy="dfs", instrument=subjects).executions
    needed = next(bound for bound, result in enumerate(rounds) if result.executions == everything)
    whole = holds(program, strategy="iterative", instrument=subjects)
    assert whole.bound is None
    assert whole.executions == sum(result.executions for result in rounds[: needed + 1])


def test_a_limit_is_a_bound_of_the_answer() -> None:
    program = atomic_twice(3)
    result = holds(program, strategy="iterative", preemptions=3)
    assert result.bound == "at most 3 preemptions"
    assert check(program, strategy="iterative", preemptions=4).verdict is Verdict.VIOLATED


def test_a_limit_that_leaves_nothing_out_is_no_bound() -> None:
    assert holds(lambda: together(idle, idle), strategy="iterative", preemptions=0).bound is None


def test_a_spent_budget_says_which_round_it_ended() -> None:
    result = check(atomic_twice(3), strategy="iterative", max_executions=20)
    assert result.verdict is Verdict.UNKNOWN
    assert result.bound is not None
    assert re.fullmatch(r"at most \d preemptions?; stopped after max_executions=20", result.bound)


def test_an_estimate_counts_the_rounds_before() -> None:
    strategy = Iterative(2)
    seen: list[int | None] = []

    def note(_: Counts) -> None:
        seen.append(strategy.estimate())

    result = check(atomic_twice(2), strategy=strategy, on_execution=note, stop_on_failure=False)
    assert seen[-1] is not None
    assert result.executions - 1 <= seen[-1] <= result.executions * 1.1


def test_a_depth_first_search_knows_whether_its_bound_left_anything_out() -> None:
    for bound, curbed in ((1, True), (10, False), (None, False)):
        strategy = DepthFirst(bound)
        check(atomic_twice(2), strategy=strategy, stop_on_failure=False)
        assert strategy.curbed is curbed
