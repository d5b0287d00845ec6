"""Sending an Owned: the value moves, or stays where it was, and is never in two places."""

import gc
import itertools
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import (
    AnySender,
    Background,
    Interrupt,
    Make,
    SignalInjection,
    both_buffers,
    every_flavour,
    injections,
    until_blocked,
)
from tests.channels.test_messages import hostile
from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    Mailboxes,
    MovedError,
    Owned,
    Receiver,
    SelectTimeout,
    SendError,
    SendTimeout,
    channel,
    select,
    send,
    sync_channel,
)
from treadle.sched import Verdict, check

Send = Callable[[AnySender, Owned[Any]], object]

#: Every operation that sends, each of one message.
SENDS: dict[str, Send] = {
    "send": lambda tx, message: tx.send(message),
    "try_send": lambda tx, message: tx.try_send(message),
    "send_timeout(0)": lambda tx, message: tx.send_timeout(message, 0),
    "send_timeout(None)": lambda tx, message: tx.send_timeout(message, None),
}
every_send = pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)
sends_that_need_room = pytest.mark.parametrize(
    ("send", "error"),
    [(SENDS["try_send"], Full), (SENDS["send_timeout(0)"], SendTimeout)],
    ids=["try_send", "send_timeout(0)"],
)


@both_buffers
@every_send
def test_sending_moves_the_value_and_leaves_the_senders_empty(make: Make, send: Send) -> None:
    tx, rx = make()
    owned = Owned(hostile)
    send(tx, owned)
    assert repr(owned) == "Owned(moved)"
    with pytest.raises(MovedError):
        owned.take()
    got = rx.recv()
    assert type(got) is Owned
    assert got is not owned
    assert got.value is hostile


@both_buffers
@every_send
def test_an_empty_owned_is_not_sent(make: Make, send: Send) -> None:
    tx, rx = make()
    owned = Owned(1)
    owned.take()
    with pytest.raises(MovedError):
        send(tx, owned)
    with pytest.raises(Empty):
        rx.try_recv()


@both_buffers
@every_send
def test_the_error_of_a_refused_owned_does_not_keep_the_channel_connected(make: Make, send: Send) -> None:
    tx, rx = make()
    owned = Owned(1)
    owned.take()
    with pytest.raises(MovedError) as kept:
        send(tx, owned)
    tx.close()
    assert kept.value.__traceback__ is not None
    assert rx.is_disconnected()


def gives_back(send: Callable[[Owned[Any]], object], error: type[ChannelError]) -> None:
    """Check that the send fails with the very Owned, which is as full as it was."""
    owned = Owned(hostile)
    with pytest.raises(error) as failure:
        send(owned)
    assert type(failure.value) is error
    assert getattr(failure.value, "message", None) is owned
    assert owned.value is hostile


@both_buffers
@every_send
def test_a_send_to_a_disconnected_channel_gives_the_owned_back(make: Make, send: Send) -> None:
    """S18."""
    tx, rx = make()
    rx.close()
    gives_back(partial(send, tx), SendError)


@both_buffers
@every_send
def test_a_send_through_a_closed_handle_gives_the_owned_back(make: Make, send: Send) -> None:
    """P13."""
    tx, _ = make()
    tx.close()
    gives_back(partial(send, tx), HandleClosed)


@sends_that_need_room
def test_a_send_to_a_full_channel_gives_the_owned_back(send: Send, error: type[ChannelError]) -> None:
    """S24, S32: and nothing comes later."""
    tx, rx = sync_channel[object](1)
    tx.send("first")
    gives_back(partial(send, tx), error)
    assert rx.recv() == "first"
    assert rx.is_empty()


def test_an_owned_moves_when_there_is_room_and_not_before() -> None:
    tx, rx = sync_channel[object](1)
    tx.send("first")
    owned = Owned(hostile)
    sender = Background(lambda: tx.send(owned))
    until_blocked(tx._lease.channel.senders)
    assert owned.value is hostile
    assert rx.recv() == "first"
    sender.outcome()
    assert repr(owned) == "Owned(moved)"
    got = rx.recv()
    assert isinstance(got, Owned)
    assert got.take() is hostile


def test_an_owned_taken_while_its_send_waits_is_not_sent() -> None:
    tx, rx = sync_channel[object](1)
    tx.send("first")
    owned = Owned(hostile)
    sender = Background(lambda: tx.send(owned))
    until_blocked(tx._lease.channel.senders)
    assert owned.take() is hostile
    assert rx.recv() == "first"
    assert type(sender.error()) is MovedError
    assert rx.is_empty()


@pytest.mark.parametrize("end", ["receiver", "handle"])
def test_a_blocked_send_that_fails_leaves_the_owned_full(end: str) -> None:
    """S19, P12."""
    tx, rx = sync_channel[object](1)
    tx.send("first")
    owned = Owned(hostile)
    sender = Background(lambda: tx.send(owned))
    until_blocked(tx._lease.channel.senders)
    (rx if end == "receiver" else tx).close()
    error = sender.error()
    assert type(error) is (SendError if end == "receiver" else HandleClosed)
    assert getattr(error, "message", None) is owned
    assert owned.value is hostile


@both_buffers
def test_a_hundred_megabytes_are_sent_without_a_copy(make: Make) -> None:
    size = 100_000_000
    tx, rx = make()
    original = bytearray(size)
    address = id(original)
    owned = Owned(original)
    del original
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(3):
            tx.send(owned)
            owned = rx.recv()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert id(owned.value) == address
    assert len(owned.value) == size


