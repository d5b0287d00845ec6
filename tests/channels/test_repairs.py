"""What an operation repairs that is cut short at a step between its own, taken by hand.

The tests of interruption take every such step, but in the place of coverage's tracer, and not where two threads must
have come to a certain point each.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest

from treadle import (
    Empty,
    Full,
    HandleClosed,
    Owned,
    RecvTimeout,
    SendError,
    SyncSender,
    bounded,
    channel,
    sync_channel,
)
from treadle.channels import discarding, waiting
from treadle.channels.choices import Case, RecvCase, SendCase, choose
from treadle.channels.core import CLOSED, NOTHING, Nothing, State
from treadle.channels.flavours.bounded import FULL
from treadle.channels.flavours.unbounded import REFUSED
from treadle.channels.operations import EXPIRED, give_back
from treadle.channels.timeouts import NOW
from treadle.channels.waiting import END, Entry, Match, Side, Waiter


class Interrupting(deque[Any]):
    """A line at which a signal handler raises, once, when it is looked whether it is empty."""

    def __init__(self, line: Iterable[Any] = (), error: BaseException | None = None) -> None:
        super().__init__(line)
        self.error = error

    def __bool__(self) -> bool:
        if (error := self.error) is not None:
            self.error = None
            raise error
        return len(self) > 0


ERRORS = [KeyboardInterrupt(), IndexError("of a signal handler"), SendError("of a signal handler")]

of_a_handler = pytest.mark.parametrize("error", ERRORS, ids=repr)


def waiter_in(line: deque[Any], handle: Any, side: Any) -> Waiter:
    """Let one wait in the line, as a blocked thread does."""
    waiter = Waiter()
    line.append(Entry(waiter, handle, handle._lease.channel, side, None, False))
    return waiter


@of_a_handler
@pytest.mark.parametrize("capacity", [None, 2])
@pytest.mark.statement("P2")
def test_a_send_that_is_cut_short_after_its_step_has_sent_and_wakes_a_receiver(
    capacity: int | None, error: BaseException
) -> None:
    tx, rx = channel[int]() if capacity is None else sync_channel[int](capacity)
    state: Any = rx._lease.channel
    sender: Any = tx
    for send in (tx.send, state.offer):
        state.receivers.waiting = sender._waiting = Interrupting(state.receivers.waiting, error)
        waiter = waiter_in(state.receivers.waiting, rx, state.receivers)
        with pytest.raises(type(error)) as raised:
            send(1)
        assert raised.value is error
        assert waiter.is_over()
        assert rx.drain() == [1]


@of_a_handler
@pytest.mark.statement("P2")
def test_a_send_of_an_owned_that_is_cut_short_has_moved_it(error: BaseException) -> None:
    tx, rx = sync_channel[Owned[str]](1)
    state: Any = rx._lease.channel
    owned = Owned("value")
    waiter = waiter_in(state.receivers.waiting, rx, state.receivers)
    state.receivers = Hesitant(state.receivers, error)
    with pytest.raises(type(error)) as raised:
        tx.send(owned)
    assert raised.value is error
    assert waiter.is_over()
    assert rx.recv().take() == "value"
    assert repr(owned) == "Owned(moved)"


class Hesitant(Side):
    """A side at whose wake-up a signal handler raises, the first time, before it does anything."""

    def __init__(self, side: Side, error: BaseException) -> None:
        self.seats, self.waiting = side.seats, side.waiting
        self.error: BaseException | None = error

    def wake(self) -> None:
        if (error := self.error) is not None:
            self.error = None
            raise error
        super().wake()


def test_a_batch_that_cannot_be_read_is_no_full_channel() -> None:
    tx, rx = bounded[Any](2)

    class Broken(deque[Any]):
        def __iter__(self) -> Any:
            raise IndexError("of the batch")

    with pytest.raises(IndexError, match="of the batch"):
        tx._offer_many(Broken([1]))
    assert rx.is_empty()


def test_what_a_full_deque_says_means_full_and_nothing_else_does() -> None:
    tx, _rx = bounded[int](1)
    tx.send(1)
    with pytest.raises(Full):
        tx.try_send(2)
    assert IndexError().args != FULL


@pytest.mark.statement("P2")
def test_a_receive_that_is_cut_short_after_its_step_leaves_the_message_and_wakes_a_sender() -> None:
    for short in (True, False):
        tx, rx = bounded[int](1)
        state: Any = rx._lease.channel
        tx.send(1)
        state.senders.waiting = state.senders_line = Interrupting(state.senders.waiting, KeyboardInterrupt())
        waiter = waiter_in(state.senders.waiting, tx, state.senders)
        with pytest.raises(KeyboardInterrupt):
            rx.recv() if short else rx.try_recv()
        assert waiter.is_over()
        assert rx.drain() == [1]


@pytest.mark.statement("P2")
def test_a_receive_that_is_cut_short_before_its_step_wakes_a_sender_to_look() -> None:
    tx, rx = bounded[int](1)
    state: Any = rx._lease.channel
    waiter = waiter_in(state.senders.waiting, tx, state.senders)

    class Cut:
        def popleft(self) -> int:
            raise KeyboardInterrupt

    state.queue, queue = Cut(), state.queue
    with pytest.raises(KeyboardInterrupt):
        rx.try_recv()
    state.queue = queue
    assert waiter.is_over()
    assert rx.is_empty()


def test_a_receive_looks_for_more_if_another_took_what_was_given_back() -> None:
    tx, rx = bounded[int](1)
    tx.send(1)

    class Emptied(deque[int]):
        def __bool__(self) -> bool:
            return True

    rx._lease.channel.returned = Emptied()  # type: ignore[attr-defined]
    assert rx.try_recv() == 1


def test_a_batch_takes_what_is_there_where_others_were_quicker() -> None:
    _tx, rx = sync_channel[int](0)
    rx._lease.channel.give_back([1])
    messages: list[int] = []
    rx._lease.channel.take_many(messages, 3)
    assert messages == [1]


@pytest.mark.statement("P2")
def test_only_the_message_of_a_paired_receive_is_given_back() -> None:
    tx, rx = sync_channel[int](0)
    state = rx._lease.channel
    sending = SendCase(tx, 1)._entry(Waiter(), observes=False)
    give_back(Match(sending, None), sending)
    with pytest.raises(Empty):
        rx.try_recv()
    receiving = RecvCase[int](rx)._entry(Waiter(), observes=False)
    give_back(Match(receiving, 2), receiving)
    assert rx.try_recv() == 2
    assert state.count() == 0


@pytest.mark.statement("S113")
@pytest.mark.parametrize("observes", [True, False])
def test_who_waits_to_meet_wakes_one_that_observes_and_two_that_observe_leave_each_other(
    observes: bool,
) -> None:
    tx, rx = sync_channel[int](0)
    state = rx._lease.channel
    observer = Waiter()
    state.senders.waiting.append(SendCase(tx, 1)._entry(observer, observes=True))
    newcomer = RecvCase[int](rx)._entry(Waiter(), observes=observes)
    assert not state.ready(newcomer)
    assert observer.is_over() is not observes


@pytest.mark.statement("P11")
def test_the_wake_up_of_a_thread_that_is_not_in_this_process_goes_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tx, rx = channel[int]()
    state = rx._lease.channel
    gone = waiter_in(state.receivers.waiting, rx, state.receivers)
    gone.thread = -1
    monkeypatch.setattr(waiting._Forks, "survivors", [*waiting._Forks.survivors, threading.get_ident()])
    monkeypatch.setattr(waiting._Forks, "count", waiting._Forks.count + 1)
    here = waiter_in(state.receivers.waiting, rx, state.receivers)
    tx.send(1)
    assert here.was_ended_by(here._end["by"])
    assert not gone._end
    assert gone.is_over()


@pytest.mark.statement("P11")
def test_a_process_forked_while_messages_are_destroyed_goes_on_destroying() -> None:
    done: list[str] = []

    def empty() -> None:
        discarding.discard(lambda: done.append("inner"))
        discarding._forget_others()
        done.append("outer")

    discarding.discard(empty)
    assert done == ["outer", "inner"]


def test_what_a_closed_handle_refers_to_is_empty_and_never_changes() -> None:
    state: State = CLOSED
    assert (state.count(), state.room()) == (0, 0)
    assert state.unchanged(state.mark())
    _tx, rx = channel[int]()
    rx.close()
    assert rx._receive_many(5, wait=False) == []  # a `drain` that had begun


def test_a_refusal_names_what_was_refused() -> None:
    with pytest.raises(SendError) as raised:
        REFUSED.extend([1, 2])
    assert raised.value.message == [1, 2]
    with pytest.raises(HandleClosed):
        REFUSED.popleft()


@of_a_handler
@pytest.mark.parametrize("capacity", [None, 4])
@pytest.mark.statement("P2")
def test_a_batch_that_is_cut_short_after_its_step_is_sent_and_wakes_a_receiver(
    capacity: int | None, error: BaseException
) -> None:
    tx, rx = channel[int]() if capacity is None else bounded[int](capacity)
    state: Any = rx._lease.channel
    waiter = waiter_in(state.receivers.waiting, rx, state.receivers)
    state.receivers = Hesitant(state.receivers, error)
    with pytest.raises(type(error)) as raised:
        tx.send_many([1, 2])
    assert raised.value is error
    assert waiter.is_over()
    assert rx.drain() == [1, 2]


@pytest.mark.statement("S100")
def test_a_choice_looks_again_if_something_was_there_while_it_looked() -> None:
    tx, rx = channel[int]()
    looks: list[int] = []

    def attempt(case: object) -> Nothing:
        looks.append(len(looks))
        if len(looks) == 1:
            tx.send(1)
            rx.recv()
        return NOTHING

    assert choose([RecvCase[int](rx)], NOW, range, attempt) == (EXPIRED, NOTHING)
    assert looks == [0, 1]


def test_who_meets_one_whose_wait_ends_meanwhile_looks_at_the_next() -> None:
    tx, rx = sync_channel[int](0)
    state = rx._lease.channel

    class Ending(Waiter):
        def is_over(self) -> bool:
            self.thread = -1  # of two that meet the smaller one leaves
            return self.withdraw() is None and False

    state.senders.waiting.append(SendCase(tx, 1)._entry(Ending(), observes=False))
    receiving = RecvCase[int](rx)._entry(Waiter(), observes=False)
    assert not state.ready(receiving)
    state.senders.waiting.append(SendCase(tx, 1)._entry(Waiter(), observes=False))
    assert state.ready(receiving)


def deep(calls: int, operation: Callable[[], object]) -> object:
    """Call the operation within so many calls."""
    return deep(calls - 1, operation) if calls else operation()


@pytest.mark.parametrize("capacity", [None, 1, 0])
def test_a_wait_for_which_calls_cannot_nest_deep_enough_does_not_begin(capacity: int | None) -> None:
    """At the recursion limit an operation leaves nothing in a line, and takes no message with it."""
    failed = 0
    for calls in range(60):
        tx, rx = channel[int]() if capacity is None else sync_channel[int](capacity)
        state = rx._lease.channel
        with limited_recursion():
            try:
                deep(calls, lambda rx=rx: rx.recv_timeout(0))  # type: ignore[misc]
            except RecursionError:
                failed += 1
            except RecvTimeout:
                pass
        assert not state.receivers.waiting
        if isinstance(tx, SyncSender):
            with pytest.raises(Full) if capacity == 0 else nullcontext():
                tx.try_send(1)
    assert 0 < failed < 60


@pytest.mark.statement("P2")
def test_a_bounded_receive_that_cannot_wake_a_sender_for_too_deep_calls_keeps_the_message() -> None:
    failed = 0
    for calls in range(60):
        tx, rx = bounded[int](1)
        tx.send(1)
        state: Any = rx._lease.channel
        waiter_in(state.senders.waiting, tx, state.senders)
        got: list[int] = []
        with limited_recursion(), suppress(RecursionError):
            deep(calls, lambda rx=rx, got=got: got.append(rx.recv()))  # type: ignore[misc]
        failed += not got
        assert got + rx.drain() == [1]
    assert 0 < failed < 60


@contextmanager
def limited_recursion() -> Iterator[None]:
    """Let calls nest 40 deeper than here and no more."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 40)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.statement("S17")
def test_a_send_at_a_rendezvous_whose_end_has_begun_fails_and_does_not_wait() -> None:
    tx, rx = sync_channel[int](0)
    state = rx._lease.channel
    state.receivers.waiting.append(END)  # and the thread that closes the receiver goes no further for now
    with pytest.raises(SendError):
        tx.send(1)
    assert state.ready(SendCase(tx, 1)._entry(Waiter(), observes=False))


@pytest.mark.statement("P3")
def test_a_batch_leaves_the_error_of_a_signal_handler_as_it_is() -> None:
    tx, rx = sync_channel[Owned[str]](1)
    state: Any = rx._lease.channel
    error = SendError("of a signal handler")
    state.receivers = Hesitant(state.receivers, error)
    with pytest.raises(SendError) as raised:
        tx.send_many([Owned("first"), Owned("second")])
    assert raised.value is error
    assert error.message == "of a signal handler"
    assert rx.recv().take() == "first"


def test_a_case_is_made_by_recv_and_send_only() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Case(channel[int]()[1])  # type: ignore[abstract]
