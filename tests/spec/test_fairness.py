"""Temporal properties and fairness mean what they mean in TLA+: the traps, each with TLC's verdict."""

from collections.abc import Iterator

import pytest

from treadle.spec import (
    Fairness,
    Model,
    State,
    Verdict,
    action,
    always_eventually,
    check,
    eventually,
    eventually_always,
    leads_to,
    strong_fair,
    weak_fair,
)


class XY(State):
    x: int = 0
    y: int = 0


class Trap(Model[XY]):
    def init(self) -> Iterator[XY]:
        yield XY()

    def terminal(self, state: XY) -> bool:
        return True


class T01(Trap):
    """One step and no fairness: a behaviour may stop before it."""

    @action
    def go(self, state: XY) -> Iterator[XY]:
        if state.x == 0:
            yield state.evolve(x=1)

    @eventually
    def x_is_one(self, state: XY) -> bool:
        return state.x == 1


class T02(T01):
    fairness = weak_fair("go")


class T03(Trap):
    """Go is enabled now and then: weak fairness does not help it."""

    fairness = weak_fair("flip") & weak_fair("go")

    @action
    def flip(self, state: XY) -> Iterator[XY]:
        yield state.evolve(y=1 - state.y)

    @action
    def go(self, state: XY) -> Iterator[XY]:
        if state.y == 1:
            yield state.evolve(x=1)

    @eventually
    def x_is_one(self, state: XY) -> bool:
        return state.x == 1


class T04(T03):
    fairness = weak_fair("flip") & strong_fair("go")


class T05(Trap):
    """Fairness of A or B: taking one of them for ever is enough."""

    fairness = weak_fair("a", "b")

    @action
    def a(self, state: XY) -> Iterator[XY]:
        yield state.evolve(x=1 - state.x)

    @action
    def b(self, state: XY) -> Iterator[XY]:
        if state.y == 0:
            yield state.evolve(y=1)

    @eventually
    def y_is_one(self, state: XY) -> bool:
        return state.y == 1


class T06(T05):
    fairness = weak_fair("a") & weak_fair("b")


class T07(Trap):
    """A step that changes nothing is no step of ⟨A⟩_v, so that fairness asks nothing of it."""

    fairness = weak_fair("idle")

    @action
    def idle(self, state: XY) -> Iterator[XY]:
        yield state

    @action
    def go(self, state: XY) -> Iterator[XY]:
        yield state.evolve(x=1)

    @eventually
    def x_is_one(self, state: XY) -> bool:
        return state.x == 1


class T08(Trap):
    """The outer component is fair through x=1; the cycle within it that avoids x=1 is fair too, and is found.

    b is enabled only where the cycle y=0, y=1 does not come.
    """

    fairness = strong_fair("b") & weak_fair("a")

    @action
    def a(self, state: XY) -> Iterator[XY]:
        if state.x == 0 and state.y < 2:
            yield state.evolve(y=1 - state.y)

    @action
    def wander(self, state: XY) -> Iterator[XY]:
        if state.x == 0 and state.y == 1:
            yield state.evolve(y=2)

    @action
    def b(self, state: XY) -> Iterator[XY]:
        if state.y == 2:
            yield XY(x=1, y=0)

    @action
    def back(self, state: XY) -> Iterator[XY]:
        if state.x == 1:
            yield XY()

    @always_eventually
    def x_is_one(self, state: XY) -> bool:
        return state.x == 1


class SubComponent(Trap):
    """As T08, and that cycle is unfair to the way out of it."""

    fairness = strong_fair("b") & strong_fair("a") & strong_fair("wander")
    a, wander, b, back = T08.a, T08.wander, T08.b, T08.back
    x_is_one = T08.x_is_one


class Always(Trap):
    """◇□P is broken by coming back to ¬P for ever, although P is true for ever so often."""

    fairness = weak_fair("flip")
    flip = T03.flip

    @eventually_always
    def y_is_one(self, state: XY) -> bool:
        return state.y == 1


