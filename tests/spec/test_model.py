"""How a model is written, and which mistakes in writing it are refused."""

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_type

import pytest

from treadle.spec import Counterexample, Model, Verdict, action, check, invariant


class Counter(Model[int]):
    """Counts to a limit; the smallest model with a constant."""

    def __init__(self, limit: int = 3) -> None:
        self.limit = limit

    def init(self) -> Iterator[int]:
        yield 0

    def terminal(self, state: int) -> bool:
        return state == self.limit

    @action
    def count(self, state: int) -> Iterator[int]:
        if state < self.limit:
            yield state + 1


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def refused(error: type[Exception], match: str, make: Callable[[], object]) -> None:
    """Expect the error from making a model, or from checking what was made."""
    with pytest.raises(error, match=match):
        check(make())  # type: ignore[arg-type]  # mistakes are what is tested here


def test_a_model_is_checked_with_its_constants() -> None:
    result = check(Counter(limit=9))
    assert (result.verdict, result.distinct, result.depth) == (Verdict.HOLDS, 10, 10)


def test_a_model_prints_its_constants() -> None:
    model = Counter(limit=9)
    vars(model)["_cache"] = {}
    assert repr(model) == "Counter(limit=9)"


def test_a_model_may_be_a_dataclass() -> None:
    @dataclass(frozen=True)
    class Clock(Model[int]):
        hours: int

        def init(self) -> Iterable[int]:
            return range(self.hours)

        @action
        def tick(self, state: int) -> Iterator[int]:
            yield (state + 1) % self.hours

    result = check(Clock(hours=12))
    assert (result.distinct, result.depth) == (12, 1)


def test_an_action_stays_a_method() -> None:
    assert list(Counter().count(1)) == [2]
    assert list(Counter().count(3)) == []


def test_a_model_holds_however_often_it_is_checked() -> None:
    model = Counter()
    assert check(model) == check(model)


# --- parameters ---


class Walk(Model[tuple[int, int]]):
    """Each axis is walked by one instance of the action."""

    def __init__(self, size: int) -> None:
        self.size = size

    def init(self) -> Iterator[tuple[int, int]]:
        yield 0, 0

    def terminal(self, state: tuple[int, int]) -> bool:
        return True

    @action(axis=range(2), by=lambda model: iter((1, model.size)))
    def walk(self, state: tuple[int, int], axis: int, by: int) -> Iterator[tuple[int, int]]:
        moved = list(state)
        moved[axis] += by
        if moved[axis] <= self.size:
            yield moved[0], moved[1]

    @invariant
    def not_in_the_corner(self, state: tuple[int, int]) -> bool:
        return state != (self.size, self.size)


def test_parameters_range_over_the_product_of_their_domains() -> None:
    counterexample = check(Walk(3)).counterexample
    assert counterexample is not None
    assert counterexample.actions == ("walk(axis=0, by=3)", "walk(axis=1, by=3)")


def test_a_domain_that_is_an_iterator_serves_every_check() -> None:
    class Once(Counter):
        @action(by=iter((1, 2)))
        def count(self, state: int, by: int = 1) -> Iterator[int]:
            if state + by <= self.limit:
                yield state + by

    assert [check(Once(limit=4)).coverage["count"].transitions for _ in range(2)] == [7, 7]


def test_an_enumeration_is_a_domain() -> None:
    class Light(Model[Colour]):
        def init(self) -> Iterator[Colour]:
            yield Colour.RED

        @action(colour=Colour)
        def switch(self, state: Colour, colour: Colour) -> Iterator[Colour]:
            yield colour

    assert check(Light()).distinct == 2


def test_a_parameter_without_domain_is_refused() -> None:
    with pytest.raises(TypeError, match="action go has no domain for its parameter where"):

        class Wrong(Counter):
            @action
            def go(self, state: int, where: int) -> Iterator[int]:
                yield where


def test_a_misspelt_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match=r"action go has no parameter wher$"):

        class Wrong(Counter):
            @action(wher=range(2))
            def go(self, state: int, where: int = 0) -> Iterator[int]:
                yield where


def test_an_empty_domain_is_refused() -> None:
    class Nowhere(Counter):
        @action(where=lambda model: range(model.limit))
        def go(self, state: int, where: int) -> Iterator[int]:
            yield where

    assert check(Nowhere(1)).verdict is Verdict.HOLDS
    refused(ValueError, "action go: the domain of where is empty", lambda: Nowhere(0))


