"""What the channels refer to: no message that was received, given back or timed out, by nobody."""

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.channels.support import (
    AnySender,
    Background,
    Make,
    every_buffer,
    every_flavour,
    until_blocked,
)
from treadle import ChannelError, Receiver, Select, recv, select, send


class Parcel:
    """A message that can be watched."""


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """A cycle would keep its members until the collector comes: here it does not."""
    gc.disable()
    yield
    gc.enable()


SENDING: dict[str, Callable[[AnySender, Any], object]] = {
    "send": lambda tx, message: tx.send(message),
    "try_send": lambda tx, message: tx.try_send(message),
    "send_timeout": lambda tx, message: tx.send_timeout(message, 0.001),
    "send_deadline": lambda tx, message: tx.send_deadline(message, 0),
    "send_many": lambda tx, message: tx.send_many([message]),
    "select": lambda tx, message: select(send(tx, message), timeout=0.001).value,
}
IN_TIME = {name: SENDING[name] for name in ("try_send", "send_timeout", "send_deadline", "select")}
RECEIVING: dict[str, Callable[[Receiver[Any]], object]] = {
    "recv": lambda rx: rx.recv(),
    "recv_timeout": lambda rx: rx.recv_timeout(None),
    "recv_many": lambda rx: rx.recv_many(1)[0],
    "next": lambda rx: next(iter(rx)),
    "select": lambda rx: select(recv(rx)).value,
}


def sent_and_forgotten(send_it: Callable[[AnySender, Any], object], tx: AnySender) -> "weakref.ref[Parcel]":
    """Send a parcel, let go of whatever came of it, and give what watches it."""
    parcel = Parcel()
    with suppress(ChannelError):
        send_it(tx, parcel)
    return weakref.ref(parcel)


@pytest.mark.statement("P15")
@every_buffer
@pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
@pytest.mark.parametrize("send_it", SENDING.values(), ids=SENDING)
def test_a_message_that_was_received_is_let_go_of(
    make: Make, send_it: Callable[[AnySender, Any], object], receive: Callable[[Receiver[Any]], object]
) -> None:
    tx, rx = make()
    for _ in range(3):
        watch = sent_and_forgotten(send_it, tx)
        assert watch() is not None
        assert isinstance(receive(rx), Parcel)
        assert watch() is None


@pytest.mark.statement("P15")
@every_flavour
@pytest.mark.parametrize("receive", RECEIVING.values(), ids=RECEIVING)
def test_a_message_that_was_waited_for_is_let_go_of(
    make: Make, receive: Callable[[Receiver[Any]], object]
) -> None:
    tx, rx = make()
    receiver = Background(lambda: type(receive(rx)))
    until_blocked(tx._lease.channel.receivers)
    watch = sent_and_forgotten(SENDING["send"], tx)
    assert receiver.outcome() is Parcel
    assert watch() is None


@pytest.mark.statement("P15")
@every_flavour
@pytest.mark.parametrize("name", ["send", "send_many", "select"])
def test_a_message_that_waited_is_let_go_of(make: Make, name: str) -> None:
    tx, rx = make()
    if tx.capacity is not None:
        tx.send_many([None] * tx.capacity)
        send_it = {**SENDING, "select": lambda tx, message: select(send(tx, message))}[name]
        watches: list[weakref.ref[Parcel]] = []
        sender = Background(lambda: watches.append(sent_and_forgotten(send_it, tx)))
        until_blocked(tx._lease.channel.senders)
        assert rx.drain()[:4] == [None] * tx.capacity or tx.capacity == 0
        while not watches:
            rx.drain()
        sender.outcome()
        rx.drain()
        assert watches[0]() is None


@pytest.mark.statement("S18", "P15")
@every_flavour
@pytest.mark.parametrize("send_it", SENDING.values(), ids=SENDING)
@pytest.mark.parametrize("who", ["receiver", "sender"])
def test_a_message_that_was_refused_is_let_go_of_with_its_error(
    make: Make, send_it: Callable[[AnySender, Any], object], who: str
) -> None:
    tx, rx = make()
    (rx if who == "receiver" else tx).close()
    assert sent_and_forgotten(send_it, tx)() is None


@pytest.mark.statement("S32", "P15")
@every_flavour
@pytest.mark.parametrize("send_it", IN_TIME.values(), ids=IN_TIME)
def test_a_message_that_timed_out_is_let_go_of_with_its_error(
    make: Make, send_it: Callable[[AnySender, Any], object]
) -> None:
    tx, _rx = make()
    if tx.capacity is not None:
        tx.send_many([None] * tx.capacity) if tx.capacity else None
        assert sent_and_forgotten(send_it, tx)() is None


@pytest.mark.statement("P15")
@every_flavour
def test_a_select_lets_go_of_a_send_that_was_not_chosen(make: Make) -> None:
    tx, rx = make()
    other_tx, other_rx = make()
    sender = Background(partial(other_tx.send, 1))
    parcel = Parcel()
    watch = weakref.ref(parcel)
    rx.close()
    chosen = Select[Any](biased=True)
    chosen.recv(other_rx)
    index = chosen.send(tx, parcel)
    del parcel
    while (done := chosen.select()).error is not None:
        del done
    assert done.value == 1
    sender.outcome()
    assert watch() is not None
    chosen.remove(index)
    assert watch() is None


@pytest.mark.statement("P15")
@every_flavour
def test_nothing_is_kept_of_a_channel_whose_handles_are_gone(make: Make) -> None:
    """Handles, state and leases are no cycle: all go with the last handle, and at once."""
    tx, rx = make()
    twin = tx.clone()
    watches = [weakref.ref(one) for one in (tx, rx, twin, tx._lease, rx._lease, twin._lease)]
    del tx, rx, twin
    assert [watch() for watch in watches] == [None] * 6