class Settles(T02):
    @eventually_always
    def x_stays(self, state: XY) -> bool:
        return state.x == 1


class Again(Trap):
    """□◇P is broken by a behaviour that stops, unless the step is fair."""

    flip = T03.flip

    @always_eventually
    def y_is_one(self, state: XY) -> bool:
        return state.y == 1


class AgainFairly(Again):
    fairness = weak_fair("flip")


class Answer(Trap):
    """Asked leads to answered; the question may be asked for ever."""

    @action
    def ask(self, state: XY) -> Iterator[XY]:
        if state.x == 0:
            yield state.evolve(x=1)

    @action
    def answer(self, state: XY) -> Iterator[XY]:
        if state.x == 1:
            yield state.evolve(x=2)

    @leads_to
    def answered(self, state: XY) -> tuple[bool, bool]:
        return state.x == 1, state.x == 2


class AnswerFairly(Answer):
    """Nobody needs to ask, for the premise to lead to the conclusion."""

    fairness = weak_fair("answer")


class Conclusion(Trap):
    """A conclusion that came before the premise does not count."""

    fairness = weak_fair("step")

    @action
    def step(self, state: XY) -> Iterator[XY]:
        if state.x < 2:
            yield state.evolve(x=state.x + 1)

    @leads_to
    def later(self, state: XY) -> tuple[bool, bool]:
        return state.x == 2, state.x == 1


class Each(Trap):
    """Fairness of each choice of the parameters, and of the action as a whole, differ."""

    @action(fair="weak", bit=(1, 2))
    def toggle(self, state: XY, bit: int) -> Iterator[XY]:
        yield state.evolve(x=state.x ^ bit)

    @eventually
    def second_bit(self, state: XY) -> bool:
        return state.x & 2 > 0


class Whole(Each):
    fairness = weak_fair("toggle")

    @action(bit=(1, 2))
    def toggle(self, state: XY, bit: int) -> Iterator[XY]:
        yield state.evolve(x=state.x ^ bit)


class Chosen(Whole):
    fairness = weak_fair("toggle", bit=2)


class EqualEffect(Trap):
    """A step belongs to every action that allows it: one and other have the same effect, so each serves the other."""

    fairness = weak_fair("one")

    @action
    def one(self, state: XY) -> Iterator[XY]:
        yield state.evolve(y=1 - state.y)

    @action
    def other(self, state: XY) -> Iterator[XY]:
        yield state.evolve(y=1 - state.y)

    @always_eventually
    def y_is_one(self, state: XY) -> bool:
        return state.y == 1


class TwoStarts(T02):
    """An initial state in which the property is true already does not excuse the other."""

    fairness = Fairness()

    def init(self) -> Iterator[XY]:
        yield XY(1)
        yield XY(0)


VERDICTS = {
    T01: Verdict.VIOLATED,
    T02: Verdict.HOLDS,
    T03: Verdict.VIOLATED,
    T04: Verdict.HOLDS,
    T05: Verdict.VIOLATED,
    T06: Verdict.HOLDS,
    T07: Verdict.VIOLATED,
    T08: Verdict.VIOLATED,
    SubComponent: Verdict.HOLDS,
    Always: Verdict.VIOLATED,
    Settles: Verdict.HOLDS,
    Again: Verdict.VIOLATED,
    AgainFairly: Verdict.HOLDS,
    Answer: Verdict.VIOLATED,
    AnswerFairly: Verdict.HOLDS,
    Conclusion: Verdict.VIOLATED,
    Each: Verdict.HOLDS,
    Whole: Verdict.VIOLATED,
    Chosen: Verdict.HOLDS,
    EqualEffect: Verdict.HOLDS,
    TwoStarts: Verdict.VIOLATED,
}


@pytest.mark.parametrize("trap", VERDICTS, ids=lambda trap: trap.__name__)
def test_a_trap_has_the_verdict_of_tlc(trap: type[Trap]) -> None:
    result = check(trap())
    assert result.verdict is VERDICTS[trap], str(result)


# --- how a behaviour without end reads ---


