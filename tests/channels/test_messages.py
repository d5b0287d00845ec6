"""What goes in comes out: order, capacity, hostile messages, no reference kept."""

import gc
import sys
import weakref
from collections.abc import Callable
from typing import NoReturn

import pytest

from tests.channels.support import Make, both_buffers, every_buffer, every_flavour, received
from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    RecvError,
    RecvTimeout,
    SendError,
    SendTimeout,
    channel,
    recv,
    select,
    send,
    sync_channel,
)


class Hostile:
    """A message that raises when it is looked at."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> NoReturn:
        raise RuntimeError("compared")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("truth-tested")

    def __repr__(self) -> NoReturn:
        raise RuntimeError("shown")


class Parcel:
    """A message that can be watched."""


hostile = Hostile()
MESSAGES: list[object] = [
    None,
    False,
    0,
    "",
    (),
    float("nan"),
    NotImplemented,
    Ellipsis,
    StopIteration(),
    hostile,
    [],
    IndexError,
]


@pytest.mark.statement("S14", "S36", "S68")
@every_buffer
def test_messages_come_in_the_order_they_were_sent(make: Make) -> None:
    """S36, S68."""
    tx, rx = make()
    for round_ in range(5):
        for i in range(4):
            tx.send((round_, i))
        assert [rx.recv() for _ in range(4)] == [(round_, i) for i in range(4)]


@pytest.mark.statement("P7")
@every_buffer
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_any_object_is_an_ordinary_message(make: Make, message: object) -> None:
    """P7: identity only; nothing is compared, hashed, truth-tested or shown."""
    tx, rx = make()
    tx.send(message)
    assert rx.recv() is message
    tx.try_send(message)
    assert rx.try_recv() is message
    tx.send_timeout(message, 0)
    assert rx.recv_timeout(0) is message
    tx.send_deadline(message, 0)
    assert rx.recv_deadline(0) is message
    assert select(send(tx, message)).error is None
    assert select(recv(rx)).value is message
    tx.send(message)
    tx.close()
    (only,) = rx
    assert only is message


@pytest.mark.statement("S18", "P7")
@every_flavour
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_any_object_comes_back_when_it_is_refused(make: Make, message: object) -> None:
    """P7: full, timed out, disconnected and closed."""
    tx, rx = make()
    if tx.capacity is not None:
        tx.send_many([message] * tx.capacity)
        assert unsent(tx.try_send, message) is Full
        assert unsent(lambda one: tx.send_timeout(one, 0), message) is SendTimeout
        assert unsent(lambda one: tx.send_deadline(one, 0), message) is SendTimeout
    rx.close()
    sends = (
        tx.send,
        tx.try_send,
        lambda one: tx.send_timeout(one, 0),
        lambda one: select(send(tx, one)).value,
    )
    for send_it in sends:
        assert unsent(send_it, message) is SendError
    tx.close()
    for send_it in sends:
        assert unsent(send_it, message) is HandleClosed


def unsent(send_it: Callable[[object], object], message: object) -> type[BaseException]:
    """Say which error a send ends with, which must carry the very message."""
    with pytest.raises(ChannelError) as failure:
        send_it(message)
    assert failure.value.message is message  # type: ignore[attr-defined]
    return failure.type


@every_buffer
def test_the_same_object_may_be_sent_many_times(make: Make) -> None:
    tx, rx = make()
    for _ in range(4):
        tx.send(hostile)
    assert all(message is hostile for message in received(rx))


@pytest.mark.statement("S2", "S24")
@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
def test_exactly_capacity_messages_fit(capacity: int) -> None:
    """S2, S9, at every fill level and after the queue has moved on."""
    tx, rx = sync_channel[int](capacity)
    for _ in range(3):
        for i in range(capacity):
            assert (len(tx), len(rx), tx.is_full(), rx.is_empty()) == (i, i, False, i == 0)
            tx.try_send(i)
        assert tx.is_full()
        with pytest.raises(Full):
            tx.try_send(-1)
        assert rx.recv() == 0
        tx.try_send(capacity)
        assert received(rx) == list(range(1, capacity + 1))


@pytest.mark.statement("S8", "S27")
def test_an_unbounded_channel_is_never_full() -> None:
    """S5, S8, S27."""
    tx, rx = channel[int]()
    for i in range(10_000):
        tx.try_send(i)
    assert not tx.is_full()
    assert tx.capacity is None
    assert rx.capacity is None
    assert len(tx) == len(rx) == 10_000


@pytest.mark.parametrize("capacity", [1, 2, 10**6, sys.maxsize])
def test_capacity_is_told_by_both_handles(capacity: int) -> None:
    """S5; large capacities cost nothing."""
    tx, rx = sync_channel[int](capacity)
    assert tx.capacity == rx.capacity == capacity


@pytest.mark.statement("S4")
@pytest.mark.parametrize("capacity", [-1, sys.maxsize + 1, -(10**30)])
def test_an_impossible_capacity_is_a_value_error(capacity: int) -> None:
    """S4."""
    with pytest.raises(ValueError, match="capacity"):
        sync_channel[int](capacity)


@pytest.mark.statement("S4")
@pytest.mark.parametrize("capacity", [True, False, "2", 2.0, None, [1]])
def test_a_capacity_that_is_no_int_is_a_type_error(capacity: int) -> None:
    with pytest.raises(TypeError, match="capacity"):
        sync_channel[int](capacity)


def test_the_factories_need_no_brackets() -> None:
    tx, rx = channel()
    tx.send(1)
    assert rx.recv() == 1
    stx, srx = sync_channel(1)
    stx.send(1)
    assert srx.recv() == 1


@pytest.mark.statement("S43", "S46")
@every_buffer
def test_trying_an_empty_channel_says_empty(make: Make) -> None:
    """S43, S46."""
    tx, rx = make()
    with pytest.raises(Empty):
        rx.try_recv()
    with pytest.raises(RecvTimeout):
        rx.recv_timeout(0)
    tx.send(1)
    assert rx.try_recv() == 1


@pytest.mark.statement("S28", "S30", "S32")
def test_a_send_that_timed_out_leaves_no_trace() -> None:
    """S30, S32, S50."""
    tx, rx = sync_channel[int](1)
    tx.send(1)
    for i in range(3):
        with pytest.raises(SendTimeout) as failure:
            tx.send_timeout(i, 0)
        assert failure.value.message == i
    assert rx.recv() == 1
    with pytest.raises(Empty):
        rx.try_recv()
    assert not tx._lease.channel.senders.waiting


@pytest.mark.statement("P15")
@every_buffer
def test_a_received_message_is_not_kept_alive(make: Make) -> None:
    """P15."""
    tx, rx = make()
    for _ in range(6):
        tx.send(Parcel())
        watch = weakref.ref(rx.recv())
        assert watch() is None
    tx.send(Parcel())
    parcel = next(iter(rx))
    watch = weakref.ref(parcel)
    del parcel
    assert watch() is None


@pytest.mark.statement("P15")
def test_an_unsent_message_is_not_kept_alive() -> None:
    """P15."""
    tx, rx = sync_channel[object](1)
    tx.send(1)
    parcel = Parcel()
    watch = weakref.ref(parcel)
    for attempt in (tx.try_send, lambda message: tx.send_timeout(message, 0)):
        try:
            attempt(parcel)
        except (Full, SendTimeout) as failure:
            assert failure.message is parcel  # noqa: PT017 - its life ends with this block
    del parcel
    assert watch() is None
    assert rx.recv() == 1


@pytest.mark.statement("S21", "S59", "S60")
@every_buffer
def test_the_last_receiver_destroys_what_is_queued(make: Make) -> None:
    """S59, S60: at once, and while the sender lives on."""
    tx, rx = make()
    watches = []
    for _ in range(3):
        parcel = Parcel()
        watches.append(weakref.ref(parcel))
        tx.send(parcel)
        del parcel
    assert all(watch() is not None for watch in watches)
    rx.close()
    assert all(watch() is None for watch in watches)
    assert len(tx) == 0


@pytest.mark.statement("P4", "P6")
@every_buffer
def test_a_message_whose_destruction_uses_the_channel_is_destroyed(make: Make) -> None:
    """P4, P6."""
    tx, rx = make()
    failures = []

    class Nosy:
        def __del__(self) -> None:
            try:
                tx.send(self)
            except SendError as failure:
                failures.append(type(failure))

    tx.send(Nosy())
    tx.send(Nosy())
    rx.close()
    gc.collect()
    assert failures == [SendError, SendError]


@pytest.mark.parametrize("make", [channel[object], lambda: sync_channel[object](300_000)])
def test_a_very_long_queue_is_discarded_without_recursion(make: Make) -> None:
    tx, rx = make()
    for i in range(300_000):
        tx.send(i)
    first = rx._lease.channel  # keeps the whole queue until here
    del tx, rx
    assert first.count() == 0
    del first


@both_buffers
def test_deeply_nested_channels_are_discarded_without_recursion(make: Make) -> None:
    tx, rx = make()
    innermost = tx
    for _ in range(20_000):
        outer_tx, outer_rx = make()
        outer_tx.send(rx)
        outer_tx.send(tx)
        tx, rx = outer_tx, outer_rx
        del outer_tx, outer_rx

    def close_at(depth: int) -> None:
        if depth:
            close_at(depth - 1)
        else:
            rx.close()

    close_at(500)
    assert innermost.is_disconnected()


@pytest.mark.statement("S35")
@every_buffer
def test_a_channel_may_carry_its_own_handles(make: Make) -> None:
    """S35."""
    tx, rx = make()
    tx.send(rx)
    tx.send(tx)
    inner = rx.recv()
    assert inner is rx
    assert inner.recv() is tx


@pytest.mark.statement("S77", "S78")
@every_buffer
def test_iteration_ends_at_disconnection_and_stays_ended(make: Make) -> None:
    """S77, S78."""
    tx, rx = make()
    for i in range(3):
        tx.send(i)
    messages = iter(rx)
    assert iter(messages) is messages
    tx.close()
    assert list(messages) == [0, 1, 2]
    assert list(messages) == []
    rx.close()
    assert list(messages) == []


@pytest.mark.statement("S81")
@every_buffer
def test_leaving_a_loop_consumes_nothing_more(make: Make) -> None:
    """S81."""
    tx, rx = make()
    for i in range(4):
        tx.send(i)
    for message in rx:
        if message == 1:
            break
    assert received(rx) == [2, 3]


@pytest.mark.statement("S80")
@every_buffer
def test_an_iterator_keeps_the_receiver_alive(make: Make) -> None:
    """S80."""
    tx, rx = make()
    messages = iter(rx)
    del rx
    tx.send(1)
    assert next(messages) == 1
    assert repr(messages) == "Iter { .. }"
    del messages
    with pytest.raises(SendError):
        tx.send(2)


@pytest.mark.statement("S38", "S39", "S56", "S57", "S133", "G2")
@every_buffer
def test_the_end_is_final(make: Make) -> None:
    """S38, S39, S42, S57."""
    tx, rx = make()
    tx.send(1)
    tx.send(2)
    tx.close()
    assert rx.is_disconnected()
    assert rx.recv() == 1
    assert rx.try_recv() == 2
    for operation in (rx.recv, rx.try_recv, lambda: rx.recv_timeout(0), lambda: rx.recv_timeout(None)) * 2:
        with pytest.raises(RecvError):
            operation()
