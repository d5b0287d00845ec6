"""Properties of states and steps, constraints, and models that include others."""

from collections.abc import Iterator

import pytest

from treadle.spec import (
    Include,
    Model,
    State,
    Verdict,
    action,
    check,
    constraint,
    eventually,
    include,
    invariant,
    sometimes,
    step_constraint,
    step_property,
)


class Counter(Model[int]):
    """Counts up to a limit by steps of one or two."""

    def __init__(self, limit: int = 4) -> None:
        self.limit = limit

    def init(self) -> Iterator[int]:
        yield 0

    def terminal(self, state: int) -> bool:
        return state >= self.limit

    @action(by=(1, 2))
    def count(self, state: int, by: int) -> Iterator[int]:
        if state < self.limit:
            yield state + by

    @action
    def rest(self, state: int) -> Iterator[int]:
        yield state


# --- parameters of properties ---


def test_an_invariant_holds_for_every_value_of_its_parameter() -> None:
    class Avoids(Counter):
        @invariant(number=(7, 3))
        def never(self, state: int, number: int) -> bool:
            return state != number

    found = check(Avoids()).counterexample
    assert found is not None
    assert found.reason == "invariant never(number=3) is violated"
    assert found.states == (0, 1, 3)


def test_a_parameter_of_a_property_has_a_domain_that_is_not_empty() -> None:
    with pytest.raises(ValueError, match="invariant never: the domain of number is empty"):

        class Avoids(Counter):
            @invariant(number=())
            def never(self, state: int, number: int) -> bool:
                return state != number


# --- steps ---


def test_a_step_property_is_asked_of_every_step_that_changes_the_state() -> None:
    class ByOne(Counter):
        @step_property
        def by_one(self, state: int, after: int) -> bool:
            return after == state + 1

    result = check(ByOne())
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert result.counterexample.reason == "step_property by_one is violated by count(by=2)"
    assert (result.counterexample.states, result.counterexample.actions) == ((0, 2), ("count(by=2)",))
    assert (result.depth, result.distinct) == (2, 3)


def test_a_step_that_changes_nothing_has_every_step_property() -> None:
    class Changes(Counter):
        @step_property
        def changes(self, state: int, after: int) -> bool:
            return state != after

    assert check(Changes()).verdict is Verdict.HOLDS


def test_a_step_property_may_ask_for_the_action() -> None:
    class OnlyCounts(Counter):
        @step_property
        def only_counts(self, state: int, after: int, action: str) -> bool:
            return action == "count"

    class NeverCounts(Counter):
        @step_property
        def never_counts(self, state: int, after: int, action: str) -> bool:
            return action == "rest"

    assert check(OnlyCounts()).verdict is Verdict.HOLDS
    assert check(NeverCounts()).verdict is Verdict.VIOLATED


def test_a_deadlock_at_the_same_level_comes_before_the_step_that_is_wrong() -> None:
    class Fork(Model[int]):
        def init(self) -> Iterator[int]:
            yield from (0, 5)

        @action
        def go(self, state: int) -> Iterator[int]:
            if state < 5:
                yield state + 1

        @step_property
        def none(self, state: int, after: int) -> bool:
            return False

    found = check(Fork()).counterexample
    assert found is not None
    assert found.states == (5,)


def test_a_step_property_takes_two_states() -> None:
    with pytest.raises(TypeError, match="step_property grows must take the state and the next one"):

        class Wrong(Counter):
            @step_property
            def grows(self, state: int) -> bool:
                return True


# --- sometimes ---


def test_what_is_sometimes_true_is_true_in_a_reachable_state() -> None:
    class Ends(Counter):
        @sometimes(number=range(6))
        def reached(self, state: int, number: int) -> bool:
            return state == number

    assert check(Ends()).verdict is Verdict.HOLDS


def test_what_is_never_true_is_named_and_has_no_behaviour() -> None:
    class Far(Counter):
        @sometimes
        def far(self, state: int) -> bool:
            return state > 5

    result = check(Far())
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert str(result.counterexample) == "sometimes far is never true"
    assert check(Far(), max_states=2).verdict is Verdict.UNKNOWN


