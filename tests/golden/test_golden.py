"""Published specifications: distinct states, depth and shortest counterexamples, as TLC's single worker gives them."""

from typing import Any

import pytest

from models.peterson import KeepsTurn, Lock, Peterson
from tests.golden.barrier import Barrier, OneMissing
from tests.golden.blocking_queue import BlockingQueue, NotifyOther, WholeSpace
from tests.golden.cat import Cat
from tests.golden.chandy_misra import ChandyMisra
from tests.golden.coffee_can import BothGone, CoffeeCan
from tests.golden.commit import TCommit, TwoPhase
from tests.golden.consensus import ChangesItsMind, Consensus
from tests.golden.diehard import DieHard, FourLitres
from tests.golden.dining import Cycling, Dining
from tests.golden.ewd426 import TokenRing
from tests.golden.ewd840 import Ewd840, WhiteSender
from tests.golden.fair import (
    Chooses,
    Detects,
    Empties,
    Ends,
    FairCat,
    FairCoffeeCan,
    FairConsensus,
    FairEwd840,
    FairPhilosophers,
    FairPrisoners,
    FairReadersWriters,
    FairSimple,
    FairTokenRing,
    Freed,
    NobodyStarves,
    Served,
    Stabilises,
    Victory,
)
from tests.golden.game_of_life import GameOfLife
from tests.golden.handshake import Channel, InnerFifo
from tests.golden.hanoi import Hanoi
from tests.golden.hanoi import Solved as HanoiSolved
from tests.golden.hourclock import HourClock, Thirteen
from tests.golden.missionaries import Crossing
from tests.golden.missionaries import Solved as Crossed
from tests.golden.prisoners import OnceOnly, Prisoners
from tests.golden.queens import NoSolution, Queens, QueensPluscal
from tests.golden.readers_writers import ReadersWriters, WriterBargesIn
from tests.golden.smokers import Smokers, TwoOfAKind
from tests.golden.teaching import AllSaw, Simple
from treadle.spec import Model, Verdict, check

DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"

#: The model, its distinct states, and its depth, initial states being level 1.
PUBLISHED: list[tuple[Model[Any], int, int]] = [
    (DieHard(), 16, 8),
    (Hanoi(5, 3), 243, 32),
    (Crossing(), 64, 13),
    (Queens(4), 785, 16),
    (QueensPluscal(4), 786, 17),
    (Cat(5), 30, 1),
    (Cat(6), 48, 1),
    (HourClock(), 12, 1),
    (Channel(), 12, 2),
    (InnerFifo(3), 3_864, 11),
    (Smokers(), 6, 2),
    (ChandyMisra(5), 67, 29),
    (Lock(), 12, 5),
    (Peterson(), 42, 11),
    (Barrier(6), 64, 7),
    (ReadersWriters(3), 21_527, 13),
    (Simple(5), 723, 11),
    (TCommit(3), 34, 7),
    (TwoPhase(3), 288, 11),
    (TwoPhase(5), 8_832, 17),
    (Ewd840(3), 302, 9),
    (TokenRing(6, 6), 46_656, 1),
    (Consensus(), 4, 1),
    (GameOfLife(4), 65_536, 1),
    (CoffeeCan(100), 5_150, 1),
    (Prisoners(4), 214, 14),
    (Cycling(5), 82, 6),
    (Cycling(8), 1_154, 9),
    (Cycling(10), 6_726, 11),
]

#: Producers, consumers, capacity; distinct states and depth of the mended queue, of the broken one, and its deadlock.
QUEUES = [
    ((1, 1, 1), (4, 3), (4, 3), None),
    ((1, 2, 1), (10, 5), (14, 8), 8),
    ((2, 1, 1), (14, 6), (22, 9), 9),
    ((2, 2, 1), (36, 7), (48, 10), 9),
    ((2, 2, 2), (30, 6), (30, 6), None),
    ((3, 2, 2), (127, 11), (391, 24), 24),
    ((3, 2, 3), (301, 9), (301, 9), None),
    ((4, 3, 3), (1_600, 16), (10_524, 47), 47),
    ((4, 3, 4), (5_332, 12), (5_332, 12), None),
    ((4, 4, 3), (7_092, 17), (21_368, 36), 33),
    ((4, 4, 5), (21_500, 13), (21_500, 13), None),
]

