"""What an action reads and changes is seen in its source, and looking it up finds what computing it finds."""

from collections.abc import Callable, Iterator
from enum import Enum, IntEnum
from itertools import product
from typing import Any, Literal, NamedTuple

import pytest

from tests.spec.test_together import by_hand
from tests.spec.two_phase import TwoPhase
from treadle.spec import Model, State, action, check, invariant
from treadle.spec.expand import Expander, expanders
from treadle.spec.memo import Footprint, Table, footprint
from treadle.spec.program import program
from treadle.spec.source import method_of
from treadle.spec.together import together


class Colour(Enum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class Pair(NamedTuple):
    one: int


class Many(State):
    """Fields of every type."""

    line: tuple[int, ...] = ()
    words: frozenset[str | int | None] = frozenset()
    kind: Literal["a", "b"] = "a"
    colour: Colour = Colour.RED
    flag: bool = False
    mixed: int | bool = 0
    deep: tuple[frozenset[bool], int] = (frozenset(), 0)
    literal: Literal[1, True] = 1
    real: float = 0.0
    number: Number = Number.ONE
    pair: Pair = Pair(1)
    anything: object = None


class Reading(Model[Many]):
    def init(self) -> Iterator[Many]:
        yield Many()

    def of(self, state: Many) -> bool:
        return state.flag

    @action(n=(0, 1))
    def guarded(self, state: Many, n: int) -> Iterator[Many]:
        """The guards that name no parameter come first."""
        if state.flag and self.of(state) and n in state.line and state.kind == "a":
            yield state.evolve(words=state.words | {n})

    @action
    def changes_two(self, state: Many) -> Iterator[Many]:
        for each in state.line:
            yield state.evolve(line=(each,))
        yield state.evolve(colour=Colour.RED)

    @action
    def changes_nothing(self, state: Many) -> Iterator[Many]:
        if state.flag:
            yield state.evolve()

    @action
    def has_an_alternative(self, state: Many) -> Iterator[Many]:
        if state.flag:
            yield state.evolve(kind="a")
        else:
            yield state.evolve(kind="b")


class Refused(Model[Many]):
    def init(self) -> Iterator[Many]:
        yield Many()

    @action
    def gives_it_away(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=self.knows(state))

    def knows(self, state: Many) -> bool:
        return state.flag

    @action
    def makes_another(self, state: Many) -> Iterator[Many]:
        yield Many()

    @action
    def yields_from(self, state: Many) -> Iterator[Many]:
        yield from (state.evolve(flag=flag) for flag in (True, False))

    @action
    def evolves_twice(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=True).evolve(kind="b")

    @action
    def evolves_aside(self, state: Many) -> Iterator[Many]:
        other = state.evolve(flag=True)
        yield state.evolve(flag=other.flag)

    @action
    def asks_what_is_no_field(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=state.__class__ is Many)

    @action
    def yields_itself(self, state: Many) -> Iterator[Many]:
        yield state

    @action
    def mixed(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=state.mixed is True)

    @action
    def deep(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.deep))

    @action
    def literal(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.literal))

    @action
    def real(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.real))

    @action
    def number(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.number))

    @action
    def pair(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.pair))

    @action
    def anything(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=bool(state.anything))

    @action
    def leaves_what_may_be_mixed(self, state: Many) -> Iterator[Many]:
        yield state.evolve(flag=True)
        yield state.evolve(mixed=1)


class Odd(State):
    """Equal whatever its field is."""

    x: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd)

    def __hash__(self) -> int:
        return 1


class Unequal(Model[Odd]):
    def init(self) -> Iterator[Odd]:
        yield Odd()

    @action
    def step(self, state: Odd) -> Iterator[Odd]:
        yield state.evolve(x=state.x + 1)


def seen(expander: Expander[Any]) -> Footprint | None:
    return footprint(method_of(expander.steps))


