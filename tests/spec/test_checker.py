"""What a check answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.golden.diehard import DieHard, FourLitres
from treadle.spec import Coverage, Model, Verdict, action, check, invariant


class Line(Model[int]):
    """From 0 to 5; where it may end is the test's business."""

    def __init__(self, end: int = 5) -> None:
        self.end = end

    def init(self) -> Iterator[int]:
        yield 0

    def terminal(self, state: int) -> bool:
        return state == self.end

    @action
    def go(self, state: int) -> Iterator[int]:
        if state < 5:
            yield state + 1


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"

# --- deadlock ---


def test_a_terminal_state_may_have_no_successor() -> None:
    assert check(Line(end=5)).verdict is Verdict.HOLDS


def test_a_state_without_successor_that_is_not_terminal_is_a_deadlock() -> None:
    result = check(Line(end=4))
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert result.counterexample.reason == DEADLOCK
    assert result.counterexample.states == (0, 1, 2, 3, 4, 5)
    assert result.counterexample.actions == ("go",) * 5


def test_a_step_to_the_same_state_is_no_deadlock() -> None:
    class Resting(Line):
        @action
        def rest(self, state: int) -> Iterator[int]:
            yield state

    assert check(Resting(end=4)).verdict is Verdict.HOLDS


# --- invariants ---


def test_an_initial_state_may_break_an_invariant() -> None:
    class Never(Line):
        @invariant
        def never(self, state: int) -> bool:
            return False

    result = check(Never())
    assert result.counterexample is not None
    assert result.counterexample.states == (0,)
    assert result.counterexample.actions == ()
    assert (result.distinct, result.depth) == (1, 1)


def test_a_deadlock_is_found_before_a_deeper_violation() -> None:
    """A successor of the deadlock's level is at fault too, and one step further."""

    class Fork(Model[str]):
        def init(self) -> Iterator[str]:
            yield from ("left", "right")

        @action
        def go(self, state: str) -> Iterator[str]:
            if state == "left":
                yield "bad"

        @invariant
        def not_bad(self, state: str) -> bool:
            return state != "bad"

    counterexample = check(Fork()).counterexample
    assert counterexample is not None
    assert counterexample.states == ("right",)


# --- what raises ---


class Raising(Line):
    @action(by=(0, 1))
    def divide(self, state: int, by: int) -> Iterator[int]:
        if state == 2:
            yield state // by


def test_an_action_that_raises_ends_a_shortest_behaviour() -> None:
    result = check(Raising())
    assert result.verdict is Verdict.VIOLATED
    found = result.counterexample
    assert found is not None
    assert found.states == (0, 1, 2)
    assert found.reason.startswith("action divide(by=0) raised ZeroDivisionError: ")
    assert isinstance(found.error, ZeroDivisionError)
    assert found.error.__notes__ == ["raised by action divide(by=0) in the state 2"]


def test_an_action_that_raises_a_type_error_is_told_from_a_malformed_one() -> None:
    class Mixing(Line):
        @action
        def mix(self, state: int) -> Iterator[int]:
            yield state
            yield state + "1"  # type: ignore[operator]  # the mistake

    found = check(Mixing()).counterexample
    assert found is not None
    assert found.reason.startswith("action mix raised TypeError: unsupported operand")


def test_an_invariant_that_raises_is_named() -> None:
    class Partial(Line):
        @invariant
        def divides(self, state: int) -> bool:
            return 6 % (3 - state) == 0

    found = check(Partial()).counterexample
    assert found is not None
    assert found.states == (0, 1, 2, 3)
    assert found.reason.startswith("invariant divides raised ZeroDivisionError: ")


def test_an_interrupt_is_not_taken_for_a_violation() -> None:
    class Interrupted(Line):
        @action
        def interrupt(self, state: int) -> Iterator[int]:
            raise KeyboardInterrupt
            yield state

    with pytest.raises(KeyboardInterrupt):
        check(Interrupted())


# --- a limit ---


def test_a_limit_makes_the_answer_unknown_and_says_what_was_covered() -> None:
    result = check(DieHard(), max_states=7)
    assert (result.verdict, result.distinct, result.depth) == (Verdict.UNKNOWN, 7, 4)
    assert result.bound is not None
    assert result.bound.startswith("max_states=7 reached")
    assert result.bound.endswith("among the 7 states found, the deepest of them at level 4; there are more")


def test_a_limit_that_all_states_keep_is_no_bound() -> None:
    result = check(DieHard(), max_states=16)
    assert (result.verdict, result.bound) == (Verdict.HOLDS, None)
    assert check(DieHard(), max_states=15).verdict is Verdict.UNKNOWN


def test_a_limit_may_lie_within_the_initial_states() -> None:
    class Many(Line):
        def init(self) -> Iterator[int]:
            yield from range(4)

    result = check(Many(), max_states=3)
    assert (result.verdict, result.distinct, result.depth) == (Verdict.UNKNOWN, 3, 1)
    assert result.bound is not None
    assert result.bound.endswith("the 3 states found, the deepest of them at level 1; there are more")
    assert check(Many(), max_states=6).verdict is Verdict.HOLDS


