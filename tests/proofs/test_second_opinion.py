"""Spin agrees with us about the channel models; some small configurations here, all of them by `make spin`."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from models import actor, disconnection, mailboxes, select, select_wakeups, timeouts, timers, waiting
from models.mpmc import Mpmc, NewestFirst, OneIsTold
from models.mpsc import Mpsc
from models.sync_channel import SyncChannel
from models.zero_capacity import ZeroCapacity
from proofs import second_opinion
from proofs.second_opinion import PAIRS, Answer, Pair, SpinError, agrees, ask_spin, missing
from treadle.spec import Verdict

needs_spin = pytest.mark.skipif(bool(missing()), reason=f"not on this machine: {', '.join(missing())}")


#: Twins, and models with them, whose states are few.
FEW = (
    OneIsTold,
    NewestFirst,
    timeouts.TooLate,
    timers.LooksThenTakes,
    waiting.NoSecondLook,
    select.ClaimsEachEntry,
    select_wakeups.PassesNothingOn,
    disconnection.NoEnd,
    disconnection.NoLease,
    actor.ClosesAsksFirst,
    actor.KeepsForEver,
)
SMALL = {
    repr(model)
    for model in (
        select.Selecting("a?b?", "b!a!"),
        select_wakeups.Wakeups("ab", ("ab", "a")),
        waiting.Waiting(),
        disconnection.ReceiverLeaves(),
        mailboxes.MovedMail(),
        actor.Asking(),
    )
}


def is_small(pair: Pair) -> bool:
    one_message = pair.promela == "channel" and pair.defines["SENDERS"] * pair.defines["MESSAGES"] == 1
    return (
        one_message
        or isinstance(pair.model, FEW)
        or repr(pair.model) in SMALL
        or pair.defines.get("UNTIMED") == 1 == pair.defines["TIMED"]
    )


#: Spin does not depend on the version of Python: beside each, it is asked about another third of them.
ASKED = [pair for pair in PAIRS if is_small(pair)][sys.version_info.minor % 3 :: 3]


@needs_spin
@pytest.mark.parametrize("pair", ASKED, ids=lambda pair: repr(pair.model))
def test_spin_gives_the_same_verdict(pair: Pair) -> None:
    assert agrees(pair)


@needs_spin
def test_a_bad_translation_is_an_error_and_no_verdict() -> None:
    with pytest.raises(SpinError, match="failed"):
        ask_spin({"SENDERS": 1, "MESSAGES": 1, "RECEIVERS": 1, "SIZE": 1})  # without CAPACITY
    with pytest.raises(SpinError, match="no whole answer"):
        second_opinion._counts("pan: out of memory")


def test_a_model_that_the_files_have_no_room_for_is_an_error() -> None:
    assert second_opinion._of_select(select.Selecting("a!b?"))["CASE01"] == 3
    with pytest.raises(ValueError, match="three threads"):
        second_opinion._of_select(select.Selecting("a!", "a!", "a!", "a?"))
    with pytest.raises(ValueError, match="two channels each"):
        second_opinion._of_wakeups(select_wakeups.Wakeups("abc", ("abc",)))


@needs_spin
def test_a_deadlock_is_found_when_the_claim_is_satisfied_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = "byte x; active proctype P() { x = 1; x == 1; x == 0 } ltl ends { <> (x == 1) }"
    (tmp_path / "late.pml").write_text(program)
    monkeypatch.setattr(second_opinion, "PROMELA", tmp_path)
    assert ask_spin({}, "late").verdict is Verdict.VIOLATED


@needs_spin
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("select_wakeups", "(HAS_ANY(ME) -> leaves : asleep)", "asleep"),
        (
            "mailboxes",
            "made[_pid] = true;",
            "skip; made[_pid] = true;",
        ),  # all is as it was, but for a state more
    ],
)
def test_a_mistake_in_the_translation_is_a_disagreement(
    name: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = (second_opinion.PROMELA / f"{name}.pml").read_text()
    assert right in whole
    (tmp_path / f"{name}.pml").write_text(whole.replace(right, wrong))
    monkeypatch.setattr(second_opinion, "PROMELA", tmp_path)
    assert not agrees(next(pair for pair in PAIRS if pair.promela == name))


def test_a_disagreement_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(second_opinion, "ask_spin", lambda defines, promela: Answer(Verdict.VIOLATED, 7))
    assert not agrees(PAIRS[0])
    assert capsys.readouterr().out.startswith("DISAGREE  treadle holds, spin violated  Mpsc(senders=1")


def test_states_are_compared_where_they_are_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = next(pair for pair in PAIRS if pair.promela == "mailboxes")
    for states, agree in ((22, True), (21, False)):
        answer = Answer(Verdict.HOLDS, states)
        monkeypatch.setattr(second_opinion, "ask_spin", lambda defines, promela, answer=answer: answer)
        assert agrees(pair) is agree
    assert (
        capsys.readouterr()
        .out.splitlines()[1]
        .startswith("DISAGREE  treadle holds, spin holds, 22 and 21 states")
    )


def test_without_spin_the_program_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(second_opinion, "missing", lambda: ["spin"])
    assert second_opinion.main() == 2
    assert "no second opinion: spin not found" in capsys.readouterr().out


def test_every_kind_of_channel_is_asked_about_with_its_twins() -> None:
    for kind in (Mpsc, SyncChannel, ZeroCapacity, Mpmc):
        verdicts = {pair.verdict for pair in PAIRS if isinstance(pair.model, kind)}
        assert verdicts == {Verdict.HOLDS, Verdict.VIOLATED}


@pytest.mark.parametrize(
    "module",
    [timeouts, timers, waiting, select, select_wakeups, disconnection, mailboxes, actor],
    ids=lambda module: module.__name__,
)
def test_every_configuration_is_asked_about(module: ModuleType) -> None:
    table = {repr(line.model): line.verdict for line in (*module.EXPECTED, *getattr(module, "LARGE", ()))}
    asked = [pair for pair in PAIRS if pair.promela == module.__name__.rpartition(".")[2]]
    assert {repr(pair.model): pair.verdict for pair in asked} == table
    assert set(table.values()) == {Verdict.HOLDS, Verdict.VIOLATED}


def test_a_twin_is_named_to_spin_and_no_other_model_is() -> None:
    twins = set(second_opinion.TWINS.values())
    named = [twins & pair.defines.keys() for pair in PAIRS]
    assert set[str]().union(*named) == twins
    wrong = [
        pair for pair, names in zip(PAIRS, named, strict=True) if names and pair.verdict is Verdict.HOLDS
    ]
    assert not wrong
