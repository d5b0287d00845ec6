"""Batches: many messages by one call, one pass and one wake-up."""

import sys
import threading
from collections.abc import Callable, Iterator
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
    SignalInjection,
    every_buffer,
    every_flavour,
    every_state,
    injections,
    is_notified,
    plant,
    received,
    refused,
    until_blocked,
    waiters,
)
from tests.channels.test_messages import MESSAGES
from treadle import (
    HandleClosed,
    Owned,
    Receiver,
    RecvError,
    SendError,
    bounded,
    channel,
    sync_channel,
    unbounded,
)
from treadle.sched import Verdict, check

# A channel of an earlier round may be collected during a later one.
pytestmark = pytest.mark.usefixtures("swallowed_interrupts_are_no_failure")

Take = Callable[[Receiver[Any]], list[Any]]

TAKING: dict[str, Take] = {
    "recv_many": lambda rx: rx.recv_many(),
    "drain": lambda rx: rx.drain(),
    "try_iter": lambda rx: list(rx.try_iter()),
}
every_taking = pytest.mark.parametrize("take", TAKING.values(), ids=TAKING)


def interrupt() -> None:
    raise Interrupt


@pytest.mark.statement("S68", "P7")
@every_flavour
def test_a_batch_of_any_objects_comes_in_order_and_untouched(make: Make) -> None:
    tx, rx = make()
    sender = Background(partial(tx.send_many, MESSAGES))
    got = [rx.recv() for _ in MESSAGES]
    sender.outcome()
    assert all(a is b for a, b in zip(got, MESSAGES, strict=True))


@pytest.mark.statement("S36", "S68", "S79", "P7")
@every_flavour
@every_taking
def test_a_batch_is_received_in_order_and_untouched(make: Make, take: Take) -> None:
    tx, rx = make()
    sender = Background(partial(tx.send_many, MESSAGES))
    got: list[Any] = []
    while len(got) < len(MESSAGES):
        got += take(rx)
    sender.outcome()
    assert all(a is b for a, b in zip(got, MESSAGES, strict=True))
    assert rx.drain() == []


@every_buffer
def test_an_empty_batch_is_nothing(make: Make) -> None:
    tx, rx = make()
    waiting = plant(tx._lease.channel, tx._lease.channel.receivers)
    tx.send_many([])
    assert not is_notified(waiting)
    assert rx.drain() == []
    rx.close()
    tx.send_many(())  # there is no message that fails


@every_buffer
def test_a_batch_is_read_before_anything_is_sent(make: Make) -> None:
    def messages() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    tx, rx = make()
    with pytest.raises(ZeroDivisionError):
        tx.send_many(messages())
    with pytest.raises(TypeError):
        tx.send_many(1)  # type: ignore[arg-type]
    assert rx.drain() == []


@pytest.mark.statement("S2", "S16")
@pytest.mark.parametrize("capacity", [1, 2, 3, 8])
def test_a_batch_longer_than_the_room_blocks_for_the_rest(capacity: int) -> None:
    tx, rx = sync_channel[int](capacity)
    sender = Background(partial(tx.send_many, range(20)))
    until_blocked(rx._lease.channel.senders)
    assert len(rx) == capacity
    assert [rx.recv() for _ in range(20)] == list(range(20))
    sender.outcome()


@every_buffer
@pytest.mark.parametrize("limit", [1, 2, 3, 4, sys.maxsize, None])
def test_no_more_are_received_than_the_limit(make: Make, limit: int | None) -> None:
    tx, rx = make()
    tx.send_many(range(4))
    assert rx.recv_many(limit) == list(range(4 if limit is None else min(limit, 4)))
    assert received(rx) == list(range(4 if limit is None else limit, 4))


@every_flavour
@pytest.mark.parametrize("limit", [0, -1, True, 1.0, "1"])
def test_a_bad_limit_is_refused_before_anything_is_received(make: Make, limit: Any) -> None:
    tx, rx = make()
    sender = Background(partial(tx.send, 1))
    with pytest.raises((TypeError, ValueError), match="limit"):
        rx.recv_many(limit)
    assert rx.recv() == 1
    sender.outcome()


@pytest.mark.statement("S37")
@every_flavour
def test_a_batch_to_receive_waits_for_its_first_message_only(make: Make) -> None:
    tx, rx = make()
    receiver = Background(rx.recv_many)
    until_blocked(tx._lease.channel.receivers)
    tx.send(1)
    assert receiver.outcome() == [1]


@pytest.mark.parametrize("count", [1, 3])
@every_state
def test_draining_takes_from_senders_that_wait(make: Make, count: int) -> None:
    tx, rx = make()
    for _ in range(tx.capacity or 0):
        tx.send("queued")
    senders = []
    if tx.capacity is not None:
        for i in range(count):
            senders.append(Background(partial(tx.send, i)))
            until_blocked(tx._lease.channel.senders, i + 1)
    got = rx.drain()
    while len(got) < (tx.capacity or 0) + len(senders):
        got += rx.recv_many()
    for sender in senders:
        sender.outcome()
    assert sorted(map(str, got)) == sorted(
        ["queued"] * (tx.capacity or 0) + [str(i) for i in range(len(senders))]
    )