def test_a_violation_among_the_states_found_outranks_the_limit() -> None:
    class Two(Line):
        @invariant
        def below_two(self, state: int) -> bool:
            return state < 2

    assert check(Two(), max_states=2).verdict is Verdict.UNKNOWN
    assert check(Two(), max_states=3).verdict is Verdict.VIOLATED


def test_a_violation_in_a_level_cut_short_is_found() -> None:
    class Fork(Line):
        @action
        def go(self, state: int) -> Iterator[int]:
            yield from (1, 2, 3)

        @invariant
        def below_two(self, state: int) -> bool:
            return state < 2

    assert check(Fork(), max_states=2).verdict is Verdict.UNKNOWN
    result = check(Fork(), max_states=3)
    assert (result.verdict, result.distinct, result.depth) == (Verdict.VIOLATED, 3, 2)
    assert result.counterexample is not None
    assert result.counterexample.states == (0, 2)


# --- coverage ---


def test_coverage_counts_transitions_and_first_arrivals_of_each_action() -> None:
    coverage = check(DieHard()).coverage
    assert {taken.transitions for taken in coverage.values()} == {16}
    assert sum(taken.distinct for taken in coverage.values()) == 16 - 1


def test_an_action_that_never_happens_is_reported() -> None:
    class Idle(Line):
        @action(by=range(2))
        def leap(self, state: int, by: int) -> Iterator[int]:
            if state > 5:
                yield 0

    result = check(Idle())
    assert result.never_enabled == ("leap",)
    assert result.coverage["leap"] == Coverage(transitions=0, distinct=0)
    assert check(DieHard()).never_enabled == ()


# --- the verdict, and how a result reads ---


def test_neither_a_result_nor_its_verdict_is_a_bool() -> None:
    result = check(DieHard())
    with pytest.raises(TypeError, match="one of three"):
        bool(result)
    with pytest.raises(TypeError, match="one of three"):
        bool(result.verdict)


def test_a_verdict_reads_as_its_word() -> None:
    assert [str(verdict) for verdict in Verdict] == ["holds", "violated", "unknown"]


def test_a_result_reads_state_by_state_with_what_changed() -> None:
    assert str(check(FourLitres())).splitlines()[7:] == [
        "invariant not_solved is violated",
        "state 1, initial",
        "    small = 0",
        "    big = 0",
        "state 2, after fill_big",
        "    big = 0 → 5",
        "state 3, after big_to_small",
        "    small = 0 → 3",
        "    big = 5 → 2",
        "state 4, after empty_small",
        "    small = 3 → 0",
        "state 5, after big_to_small",
        "    small = 0 → 2",
        "    big = 2 → 0",
        "state 6, after fill_big",
        "    big = 0 → 5",
        "state 7, after big_to_small",
        "    small = 2 → 3",
        "    big = 5 → 4",
    ]


def test_a_result_says_its_counts_and_coverage() -> None:
    assert str(check(Raising(end=4))).splitlines()[:3] == [
        "Raising(end=4) violated: 3 distinct states, depth 3",
        "    go      3 transitions, 3 states",
        "    divide  never enabled",
    ]


def test_a_state_that_is_no_record_reads_whole() -> None:
    assert str(check(Line(end=4)).counterexample).splitlines()[:5] == [
        DEADLOCK,
        "state 1, initial",
        "    0",
        "state 2, after go",
        "    0 → 1",
    ]


@dataclass(frozen=True)
class Box:
    inner: object
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Empty:
    pass


class Boxes(Model[object]):
    """Goes through the states it is given, and stops."""

    def __init__(self, *states: object) -> None:
        self.states = states

    def init(self) -> Iterator[object]:
        yield self.states[0]

    @action
    def go(self, state: object) -> Iterator[object]:
        yield from self.states[self.states.index(state) + 1 :][:1]


def read(*states: object) -> list[str]:
    """The behaviour, without the deadlock in which it ends."""
    return str(check(Boxes(*states)).counterexample).splitlines()[1:-1]


def test_a_record_in_a_record_reads_by_its_path() -> None:
    assert read(Box(Box(1), frozenset("ba")), Box(Box(2), frozenset("ba"))) == [
        "state 1, initial",
        "    inner.inner = 1",
        "    inner.names = {}",
        "    names = {'a', 'b'}",
        "state 2, after go",
        "    inner.inner = 1 → 2",
    ]


def test_a_set_reads_in_the_same_order_in_every_run() -> None:
    names = [f"n{digit}" for digit in range(10)]
    assert read(Box(0, frozenset(names[:9])), Box(0, frozenset(names)))[-1].endswith(
        "→ {" + ", ".join(map(repr, names)) + "}"
    )


def test_a_state_of_another_kind_reads_whole() -> None:
    assert read(Box(1), Empty())[-1] == "    Box(inner=1, names=frozenset()) → Empty()"
    assert read(Empty(), Box(1))[1:] == [
        "    Empty()",
        "state 2, after go",
        "    Empty() → Box(inner=1, names=frozenset())",
    ]
    assert read(Box(Empty()), Box(Box(1)))[-1] == "    inner = Empty() → Box(inner=1, names=frozenset())"