# --- constraints ---


class Endless(Model[int]):
    def init(self) -> Iterator[int]:
        yield 0

    @action
    def up(self, state: int) -> Iterator[int]:
        yield state + 1

    @constraint
    def small(self, state: int) -> bool:
        return state <= 5


def test_a_constraint_bounds_a_search_and_the_answer_says_so() -> None:
    result = check(Endless())
    assert (result.verdict, result.distinct, result.depth) == (Verdict.HOLDS, 6, 6)
    assert result.bound == "within the constraints; 1 steps lead out of them"


def test_a_state_outside_the_constraint_is_looked_at_and_not_counted() -> None:
    class Below(Endless):
        @invariant
        def below_six(self, state: int) -> bool:
            return state < 6

    found = check(Below()).counterexample
    assert found is not None
    assert found.states == (0, 1, 2, 3, 4, 5, 6)


def test_a_constraint_of_steps_forbids_them() -> None:
    class ByOne(Counter):
        @step_constraint
        def by_one(self, state: int, after: int) -> bool:
            return after <= state + 1

    result = check(ByOne())
    assert (result.verdict, result.distinct) == (Verdict.HOLDS, 5)


def test_a_forbidden_step_counts_as_enabled_for_fairness() -> None:
    """As in TLA+: the behaviour that would take it is left out, and none of those that stay may pass it over."""

    class Bounded(Endless):
        @action(fair="weak")
        def up(self, state: int) -> Iterator[int]:
            yield state + 1

        @eventually
        def high(self, state: int) -> bool:
            return state > 5

    assert check(Bounded()).verdict is Verdict.HOLDS


# --- models within models ---


class Pair(State):
    left: int = 0
    right: int = 0


class Both(Model[Pair]):
    """Two counters, and a step of the whole that takes one of each."""

    def __init__(self, *, together: bool = False) -> None:
        self.together = together
        self.counter = Counter(2)

    def includes(self) -> Iterator[Include]:
        without = ["count"] if self.together else []
        yield include(self.counter, "left", without=without)
        yield include(self.counter, "right", without=without)

    def init(self) -> Iterator[Pair]:
        yield Pair()

    def terminal(self, state: Pair) -> bool:
        return True

    @action
    def both(self, state: Pair) -> Iterator[Pair]:
        if self.together:
            for left in self.counter.count(state.left, 1):
                for right in self.counter.count(state.right, 1):
                    yield Pair(left, right)


def test_the_actions_of_a_part_are_actions_of_the_whole() -> None:
    result = check(Both())
    assert result.distinct == 16
    assert list(result.coverage) == ["both", "left.count", "left.rest", "right.count", "right.rest"]


def test_an_action_left_out_is_taken_by_the_whole() -> None:
    assert check(Both(together=True)).distinct == 3


def test_the_properties_and_the_fairness_of_a_part_are_the_wholes() -> None:
    class Fair(Counter):
        @action(fair="weak", by=(1, 2))
        def count(self, state: int, by: int) -> Iterator[int]:
            yield from Counter.count(self, state, by)

        @eventually
        def done(self, state: int) -> bool:
            return state >= self.limit

        @invariant
        def not_two(self, state: int) -> bool:
            return state != self.limit + 2

    class FairBoth(Both):
        def __init__(self) -> None:
            super().__init__()
            self.counter = Fair(2)

    class UnfairLeft(FairBoth):
        def includes(self) -> Iterator[Include]:
            yield include(Fair(2), "left", without=["count"])
            yield include(Fair(2), "right")

    assert check(FairBoth()).verdict is Verdict.HOLDS
    found = check(UnfairLeft()).counterexample
    assert found is not None
    assert found.reason == "eventually left.done is violated"


def test_a_part_is_a_model_and_what_is_left_out_is_an_action() -> None:
    with pytest.raises(TypeError, match="include needs an instance of a Model"):
        include(Counter, "left")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(TypeError, match="include: Counter has no action cuont"):
        include(Counter(), "left", without=["cuont"])
