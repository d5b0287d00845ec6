"""The rendezvous: a sender and a receiver meet, or nothing happens."""

import gc
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import (
    AnySender,
    Background,
    Injection,
    Interrupt,
    Make,
    every_rendezvous,
    plant,
    refused,
    until_blocked,
    waiters,
)
from treadle import (
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    RecvTimeout,
    SendError,
    SendTimeout,
    bounded,
    sync_channel,
)
from treadle.channels.core import Channel
from treadle.sched import Verdict, check

Pair = tuple[AnySender, Receiver[Any]]


def interrupt() -> None:
    raise Interrupt


class Parcel:
    """A message that can be watched."""


def state_of(pair: Pair) -> Channel[Any]:
    return pair[0]._lease.channel


@pytest.mark.statement("S3", "S5", "S7")
@every_rendezvous
def test_capacity_zero_is_both_empty_and_full(make: Make) -> None:
    for handle in make():
        assert handle.capacity == 0
        assert handle.is_empty()
        assert handle.is_full()


@pytest.mark.statement("S6", "S7", "S22", "S23")
@every_rendezvous
def test_a_send_waits_for_its_receive_and_counts_as_no_message(make: Make) -> None:
    tx, rx = make()
    sender = Background(partial(tx.send, "message"))
    until_blocked(tx._lease.channel.senders)
    assert [(len(handle), handle.is_empty(), handle.is_full()) for handle in (tx, rx)] == [
        (0, True, True)
    ] * 2
    assert sender.is_alive()
    assert rx.recv() == "message"
    sender.outcome()
    assert rx._lease.channel.senders.waiting.copy() == rx._lease.channel.receivers.waiting.copy()


@pytest.mark.statement("S26", "S44")
@every_rendezvous
def test_tries_do_not_meet_each_other(make: Make) -> None:
    tx, rx = make()
    message = object()
    with pytest.raises(Full) as failure:
        tx.try_send(message)
    assert failure.value.message is message
    assert refused(rx.try_recv) is Empty


@pytest.mark.statement("S26", "S31")
@every_rendezvous
@pytest.mark.parametrize("timeout", [None, 0, -1], ids=["try", "now", "over"])
def test_a_try_to_send_meets_a_receive_that_waits(make: Make, timeout: float | None) -> None:
    tx, rx = make()
    receiver = Background(rx.recv)
    until_blocked(tx._lease.channel.receivers)
    if timeout is None:
        tx.try_send("message")
    else:
        tx.send_timeout("message", timeout)
    assert receiver.outcome() == "message"
    assert refused(partial(tx.try_send, "next")) is Full


@pytest.mark.statement("S44", "S45")
@every_rendezvous
@pytest.mark.parametrize(
    "receive", [lambda rx: rx.try_recv(), lambda rx: rx.recv_timeout(0)], ids=["try", "now"]
)
def test_a_try_to_receive_meets_a_send_that_waits(make: Make, receive: Callable[[Any], object]) -> None:
    tx, rx = make()
    sender = Background(partial(tx.send, "message"))
    until_blocked(tx._lease.channel.senders)
    assert receive(rx) == "message"
    sender.outcome()
    assert refused(rx.try_recv) is Empty


@pytest.mark.statement("S31", "S32", "S46")
@every_rendezvous
def test_when_the_time_is_over_disconnection_comes_before_the_timeout(make: Make) -> None:
    tx, rx = make()
    assert refused(partial(tx.send_timeout, 1, 0)) is SendTimeout
    assert refused(partial(rx.recv_timeout, 0)) is RecvTimeout
    twin_tx, twin_rx = make()
    tx.close()
    assert refused(partial(rx.recv_timeout, 0)) is RecvError
    assert refused(rx.try_recv) is RecvError
    twin_rx.close()
    assert refused(partial(twin_tx.send_timeout, 1, 0)) is SendError
    assert refused(partial(twin_tx.try_send, 1)) is SendError


