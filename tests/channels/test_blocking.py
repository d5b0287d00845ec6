"""Blocking with real threads: who is woken by what. Nobody sleeps; see `until_blocked`."""

import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import count, pairwise

import pytest

from tests.channels.support import LONG, Background, Make, every_buffer, every_flavour, until_blocked, waiters
from treadle import (
    Full,
    HandleClosed,
    RecvError,
    RecvTimeout,
    SendError,
    SendTimeout,
    channel,
    sync_channel,
)


@pytest.mark.statement("S37", "S48", "S51")
@every_flavour
@pytest.mark.parametrize("timeout", [None, LONG, float("inf"), 1e300, threading.TIMEOUT_MAX, 10**400])
def test_a_blocked_receive_is_woken_by_a_send(make: Make, timeout: float | None) -> None:
    """S37, S48, S51."""
    tx, rx = make()
    receiver = Background(lambda: rx.recv_timeout(timeout))
    until_blocked(tx._lease.channel.receivers)
    tx.send("message")
    assert receiver.outcome() == "message"
    assert not waiters(tx._lease.channel.receivers)


@pytest.mark.statement("S11", "S75")
@every_flavour
def test_each_send_wakes_one_of_several_receivers(make: Make) -> None:
    """S75."""
    tx, rx = make()
    threads = [Background(rx.recv) for _ in range(4)]
    until_blocked(tx._lease.channel.receivers, 4)
    for i in range(4):
        tx.send(i)
    assert sorted(thread.outcome() for thread in threads) == [0, 1, 2, 3]
    assert not waiters(tx._lease.channel.receivers)


@pytest.mark.statement("S40", "S41", "G4")
@every_flavour
def test_the_last_sender_wakes_all_receivers(make: Make) -> None:
    """S40, S41."""
    tx, rx = make()
    threads = [Background(rx.recv) for _ in range(3)]
    until_blocked(tx._lease.channel.receivers, 3)
    tx.close()
    for thread in threads:
        assert type(thread.error()) is RecvError


@pytest.mark.statement("S42", "S77")
@every_flavour
def test_a_blocked_iteration_gets_the_last_message_and_ends(make: Make) -> None:
    """S42, S77."""
    tx, rx = make()
    consumer = Background(lambda: list(rx))
    until_blocked(tx._lease.channel.receivers)
    tx.send(1)
    tx.send(2)
    tx.close()
    assert consumer.outcome() == [1, 2]


@pytest.mark.statement("S16", "S33", "G8")
@pytest.mark.parametrize("timeout", [None, LONG, float("inf"), 1e300])
def test_a_blocked_send_is_woken_by_a_receive(timeout: float | None) -> None:
    """S16, S33."""
    tx, rx = sync_channel[int](1)
    tx.send(1)
    sender = Background(lambda: tx.send_timeout(2, timeout))
    until_blocked(rx._lease.channel.senders)
    assert rx.recv() == 1
    sender.outcome()
    assert rx.recv() == 2
    assert not waiters(rx._lease.channel.senders)


@pytest.mark.statement("S11", "S75")
def test_each_receive_wakes_one_of_several_senders() -> None:
    """S75."""
    tx, rx = sync_channel[int](2)
    tx.send(-1)
    tx.send(-1)
    senders = [Background(partial(tx.send, i)) for i in range(4)]
    until_blocked(rx._lease.channel.senders, 4)
    assert sorted(rx.recv() for _ in range(6)) == [-1, -1, 0, 1, 2, 3]
    for sender in senders:
        sender.outcome()


@pytest.mark.statement("S19", "S20")
def test_the_last_receiver_wakes_all_senders_with_their_own_messages() -> None:
    """S19, S20."""
    tx, rx = sync_channel[object](1)
    tx.send(None)
    messages = [object() for _ in range(3)]
    senders = [Background(partial(tx.send, m)) for m in messages]
    until_blocked(rx._lease.channel.senders, 3)
    rx.close()
    for sender, message in zip(senders, messages, strict=True):
        error = sender.error()
        assert isinstance(error, SendError)
        assert error.message is message


@pytest.mark.statement("S65", "P12")
@every_flavour
def test_closing_a_receiver_ends_what_is_blocked_through_it(make: Make) -> None:
    """P12."""
    tx, rx = make()
    receiver = Background(rx.recv)
    iteration = Background(lambda: list(rx))
    until_blocked(tx._lease.channel.receivers, 2)
    rx.close()
    assert type(receiver.error()) is HandleClosed
    assert type(iteration.error()) is HandleClosed
    with pytest.raises(SendError):
        tx.send(1)


@pytest.mark.statement("S65", "G4", "P12")
def test_closing_a_sender_ends_what_is_blocked_through_it_and_no_other() -> None:
    """P12."""
    tx, rx = sync_channel[str](1)
    twin = tx.clone()
    tx.send("first")
    closed = Background(lambda: tx.send("closed"))
    until_blocked(rx._lease.channel.senders)
    other = Background(lambda: twin.send("other"))
    until_blocked(rx._lease.channel.senders, 2)
    tx.close()
    error = closed.error()
    assert isinstance(error, HandleClosed)
    assert error.message == "closed"
    assert len(rx._lease.channel.senders.seats) == 1  # neither the blocked send nor its error held the other
    assert rx.recv() == "first"
    other.outcome()
    twin.close()
    assert list(rx) == ["other"]


