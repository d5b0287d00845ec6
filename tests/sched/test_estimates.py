"""Estimates of how many executions an exploration takes."""

import threading

import pytest

from tests.sched.programs import together
from treadle.sched import check
from treadle.sched.engine import Counts
from treadle.sched.strategies.base import Strategy, estimated_total
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.strategies.random_walk import RandomWalk


def counter() -> None:
    lock = threading.Lock()

    def body() -> None:
        for _ in range(2):
            with lock:
                pass

    together(*[body] * 3)


def estimates(strategy: Strategy, most: int = 2_000) -> tuple[list[int | None], int]:
    seen: list[int | None] = []

    def note(_: Counts) -> None:
        seen.append(strategy.estimate())

    result = check(counter, strategy=strategy, on_execution=note, max_executions=most)
    return seen, result.executions


@pytest.mark.parametrize("strategy", [Exhaustive(), DepthFirst(1)], ids=["exhaustive", "dfs"])
def test_an_estimate_is_never_less_than_what_was_made_and_ends_near_the_truth(strategy: Strategy) -> None:
    seen, executions = estimates(strategy)
    assert seen[0] is None  # nothing is known while the first execution runs
    assert all(guess is None or guess >= made for made, guess in enumerate(seen))
    assert seen[-1] is not None
    assert executions - 1 <= seen[-1] <= executions * 1.1


def test_sampling_has_no_end_to_estimate() -> None:
    assert set(estimates(RandomWalk(1), 100)[0]) == {None}


def test_turns_of_one_decision_weigh_the_same() -> None:
    """One of two turns done, and of the second one of four: five eighths are covered."""
    assert estimated_total(10, [(1, 1), (1, 3)]) == 16
    assert estimated_total(0, []) is None
    assert estimated_total(3, [(0, 2)]) is None
