"""Induction with CrossHair: confirmed, refuted with a state, unknown; and never about nothing."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.spec import inductive
from tests.spec.inductive import Including, Leaking, Parking, any_state
from treadle.spec import Induction, Obligation, Verdict, check, prove_inductive
from treadle.spec.confirm import confirm


def verdicts(found: Induction) -> dict[str, Verdict]:
    return {answer.name: answer.verdict for answer in found.obligations}


def test_invariants_are_confirmed_for_every_number_of_places() -> None:
    heard: list[Obligation] = []
    found = prove_inductive(inductive.parking, any_state, on_answer=heard.append)
    assert found.verdict is Verdict.HOLDS
    assert list(verdicts(found)) == ["init", "come(cars=1)", "come(cars=2)", "go"]
    assert heard == list(found.obligations)
    assert str(found).splitlines()[:2] == [
        "adds_up, is_never_overfull, has_no_negative_cars, fits of Parking(places=2), inductive: holds",
        "    init holds: Confirmed over all paths.",
    ]


def test_a_twin_is_refuted_by_a_state_and_only_where_it_is_wrong() -> None:
    found = prove_inductive(inductive.leaking, any_state)
    assert found.verdict is Verdict.VIOLATED
    wrong = [answer for answer in found.obligations if answer.verdict is not Verdict.HOLDS]
    assert [answer.name for answer in wrong] == ["go"]
    assert wrong[0].text.startswith("an invariant is broken from (places=")


def test_what_no_small_state_shows_is_left_to_the_proof() -> None:
    """One choice is right and happens, one is wrong, one never happens: each has its own answer."""
    found = prove_inductive(inductive.rare, any_state, actions=["come"])
    answers = {answer.name: answer for answer in found.obligations}
    assert verdicts(found) == {
        "init": Verdict.HOLDS,
        "come(cars=1)": Verdict.HOLDS,
        "come(cars=2)": Verdict.VIOLATED,
        "come(cars=3)": Verdict.UNKNOWN,
    }
    assert "taken=1000" in answers["come(cars=2)"].text
    assert answers["come(cars=3)"].text == "no state was found in which it happens"


def test_an_assertion_in_what_an_action_calls_is_no_contract() -> None:
    found = prove_inductive(inductive.asserting, any_state, actions=["go"])
    assert verdicts(found)["go"] is Verdict.VIOLATED
    assert "taken=1000" in found.obligations[1].text


def test_a_proof_that_is_not_exhausted_is_unknown() -> None:
    """The seconds do not decide: no number of them would exhaust it."""
    assert confirm(inductive.every_length_by_itself, 0.5)[0] is Verdict.UNKNOWN


def test_crosshair_is_left_as_it_was() -> None:
    from crosshair import core  # noqa: PLC0415

    before = vars(core)["EnforcedConditions"]
    prove_inductive(Parking(), any_state, actions=["go"])
    assert vars(core)["EnforcedConditions"] is before


def test_a_first_state_that_is_wrong_in_a_large_instance_is_found() -> None:
    """Which a check of the instances up to some size does not see."""
    assert check(inductive.begins_full(20)).verdict is Verdict.HOLDS
    found = prove_inductive(inductive.begins_full, any_state, invariants=["adds_up"])
    assert verdicts(found)["init"] is Verdict.VIOLATED


def test_an_action_that_raises_is_refuted() -> None:
    found = prove_inductive(inductive.raising, any_state)
    assert verdicts(found)["go"] is Verdict.VIOLATED


def test_what_is_true_but_not_inductive_by_itself_is_refuted_by_a_state_that_is_never_reached() -> None:
    """All places taken, and some free: what rules that out must be proved with it."""
    assert check(Parking(3)).verdict is Verdict.HOLDS
    alone = prove_inductive(inductive.parking, any_state, invariants=["fits"])
    assert verdicts(alone)["come(cars=1)"] is Verdict.VIOLATED
    together = prove_inductive(
        inductive.parking, any_state, invariants=["fits", "adds_up", "is_never_overfull"]
    )
    assert together.verdict is Verdict.HOLDS


def test_an_action_that_never_happens_is_not_proved() -> None:
    found = prove_inductive(inductive.closed, any_state)
    assert found.verdict is Verdict.UNKNOWN
    assert "no state was found in which it happens" in str(found)


def test_a_model_with_its_constants_given_is_proved_for_these() -> None:
    assert prove_inductive(Parking(5), any_state).verdict is Verdict.HOLDS
    assert prove_inductive(Leaking(5), any_state).verdict is Verdict.VIOLATED


def test_some_actions_can_be_asked_about_alone() -> None:
    found = prove_inductive(inductive.leaking, any_state, actions=["come"], invariants=["adds_up"])
    assert list(verdicts(found)) == ["init", "come(cars=1)", "come(cars=2)"]
    assert found.verdict is Verdict.HOLDS


def test_an_answer_is_no_bool() -> None:
    with pytest.raises(TypeError, match="three verdicts"):
        assert Induction("a model", ("an invariant",), ())


def unannotated(free, taken):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    return any_state(free, taken)


def no_default(places: int) -> Parking:
    return Parking(places)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prove_inductive(inductive.parking, unannotated), "free of unannotated has no annotation"),
        (lambda: prove_inductive(no_default, any_state), "places of no_default has no default"),
        (
            lambda: prove_inductive(Parking(), any_state, invariants=["adds"]),
            "has no invariant adds; there is",
        ),
        (lambda: prove_inductive(Parking(), any_state, invariants=[]), "has no invariant to prove"),
        (lambda: prove_inductive(Parking(), any_state, actions=["fly"]), "has no action fly"),
        (lambda: prove_inductive(Including(), inductive.town), "includes another model"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_no_time_is_no_budget() -> None:
    with pytest.raises(ValueError, match="seconds is 0"):
        prove_inductive(Parking(), any_state, seconds=0)


def test_crosshair_is_imported_when_it_is_needed() -> None:
    code = "import sys, treadle.spec; sys.exit('crosshair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