def test_what_an_action_reads_and_changes_is_seen() -> None:
    found = {each.action: seen(each) for each in expanders(program(Reading()))}
    said = {name: each and (len(each.guards), each.reads, each.writes) for name, each in found.items()}
    assert said == {
        "guarded": (2, ["kind", "line", "words"], ["words"]),
        "changes_two": (0, ["colour", "line"], ["colour", "line"]),
        "changes_nothing": (1, [], []),
        "has_an_alternative": (0, ["flag"], ["kind"]),
    }


@pytest.mark.parametrize(
    "expander", [*expanders(program(Refused())), *expanders(program(Unequal()))], ids=lambda each: each.action
)
def test_what_is_not_certain_is_not_looked_up(expander: Expander[Any]) -> None:
    assert seen(expander) is None


KINDS: tuple[Literal["a", "b"], ...] = ("a", "b")


def alike(model: Model[Any], states: list[Any]) -> set[str]:
    """Require that looking up finds what is found one by one, twice; return the actions that are looked up."""
    actions = expanders(program(model))
    states = states * 4  # so that values are met again
    function = together(model, actions, states)
    for _ in range(2):
        found, expected = dict.fromkeys(states), dict.fromkeys(states)
        assert function(states, found) == by_hand(actions, states, expected)
        assert list(found.items()) == list(expected.items())
    given = function.__func__.__code__.co_varnames  # type: ignore[attr-defined]  # it is bound
    return {each.action for number, each in enumerate(actions) if f"_treadle_rows{number}" in given}


def test_looking_up_finds_what_computing_finds() -> None:
    states = [
        Many(line, words, kind, flag=flag)
        for line, words, kind, flag in product(
            ((), (0,), (1, 0)), (frozenset(), frozenset({0})), KINDS, (True, False)
        )
    ]
    assert alike(Reading(), states) == {"guarded", "changes_two", "changes_nothing", "has_an_alternative"}


def test_values_that_are_equal_and_not_the_same_are_kept_apart() -> None:
    states = [Many(mixed=mixed, kind=kind) for kind in KINDS for mixed in (1, True, 0, False)]
    assert "mixed" not in alike(Refused(), states)


@pytest.mark.parametrize("make", [lambda: TwoPhase(4), lambda: Steps(40)], ids=["two phases", "steps"])
def test_a_search_that_looks_up_says_the_same(
    make: Callable[[], Model[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("treadle.spec.search._MANY", 50)
    monkeypatch.setattr("treadle.spec.memo._MANY", 10)
    monkeypatch.setattr("treadle.spec.memo._SMALL", 20)
    looked_up = check(make())
    monkeypatch.setattr("treadle.spec.search._MANY", 10**9)
    assert repr(check(make())) == repr(looked_up)


class Place(State):
    x: int = 0
    y: int = 0


class Steps(Model[Place]):
    """An action that raises far from where it is looked up first, and an invariant that is broken there."""

    def __init__(self, size: int) -> None:
        self.size = size

    def init(self) -> Iterator[Place]:
        yield Place()

    @action(by=(1, 2))
    def right(self, state: Place, by: int) -> Iterator[Place]:
        if state.x < self.size:
            yield state.evolve(x=state.x + by)

    @action(by=(1, 2))
    def up(self, state: Place, by: int) -> Iterator[Place]:
        if state.y < self.size:
            yield state.evolve(y=state.y + by // (self.size - 1 - state.y))

    @invariant
    def within(self, state: Place) -> bool:
        return state.x + state.y < 2 * self.size


def test_actions_that_meet_no_value_twice_are_not_looked_up() -> None:
    actions = expanders(program(Steps(9)))
    right = seen(actions[0])
    assert right
    assert right.repeats([Place(x, y) for x in range(9) for y in range(9)])
    assert not right.repeats([Place(x, x) for x in range(9)])


def test_a_table_is_begun_anew_when_it_is_large() -> None:
    action_ = expanders(program(Steps(10**6)))[0]
    reads = seen(action_)
    assert reads
    table = Table(reads, action_)
    for x in range(10_000):
        assert table.fill(x, Place(x, 7), ()) == [x + 1, x + 2]
    assert 0 < len(table.rows) <= 4_096
