"""The end of a side: who is woken, what is refused, and what becomes of the messages."""

import gc
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import (
    AnySender,
    Background,
    Make,
    both_buffers,
    every_buffer,
    every_flavour,
    refused,
    until_blocked,
    waiters,
)
from treadle import (
    Receiver,
    RecvError,
    SendError,
    bounded,
    recv,
    select,
    send,
    sync_channel,
    unbounded,
)
from treadle.sched import Verdict, check

RECEIVING: dict[str, Callable[[Receiver[Any]], object]] = {
    "recv": lambda rx: rx.recv(),
    "recv_timeout": lambda rx: rx.recv_timeout(None),
    "recv_deadline": lambda rx: rx.recv_deadline(None),
    "recv_many": lambda rx: rx.recv_many(),
    "select": lambda rx: select(recv(rx)).value,
}
SENDING: dict[str, Callable[[AnySender, Any], object]] = {
    "send": lambda tx, message: tx.send(message),
    "send_timeout": lambda tx, message: tx.send_timeout(message, None),
    "send_deadline": lambda tx, message: tx.send_deadline(message, None),
    "select": lambda tx, message: select(send(tx, message)).value,
}


class Parcel:
    """A message that counts its destructions."""

    def __init__(self, destroyed: Counter[int], number: int) -> None:
        self._destroyed = destroyed
        self.number = number

    def __del__(self) -> None:
        self._destroyed[self.number] += 1


@pytest.mark.statement("S40", "S41", "S56")
@every_flavour
def test_the_end_of_the_senders_wakes_every_kind_of_receive(make: Make) -> None:
    tx, rx = make()
    threads = [Background(partial(receive, rx)) for receive in RECEIVING.values()]
    ending = Background(lambda: list(rx))
    until_blocked(tx._lease.channel.receivers, len(threads) + 1)
    tx.close()
    for thread in threads:
        assert type(thread.error()) is RecvError
    assert ending.outcome() == []
    assert not waiters(rx._lease.channel.receivers)
    for receive in RECEIVING.values():
        assert refused(partial(receive, rx)) is RecvError


@pytest.mark.statement("S19", "S20", "S56")
@pytest.mark.parametrize("capacity", [0, 1, 4])
def test_the_end_of_the_receivers_wakes_every_kind_of_send(capacity: int) -> None:
    tx, rx = sync_channel[Any](capacity)
    tx.send_many(range(capacity))
    messages = [object() for _ in SENDING]
    threads: list[Background[Any]] = [
        Background(partial(send_it, tx, message))
        for send_it, message in zip(SENDING.values(), messages, strict=True)
    ]
    batch = Background(partial(tx.send_many, messages))
    until_blocked(tx._lease.channel.senders, len(threads) + 1)
    rx.close()
    for thread, message in zip([*threads, batch], [*messages, messages], strict=True):
        error = thread.error()
        assert isinstance(error, SendError)
        assert error.message is message or error.message == messages
    assert not waiters(tx._lease.channel.senders)


@pytest.mark.statement("S17", "S18", "S55", "S56")
@every_flavour
@pytest.mark.parametrize("send_it", SENDING.values(), ids=SENDING)
def test_nothing_enters_a_channel_without_receivers(
    make: Make, send_it: Callable[[AnySender, Any], object]
) -> None:
    tx, rx = make()
    rx.close()
    message = object()
    with pytest.raises(SendError) as failure:
        send_it(tx, message)
    assert failure.value.message is message
    assert len(tx) == 0
    assert tx.is_empty()


@pytest.mark.statement("S38", "S59", "S60", "S61")
@every_buffer
def test_messages_stay_when_the_senders_go_and_are_destroyed_with_the_receiver(make: Make) -> None:
    destroyed: Counter[int] = Counter()
    tx, rx = make()
    for number in range(4):
        tx.send(Parcel(destroyed, number))
    tx.close()
    gc.collect()
    assert not destroyed
    assert rx.is_disconnected()
    assert [rx.recv().number, rx.try_recv().number] == [0, 1]
    assert len(rx) == 2
    assert destroyed == {0: 1, 1: 1}
    rx.close()
    assert destroyed == dict.fromkeys(range(4), 1)


@pytest.mark.statement("S59", "S60", "P5")
@every_buffer
def test_a_receiver_collected_as_garbage_destroys_what_is_queued(make: Make) -> None:
    destroyed: Counter[int] = Counter()
    tx, rx = make()
    for number in range(4):
        tx.send(Parcel(destroyed, number))
    del rx
    gc.collect()
    assert destroyed == dict.fromkeys(range(4), 1)
    with pytest.raises(SendError) as failure:
        tx.send(Parcel(destroyed, 4))
    assert failure.value.message.number == 4
    del failure
    gc.collect()
    assert destroyed[4] == 1


