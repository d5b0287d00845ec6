"""Every model gives the counts in its table, and every broken twin is caught."""

from itertools import product
from math import comb, factorial, prod

import pytest

from models import mpsc, rendezvous, sync_channel
from models.expected import Expected, run
from models.mpsc import DisconnectionDiscards, Mpsc
from models.sync_channel import LostPermit, OneTooMany, SyncChannel
from treadle.spec import Verdict, check

TABLES = [*mpsc.EXPECTED, *sync_channel.EXPECTED, *rendezvous.EXPECTED]


@pytest.mark.parametrize("line", TABLES, ids=lambda line: repr(line.model))
def test_a_configuration_gives_its_expected_line(line: Expected) -> None:
    result = check(line.model)
    assert (result.verdict, result.distinct, result.depth) == line[1:4]
    assert (result.counterexample.reason if result.counterexample else "") == line.reason


@pytest.mark.parametrize("line", TABLES, ids=lambda line: repr(line.model))
def test_every_action_of_a_model_that_holds_happens(line: Expected) -> None:
    if line.verdict is Verdict.HOLDS:
        assert check(line.model).never_enabled == ()


def test_a_table_run_as_a_program_says_whether_it_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = mpsc.EXPECTED[0], mpsc.EXPECTED[0]._replace(distinct=8)
    assert run([right])
    assert "EXPECTED" not in capsys.readouterr().out
    assert not run([wrong, right])
    assert capsys.readouterr().out.count("EXPECTED holds, 8 distinct states, depth 6") == 1


# --- the twins, move by move ---


def test_a_receiver_told_too_early_has_missed_all_that_was_queued() -> None:
    found = check(DisconnectionDiscards(senders=1, messages=1)).counterexample
    assert found is not None
    assert found.actions == ("send(sender=0)", "drop_sender(sender=0)", "recv")
    assert found.states[-1].told
    assert found.states[-1].channel.buffer == ((0, 0),)


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_one_message_too_many_takes_as_many_sends(capacity: int) -> None:
    found = check(OneTooMany(capacity=capacity)).counterexample
    assert found is not None
    assert len(found.states) == capacity + 2
    assert {name.partition("(")[0] for name in found.actions} == {"send"}


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_lost_permits_stop_everyone_once_all_are_lost(capacity: int) -> None:
    found = check(LostPermit(capacity=capacity, messages=4)).counterexample
    assert found is not None
    assert len(found.states) == 2 * capacity + 1
    assert found.states[-1].channel.capacity == 0


# --- how many states there must be, counted on paper ---


def paper_count(senders: int, messages: int, capacity: int | None) -> int:
    """States of the clients whose receiver stays.

    However far each sender is, its messages were sent in one of multinomially many orders, the
    receiver has had any part of them that leaves at most the capacity queued, and each sender that is through
    has dropped its handle or has not. At the end, for each order, the receiver is told, and leaves.
    """
    total = 0
    for sent in product(range(messages + 1), repeat=senders):
        orders = factorial(sum(sent)) // prod(map(factorial, sent))
        queued = sum(sent) if capacity is None else min(sum(sent), capacity)
        total += orders * (queued + 1) * 2 ** sent.count(messages)
    return total + 2 * prod(comb(messages * (k + 1), messages) for k in range(senders))


@pytest.mark.parametrize("senders", [1, 2, 3])
@pytest.mark.parametrize("messages", [1, 2])
def test_mpsc_has_as_many_states_as_counted_on_paper(senders: int, messages: int) -> None:
    assert check(Mpsc(senders=senders, messages=messages)).distinct == paper_count(senders, messages, None)


@pytest.mark.parametrize("senders", [1, 2, 3])
@pytest.mark.parametrize("messages", [1, 2])
@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_sync_channel_has_as_many_states_as_counted_on_paper(
    senders: int, messages: int, capacity: int
) -> None:
    model = SyncChannel(capacity=capacity, senders=senders, messages=messages)
    assert check(model).distinct == paper_count(senders, messages, capacity)


def test_a_rendezvous_is_no_sync_channel_of_this_model() -> None:
    with pytest.raises(ValueError, match="rendezvous"):
        SyncChannel(capacity=0)
