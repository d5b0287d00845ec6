"""The passing on of notifications: a notified waiter that does not need its notification.

No threads: `plant` registers a waiter as a blocked thread would, and a channel whose `ready`
is overridden acts at the moment between its registration and its sleep.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.channels.support import Injection, Interrupt, is_notified, plant, waiters
from treadle import HandleClosed, Receiver, RecvTimeout, Sender, SendTimeout, SyncSender, sync_channel
from treadle.channels.flavours.bounded import Bounded
from treadle.channels.flavours.unbounded import Unbounded
from treadle.channels.waiting import END, Entry, Side, Waiter


class MeddledUnbounded(Unbounded[Any]):
    """Does something else just before a thread would sleep."""

    meddle: Callable[[], bool]

    def ready(self, entry: Entry) -> bool:
        return self.meddle()


class MeddledBounded(Bounded[Any]):
    """The same."""

    meddle: Callable[[], bool]

    def ready(self, entry: Entry) -> bool:
        return self.meddle()


def meddled() -> tuple[MeddledUnbounded, Sender[Any], Receiver[Any]]:
    state = MeddledUnbounded()
    return state, Sender(state), Receiver(state)


def meddled_bounded(capacity: int) -> tuple[MeddledBounded, SyncSender[Any], Receiver[Any]]:
    state = MeddledBounded(capacity)
    return state, SyncSender(state), Receiver(state)


@pytest.mark.statement("S75", "P1")
def test_a_notified_receiver_that_is_interrupted_passes_it_on() -> None:
    state, tx, receiver = meddled()
    side = state.receivers
    planted: list[Entry] = []

    def meddle() -> bool:
        tx.send(1)
        assert not waiters(side)  # it was the one notified
        planted.append(plant(state, side))
        raise Interrupt

    state.meddle = meddle
    with pytest.raises(Interrupt):
        receiver.recv()
    assert is_notified(planted[0])
    assert len(tx) == 1


@pytest.mark.statement("S75")
def test_a_notified_receiver_that_was_closed_passes_it_on() -> None:
    state, tx, receiver = meddled()
    _other = Receiver(state)
    side = state.receivers
    planted: list[Entry] = []

    def meddle() -> bool:
        tx.send(1)
        planted.append(plant(state, side))
        receiver.close()
        return True

    state.meddle = meddle
    with pytest.raises(HandleClosed):
        receiver.recv()
    assert is_notified(planted[0])


@pytest.mark.statement("S75")
def test_a_receiver_that_finds_more_than_it_needs_passes_it_on() -> None:
    state, tx, receiver = meddled()
    side = state.receivers
    planted: list[Entry] = []

    def meddle() -> bool:
        tx.send(1)
        tx.send(2)  # nobody is left to be notified of this one
        planted.append(plant(state, side))
        return True

    state.meddle = meddle
    assert receiver.recv() == 1
    assert is_notified(planted[0])


def test_a_receiver_that_takes_what_it_was_notified_of_wakes_nobody() -> None:
    state, tx, receiver = meddled()
    planted: list[Entry] = []

    def meddle() -> bool:
        tx.send(1)
        planted.append(plant(state, state.receivers))
        return True

    state.meddle = meddle
    assert receiver.recv() == 1
    assert not is_notified(planted[0])


@pytest.mark.statement("S48")
def test_a_message_that_comes_as_the_time_runs_out_is_received() -> None:
    state, tx, receiver = meddled()

    def meddle() -> bool:
        tx.send(1)
        return False

    state.meddle = meddle
    assert receiver.recv_timeout(0) == 1


@pytest.mark.statement("S75", "P1")
def test_a_notified_sender_that_is_interrupted_passes_it_on() -> None:
    state, sender, rx = meddled_bounded(1)
    sender.send(1)
    planted: list[Entry] = []

    def meddle() -> bool:
        assert rx.recv() == 1
        planted.append(plant(state, state.senders))
        raise Interrupt

    state.meddle = meddle
    with pytest.raises(Interrupt):
        sender.send(2)
    assert is_notified(planted[0])
    assert len(rx) == 0


@pytest.mark.statement("S75")
def test_a_sender_that_finds_more_room_than_it_needs_passes_it_on() -> None:
    state, sender, rx = meddled_bounded(2)
    sender.send(1)
    sender.send(2)
    planted: list[Entry] = []

    def meddle() -> bool:
        assert [rx.recv(), rx.recv()] == [1, 2]
        planted.append(plant(state, state.senders))
        return True

    state.meddle = meddle
    sender.send(3)
    assert is_notified(planted[0])


@pytest.mark.statement("S32", "S49")
def test_waiters_that_left_are_not_notified() -> None:
    """B11, S49: a later send goes to the one that still waits."""
    tx, rx = sync_channel[int](1)
    state = tx._lease.channel
    for _ in range(10):
        with pytest.raises(RecvTimeout):
            rx.recv_timeout(0)
    waiting = plant(state, state.receivers)
    tx.send(1)
    assert is_notified(waiting)
    for _ in range(10):
        with pytest.raises(SendTimeout):
            tx.send_timeout(2, 0)
    waiting = plant(state, state.senders)
    rx.recv()
    assert is_notified(waiting)
    assert not state.receivers.waiting
    assert not state.senders.waiting


def test_a_wait_is_ended_once() -> None:
    waiter = Waiter()
    first, second = object(), object()
    assert waiter.end(first)
    assert waiter.end(first), "the one who ended it may do so again, after an interrupt"
    assert not waiter.end(second)
    assert waiter.withdraw() is first
    assert waiter.sleep(None)


@pytest.mark.statement("S75")
def test_waking_skips_waiters_that_were_ended_by_others() -> None:
    state = Unbounded[Any]()
    side = state.receivers
    first, second = plant(state, side), plant(state, side)
    first.waiter.withdraw()  # as one that gives up, or whose notifier was interrupted
    side.wake()
    assert is_notified(first)
    assert is_notified(second)
    assert not side.waiting


@pytest.mark.statement("S75")
def test_a_waiter_that_leaves_at_any_step_of_a_wake_up_swallows_none() -> None:
    """B3: either it was woken before it left, and knows it, or the next one is woken."""
    for step in range(1_000):
        state = Unbounded[Any]()
        side = state.receivers
        first, second = plant(state, side), plant(state, side)
        woken: list[bool] = []

        def leave(side: Side = side, first: Entry = first, woken: list[bool] = woken) -> None:
            woken.append(first.waiter.withdraw() is not None)
            side.remove(first)

        injection = Injection(step, leave)
        injection.run(side.wake)
        if not injection.done:
            break
        assert woken == [not is_notified(second)]
    assert step > 10


def test_waking_stops_at_the_end() -> None:
    state = Unbounded[Any]()
    side = state.receivers
    first = plant(state, side)
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
    assert 25 < steps < 500