@pytest.mark.statement("S62", "S66")
@every_buffer
def test_a_destructor_that_raises_is_reported_and_the_rest_is_destroyed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(unraisable.exc_type))
    destroyed: Counter[int] = Counter()

    class Bomb(Parcel):
        def __del__(self) -> None:
            super().__del__()
            raise ZeroDivisionError

    tx, rx = make()
    for number, kind in enumerate((Parcel, Bomb, Bomb, Parcel)):
        tx.send(kind(destroyed, number))
    rx.close()
    assert destroyed == dict.fromkeys(range(4), 1)
    assert reported == [ZeroDivisionError] * 2
    assert refused(partial(tx.send, 1)) is SendError


@pytest.mark.statement("S59", "P4", "P6")
@every_buffer
def test_a_destructor_may_use_every_handle_of_the_channel(make: Make) -> None:
    outcomes: list[object] = []

    class Meddler:
        def __del__(self) -> None:
            outcomes.append(refused(partial(tx.try_send, 1)))
            outcomes.append(refused(partial(tx.send_timeout, 1, 0)))
            outcomes.append(len(tx))
            tx.clone().close()
            rx.close()

    tx, rx = make()
    tx.send(Meddler())
    tx.send(Meddler())
    rx.close()
    assert outcomes == [SendError, SendError, 0] * 2


@pytest.mark.statement("S35", "S59")
@every_buffer
def test_channels_in_messages_of_channels_end_one_after_the_other(make: Make) -> None:
    """However deep: what the outermost holds is discarded and not received."""
    destroyed: Counter[int] = Counter()
    tx, rx = make()
    tx.send(Parcel(destroyed, 0))
    senders = [tx]
    for number in range(1, 2_000):
        outer_tx, outer_rx = make()
        outer_tx.send(rx)
        outer_tx.send(Parcel(destroyed, number))
        senders.append(outer_tx)
        rx = outer_rx
        del outer_rx, outer_tx
    del rx
    assert destroyed == dict.fromkeys(range(2_000), 1)
    assert all(sender.is_disconnected() for sender in senders)


@pytest.mark.statement("S54", "S59")
@both_buffers
def test_a_receiver_that_is_queued_in_its_own_channel_keeps_it_connected(make: Make) -> None:
    """It is a handle like any other: only the collector of cycles finds that nobody can reach it."""
    tx, rx = make()
    tx.send(rx)
    del rx
    gc.collect()
    assert not tx.is_disconnected()
    watch = weakref.ref(tx)
    del tx
    gc.collect()
    assert watch() is None


@pytest.mark.statement("S21", "S60", "S64")
@pytest.mark.parametrize(
    "make", [unbounded[object], partial(bounded[object], 1)], ids=["unbounded", "bounded"]
)
def test_a_send_that_meets_the_end_of_the_receivers_is_before_or_after_it(make: Callable[[], Any]) -> None:
    outcomes = set()

    def program() -> None:
        tx, rx = make()
        destroyed: Counter[int] = Counter()
        closer = threading.Thread(target=rx.close)
        closer.start()
        returned = None
        try:
            tx.send(Parcel(destroyed, 0))
        except SendError as error:
            returned = error.message.number
        closer.join()
        assert destroyed == {0: 1} or returned is not None  # what was given back the checker may keep
        assert len(tx) == 0
        outcomes.add(returned)

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result
    assert outcomes == {None, 0}


@pytest.mark.statement("S57", "S63")
@pytest.mark.parametrize("capacity", [None, 0, 1], ids=["unbounded", "rendezvous", "bounded"])
def test_the_last_two_senders_may_go_at_once(capacity: int | None) -> None:
    def program() -> None:
        tx, rx = unbounded[int]() if capacity is None else bounded[int](capacity)
        twin = tx.clone()
        closers = [threading.Thread(target=sender.close) for sender in (tx, twin)]
        for closer in closers:
            closer.start()
        assert refused(rx.recv) is RecvError
        for closer in closers:
            closer.join()
        assert rx.sender_count() == 0

    result = check(program, instrument=[treadle.channels], preemptions=1)
    assert result.verdict is Verdict.HOLDS, result


@pytest.mark.statement("S38", "S42", "P16")
@pytest.mark.parametrize("capacity", [None, 0, 1], ids=["unbounded", "rendezvous", "bounded"])
def test_no_operation_relies_on_more_than_single_steps(capacity: int | None) -> None:
    """P16: a switch between any two accesses to what is shared changes nothing of what is promised."""

    def program() -> None:
        tx, rx = unbounded[int]() if capacity is None else bounded[int](capacity)
        got: list[int] = []

        def receive() -> None:
            got.extend(rx)

        receiver = threading.Thread(target=receive)
        receiver.start()
        tx.send(1)
        tx.close()
        receiver.join()
        assert got == [1]

    result = check(program, instrument=[treadle.channels], preemptions=2 if capacity is None else 1)
    assert result.verdict is Verdict.HOLDS, result
