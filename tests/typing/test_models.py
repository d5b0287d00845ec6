"""Models and their states are typed: what is wrong is an error, and what is right has the right type."""

from collections.abc import Iterator
from typing import assert_type

import pytest

from treadle.spec import (
    Counterexample,
    Model,
    State,
    action,
    check,
    eventually,
    invariant,
    leads_to,
    state,
    step_property,
    weak_fair,
)


class Jugs(State):
    small: int
    big: int = 0


@state
class Clock:
    hour: int


class DieHard(Model[Jugs]):
    fairness = weak_fair("fill")

    def init(self) -> Iterator[Jugs]:
        yield Jugs(0)

    @action
    def fill(self, state: Jugs) -> Iterator[Jugs]:
        yield state.evolve(big=5)

    @action(fair="strong", litres=range(3))
    def pour(self, state: Jugs, litres: int) -> Iterator[Jugs]:
        yield Jugs(small=litres, big=state.big)

    @invariant
    def small_enough(self, state: Jugs) -> bool:
        return state.small <= 3

    @step_property
    def never_less(self, state: Jugs, after: Jugs) -> bool:
        return after.big >= state.big

    @leads_to(litres=range(3))
    def poured(self, state: Jugs, litres: int) -> tuple[bool, bool]:
        return state.big == 5, state.small == litres


def test_fields_and_the_next_state_have_their_types() -> None:
    jugs = Jugs(1, big=2)
    assert_type(jugs.small, int)
    assert_type(jugs.evolve(small=2), Jugs)
    assert_type(Clock(1).hour, int)


def test_decorated_methods_stay_as_they_were() -> None:
    model = DieHard()
    assert_type(model.pour(Jugs(0), 1), Iterator[Jugs])
    assert_type(model.small_enough(Jugs(0)), bool)
    assert_type(model.poured(Jugs(0), litres=2), tuple[bool, bool])


def test_an_answer_knows_the_type_of_the_states() -> None:
    assert_type(check(DieHard()).counterexample, Counterexample[Jugs] | None)


def test_what_is_wrong_with_a_state_is_an_error() -> None:
    with pytest.raises(TypeError, match="small"):
        Jugs()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="huge"):
        Jugs(0, huge=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Jugs(0).small = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Clock(0).hour = 1  # type: ignore[misc]
    assert Jugs("1").small == "1"  # type: ignore[arg-type,comparison-overlap]


def test_what_is_wrong_with_a_property_is_an_error() -> None:
    @eventually  # type: ignore[type-var]
    def vague(self: DieHard, jugs: Jugs) -> int:
        return jugs.small

    assert vague(DieHard(), Jugs(1)) == 1
    with pytest.raises(ValueError, match="sometimes"):
        action(fair="sometimes")  # type: ignore[call-overload]