@pytest.mark.statement("S47")
@every_flavour
def test_a_receive_never_times_out_early(make: Make) -> None:
    """S47, P10."""
    tx, rx = make()
    for timeout in (0.001, 0.01, 0.02):
        start = time.monotonic()
        with pytest.raises(RecvTimeout):
            rx.recv_timeout(timeout)
        assert time.monotonic() >= start + timeout
    assert not waiters(tx._lease.channel.receivers)


def test_a_send_never_times_out_early() -> None:
    tx, rx = sync_channel[int](1)
    tx.send(1)
    start = time.monotonic()
    with pytest.raises(SendTimeout):
        tx.send_timeout(2, 0.02)
    assert time.monotonic() >= start + 0.02
    assert not waiters(rx._lease.channel.senders)


@pytest.mark.statement("S29", "S45", "S46", "P8")
@every_buffer
@pytest.mark.parametrize("timeout", [0, 0.0, -0.0, -1, -1e300, float("-inf"), -(10**400)])
def test_a_timeout_that_is_over_still_tries(make: Make, timeout: float) -> None:
    """S29, S45, S46, P8."""
    tx, rx = make()
    with pytest.raises(RecvTimeout):
        rx.recv_timeout(timeout)
    for i in range(4):
        tx.send_timeout(i, timeout)
    assert rx.recv_timeout(timeout) == 0
    tx.close()
    assert [rx.recv_timeout(timeout) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(RecvError):
        rx.recv_timeout(timeout)


@pytest.mark.statement("P8")
@every_buffer
@pytest.mark.parametrize(
    ("timeout", "error"), [(float("nan"), ValueError), (True, TypeError), ("1", TypeError), (1j, TypeError)]
)
def test_a_bad_timeout_fails_before_anything_happens(
    make: Make, timeout: float, error: type[Exception]
) -> None:
    """P8."""
    tx, rx = make()
    with pytest.raises(error, match="timeout"):
        tx.send_timeout(1, timeout)
    tx.send(2)
    with pytest.raises(error, match="timeout"):
        rx.recv_timeout(timeout)
    assert rx.recv() == 2
    assert len(tx) == 0


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.statement("S11", "S68", "S70")
@pytest.mark.usefixtures("frequent_switches")
@pytest.mark.parametrize("capacity", [None, 0, 1, 2, 64])
@pytest.mark.parametrize("style", ["block", "timeout", "try"])
def test_nothing_is_lost_or_doubled_or_reordered_under_load(capacity: int | None, style: str) -> None:
    """S60, S68, S70: several senders, two threads sharing one receiver."""
    tx, rx = channel[tuple[int, int]]() if capacity is None else sync_channel[tuple[int, int]](capacity)
    each = 5_000 if capacity is None or capacity > 2 else 1_000

    def produce(producer: int) -> None:
        with tx.clone() as own:
            for i in range(each):
                while True:
                    try:
                        if style == "block":
                            own.send((producer, i))
                        elif style == "timeout":
                            own.send_timeout((producer, i), 0.0001)
                        else:
                            own.try_send((producer, i))
                        break
                    except (Full, SendTimeout):
                        time.sleep(0)

    def consume() -> list[tuple[int, int]]:
        return list(rx)

    consumers = [Background(consume) for _ in range(2)]
    clones = [tx.clone() for _ in range(3)]
    producers = [Background(partial(produce, p)) for p in range(3)]
    for producer in producers:
        producer.outcome()
    for clone in (*clones, tx):
        clone.close()
    seen = [consumer.outcome() for consumer in consumers]
    assert sorted(seen[0] + seen[1]) == [(p, i) for p in range(3) for i in range(each)]
    for messages in seen:
        for p in range(3):
            assert all(a < b for a, b in pairwise(i for q, i in messages if q == p))
    assert not waiters(rx._lease.channel.receivers)
    assert not waiters(rx._lease.channel.senders)


@pytest.mark.statement("S64")
@pytest.mark.usefixtures("frequent_switches")
@every_flavour
def test_sends_that_race_with_the_last_receiver_succeed_or_give_back(make: Make) -> None:
    """S64."""
    for _ in range(100):
        tx, rx = make()
        sender = Background(lambda tx=tx: [tx.send(i) for i in count()])  # type: ignore[misc]
        for _ in range(10):
            rx.recv()
        rx.close()
        assert isinstance(sender.error(), SendError)
        assert len(tx) == 0


@pytest.mark.statement("S42", "S57")
@pytest.mark.usefixtures("frequent_switches")
@every_flavour
def test_a_send_that_races_with_the_close_of_its_own_handle_tells_the_truth(make: Make) -> None:
    """B1, B4, P12: it succeeded exactly if its message is received, and the end is final."""
    for _ in range(300):
        tx, rx = make()
        sender = Background(partial(tx.send, "message"))
        closer = Background(tx.close)
        got = list(rx)
        try:
            sender.outcome()
        except HandleClosed as failure:
            assert failure.message == "message"  # noqa: PT017 - either outcome is right
            assert got == []
        else:
            assert got == ["message"]
        closer.outcome()
        with pytest.raises(RecvError):
            rx.try_recv()
