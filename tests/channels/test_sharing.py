"""Sharing: clones of both sides, counts, weak senders, and which handles belong together."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import combinations
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import (
    AnySender,
    Background,
    Injection,
    Interrupt,
    Make,
    every_buffer,
    every_flavour,
    every_shared,
    every_state,
    injections,
    refused,
    until_blocked,
)
from treadle import (
    HandleClosed,
    Receiver,
    RecvError,
    SendError,
    SharedReceiver,
    after,
    at,
    bounded,
    channel,
    never,
    sync_channel,
    tick,
    unbounded,
)
from treadle.sched import Verdict, check

MakeShared = Callable[[], tuple[AnySender, SharedReceiver[Any]]]


def interrupt() -> None:
    raise Interrupt


@pytest.mark.statement("S5")
@every_flavour
def test_capacity_and_state_are_told_alike_by_every_handle(make: Make) -> None:
    tx, rx = make()
    handles = [tx, rx, tx.clone()]
    if isinstance(rx, SharedReceiver):
        handles.append(rx.clone())
    for _ in range(tx.capacity or 0):
        tx.send(1)
    tellers: list[Callable[[Any], object]] = [
        len,
        lambda handle: handle.capacity,
        lambda handle: handle.is_empty(),
        lambda handle: handle.is_full(),
        lambda handle: handle.is_disconnected(),
        lambda handle: handle.sender_count(),
        lambda handle: handle.receiver_count(),
    ]
    for tell in tellers:
        assert len({tell(handle) for handle in handles}) == 1


@pytest.mark.statement("S10")
@every_shared
def test_each_message_goes_to_one_of_the_clones_of_a_receiver(make: MakeShared) -> None:
    tx, rx = make()
    clones = [rx, rx.clone(), rx.clone()]
    sender = Background(lambda: [tx.send(i) for i in range(6)])
    assert [receiver.recv() for receiver in clones * 2] == list(range(6))
    sender.outcome()


@pytest.mark.statement("S10")
def test_the_receivers_of_std_are_not_cloned() -> None:
    for _, rx in (channel[int](), sync_channel[int](1), sync_channel[int](0)):
        assert type(rx.try_iter())
        assert not hasattr(rx, "clone")
        assert not isinstance(rx, SharedReceiver)


@pytest.mark.statement("S53", "S54", "S59")
@every_shared
def test_only_the_last_receiver_disconnects(make: MakeShared) -> None:
    tx, rx = make()
    twin = rx.clone()
    with rx.clone():
        assert tx.receiver_count() == 3
    rx.close()
    assert not tx.is_disconnected()
    assert tx.receiver_count() == 1
    sender = Background(partial(tx.send, 1))
    assert twin.recv() == 1
    sender.outcome()
    del twin
    assert tx.is_disconnected()
    assert tx.receiver_count() == 0
    assert refused(partial(tx.send, 2)) is SendError


@pytest.mark.statement("S58")
@every_shared
def test_a_receiver_cloned_when_the_senders_are_gone_is_disconnected(make: MakeShared) -> None:
    tx, rx = make()
    tx.close()
    twin = rx.clone()
    rx.close()
    assert twin.is_disconnected()
    assert refused(twin.recv) is RecvError


@pytest.mark.statement("P12")
@every_shared
def test_closing_a_receiver_ends_what_is_blocked_through_it_and_no_other(make: MakeShared) -> None:
    tx, rx = make()
    twin = rx.clone()
    closed = Background(rx.recv)
    until_blocked(tx._lease.channel.receivers)
    other = Background(twin.recv)
    until_blocked(tx._lease.channel.receivers, 2)
    rx.close()
    assert type(closed.error()) is HandleClosed
    tx.send("message")
    assert other.outcome() == "message"
    for operation in (rx.clone, rx.recv, rx.sender_count, rx.receiver_count):
        assert refused(operation) is HandleClosed


@every_flavour
def test_counts_are_of_open_handles(make: Make) -> None:
    tx, rx = make()
    assert (rx.sender_count(), tx.receiver_count()) == (1, 1)
    twin = tx.clone()
    weak = tx.downgrade()
    assert rx.sender_count() == 2
    third = weak.upgrade()
    assert rx.sender_count() == 3
    twin.close()
    twin.close()
    del third
    assert rx.sender_count() == 1
    tx.close()
    assert rx.sender_count() == 0


def pairs_of_all_kinds() -> Iterator[list[Any]]:
    """Give, for each channel, several handles of it."""
    for make in (channel[Any], unbounded[Any]):
        tx, rx = make()
        yield [tx, rx, tx.clone()]
    for capacity in (0, 1, 4):
        for kind in (sync_channel[Any], bounded[Any]):
            stx, srx = kind(capacity)
            yield [stx, srx, stx.clone()]
    for timer in (after(1), after(1), at(0), at(0), tick(1), tick(1)):
        yield [timer, timer.clone()]
    yield [never(), never().clone(), never(), after(None), tick(float("inf"))]


@pytest.mark.statement("S12")
def test_handles_are_of_the_same_channel_exactly_if_they_were_made_together() -> None:
    channels = list(pairs_of_all_kinds())
    for handles in channels:
        assert all(one.same_channel(other) for one in handles for other in handles)
    for handles, others in combinations(channels, 2):
        assert not any(one.same_channel(other) for one in handles for other in others)


@pytest.mark.statement("S12", "P13")
@every_flavour
def test_a_closed_handle_is_of_no_channel(make: Make) -> None:
    tx, rx = make()
    rx.close()
    assert refused(lambda: tx.same_channel(rx)) is HandleClosed
    assert refused(lambda: rx.same_channel(tx)) is HandleClosed


@pytest.mark.statement("S54", "S57")
@every_flavour
def test_a_weak_sender_makes_senders_while_there_is_one(make: Make) -> None:
    tx, rx = make()
    weak = tx.downgrade()
    made = weak.upgrade()
    assert made is not None
    assert type(made) is type(tx)
    assert made.same_channel(tx)
    tx.close()
    sender = Background(partial(made.send, 1))
    assert rx.recv() == 1
    sender.outcome()
    made.close()
    assert rx.is_disconnected()
    assert weak.upgrade() is None
    assert refused(rx.recv) is RecvError


@pytest.mark.statement("S54", "P5")
@every_flavour
def test_a_weak_sender_keeps_no_channel_connected(make: Make) -> None:
    tx, rx = make()
    weak = tx.downgrade()
    del tx
    gc.collect()
    assert rx.is_disconnected()
    assert weak.upgrade() is None
    assert weakref.ref(weak)() is weak
    assert repr(weak) == "WeakSender { .. }"


@pytest.mark.statement("S58")
@every_flavour
def test_a_weak_sender_outlives_the_receivers(make: Make) -> None:
    tx, rx = make()
    weak = tx.downgrade()
    rx.close()
    made = weak.upgrade()
    assert made is not None
    assert refused(partial(made.send, 1)) is SendError


@pytest.mark.statement("P13")
@every_flavour
def test_a_closed_handle_is_not_downgraded(make: Make) -> None:
    tx, _ = make()
    weak = tx.downgrade()
    tx.close()
    assert refused(tx.downgrade) is HandleClosed
    assert weak.upgrade() is None


@pytest.mark.statement("S57")
@pytest.mark.parametrize(
    ("make", "preemptions"),
    [(unbounded[int], None), (partial(bounded[int], 1), 1), (partial(bounded[int], 0), 1)],
)
def test_an_upgrade_that_races_with_the_last_close_is_before_or_after_it(
    make: Callable[[], tuple[AnySender, Receiver[int]]], preemptions: int | None
) -> None:
    """It never brings a channel back whose end was seen."""
    upgraded = set()

    def program() -> None:
        tx, rx = make()
        weak = tx.downgrade()
        closer = threading.Thread(target=tx.close)
        closer.start()
        seen = rx.is_disconnected()
        refused(
            tx.is_empty
        )  # a read of what the close writes, which a look at a weak reference is not to the checker
        made = weak.upgrade()
        assert made is None or not seen
        if made is not None:
            assert not rx.is_disconnected()
            assert rx.sender_count() >= 1
            made.close()
        upgraded.add(made is not None)
        closer.join()
        assert rx.is_disconnected()
        assert rx.sender_count() == 0
        assert weak.upgrade() is None

    result = check(program, instrument=[treadle.channels], preemptions=preemptions)
    assert result.verdict is Verdict.HOLDS, result
    assert upgraded == {False, True}


@pytest.mark.statement("S57", "P4")
@every_state
def test_an_upgrade_at_any_step_of_the_last_close_is_before_or_after_it(make: Make) -> None:
    step = 0
    while True:
        tx, rx = make()
        weak = tx.downgrade()
        made: list[Any] = []

        def upgrade(made: list[Any] = made, weak: Any = weak, rx: Receiver[Any] = rx) -> None:
            made.extend((rx.is_disconnected(), weak.upgrade(), rx.is_disconnected()))

        injection = Injection(step, upgrade)
        injection.run(tx.close)
        if not injection.done:
            return
        step += 1
        before, sender, later = made
        if sender is None:
            assert rx.is_disconnected()
        else:
            assert not before
            assert not later
            assert not rx.is_disconnected()
            sender.close()
        assert rx.is_disconnected()


@pytest.mark.statement("P1")
@every_state
def test_an_upgrade_cut_short_does_not_keep_the_channel_connected(make: Make) -> None:
    for injection in injections(interrupt):
        tx, rx = make()
        weak = tx.downgrade()
        with suppress(Interrupt):
            injection.run(weak.upgrade)
        tx.close()
        assert rx.is_disconnected()


@pytest.mark.statement("S63")
@pytest.mark.parametrize(
    "make", [unbounded[object], partial(bounded[object], 1), partial(bounded[object], 0)]
)
def test_handles_of_both_sides_may_be_dropped_at_once(make: Callable[[], Any]) -> None:
    class Parcel:
        pass

    def program() -> None:
        tx, rx = make()
        parcel = Parcel()
        watch = weakref.ref(parcel)
        with suppress(treadle.Full):
            tx.try_send(parcel)
        del parcel
        twin = tx.clone()
        state = tx._lease.channel
        closers = [threading.Thread(target=handle.close) for handle in (tx, rx)]
        for closer in closers:
            closer.start()
        twin.close()
        for closer in closers:
            closer.join()
        assert state.senders_gone
        assert state.receivers_gone
        assert watch() is None

    result = check(program, instrument=[treadle.channels], preemptions=1)
    assert result.verdict is Verdict.HOLDS, result


@pytest.mark.statement("S13", "P14")
@every_buffer
def test_no_handle_or_iterator_shows_a_message(make: Make) -> None:
    tx, rx = make()
    tx.send("secret")
    shown = [repr(one) for one in (tx, rx, iter(rx), rx.try_iter(), tx.downgrade())]
    kind = "Sender" if tx.capacity is None else "SyncSender"
    of_rx = "SharedReceiver" if isinstance(rx, SharedReceiver) else "Receiver"
    names = (kind, of_rx, "Iter", "TryIter", "WeakSender")
    assert shown == [f"{name} {{ .. }}" for name in names]