@pytest.mark.statement("S79")
@every_buffer
def test_trying_iteration_ends_when_empty_and_may_go_on_later(make: Make) -> None:
    tx, rx = make()
    messages = rx.try_iter()
    assert iter(messages) is messages
    assert list(messages) == []
    tx.send_many([1, 2])
    assert list(messages) == [1, 2]
    tx.send(3)
    tx.close()
    assert list(messages) == [3]
    assert list(messages) == []


@pytest.mark.statement("S79", "S81")
@every_buffer
def test_leaving_a_trying_iteration_consumes_nothing_more(make: Make) -> None:
    tx, rx = make()
    tx.send_many(range(4))
    for message in rx.try_iter():
        if message == 1:
            break
    assert rx.drain() == [2, 3]


@pytest.mark.statement("S39")
@every_flavour
def test_only_a_batch_that_would_wait_says_that_the_channel_is_disconnected(make: Make) -> None:
    tx, rx = make()
    tx.close()
    assert refused(rx.recv_many) is RecvError
    assert rx.drain() == []
    assert list(rx.try_iter()) == []


@pytest.mark.statement("P13")
@every_flavour
def test_batches_through_a_closed_handle_fail(make: Make) -> None:
    tx, rx = make()
    tx.close()
    rx.close()
    for messages in ([1, rx], []):
        with pytest.raises(HandleClosed) as failure:
            tx.send_many(messages)
        assert failure.value.message == messages
    for take in TAKING.values():
        with pytest.raises(HandleClosed) as failure:
            take(rx)
        assert not hasattr(failure.value, "message")


@pytest.mark.statement("S17", "S18")
@every_flavour
def test_a_batch_that_fails_carries_all_its_messages_back(make: Make) -> None:
    tx, rx = make()
    rx.close()
    messages = [object(), object()]
    with pytest.raises(SendError) as failure:
        tx.send_many(iter(messages))
    assert failure.value.message == messages


@pytest.mark.statement("S19", "S20", "P12")
@pytest.mark.parametrize("capacity", [0, 1, 4])
@pytest.mark.parametrize("who", ["receiver", "sender"])
def test_a_batch_that_blocks_carries_back_what_was_not_sent(capacity: int, who: str) -> None:
    tx, rx = bounded[int](capacity)
    sender = Background(partial(tx.send_many, range(10)))
    until_blocked(rx._lease.channel.senders)
    if who == "sender":
        tx.close()
    else:
        rx.close()
    error = sender.error()
    assert isinstance(error, HandleClosed if who == "sender" else SendError)
    assert error.message == list(range(capacity, 10))


@pytest.mark.statement("S75")
@every_buffer
def test_a_batch_wakes_one_receiver_that_wakes_the_next(make: Make) -> None:
    tx, rx = make()
    state = tx._lease.channel
    receivers = [Background(rx.recv) for _ in range(4)]
    until_blocked(state.receivers, 4)
    tx.send_many(range(4))
    assert sorted(receiver.outcome() for receiver in receivers) == [0, 1, 2, 3]
    assert not waiters(state.receivers)


@pytest.mark.statement("S75")
def test_a_batch_that_is_received_wakes_one_sender_that_wakes_the_next() -> None:
    tx, rx = sync_channel[int](4)
    tx.send_many(range(4))
    senders = [Background(partial(tx.send, i)) for i in range(4, 8)]
    until_blocked(rx._lease.channel.senders, 4)
    assert rx.recv_many() == [0, 1, 2, 3]
    for sender in senders:
        sender.outcome()
    assert sorted(rx.drain()) == [4, 5, 6, 7]


@pytest.mark.statement("S68", "S69")
@pytest.mark.parametrize("make", [unbounded[int], partial(bounded[int], 4)], ids=["unbounded", "bounded"])
def test_nothing_of_another_sender_comes_between_a_batch_that_fits(make: Callable[[], Any]) -> None:
    """Another sends between any two bytecodes; within one, the interpreter's lock lets nobody."""
    seen = set()
    sent: list[Any] = []
    for injection in injections(lambda: sent[-1].send(0)):
        tx, rx = make()
        sent.append(tx)
        injection.run(partial(tx.send_many, [1, 2]))
        seen.add(tuple(rx.drain()))
    assert seen == {(0, 1, 2), (1, 2, 0), (1, 2)}


@pytest.mark.statement("S70", "G8")
@pytest.mark.parametrize("make", [unbounded[int], partial(bounded[int], 2)], ids=["unbounded", "bounded"])
def test_two_that_drain_share_the_messages(make: Callable[[], Any]) -> None:
    def program() -> None:
        tx, rx = make()
        tx.send_many([1, 2])
        parts: list[list[int]] = []
        other = threading.Thread(target=lambda: parts.append(rx.drain()))
        other.start()
        parts.append(rx.drain())
        other.join()
        assert all(part == sorted(part) for part in parts)
        assert sorted(parts[0] + parts[1]) == [1, 2]
        tx.try_send(3)  # and the room is there again
        tx.try_send(4)

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result