#: The model, the states of its shortest counterexample, and the violation.
VIOLATED: list[tuple[Model[Any], int, str]] = [
    (FourLitres(), 7, "invariant not_solved is violated"),
    (HanoiSolved(5, 3), 32, "invariant not_solved is violated"),
    (Crossed(), 12, "invariant someone_is_east is violated"),
    (NoSolution(4), 5, "invariant is_not_solved is violated"),
    (Thirteen(), 2, "invariant is_an_hour is violated"),
    (TwoOfAKind(), 2, "invariant at_most_one_smokes is violated"),
    (KeepsTurn(), 9, "invariant excludes is violated"),
    (OneMissing(6), 7, DEADLOCK),
    (WriterBargesIn(3), 5, "invariant a_writer_is_alone is violated"),
    (AllSaw(5), 11, "invariant all_saw_their_neighbours is violated"),
    (WhiteSender(3), 6, "invariant detection_is_right is violated"),
    (ChangesItsMind(), 2, "invariant one_at_most is violated"),
    (BothGone(10), 2, DEADLOCK),
    (OnceOnly(4), 6, "invariant all_have_been_there is violated"),
    (Dining(5), 6, DEADLOCK),
]


#: What is promised, with the fairness that it was published with.
KEPT: list[Model[Any]] = [
    FairCat(5),
    FairCat(6),
    FairPhilosophers(5),
    FairReadersWriters(2),
    FairPrisoners(3),
    FairEwd840(3),
    FairTokenRing(4, 4),
    FairCoffeeCan(12),
    FairConsensus(),
    FairSimple(3),
]

#: The same without fairness, and a ring with too few values.
NOT_KEPT: list[Model[Any]] = [
    Victory(5),
    NobodyStarves(5),
    Served(2),
    Freed(3),
    Detects(3),
    Stabilises(4, 4),
    FairTokenRing(4, 2),
    Empties(12),
    Chooses(),
    Ends(3),
]


@pytest.mark.parametrize("model", KEPT, ids=repr)
def test_a_promise_is_kept_in_every_fair_behaviour(model: Model[Any]) -> None:
    """Which is TLC's verdict on the published model."""
    assert check(model).verdict is Verdict.HOLDS


@pytest.mark.parametrize("model", NOT_KEPT, ids=repr)
def test_without_fairness_a_promise_is_broken_by_a_behaviour_without_end(model: Model[Any]) -> None:
    """By stopping, or by going round."""
    found = check(model).counterexample
    assert found is not None
    assert found.loop is not None


@pytest.mark.parametrize(("model", "distinct", "depth"), PUBLISHED, ids=repr)
def test_a_model_that_holds_has_the_published_counts(model: Model[Any], distinct: int, depth: int) -> None:
    """Distinct states and depth are exact, and nothing the model says is idle."""
    result = check(model)
    assert (result.verdict, result.distinct, result.depth) == (Verdict.HOLDS, distinct, depth)
    assert result.never_enabled == ()


@pytest.mark.parametrize(("model", "length", "reason"), VIOLATED, ids=repr)
def test_a_puzzle_is_solved_and_a_twin_broken_in_the_fewest_steps(
    model: Model[Any], length: int, reason: str
) -> None:
    """The counterexample is a shortest one."""
    found = check(model)
    assert found.verdict is Verdict.VIOLATED
    assert found.counterexample is not None
    assert found.counterexample.reason == reason
    assert len(found.counterexample.states) == length == found.depth
    assert len(found.counterexample.actions) == length - 1


@pytest.mark.parametrize(("sizes", "mended", "broken", "deadlock"), QUEUES)
def test_the_blocking_queue_deadlocks_if_its_threads_outnumber_twice_the_capacity(
    sizes: tuple[int, int, int], mended: tuple[int, int], broken: tuple[int, int], deadlock: int | None
) -> None:
    """The closed form, and the counts of both variants."""
    producers, consumers, capacity = sizes
    right, whole, wrong = check(NotifyOther(*sizes)), check(WholeSpace(*sizes)), check(BlockingQueue(*sizes))
    assert (right.verdict, right.distinct, right.depth) == (Verdict.HOLDS, *mended)
    assert (whole.verdict, whole.distinct, whole.depth) == (Verdict.HOLDS, *broken)
    assert (deadlock is not None) == (2 * capacity < producers + consumers)
    assert (len(wrong.counterexample.states) if wrong.counterexample else None) == deadlock
