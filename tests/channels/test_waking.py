"""The passing on of notifications: a notified waiter that does not need its notification.

No threads: `plant` registers a waiter as a blocked thread would, and a receiver or sender whose `_ready`
is overridden acts at the moment between its registration and its sleep.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.channels.support import Injection, Interrupt, is_notified, plant, waiters
from treadle import HandleClosed, Receiver, RecvTimeout, SendTimeout, SyncSender, channel, sync_channel
from treadle.channels.waiting import END, Side, Waiter


class MeddledReceiver(Receiver[Any]):
    """Does something else just before it would sleep."""

    meddle: Callable[[], bool]

    def _ready(self) -> bool:
        return self.meddle()


class MeddledSender(SyncSender[Any]):
    """Does something else just before it would sleep."""

    meddle: Callable[[], bool]

    def _ready(self) -> bool:
        return self.meddle()


@pytest.mark.statement("S75", "P1")
def test_a_notified_receiver_that_is_interrupted_passes_it_on() -> None:
    tx, rx = channel[int]()
    side = tx._lease.channel.receivers
    planted: list[Waiter] = []

    def meddle() -> bool:
        tx.send(1)
        assert not waiters(side)  # it was the one notified
        planted.append(plant(side))
        raise Interrupt

    receiver = MeddledReceiver(rx._lease.channel)
    receiver.meddle = meddle
    with pytest.raises(Interrupt):
        receiver.recv()
    assert is_notified(planted[0])
    assert len(tx) == 1


@pytest.mark.statement("S75")
def test_a_notified_receiver_that_was_closed_passes_it_on() -> None:
    tx, rx = channel[int]()
    side = tx._lease.channel.receivers
    planted: list[Waiter] = []
    receiver = MeddledReceiver(rx._lease.channel)

    def meddle() -> bool:
        tx.send(1)
        planted.append(plant(side))
        receiver.close()
        return True

    receiver.meddle = meddle
    with pytest.raises(HandleClosed):
        receiver.recv()
    assert is_notified(planted[0])


@pytest.mark.statement("S75")
def test_a_receiver_that_finds_more_than_it_needs_passes_it_on() -> None:
    tx, rx = channel[int]()
    side = tx._lease.channel.receivers
    planted: list[Waiter] = []

    def meddle() -> bool:
        tx.send(1)
        tx.send(2)  # nobody is left to be notified of this one
        planted.append(plant(side))
        return True

    receiver = MeddledReceiver(rx._lease.channel)
    receiver.meddle = meddle
    assert receiver.recv() == 1
    assert is_notified(planted[0])


def test_a_receiver_that_takes_what_it_was_notified_of_wakes_nobody() -> None:
    tx, rx = channel[int]()
    planted: list[Waiter] = []

    def meddle() -> bool:
        tx.send(1)
        planted.append(plant(tx._lease.channel.receivers))
        return True

    receiver = MeddledReceiver(rx._lease.channel)
    receiver.meddle = meddle
    assert receiver.recv() == 1
    assert not is_notified(planted[0])


@pytest.mark.statement("S48")
def test_a_message_that_comes_as_the_time_runs_out_is_received() -> None:
    tx, rx = channel[int]()

    def meddle() -> bool:
        tx.send(1)
        return False

    receiver = MeddledReceiver(rx._lease.channel)
    receiver.meddle = meddle
    assert receiver.recv_timeout(0) == 1


@pytest.mark.statement("S75", "P1")
def test_a_notified_sender_that_is_interrupted_passes_it_on() -> None:
    tx, rx = sync_channel[int](1)
    tx.send(1)
    planted: list[Waiter] = []

    def meddle() -> bool:
        assert rx.recv() == 1
        planted.append(plant(tx._lease.channel.senders))
        raise Interrupt

    sender = MeddledSender(tx._lease.channel)
    sender.meddle = meddle
    with pytest.raises(Interrupt):
        sender.send(2)
    assert is_notified(planted[0])
    assert len(rx) == 0


@pytest.mark.statement("S75")
def test_a_sender_that_finds_more_room_than_it_needs_passes_it_on() -> None:
    tx, rx = sync_channel[int](2)
    tx.send(1)
    tx.send(2)
    planted: list[Waiter] = []

    def meddle() -> bool:
        assert [rx.recv(), rx.recv()] == [1, 2]
        planted.append(plant(tx._lease.channel.senders))
        return True

    sender = MeddledSender(tx._lease.channel)
    sender.meddle = meddle
    sender.send(3)
    assert is_notified(planted[0])


@pytest.mark.statement("S32", "S49")
def test_waiters_that_left_are_not_notified() -> None:
    """B11, S49: a later send goes to the one that still waits."""
    tx, rx = sync_channel[int](1)
    for _ in range(10):
        with pytest.raises(RecvTimeout):
            rx.recv_timeout(0)
    waiting = plant(tx._lease.channel.receivers)
    tx.send(1)
    assert is_notified(waiting)
    for _ in range(10):
        with pytest.raises(SendTimeout):
            tx.send_timeout(2, 0)
    waiting = plant(tx._lease.channel.senders)
    rx.recv()
    assert is_notified(waiting)
    assert not tx._lease.channel.receivers.waiting
    assert not tx._lease.channel.senders.waiting


def test_a_waiter_is_claimed_once() -> None:
    waiter = Waiter(None)
    assert waiter.notify()
    assert not waiter.notify()
    assert waiter.sleep(None)


@pytest.mark.statement("S75")
def test_waking_skips_waiters_that_were_claimed_by_others() -> None:
    side = Side()
    first, second = plant(side), plant(side)
    first.claim.acquire(False)  # as one that gives up, or whose notifier was interrupted
    side.wake()
    assert is_notified(first)
    assert is_notified(second)
    assert not side.waiting


@pytest.mark.statement("S75")
def test_a_waiter_that_leaves_at_any_step_of_a_wake_up_swallows_none() -> None:
    """B3: either it was claimed before it left, and knows it, or the next one is notified."""
    for step in range(1_000):
        side = Side()
        first, second = plant(side), plant(side)
        claimed: list[bool] = []

        def leave(side: Side = side, first: Waiter = first, claimed: list[bool] = claimed) -> None:
            claimed.append(first.claim.locked())
            side.leave(first)

        injection = Injection(step, leave)
        injection.run(side.wake)
        if not injection.done:
            break
        assert claimed == [not is_notified(second)]
    assert step > 10


def test_waking_stops_at_the_end() -> None:
    side = Side()
    first = plant(side)
    side.waiting.append(END)
    side.wake()
    side.wake()
    assert is_notified(first)
    assert list(side.waiting) == [END]


def test_the_injection_helper_reaches_every_step_once() -> None:
    """The helper itself: each run acts at one step, the steps are many, and then they end."""
    steps = 0
    while True:
        acts: list[None] = []
        tx, rx = sync_channel[int](1)
        injection = Injection(steps, lambda acts=acts: acts.append(None))  # type: ignore[misc]
        injection.run(lambda tx=tx, rx=rx: (tx.send(1), rx.recv()))  # type: ignore[misc]
        assert len(acts) == injection.done
        if not injection.done:
            break
        steps += 1
    assert 50 < steps < 500