@every_buffer
def test_each_owned_of_a_batch_is_moved_when_it_is_sent(make: Make) -> None:
    tx, rx = make()
    owned = [Owned(1), Owned(2)]
    tx.send_many(owned)
    assert [repr(one) for one in owned] == ["Owned(moved)"] * 2
    assert [one.take() for one in rx.drain()] == [1, 2]
    rx.close()
    kept = Owned(3)
    with pytest.raises(SendError) as failure:
        tx.send_many([kept])
    assert failure.value.message == [kept]
    assert kept.value == 3


def loaded(make: Make) -> tuple[AnySender, Receiver[Any]]:
    tx, rx = make()
    tx.send_many([1, 2, 3])
    return tx, rx


@pytest.mark.statement("S70", "P1", "P2")
@every_buffer
@pytest.mark.parametrize("put_back", [False, True], ids=["plain", "after one was put back"])
def test_an_interrupted_drain_puts_back_what_it_took(make: Make, put_back: bool) -> None:
    """At every bytecode up to the end of the call that took them: no message is lost, doubled or reordered."""
    interrupted = 0
    for step in range(1_000):
        tx, rx = loaded(make)
        if put_back:
            tx._lease.channel.give_back([rx.recv()])
        injection = SignalInjection(step, interrupt)
        try:
            got = injection.run(rx.drain)
        except Interrupt:
            got = []
            interrupted += 1
        assert got + rx.drain() == [1, 2, 3], f"at step {step}"
        if not injection.done:
            break
    assert interrupted > 5


@pytest.mark.statement("S70", "P1", "P2")
@every_buffer
def test_an_interrupted_receive_of_many_loses_no_more_than_a_plain_receive(make: Make) -> None:
    """The first message is lost as any other: between the end of the deque's or dict's own call and its store."""
    lost = 0
    for step in range(1_000):
        _tx, rx = loaded(make)
        injection = SignalInjection(step, interrupt)
        try:
            got = injection.run(rx.recv_many)
        except Interrupt:
            got = []
        rest = got + rx.drain()
        assert rest in ([1, 2, 3], [2, 3]), f"at step {step}"
        lost += rest == [2, 3]
        if not injection.done:
            break
    assert lost <= 1


@pytest.mark.statement("S68", "P2")
@every_flavour
def test_what_was_put_back_twice_is_still_in_order(make: Make) -> None:
    for step in range(1_000):
        tx, rx = make()
        tx._lease.channel.give_back([1, 2, 3])
        injection = SignalInjection(step, interrupt)
        try:
            got = injection.run(partial(rx.recv_many, 2))
        except Interrupt:
            got = []
        rest = got + rx.drain()
        assert rest in ([1, 2, 3], [2, 3]), f"at step {step}"
        if not injection.done:
            return


@pytest.mark.statement("P1", "P3", "S75")
@every_buffer
def test_an_interrupted_send_of_many_has_sent_all_or_none_that_fit(make: Make) -> None:
    for injection in injections(interrupt):
        tx, rx = make()
        state = tx._lease.channel
        waiting = plant(state, state.receivers)
        with suppress(Interrupt):
            injection.run(partial(tx.send_many, [1, 2, 3]))
        assert is_notified(waiting) or not len(rx)
        assert rx.drain() in ([], [1, 2, 3])
        assert set(waiters(state.receivers)) <= {waiting}


@pytest.mark.statement("P1", "S75")
@pytest.mark.parametrize("take", [TAKING["recv_many"], TAKING["drain"]], ids=["recv_many", "drain"])
def test_an_interrupted_batch_wakes_the_sender_that_it_made_room_for(take: Take) -> None:
    for injection in injections(interrupt):
        tx, rx = sync_channel[int](3)
        tx.send_many([1, 2, 3])
        state = tx._lease.channel
        waiting = plant(state, state.senders)
        with suppress(Interrupt):
            injection.run(partial(take, rx))
        assert is_notified(waiting) or tx.is_full()


@pytest.mark.statement("P4")
@every_buffer
@pytest.mark.parametrize("step", range(0, 200, 7))
def test_a_batch_during_a_batch_keeps_account(make: Make, step: int) -> None:
    tx, rx = loaded(make)
    inner: list[Any] = []
    outer = Injection(step, lambda: inner.extend(rx.drain())).run(rx.drain)
    assert sorted(inner + outer + rx.drain()) == [1, 2, 3]
    tx.send_many([1, 2, 3])
    assert rx.drain() == [1, 2, 3]


def test_a_long_batch_needs_no_recursion() -> None:
    tx, rx = channel[int]()
    tx.send_many(range(300_000))
    assert rx.drain() == list(range(300_000))
    stx, srx = sync_channel[int](300_000)
    stx.send_many(range(300_000))
    assert srx.drain() == list(range(300_000))
