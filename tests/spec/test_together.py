"""The function for all actions and many states finds what the actions find one by one, or gives up without a trace."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden import commit, diehard, dining, hanoi, missionaries
from tests.spec.leaky import Leaky
from tests.spec.test_fuse import STATES, Child, Point, Refused, Sub, Tricky
from tests.spec.two_phase import TwoPhase
from treadle.spec import Model, State, Verdict, action, check, invariant, sometimes
from treadle.spec.batches import Batches, Tally
from treadle.spec.expand import Expander, expanders
from treadle.spec.limits import Limits
from treadle.spec.program import program
from treadle.spec.search import Search
from treadle.spec.together import together

Known = dict[Any, Any]


def by_hand(actions: list[Expander[Any]], states: list[Any], known: Known) -> list[tuple[int, int]]:
    counts = [[0, 0] for _ in actions]
    for state in states:
        for expander, count in zip(actions, counts, strict=True):
            before = len(known)
            found = expander.plain(state)
            for after in found:
                known.setdefault(after, state)
            count[0] += len(found)
            count[1] += len(known) - before
    return [(steps, new) for steps, new in counts]


def require_alike(model: Model[Any], states: list[Any]) -> list[Any]:
    """What both ways find new."""
    actions = expanders(program(model))
    found: Known = dict.fromkeys(states)
    expected: Known = dict(found)
    assert together(model, actions)(states, found) == by_hand(actions, states, expected)
    assert [(type(key), key, value) for key, value in found.items()] == [
        (type(key), key, value) for key, value in expected.items()
    ]
    return list(found)[len(states) :]


@pytest.mark.parametrize("model", [Tricky(), Tricky(9), Sub()], ids=["tricky", "nine", "sub"])
def test_bodies_that_are_tricky_mean_the_same_in_the_midst_of_others(model: Model[Any]) -> None:
    """States of a subclass are in another test: the function gives up on them."""
    states = [state for state in STATES if type(state) is Point]
    require_alike(model, states)
    for state in states:
        require_alike(model, [state])


@pytest.mark.parametrize(
    "model",
    [
        TwoPhase(3),
        commit.TCommit(3),
        commit.TwoPhase(3),
        dining.Dining(5),
        diehard.DieHard(),
        hanoi.Hanoi(3, 3),
        missionaries.Crossing(),
    ],
    ids=repr,
)
def test_published_models_are_searched_alike_either_way(
    model: Model[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("treadle.spec.search._MANY", 0)
    at_once = check(model)
    monkeypatch.setattr("treadle.spec.search._MANY", 10**9)
    assert repr(check(model)) == repr(at_once)


class Words(State):
    """Fields with the names that the functions made give their own variables."""

    found: int = 0
    mark: int = 0
    new: int = 0
    state: int = 0
    size: int = 0
    stuck: int = 0
    known: int = 0
    choices: int = 0
    steps0: int = 0
    new0: int = 0


class Named(Model[Words]):
    def init(self) -> Iterator[Words]:
        yield Words()

    @action(by=(1, 2))
    def all_of_them(self, state: Words, by: int) -> Iterator[Words]:
        found = state.found + by
        mark = new = size = state.size + state.mark + state.new + state.steps0 + state.new0
        if found < 4:
            yield state.evolve(found=found, mark=mark, new=new + 1, size=size, known=state.known + 2)
            yield state.evolve(choices=state.choices % 3, stuck=state.stuck ^ 1, state=state.state, new0=by)

    @action(found=(0, 1))
    def another(self, state: Words, found: int) -> Iterator[Words]:
        if state.found == found:
            yield Words(found=2, steps0=found, new0=state.new0)


def test_names_of_a_model_and_of_the_function_do_not_meet() -> None:
    states = [Words(*(place + by for place in range(10))) for by in (-1, 0, 1, 2)]
    require_alike(Named(), states)
    for expander in expanders(program(Named())):
        assert [expander.fused()(state) for state in states] == [expander.plain(state) for state in states]


def test_parameters_and_variables_of_two_actions_are_not_mixed_up() -> None:
    class Same(Model[Point]):
        def init(self) -> Iterator[Point]:
            yield Point()

        @action(by=(1, 2))
        def one(self, state: Point, by: int) -> Iterator[Point]:
            more = [n + by for n in range(2)]
            yield Point(sum(more), by)

        @action
        def two(model, point: Point) -> Iterator[Point]:  # noqa: N805  # other names for the same
            by = point.x
            more = by + 7
            yield point.evolve(x=more, y=by)

    require_alike(Same(), [Point(3, 4), Point(5, 6)])


def test_an_action_that_returns_early_leaves_the_next_to_be_taken() -> None:
    class Returning(Model[Point]):
        def init(self) -> Iterator[Point]:
            yield Point()

        @action
        def one(self, state: Point) -> Iterator[Point]:
            if state.x:
                return
            yield state.evolve(x=1)

        @action
        def two(self, state: Point) -> Iterator[Point]:
            yield state.evolve(y=state.y + 1)
            if state.y:
                return
            yield state.evolve(y=state.y + 2)

        @action
        def three(self, state: Point) -> Iterator[Point]:
            yield state.evolve(x=state.x + 3)

    require_alike(Returning(), [Point(x, y) for x in (0, 1) for y in (0, 1)])


def test_what_one_choice_leaves_is_not_seen_by_the_next() -> None:
    with pytest.raises(UnboundLocalError):
        together(Leaky(), expanders(program(Leaky())))([0], {0: None})


class Clock(State):
    """Hours of a day, whichever day it is."""

    hours: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clock) and self.hours % 24 == other.hours % 24

    def __hash__(self) -> int:
        return self.hours % 24


class Plain(State):
    hours: int = 0


class Unlike(Plain):
    """Equal to a state of the class above it, as its tuple is not."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plain) and self.hours == other.hours

    def __hash__(self) -> int:
        return hash(Plain(self.hours))