@pytest.mark.parametrize("latest", [False, True], ids=["banking", "latest"])
def test_a_send_to_an_address_moves_the_value(latest: bool) -> None:
    boxes = Mailboxes[str, Owned[object]](latest=latest)
    owned = Owned[object](hostile)
    boxes.send(owned, "address")
    assert repr(owned) == "Owned(moved)"
    assert boxes.recv("address").value is hostile


def test_a_send_to_a_full_or_closed_address_gives_the_owned_back() -> None:
    boxes = Mailboxes[str, object](capacity=1)
    boxes.send("first", "address")
    gives_back(lambda owned: boxes.try_send(owned, "address"), Full)
    boxes.close()
    gives_back(lambda owned: boxes.send(owned, "address"), HandleClosed)


def interrupt() -> None:
    raise Interrupt


def values(rx: Receiver[Owned[Any]], owned: Owned[Any]) -> list[object]:
    """Give what came of a value: what the channel holds, and the sender's Owned."""
    return [message.take() for message in rx.drain()] + owned._place


@every_flavour
@every_send
@pytest.mark.statement("P3")
def test_an_interrupted_send_has_moved_the_value_or_not(make: Make, send: Send) -> None:
    """P3: an Interrupt at every step of the send; where nobody waits, a rendezvous refuses it."""
    for injection in injections(interrupt):
        tx, rx = make()
        owned = Owned(hostile)
        if rx.capacity != 0:
            with suppress(Interrupt):
                injection.run(partial(send, tx, owned))
        elif send is SENDS["try_send"] or send is SENDS["send_timeout(0)"]:
            with suppress(Interrupt, Full, SendTimeout):
                injection.run(partial(send, tx, owned))
        assert values(rx, owned) == [hostile]


@pytest.mark.statement("P3")
@pytest.mark.parametrize("latest", [False, True], ids=["banking", "latest"])
def test_an_interrupted_send_to_an_address_has_moved_the_value_or_not(latest: bool) -> None:
    for injection in injections(interrupt):
        boxes = Mailboxes[str, Owned[Any]](latest=latest)
        owned = Owned[Any](hostile)
        with suppress(Interrupt):
            injection.run(partial(boxes.send, owned, "address"))
        assert values(boxes._box("address")[1], owned) == [hostile]


@pytest.mark.statement("P3")
@pytest.mark.parametrize("send", [SENDS["try_send"], SENDS["send"]], ids=["try_send", "send"])
def test_an_interrupted_send_at_a_rendezvous_has_moved_the_value_or_not(send: Send) -> None:
    """A receiver waits already."""
    for injection in injections(interrupt):
        tx, rx = sync_channel[Any](0)
        owned = Owned(hostile)
        receiver = Background(rx.recv)
        until_blocked(tx._lease.channel.receivers)
        with suppress(Interrupt):
            injection.run(partial(send, tx, owned))
        if repr(owned) == "Owned(..)":
            tx.send(owned)
        assert receiver.outcome().take() is hostile
        assert values(rx, owned) == []


@pytest.mark.statement("P3")
def test_an_interrupted_wait_at_a_rendezvous_has_moved_the_value_or_not() -> None:
    """A receive comes at any step of a select that sends the same Owned twice, and the signal at any later one."""

    def meet(step: int, *then: tuple[int, Callable[[], None]]) -> tuple[SignalInjection, int]:
        tx, rx = sync_channel[Any](0)
        owned = Owned(hostile)
        got: list[Owned[Any]] = []

        def receive() -> None:
            with suppress(Empty):
                got.append(rx.try_recv())

        injection = SignalInjection(step, receive, *then)
        with suppress(Interrupt, SelectTimeout):
            injection.run(lambda: select(send(tx, owned), send(tx, owned), timeout=1e-9))
        assert [message.take() for message in got] + values(rx, owned) == [hostile]
        return injection, len(got)

    met = 0
    for step in itertools.count():
        injection, there = meet(step)
        if not injection.done:
            break
        for gap in itertools.count() if there else ():
            injection, there = meet(step, (gap, interrupt))
            met += there
            if not injection.done:
                break
    assert met


def test_of_two_threads_that_send_one_owned_exactly_one_wins() -> None:
    def program() -> None:
        tx, rx = channel[Owned[str]]()
        owned = Owned("value")
        senders = [Background(lambda: tx.send(owned)) for _ in range(2)]
        for sender in senders:
            sender.join()
        errors = [sender._error for sender in senders if sender._error is not None]
        assert [type(error) for error in errors] == [MovedError]
        assert rx.try_recv().take() == "value"
        assert rx.is_empty()

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, str(result)


def test_of_two_channels_one_gets_the_owned_while_the_other_may_be_full() -> None:
    """A failed send gives back what it moved, and only that."""

    def program() -> None:
        full, _kept = sync_channel[object](1)
        full.send("first")
        tx, rx = channel[Owned[str]]()
        owned = Owned("value")
        failing = Background(lambda: full.try_send(owned))
        sending = Background(lambda: tx.send(owned))
        for thread in (failing, sending):
            thread.join()
        values = [message.take() for message in (rx.try_recv() for _ in range(len(rx)))]
        if repr(owned) == "Owned(..)":
            values.append(owned.take())
        assert values == ["value"]
        assert type(failing._error) in (Full, MovedError)
        assert type(sending._error) in (type(None), MovedError)

    result = check(program, instrument=[treadle.channels], preemptions=2)
    assert result.verdict is Verdict.HOLDS, str(result)
