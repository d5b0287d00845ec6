"""The abstract channel, operation by operation, against the statements of the contract."""

from dataclasses import replace

import pytest

from models import channel
from models.channel import Channel
from models.outcome import Outcome

OPEN = Channel(2, (), frozenset({"tx"}), frozenset({"rx"}))
ONE = replace(OPEN, buffer=("a",))
FULL = replace(OPEN, buffer=("a", "b"))
UNBOUNDED = replace(FULL, capacity=None)
NO_SENDER = replace(ONE, senders=frozenset())
DRAINED = replace(OPEN, senders=frozenset())
NO_RECEIVER = replace(OPEN, receivers=frozenset())

SENDS = [channel.send, channel.try_send, channel.send_timeout]
RECEIVES = [channel.recv, channel.try_recv, channel.recv_timeout]


@pytest.mark.parametrize("operation", SENDS)
def test_a_send_queues_its_message_last(operation: channel.Send) -> None:
    """S14, S68."""
    assert list(operation(ONE, "tx", "c")) == [(replace(ONE, buffer=("a", "c")), Outcome("ok"))]


@pytest.mark.parametrize("operation", SENDS)
def test_an_unbounded_channel_is_never_full(operation: channel.Send) -> None:
    """S15, S27."""
    assert list(operation(UNBOUNDED, "tx", "c")) == [
        (replace(UNBOUNDED, buffer=("a", "b", "c")), Outcome("ok"))
    ]


def test_a_full_channel_makes_a_sender_wait_or_say_so() -> None:
    """S16, S24, S30."""
    assert list(channel.send(FULL, "tx", "c")) == []
    assert list(channel.try_send(FULL, "tx", "c")) == [(FULL, Outcome("Full", "c"))]
    assert list(channel.send_timeout(FULL, "tx", "c")) == [(FULL, Outcome("Timeout", "c"))]


@pytest.mark.parametrize("operation", SENDS)
def test_a_send_to_nobody_gives_its_message_back(operation: channel.Send) -> None:
    """S17, S18, S25: there is room, or there is none."""
    assert list(operation(NO_RECEIVER, "tx", "c")) == [(NO_RECEIVER, Outcome("SendError", "c"))]
    full = replace(NO_RECEIVER, capacity=0)
    assert list(operation(full, "tx", "c")) == [(full, Outcome("SendError", "c"))]


@pytest.mark.parametrize("operation", RECEIVES)
def test_a_receive_takes_the_oldest_message(operation: channel.Receive) -> None:
    """S36, S45, S69."""
    assert list(operation(FULL, "rx")) == [(replace(FULL, buffer=("b",)), Outcome("ok", "a"))]


def test_an_empty_channel_makes_a_receiver_wait_or_say_so() -> None:
    """S37, S43, S46."""
    assert list(channel.recv(OPEN, "rx")) == []
    assert list(channel.try_recv(OPEN, "rx")) == [(OPEN, Outcome("Empty"))]
    assert list(channel.recv_timeout(OPEN, "rx")) == [(OPEN, Outcome("Timeout"))]


@pytest.mark.parametrize("operation", RECEIVES)
def test_a_channel_without_senders_is_drained_before_its_receiver_is_told(operation: channel.Receive) -> None:
    """S38, S39, S43, S46."""
    assert list(operation(NO_SENDER, "rx")) == [(DRAINED, Outcome("ok", "a"))]
    assert list(operation(DRAINED, "rx")) == [(DRAINED, Outcome("RecvError"))]


def test_a_closed_handle_does_nothing_and_says_so() -> None:
    """P12, P13: whatever the other side is like; a send gives its message back."""
    for state in (OPEN, FULL, NO_RECEIVER, NO_SENDER):
        for send in SENDS:
            assert list(send(state, "gone", "c")) == [(state, Outcome("HandleClosed", "c"))]
        for receive in RECEIVES:
            assert list(receive(state, "gone")) == [(state, Outcome("HandleClosed"))]
        assert list(channel.clone(state, "gone", "new")) == [(state, Outcome("HandleClosed"))]


def test_a_clone_is_another_handle_to_the_same_side() -> None:
    """S10, S58."""
    both = replace(ONE, senders=frozenset({"tx", "tx2"}))
    assert list(channel.clone(ONE, "tx", "tx2")) == [(both, Outcome("ok", "tx2"))]
    [(after, _)] = channel.clone(DRAINED, "rx", "rx2")
    assert after.receivers == {"rx", "rx2"}


def test_a_clone_needs_a_name_that_is_free() -> None:
    with pytest.raises(ValueError, match="'rx' is open already"):
        list(channel.clone(OPEN, "tx", "rx"))


def test_only_the_last_handle_of_a_side_disconnects() -> None:
    """S53, S54."""
    [(two, _)] = channel.clone(ONE, "rx", "rx2")
    assert list(channel.close(two, "rx2")) == [(ONE, Outcome("ok"))]
    assert list(channel.close(ONE, "tx")) == [(NO_SENDER, Outcome("ok"))]


def test_the_last_receiver_takes_what_is_queued_with_it() -> None:
    """S59."""
    assert list(channel.close(FULL, "rx")) == [(NO_RECEIVER, Outcome("ok"))]


def test_to_close_again_changes_nothing() -> None:
    """P13."""
    assert list(channel.close(NO_SENDER, "tx")) == [(NO_SENDER, Outcome("ok"))]


def test_messages_are_never_compared() -> None:
    """P7."""

    class Touchy:
        __hash__ = None  # type: ignore[assignment]  # unhashable, too

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        def __bool__(self) -> bool:
            raise AssertionError

    message = Touchy()
    [(queued, _)] = channel.send(OPEN, "tx", message)
    [(_, outcome)] = channel.recv(queued, "rx")
    assert outcome.value is message


@pytest.mark.parametrize("state", [OPEN, ONE, FULL, UNBOUNDED, NO_SENDER, DRAINED, NO_RECEIVER])
def test_a_channel_that_operations_made_is_consistent(state: Channel) -> None:
    assert channel.consistent(state)


@pytest.mark.parametrize("state", [replace(FULL, capacity=1), replace(FULL, receivers=frozenset())])
def test_an_overfull_channel_and_one_that_keeps_messages_for_nobody_are_not(state: Channel) -> None:
    assert not channel.consistent(state)