def test_a_behaviour_that_stops_says_so() -> None:
    found = check(T01()).counterexample
    assert found is not None
    assert (found.states, found.actions, found.loop, found.back) == ((XY(),), (), 0, None)
    assert str(found).splitlines() == [
        "eventually x_is_one is violated",
        "state 1, initial",
        "    x = 0",
        "    y = 0",
        "and so for ever: state 1 stays as it is",
    ]


def test_a_behaviour_that_goes_round_says_where() -> None:
    found = check(T03()).counterexample
    assert found is not None
    assert (found.states, found.actions, found.loop, found.back) == ((XY(), XY(0, 1)), ("flip",), 0, "flip")
    assert str(found).splitlines()[-1] == "back to state 1, after flip, and round for ever"


def test_a_cycle_is_fair_to_everything_it_must_be() -> None:
    """T05's cycle takes a, because of WF(a ∨ b), and never b."""
    found = check(T05()).counterexample
    assert found is not None
    assert {*found.actions, found.back} == {"a"}


def test_a_premise_is_shown_before_what_never_follows() -> None:
    found = check(Answer()).counterexample
    assert found is not None
    assert (found.states, found.actions, found.loop) == ((XY(0), XY(1)), ("ask",), 1)


def test_a_liveness_property_without_any_fairness_is_warned_of() -> None:
    assert check(T01()).warnings == ("no action is fair, so that every behaviour may stop anywhere",)
    assert check(T02()).warnings == ()


def test_a_premise_that_is_never_true_is_warned_of() -> None:
    class Vacuous(AnswerFairly):
        @leads_to
        def far(self, state: XY) -> tuple[bool, bool]:
            return state.x == 7, False

    result = check(Vacuous())
    assert result.verdict is Verdict.HOLDS
    assert result.warnings == ("leads_to far says nothing: its premise is never true",)


# --- mistakes ---


def test_a_misspelt_action_in_a_fairness_condition_is_refused_where_it_is_defined() -> None:
    with pytest.raises(TypeError, match=r"Wrong.fairness: WF\(og\) names no action og; there is go"):

        class Wrong(T01):
            fairness = weak_fair("og")


def test_a_misspelt_parameter_in_a_fairness_condition_is_refused() -> None:
    with pytest.raises(TypeError, match="action toggle has no parameter bti"):

        class Wrong(Whole):
            fairness = strong_fair("toggle", bti=1)


def test_a_value_that_a_parameter_never_has_is_refused() -> None:
    class Wrong(Whole):
        fairness = strong_fair("toggle", bit=3)

    with pytest.raises(ValueError, match=r"SF\(toggle\(bit=3\)\) is never met"):
        check(Wrong())


def test_a_fairness_that_is_neither_weak_nor_strong_is_refused() -> None:
    with pytest.raises(ValueError, match="fair is 'week'"):
        action(fair="week")  # type: ignore[call-overload]  # the mistake
    with pytest.raises(TypeError, match="weak_fair needs the name of an action"):
        weak_fair()
    with pytest.raises(TypeError, match="takes names of actions"):
        weak_fair(T01.go)  # type: ignore[arg-type]  # the mistake


def test_a_leads_to_that_gives_no_pair_is_refused() -> None:
    class Wrong(Answer):
        @leads_to
        def answered(self, state: XY) -> tuple[bool, bool]:
            return state.x == 1  # type: ignore[return-value]  # the mistake

    with pytest.raises(TypeError, match="leads_to answered returned False: it must return a pair of bools"):
        check(Wrong())


def test_a_fairness_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong.fairness is \(Fairness.*joined by &"):

        class Wrong(T01):
            fairness = (weak_fair("go"),)  # type: ignore[assignment]  # the mistake


def test_fairness_reads_as_in_tla() -> None:
    conditions = weak_fair("a", "b") & strong_fair("toggle", bit=2)
    assert str(conditions) == "WF(a ∨ b) ∧ SF(toggle(bit=2))"
    assert str(Fairness()) == "no fairness"
