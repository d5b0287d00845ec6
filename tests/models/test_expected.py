"""Every model gives the counts in its table, and every broken twin is caught."""

from collections import defaultdict
from importlib import import_module
from itertools import product
from math import comb, factorial, prod
from pathlib import Path
from types import ModuleType

import pytest

import models
from models import mpsc
from models.expected import run
from models.mpsc import DisconnectionDiscards, LazyReceiver, Mpsc
from models.sync_channel import LostPermit, OneTooMany, SyncChannel
from models.timeouts import RemovesByName
from treadle.spec import Result, Verdict, check

MODULES = [
    import_module(f"models.{file.stem}") for file in sorted(Path(models.__path__[0]).glob("[a-z]*.py"))
]
PROTOCOLS = [module for module in MODULES if hasattr(module, "EXPECTED")]
TABLES = [line for module in PROTOCOLS for line in module.EXPECTED]


@pytest.mark.parametrize("module", PROTOCOLS, ids=lambda module: module.__name__)
def test_every_configuration_gives_its_expected_line(module: ModuleType) -> None:
    """And of each model that holds every action happens in some configuration."""
    idle: dict[str, list[set[str]]] = defaultdict(list)
    for line in module.EXPECTED:
        result: Result[object] = check(line.model)
        found = (result.verdict, result.distinct, result.depth)
        assert (*found, result.counterexample.reason if result.counterexample else "") == line[1:]
        if line.verdict is Verdict.HOLDS:
            idle[type(line.model).__name__].append(set(result.never_enabled))
    assert {name: set.intersection(*sets) for name, sets in idle.items()} == {name: set() for name in idle}


@pytest.mark.parametrize("module", PROTOCOLS, ids=lambda module: module.__name__)
def test_every_protocol_has_a_twin_that_is_violated_and_a_promise_that_is_kept(module: ModuleType) -> None:
    verdicts = {line.verdict for line in module.EXPECTED}
    assert verdicts == {Verdict.HOLDS, Verdict.VIOLATED}


def test_the_protocols_are_those_of_the_channels() -> None:
    assert {module.__name__.removeprefix("models.") for module in PROTOCOLS} == {
        "actor",
        "disconnection",
        "exchange",
        "mailboxes",
        "mpmc",
        "mpsc",
        "peterson",
        "rendezvous",
        "select",
        "select_wakeups",
        "sync_channel",
        "timeouts",
        "timers",
        "waiting",
        "zero_capacity",
    }


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


def test_a_lazy_receiver_leaves_a_message_queued_for_ever() -> None:
    found = check(LazyReceiver(senders=1, messages=1)).counterexample
    assert found is not None
    assert found.loop is not None
    assert found.states[found.loop].channel.buffer == ((0, 0),)


def test_an_entry_removed_by_name_is_one_that_came_back() -> None:
    """Which is why an entry of a line is known by its identity."""
    found = check(RemovesByName()).counterexample
    assert found is not None
    left = [sender for sender, where in enumerate(found.states[-1].at) if where == "asleep"]
    assert len(left) == 1
    assert max(found.states[-1].waits) > 1


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


SIZES = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)]


@pytest.mark.parametrize(("senders", "messages"), SIZES)
def test_mpsc_has_as_many_states_as_counted_on_paper(senders: int, messages: int) -> None:
    assert check(Mpsc(senders=senders, messages=messages)).distinct == paper_count(senders, messages, None)


@pytest.mark.parametrize(("senders", "messages"), SIZES)
@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_sync_channel_has_as_many_states_as_counted_on_paper(
    senders: int, messages: int, capacity: int
) -> None:
    model = SyncChannel(capacity=capacity, senders=senders, messages=messages)
    assert check(model).distinct == paper_count(senders, messages, capacity)


def test_a_rendezvous_is_no_sync_channel_of_this_model() -> None:
    with pytest.raises(ValueError, match="rendezvous"):
        SyncChannel(capacity=0)