def test_a_domain_that_is_no_iterable_is_refused() -> None:
    class Nowhere(Counter):
        @action(where=lambda model: model.limit)
        def go(self, state: int, where: int) -> Iterator[int]:
            yield where

    refused(TypeError, "action go: the domain of where is 3, which is not iterable", Nowhere)


def test_an_action_takes_the_state() -> None:
    with pytest.raises(TypeError, match="action go must take the state"):

        class Wrong(Counter):
            @action
            def go(self) -> Iterator[int]:
                yield 0


# --- types, which mypy checks as it reads this ---


def test_the_type_of_the_states_reaches_the_counterexample() -> None:
    assert_type(check(Counter()).counterexample, Counterexample[int] | None)
    assert_type(Counter().count(1), Iterator[int])


def test_an_action_that_gives_no_states_is_a_type_error() -> None:
    class Wrong(Counter):
        @action  # type: ignore[type-var]  # the mistake
        def go(self, state: int) -> None:
            return None

    refused(TypeError, "action go returned None", Wrong)


# --- inheritance ---


def test_a_subclass_replaces_an_action_in_its_place() -> None:
    class Twice(Counter):
        @action
        def skip(self, state: int) -> Iterator[int]:
            yield state

        @action
        def count(self, state: int) -> Iterator[int]:
            yield min(state + 2, self.limit)

    result = check(Twice(limit=4))
    assert result.distinct == 3
    assert list(result.coverage) == ["count", "skip"]


def test_an_action_replaced_without_its_decorator_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Silent.count replaces an action: decorate it with @action"):

        class Silent(Counter):
            def count(self, state: int) -> Iterator[int]:
                yield state


def test_an_invariant_replaced_without_its_decorator_is_refused() -> None:
    with pytest.raises(TypeError, match="not_in_the_corner replaces an invariant"):

        class Wrong(Walk):
            def not_in_the_corner(self, state: tuple[int, int]) -> bool:
                return True


# --- what a model must have ---


def test_a_model_without_actions_is_refused() -> None:
    class Still(Model[int]):
        def init(self) -> Iterator[int]:
            yield 0

    refused(TypeError, "Still has no actions", Still)


def test_a_model_without_init_is_refused() -> None:
    class Headless(Model[int]):
        @action
        def go(self, state: int) -> Iterator[int]:
            yield state

    refused(TypeError, "abstract", Headless)


def test_a_model_without_initial_states_is_refused() -> None:
    class Unborn(Counter):
        def init(self) -> Iterator[int]:
            yield from ()

    refused(ValueError, r"Unborn\(limit=3\) has no initial state", Unborn)


def test_an_init_that_returns_nothing_is_refused() -> None:
    class Forgetful(Counter):
        def init(self) -> Iterator[int]:
            return None  # type: ignore[return-value]  # the mistake

    refused(TypeError, "init returned None", Forgetful)


def test_a_class_instead_of_a_model_is_refused() -> None:
    refused(TypeError, "an instance of a Model", lambda: Counter)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_states is 0"):
        check(Counter(), max_states=0)


# --- what an action and an invariant must give ---


def one_action(states: Callable[[int], Any]) -> Callable[[], Model[Any]]:
    """A model whose action gives whatever the function does."""

    class Odd(Model[Any]):
        def init(self) -> Iterator[int]:
            yield 0

        @action(by=[1])
        def go(self, state: int, by: int) -> Any:
            return states(state)

    return Odd


def test_an_action_may_return_a_list() -> None:
    assert check(one_action(lambda state: [1 - state])()).distinct == 2


def test_an_action_that_returns_nothing_is_refused() -> None:
    refused(TypeError, r"action go\(by=1\) returned None", one_action(lambda state: None))


def test_an_action_that_returns_a_state_is_refused() -> None:
    refused(TypeError, r"action go\(by=1\) returned 1: it must yield", one_action(lambda state: 1))


def test_an_invariant_that_returns_no_bool_is_refused() -> None:
    class Vague(Counter):
        @invariant
        def holds(self, state: int) -> bool:
            return None  # type: ignore[return-value]  # the mistake

    refused(TypeError, "invariant holds returned None, which is no bool", Vague)


