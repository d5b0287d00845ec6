"""Every rung of the ladder holds, and every broken twin falls off it for its reason."""

import pytest

from models.exchange import Exchange
from models.ladder import RUNGS, Rung, climb
from models.mpmc import Mpmc
from models.mpsc import Mpsc
from models.peterson import Peterson
from models.sync_channel import SyncChannel
from models.waiting import Waiting
from models.zero_capacity import ZeroCapacity
from treadle.spec import Verdict, refines


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: f"{rung.fine!r} => {rung.coarse!r}")
def test_a_rung_answers_as_expected(rung: Rung) -> None:
    found = refines(rung.fine, rung.coarse, rung.mapping)
    reason = found.counterexample.reason if found.counterexample else ""
    assert (found.verdict, reason) == (rung.verdict, rung.reason)


def test_every_channel_refines_the_exchange_of_messages() -> None:
    climbed = {
        type(rung.fine)
        for rung in RUNGS
        if rung.verdict is Verdict.HOLDS and isinstance(rung.coarse, Exchange)
    }
    assert climbed == {Mpsc, SyncChannel, ZeroCapacity, Mpmc, Waiting}


def test_what_holds_really_moves_in_the_coarser_model() -> None:
    """Not everything is a stutter: each state of the coarser model that a refinement can reach is reached."""
    for rung in RUNGS:
        if rung.verdict is Verdict.HOLDS:
            found = refines(rung.fine, rung.coarse, rung.mapping)
            assert found.mapped > 1
            assert found.stutters < found.steps


def test_a_rung_as_a_program_says_whether_it_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    right = next(rung for rung in RUNGS if isinstance(rung.fine, Peterson))
    assert climb(right)
    assert "EXPECTED" not in capsys.readouterr().out
    assert not climb(right._replace(verdict=Verdict.VIOLATED, reason="of nothing"))
    assert "EXPECTED violated of nothing" in capsys.readouterr().out
