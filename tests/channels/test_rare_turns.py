"""The turns that only a race or an interrupt leads to, taken here by hand: each step of theirs is an ordinary call."""

from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from tests.channels.support import Background, until_blocked
from treadle import (
    Empty,
    Owned,
    Receiver,
    Select,
    Sender,
    SharedReceiver,
    after,
    bounded,
    channel,
    recv,
    select,
    send,
    sync_channel,
    tick,
)
from treadle.channels import discarding, waiting
from treadle.channels.errors import SendError
from treadle.channels.flavours import tick as ticking
from treadle.channels.flavours.latest import Latest

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_batch_meets_receivers_at_a_rendezvous_one_by_one() -> None:
    tx, rx = sync_channel[int](0)
    receiver = Background(lambda: [*rx])
    until_blocked(tx._lease.channel.receivers)
    tx.send_many([1, 2, 3])
    tx.close()
    assert receiver.outcome() == [1, 2, 3]


def test_a_batch_that_meets_a_waiting_receiver_goes_in_without_waiting() -> None:
    tx, rx = sync_channel[int](0)
    receiver = Background(rx.recv)
    until_blocked(tx._lease.channel.receivers)
    pending = deque([1])
    assert tx._offer_many(pending) is None
    assert not pending
    assert receiver.outcome() == 1


def test_what_a_receive_of_a_timer_gives_back_is_received() -> None:
    rx = after(0)
    instant = rx.recv()
    rx._lease.channel.give_back([instant])
    assert rx.try_recv() == instant
    with pytest.raises(Empty):
        rx.try_recv()


def test_a_timer_takes_no_message() -> None:
    assert after(0)._lease.channel.offer(1.0) is SendError


@pytest.mark.statement("S69")
def test_a_batch_that_loses_the_end_of_the_queue_follows_the_message_that_won_it() -> None:
    tx, rx = bounded[Any](4)

    class Overtaken(deque[Any]):
        """A batch during whose reading another message is sent."""

        def __iter__(self) -> Any:
            if rx.is_empty():
                tx.send("first")
            return super().__iter__()

    assert tx._offer_many(Overtaken(["second", "third"])) is None
    assert rx.drain() == ["first", "second", "third"]


def test_what_is_put_back_into_one_place_stays_if_nothing_newer_came() -> None:
    state = Latest[str]()
    tx, rx = Sender(state), Receiver(state)
    state.give_back(["older", "old"])
    assert rx.recv() == "old"
    tx.send("new")
    state.give_back(["old"])
    assert rx.drain() == ["new"]


@pytest.mark.statement("S113")
def test_a_receive_passes_by_one_that_only_observes() -> None:
    tx, rx = sync_channel[int](0)
    observer = Select[None]()
    observer.send(tx, 1)
    watching = Background(observer.ready)
    until_blocked(tx._lease.channel.senders)
    with pytest.raises(Empty):
        rx.try_recv()
    rx.close()
    assert watching.outcome() == 0


@pytest.mark.statement("S127")
def test_a_tick_that_another_receiver_took_meanwhile_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    rx = tick(0)
    clock: Callable[[], float] = vars(ticking)["monotonic"]
    took: list[float] = []

    def look() -> float:
        if not took:
            took.append(0.0)
            took.append(rx.recv())
        return clock()

    monkeypatch.setattr(ticking, "monotonic", look)
    with pytest.raises(Empty):
        rx.try_recv()
    assert len(took) == 2


def test_a_tick_is_found_also_when_the_hint_lags_behind() -> None:
    rx: SharedReceiver[float] = tick(0)
    state: Any = rx._lease.channel
    behind = state._next
    first = rx.recv()
    state._next = behind
    assert rx.recv() >= first


@pytest.mark.statement("S94")
def test_an_owned_that_a_select_sends_twice_moves_once() -> None:
    tx, rx = sync_channel[Owned[str]](0)
    owned = Owned("value")
    sender = Background(lambda: select(send(tx, owned), send(tx, owned)).index)
    until_blocked(tx._lease.channel.senders, 2)
    assert select(recv(rx)).value.take() == "value"
    assert sender.outcome() in (0, 1)
    assert repr(owned) == "Owned(moved)"


@pytest.mark.statement("S57")
def test_a_weak_sender_makes_none_beside_one_whose_finalizer_has_begun() -> None:
    tx, rx = channel[int]()
    weak = tx.downgrade()
    tx._lease.seat.unused = True
    assert weak.upgrade() is None
    assert rx.receiver_count() == 1


def test_a_weak_sender_passes_by_one_that_is_leaving() -> None:
    tx, _rx = channel[int]()
    twin = tx.clone()
    leaving, seats = twin._lease.seat, tx._lease.channel.senders.seats
    twin.close()
    staying = seats.copy()
    seats.clear()
    seats.update({leaving: None, **staying})
    assert tx.downgrade().upgrade() is not None


@pytest.mark.statement("P11")
def test_a_forked_process_forgets_what_other_threads_were_doing() -> None:
    """Its first steps, made here without a fork: coverage does not see a forked process."""
    mine, other = waiting.Waiter(), waiting.Waiter()
    other.thread = -1
    discarding._noted[-1] = deque()
    waiting._count_fork()
    discarding._forget_others()
    assert not mine.is_over()
    assert other.is_over()
    assert -1 not in discarding._noted