def test_an_invariant_takes_the_state_alone() -> None:
    with pytest.raises(TypeError, match="invariant holds must take the state"):

        class Wrong(Counter):
            @invariant
            def holds(self, state: int, more: int) -> bool:
                return True


# --- what a state must be ---


@dataclass(frozen=True)
class Pair:
    left: object
    right: object = ()


@dataclass
class Loose:
    value: int


@dataclass(unsafe_hash=True)
class Slippery:
    value: int


class Bare:
    pass


@dataclass(eq=False)
class Growing(tuple):  # type: ignore[type-arg]  # noqa: SLOT001  # of anything, and it has more
    more: int = 0


@pytest.mark.parametrize(
    ("state", "flaw"),
    [
        ([1], "the state is a list, which cannot be hashed"),
        (Pair([1]), "left is a list, which cannot be hashed"),
        (Pair(1, Pair(2, {3})), "right.right is a set, which cannot be hashed"),
        ((1, ({},)), r"\[1\]\[0\] is a dict, which cannot be hashed"),
        (Pair(((1, []),)), r"left\[0\]\[1\] is a list"),
        (Loose(1), "the state is a Loose, a dataclass that is not frozen"),
        (Pair(Slippery(1)), "left is a Slippery, a dataclass that is not frozen"),
        (Growing(), "the state is a Growing, a dataclass that is not frozen"),
        ((1, Growing()), r"\[1\] is a Growing, a dataclass that is not frozen"),
        (Bare(), "is equal to itself alone"),
    ],
    ids=lambda value: re.sub(r" at 0x\w+", "", repr(value)),  # the same in each process
)
def test_a_mutable_state_is_refused_by_the_name_of_its_field(state: object, flaw: str) -> None:
    refused(TypeError, rf"action go\(by=1\): .*{flaw}", one_action(lambda _: [state]))

    class Born(Counter):
        def init(self) -> Any:
            return [state]

    refused(TypeError, f"init: .*{flaw}", Born)


def test_an_unhashable_state_is_refused_however_late_it_comes() -> None:
    refused(TypeError, "cannot be hashed", one_action(lambda state: [state + 1 if state < 5 else [5]]))


@pytest.mark.parametrize(
    "state", [None, "s", Pair(1, Pair(2)), (1, (2,)), frozenset({1}), Colour.RED], ids=repr
)
def test_an_immutable_value_is_a_state(state: object) -> None:
    assert check(one_action(lambda _: [state])()).distinct == 2


def test_an_action_that_yields_something_else_than_it_declares_is_refused() -> None:
    class Wrong(Counter):
        @action
        def go(self, state: int) -> Iterator[int]:
            yield str(state)  # type: ignore[misc]  # the mistake

    refused(TypeError, "action go yields '0', and declares that it yields int", Wrong)


def test_a_declaration_that_only_type_checkers_understand_is_no_mistake() -> None:
    class Vague(Counter):
        @action
        def go(self, state: int) -> "Iterator[Unknown]":  # type: ignore[name-defined]  # noqa: F821
            yield 0

        @action
        def half(self, state: int) -> Iterator[float]:  # type: ignore[override,misc,unused-ignore]
            yield 1

    assert check(Vague()).verdict is Verdict.HOLDS


class Restless(Counter):
    """Begins elsewhere each time."""

    times = 0

    def init(self) -> Iterator[int]:
        type(self).times += 1
        yield self.times


def test_an_init_that_is_not_deterministic_is_refused() -> None:
    refused(TypeError, "init gives other states each time, so it is not deterministic", lambda: Restless(9))


def test_an_action_that_is_not_deterministic_is_refused() -> None:
    given = iter(range(100))

    class Wrong(Counter):
        @action
        def go(self, state: int) -> Iterator[int]:
            yield next(given)

    refused(TypeError, "action go: made twice, the state is [0-9] and [0-9], which are not equal", Wrong)


def test_a_part_that_is_equal_to_itself_alone_is_named() -> None:
    refused(
        TypeError,
        r"action go\(by=1\): made twice, right.left is .*Bare.*which are not equal",
        one_action(lambda _: [Pair(1, Pair(Bare()))]),
    )


def test_a_state_that_is_not_equal_to_itself_is_refused() -> None:
    nan = float("nan")
    refused(TypeError, r"left is nan, which is not equal to itself", one_action(lambda _: [Pair(nan)]))