class Ticking(Model[Clock]):
    def init(self) -> Iterator[Clock]:
        yield Clock()

    @action(by=(1, 5))
    def ticks(self, state: Clock, by: int) -> Iterator[Clock]:
        yield state.evolve(hours=state.hours + by)


class Rising(Model[Plain]):
    def init(self) -> Iterator[Plain]:
        yield Plain()

    @action
    def rises(self, state: Plain) -> Iterator[Plain]:
        yield state.evolve(hours=state.hours + 1)


def test_states_that_say_themselves_what_they_are_equal_to_are_asked() -> None:
    assert require_alike(Ticking(), [Clock(0), Clock(23)]) == [Clock(1), Clock(5), Clock(28)]
    known: Known = {Plain(0): None, Unlike(1): None}
    together(Rising(), expanders(program(Rising())))([Plain(0)], known)
    assert len(known) == 2


def batches(model: Model[Any]) -> tuple[Batches[Any], list[Tally]]:
    actions = expanders(program(model))
    tallies = [Tally(1, 1) for _ in actions]
    return Batches(together(model, actions), tallies), tallies


def test_a_state_of_another_class_is_given_up_without_a_trace() -> None:
    taken, tallies = batches(Tricky())
    known: Known = {Point(1, 1): None, Child(1, 2, 3): None}
    assert taken.take(list(known), known, 100) is None
    assert list(known) == [Point(1, 1), Child(1, 2, 3)]
    assert tallies == [Tally(1, 1)] * len(tallies)


def test_more_states_than_allowed_are_given_up_without_a_trace() -> None:
    taken, _ = batches(Tricky())
    known: Known = {Point(1, 1): None}
    assert taken.take([Point(1, 1)], known, 5) is None
    assert list(known) == [Point(1, 1)]
    new = taken.take([Point(1, 1)], known, 100)
    assert new == list(known)[1:]
    assert taken.take([Point(1, 1)], known, len(known)) == []


