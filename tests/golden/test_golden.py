"""Counts of published specifications, as TLC's single worker gives them."""

from typing import Any

import pytest

from tests.golden.commit import TCommit, TwoPhase
from tests.golden.diehard import DieHard, FourLitres
from tests.golden.dining import Cycling, Dining
from tests.golden.hanoi import Hanoi
from tests.golden.hanoi import Solved as HanoiSolved
from tests.golden.missionaries import Crossing
from tests.golden.missionaries import Solved as Crossed
from treadle.spec import Model, Verdict, check


@pytest.mark.parametrize(
    ("model", "distinct", "depth"),
    [
        (DieHard(), 16, 8),
        (Hanoi(5, 3), 243, 32),
        (TCommit(3), 34, 7),
        (TwoPhase(3), 288, 11),
        (TwoPhase(5), 8_832, 17),
        (Crossing(), 64, 13),
        (Cycling(5), 82, 6),
        (Cycling(8), 1_154, 9),
    ],
    ids=repr,
)
def test_a_model_that_holds_has_the_published_counts(model: Model[Any], distinct: int, depth: int) -> None:
    """Distinct states and depth are exact."""
    result = check(model)
    assert (result.verdict, result.distinct, result.depth) == (Verdict.HOLDS, distinct, depth)


@pytest.mark.parametrize(
    ("model", "length", "reason"),
    [
        (FourLitres(), 7, "invariant not_solved is violated"),
        (HanoiSolved(5, 3), 32, "invariant not_solved is violated"),
        (Crossed(), 12, "invariant someone_is_east is violated"),
        (Dining(5), 6, "deadlock: no action is enabled, and the state is not terminal"),
    ],
    ids=repr,
)
def test_a_puzzle_is_solved_in_the_fewest_moves(model: Model[Any], length: int, reason: str) -> None:
    """The counterexample is a shortest one."""
    result = check(model)
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert len(result.counterexample.states) == length == result.depth
    assert len(result.counterexample.actions) == length - 1
    assert result.counterexample.reason == reason