@pytest.mark.statement("S32", "P15")
@every_rendezvous
def test_a_send_that_timed_out_delivers_nothing_and_keeps_nothing(make: Make) -> None:
    tx, rx = make()
    parcel = Parcel()
    watch = weakref.ref(parcel)
    assert refused(partial(tx.send_timeout, parcel, 0)) is SendTimeout
    del parcel
    assert watch() is None
    assert refused(rx.try_recv) is Empty
    assert not waiters(tx._lease.channel.senders)


@pytest.mark.statement("P15")
@every_rendezvous
@pytest.mark.parametrize("first", ["receiver", "sender"])
def test_a_message_that_was_received_is_not_kept_alive_whoever_waited(make: Make, first: str) -> None:
    """P15: without the help of the collector of cycles."""
    tx, rx = make()
    state = tx._lease.channel
    parcel = Parcel()
    watch = weakref.ref(parcel)
    gc.disable()
    try:
        if first == "sender":
            sender = Background(partial(lambda message: tx.send(message.pop()), [parcel]))
            del parcel
            until_blocked(state.senders)
            assert rx.recv() is watch()
            sender.outcome()
        else:
            receiver = Background(lambda: rx.recv() is not None)
            until_blocked(state.receivers)
            tx.send(parcel)
            del parcel
            assert receiver.outcome()
        assert watch() is None
    finally:
        gc.enable()


@pytest.mark.statement("S73", "G7")
@every_rendezvous
def test_sends_are_served_in_the_order_in_which_they_wait(make: Make) -> None:
    tx, rx = make()
    senders = []
    for i in range(4):
        senders.append(Background(partial(tx.send, i)))
        until_blocked(tx._lease.channel.senders, i + 1)
    assert [rx.recv(), rx.try_recv(), rx.recv_timeout(0), rx.recv()] == [0, 1, 2, 3]
    for sender in senders:
        sender.outcome()


@pytest.mark.statement("S73", "G7")
@every_rendezvous
def test_receives_are_served_in_the_order_in_which_they_wait(make: Make) -> None:
    tx, rx = make()
    receivers = []
    for i in range(4):
        receivers.append(Background(rx.recv))
        until_blocked(tx._lease.channel.receivers, i + 1)
    tx.send(0)
    tx.try_send(1)
    tx.send_timeout(2, 0)
    tx.send(3)
    assert [receiver.outcome() for receiver in receivers] == [0, 1, 2, 3]


@pytest.mark.statement("S19", "S20", "P12")
@every_rendezvous
@pytest.mark.parametrize("who", ["receiver", "sender"])
def test_a_send_that_waits_gets_its_message_back_when_either_side_closes(make: Make, who: str) -> None:
    tx, rx = make()
    messages = [object() for _ in range(3)]
    senders = [Background(partial(tx.send, message)) for message in messages]
    until_blocked(tx._lease.channel.senders, 3)
    (rx if who == "receiver" else tx).close()
    for sender, message in zip(senders, messages, strict=True):
        error = sender.error()
        assert isinstance(error, SendError if who == "receiver" else HandleClosed)
        assert error.message is message


def test_a_send_passes_over_waiters_that_are_over() -> None:
    tx, rx = sync_channel[int](0)
    state = tx._lease.channel
    gone = plant(state, state.receivers)
    gone.waiter.withdraw()
    receiver = Background(rx.recv)
    until_blocked(state.receivers, 2)
    tx.try_send(1)
    assert receiver.outcome() == 1


@pytest.mark.statement("S22", "S32", "S49")
def test_both_sides_agree_on_whether_they_met_in_every_interleaving() -> None:
    """The whole set of outcomes: timeouts may fire at any moment."""
    outcomes = set()

    def program() -> None:
        tx, rx = bounded[int](0)
        sent: list[object] = []
        sender = threading.Thread(target=lambda: sent.append(refused(partial(tx.send_timeout, 1, 1.0))))
        sender.start()
        received: list[int] = []
        error = refused(lambda: received.append(rx.recv_timeout(1.0)))
        sender.join()
        assert (sent[0] is None) == (received == [1])
        outcomes.add((sent[0], error))
        assert not waiters(tx._lease.channel.senders)
        assert not waiters(tx._lease.channel.receivers)

    result = check(program, instrument=[treadle.channels], preemptions=1)
    assert result.verdict is Verdict.HOLDS, result
    assert outcomes == {(None, None), (SendTimeout, RecvTimeout)}


