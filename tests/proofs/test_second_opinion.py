"""Spin agrees with us about the channel models; some small configurations here, all of them by `make spin`."""

import pytest

from models.mpmc import Mpmc
from models.mpsc import Mpsc
from models.sync_channel import SyncChannel
from models.zero_capacity import ZeroCapacity
from proofs import second_opinion
from proofs.second_opinion import PAIRS, Pair, SpinError, agrees, missing, spin_verdict
from treadle.spec import Verdict

needs_spin = pytest.mark.skipif(bool(missing()), reason=f"not on this machine: {', '.join(missing())}")


def is_small_twin(pair: Pair) -> bool:
    return pair.model in {found.model for found in PAIRS[-2:]}


@needs_spin
@pytest.mark.parametrize(
    "pair",
    [
        pair
        for pair in PAIRS
        if pair.defines["SENDERS"] * pair.defines["MESSAGES"] == 1 or is_small_twin(pair)
    ],
    ids=lambda pair: repr(pair.model),
)
def test_spin_gives_the_same_verdict(pair: Pair) -> None:
    assert agrees(pair)


@needs_spin
def test_a_bad_translation_is_an_error_and_no_verdict() -> None:
    with pytest.raises(SpinError, match="failed"):
        spin_verdict({"SENDERS": 1, "MESSAGES": 1, "RECEIVERS": 1, "SIZE": 1})  # without CAPACITY
    with pytest.raises(SpinError, match="no whole answer"):
        second_opinion._errors("pan: out of memory")


def test_a_disagreement_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(second_opinion, "spin_verdict", lambda defines: Verdict.VIOLATED)
    assert not agrees(PAIRS[0])
    assert capsys.readouterr().out.startswith("DISAGREE  treadle holds, spin violated  Mpsc(senders=1")


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