def test_an_action_taken_for_the_first_time_is_given_up() -> None:
    taken, tallies = batches(Tricky())
    tallies[3].transitions = 0
    assert taken.take([Point(1, 1)], {Point(1, 1): None}, 100) is None


class Grid(Model[Point]):
    """A wide one, with something odd far from the beginning."""

    def __init__(self, size: int, odd: str = "") -> None:
        self.size = size
        self.odd = odd

    def init(self) -> Iterator[Point]:
        yield Point()

    def terminal(self, state: Point) -> bool:
        return self.odd != "stuck"

    @action(by=(1, 2))
    def right(self, state: Point, by: int) -> Iterator[Point]:
        if state.x + by < self.size:
            yield state.evolve(x=state.x + by)

    @action
    def up(self, state: Point) -> Iterator[Point]:
        if state.y + 1 < self.size and self.odd != "none":
            yield state.evolve(y=state.y + 1)

    @action
    def strange(self, state: Point) -> Iterator[Point]:
        far = state.x + state.y >= 2 * self.size - 9
        if far and self.odd == "raises":
            yield Point(1 // 0)
        if far and self.odd == "subclass":
            yield Child(state.x, state.y, 9)
        if far and self.odd == "unhashable":
            yield Point([])  # type: ignore[arg-type]  # the mistake
        if state.x % 2 and self.odd == "classes":
            yield Child(state.x, state.y, state.y + 1)

    @invariant
    def within(self, state: Point) -> bool:
        return not (self.odd == "broken" and state.x == state.y == self.size - 5)

    @sometimes
    def comes_far(self, state: Point) -> bool:
        return state.x + state.y > self.size


@pytest.mark.parametrize("odd", ["", "stuck", "raises", "subclass", "classes", "broken"])
def test_a_large_search_says_the_same_either_way(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Grid(20 if odd == "classes" else 60, odd)
    at_once = check(model)
    monkeypatch.setattr("treadle.spec.search._MANY", 10**9)
    one_by_one = check(model)
    assert str(at_once) == str(one_by_one)
    assert at_once.coverage == one_by_one.coverage
    assert at_once.verdict is (Verdict.VIOLATED if odd in {"stuck", "raises", "broken"} else Verdict.HOLDS), (
        str(at_once)
    )


def test_a_state_that_is_no_value_is_refused_by_name_however_late() -> None:
    with pytest.raises(TypeError, match="action strange: x is a list, which cannot be hashed"):
        check(Grid(60, "unhashable"))


@pytest.mark.parametrize("states", [1_001, 1_200, 1_234, 3_599])
def test_a_limit_cuts_a_large_search_where_it_cuts_it_one_by_one(
    states: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = check(Grid(60), max_states=states, checkpoint=tmp_path / "kept")
    resumed = check(Grid(60), checkpoint=tmp_path / "kept")
    assert resumed.coverage == check(Grid(60)).coverage
    monkeypatch.setattr("treadle.spec.search._MANY", 10**9)
    alone = check(Grid(60), max_states=states)
    assert (cut.verdict, str(cut), cut.coverage) == (Verdict.UNKNOWN, str(alone), alone.coverage)


def test_a_search_whose_batches_are_vain_goes_on_without() -> None:
    search = Search(program(Grid(20, "classes")), Limits())
    search.begin()
    assert search.breadth() is None
    assert search._batches is None
    assert len(search.parents) == 4_390


def test_actions_that_cannot_be_written_into_it_are_called() -> None:
    model = Refused()
    actions = [each for each in expanders(program(model)) if each.action != "uses_a_yield"]
    states = [Point(0), Point(1), Point(2)]
    found, expected = dict.fromkeys(states), dict.fromkeys(states)
    assert together(model, actions)(states, found) == by_hand(actions, states, expected)  # type: ignore[arg-type]
    assert list(found) == list(expected)