@pytest.mark.statement("S73", "S75")
def test_two_that_come_at_once_always_meet() -> None:
    """Each may enter its line and miss the other: then one makes the other look again."""
    turns = set()

    def program() -> None:
        tx, rx = bounded[int](0)
        sender = threading.Thread(target=tx.send, args=(1,))
        sender.start()
        assert rx.recv() == 1
        sender.join()
        turns.add(len(waiters(tx._lease.channel.senders)))

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result
    assert turns == {0}


@pytest.mark.statement("S73", "S75")
def test_two_senders_and_two_receives_all_meet() -> None:
    def program() -> None:
        tx, rx = bounded[int](0)
        senders = [threading.Thread(target=tx.send, args=(i,)) for i in (1, 2)]
        for sender in senders:
            sender.start()
        assert {rx.recv(), rx.recv()} == {1, 2}
        for sender in senders:
            sender.join()

    result = check(program, instrument=[treadle.channels], preemptions=1)
    assert result.failure is None, result


@pytest.mark.statement("S22", "S64")
def test_a_send_that_meets_the_end_of_the_receiver_delivers_or_gives_back() -> None:
    outcomes = set()

    def program() -> None:
        tx, rx = bounded[int](0)
        sent: list[object] = []
        sender = threading.Thread(target=lambda: sent.append(refused(partial(tx.send, 1))))
        sender.start()
        received: list[int] = []
        error = refused(lambda: received.append(rx.try_recv()))
        rx.close()
        sender.join()
        assert (sent[0] is None) == (received == [1])
        outcomes.add((sent[0], error))

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result
    assert outcomes == {(None, None), (SendError, Empty)}


def put_back(pair: Pair, message: object) -> None:
    """Have a receive get the message from a send and then be interrupted."""
    tx, rx = pair
    state = state_of(pair)
    met: list[None] = []
    for step in range(1_000):

        def meet(state: Channel[Any] = state) -> None:
            if waiters(state.receivers) and not met:
                tx.try_send(message)
                met.append(None)

        with suppress(Interrupt, RecvTimeout):
            Injection(step, meet, (0, interrupt)).run(partial(rx.recv_timeout, 0))
        if met:
            return
    raise AssertionError("they never met")


@pytest.mark.statement("S6", "P2")
@every_rendezvous
def test_a_message_that_was_put_back_comes_first_and_is_not_counted(make: Make) -> None:
    pair = tx, rx = make()
    put_back(pair, "first")
    assert (len(rx), rx.is_empty(), rx.is_full()) == (0, True, True)
    assert refused(partial(tx.try_send, "no")) is Full
    sender = Background(partial(tx.send, "second"))
    until_blocked(state_of(pair).senders)
    assert [rx.try_recv(), rx.recv()] == ["first", "second"]
    sender.outcome()


@pytest.mark.statement("S38", "S42", "P2")
@every_rendezvous
def test_a_message_that_was_put_back_is_received_before_the_disconnection(make: Make) -> None:
    pair = tx, rx = make()
    put_back(pair, "message")
    tx.close()
    assert rx.recv() == "message"
    assert refused(rx.recv) is RecvError


@pytest.mark.statement("S59", "P2")
@every_rendezvous
def test_a_message_that_was_put_back_is_destroyed_with_the_last_receiver(make: Make) -> None:
    pair = _, rx = make()
    parcel = Parcel()
    watch = weakref.ref(parcel)
    pair[0]._lease.channel.give_back([parcel])
    del parcel
    assert watch() is not None
    rx.close()
    assert watch() is None


@pytest.mark.statement("P2")
@every_rendezvous
def test_a_message_that_was_put_back_wakes_a_receive_that_waits(make: Make) -> None:
    pair = _, rx = make()
    state = state_of(pair)
    other = Background(rx.recv)
    until_blocked(state.receivers)
    state.give_back(["message"])
    assert other.outcome() == "message"
