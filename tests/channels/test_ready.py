"""`Select.ready`: it waits until an operation would not block, and performs nothing."""

import random
from collections import Counter
from typing import Any

import pytest

from tests.channels.support import Background, Interrupt, injections, until_blocked, waiters
from treadle import (
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    Select,
    SelectTimeout,
    SendError,
    after,
    bounded,
    never,
    unbounded,
)


def state_of(rx: Receiver[Any]) -> Any:
    return rx._lease.channel


def selecting(*receivers: Receiver[Any]) -> Select[Any]:
    sel = Select[Any]()
    for rx in receivers:
        sel.recv(rx)
    return sel


@pytest.mark.parametrize("options", [{}, {"timeout": 0}, {"timeout": 9}, {"deadline": 0.0}])
@pytest.mark.statement("S113")
def test_ready_gives_an_index_and_performs_nothing(options: dict[str, float]) -> None:
    tx, rx = bounded[int](1)
    sel = Select[int | None]()
    receive, offer = sel.recv(rx), sel.send(tx, 1)
    assert [sel.ready(**options) for _ in range(3)] == [offer] * 3
    assert len(rx) == 0
    tx.send(1)
    assert [sel.ready(**options) for _ in range(3)] == [receive] * 3
    assert rx.try_recv() == 1


@pytest.mark.statement("S113", "S117", "S88")
def test_ready_times_out_with_the_error_of_select() -> None:
    tx, rx = bounded[int](0)
    sel = selecting(rx, never())
    sel.send(tx, 1)
    for timeout in (0, -1, 1e-4):
        with pytest.raises(SelectTimeout, match="timed out waiting on select"):
            sel.ready(timeout=timeout)
        assert not waiters(state_of(rx).receivers)
        assert not waiters(state_of(rx).senders)
    with pytest.raises(TypeError, match="not both"):
        sel.ready(timeout=1, deadline=1)
    with pytest.raises(ValueError, match="NaN"):
        sel.ready(timeout=float("nan"))


@pytest.mark.statement("S113", "S84")
def test_an_operation_that_would_fail_is_ready() -> None:
    tx, rx = bounded[int](0)
    keep = rx.clone()
    rx.close()
    assert selecting(never(), rx).ready() == 1
    sel = Select[None]()
    sel.send(tx, 1)
    keep.close()
    assert sel.ready() == 0
    tx2, rx2 = unbounded[int]()
    tx2.close()
    assert selecting(never(), rx2).ready() == 1
    with pytest.raises(RecvError):
        rx2.try_recv()
    with pytest.raises(SendError):
        tx.try_send(1)
    with pytest.raises(HandleClosed):
        rx.try_recv()


@pytest.mark.statement("S113", "S92")
def test_what_is_ready_is_told_evenly_or_in_order_if_biased() -> None:
    random.seed(5)
    tx, rx = unbounded[int]()
    tx.send(1)
    sel = selecting(rx, never(), rx, rx)
    counts = Counter(sel.ready() for _ in range(9_000))
    assert set(counts) == {0, 2, 3}
    assert all(abs(count - 3_000) < 4.4 * (9_000 * 2 / 9) ** 0.5 for count in counts.values())
    biased = Select[int](biased=True)
    for case in (never(), rx, rx):
        biased.recv(case)
    assert {biased.ready() for _ in range(50)} == {1}


@pytest.mark.statement("S113", "S115")
def test_ready_waits_for_a_message_for_room_and_for_a_timer() -> None:
    tx, rx = bounded[int](1)
    waiting = Background(lambda: selecting(never(), rx).ready())
    until_blocked(state_of(rx).receivers)
    tx.send(1)
    assert waiting.outcome() == 1
    sel = Select[None]()
    sel.send(tx, 2)
    room = Background(sel.ready)
    until_blocked(state_of(rx).senders)
    assert rx.recv() == 1
    assert room.outcome() == 0
    with pytest.raises(Empty):
        rx.try_recv()
    assert selecting(rx, after(1e-4)).ready() == 1


@pytest.mark.statement("S116")
def test_ready_wakes_when_a_sender_arrives_and_the_receive_succeeds() -> None:
    tx, rx = bounded[int](0)
    waiting = Background(lambda: selecting(never(), rx).ready())
    until_blocked(state_of(rx).receivers)
    with pytest.raises(Full):
        tx.try_send(0)  # who only observes is no peer
    sender = Background(lambda: tx.send(1))
    assert waiting.outcome() == 1
    assert selecting(rx).ready() == 0
    assert rx.try_recv() == 1
    sender.outcome()


@pytest.mark.statement("S116")
def test_ready_wakes_when_a_receiver_arrives_and_the_send_succeeds() -> None:
    tx, rx = bounded[int](0)
    sel = Select[None]()
    sel.send(tx, 1)
    waiting = Background(sel.ready)
    until_blocked(state_of(rx).senders)
    with pytest.raises(Empty):
        rx.try_recv()
    receiver = Background(rx.recv)
    assert waiting.outcome() == 0
    assert sel.ready() == 0
    tx.try_send(1)
    assert receiver.outcome() == 1


@pytest.mark.statement("S114", "S115")
def test_threads_that_compete_by_ready_and_try_get_each_message_once() -> None:
    (tx1, rx1), (tx2, rx2) = unbounded[int](), bounded[int](1)

    def take() -> list[int]:
        sel, got = selecting(rx1, rx2), []
        live = {0: rx1, 1: rx2}
        while live:
            index = sel.ready()
            try:
                got.append(live[index].try_recv())
            except Empty:
                continue
            except RecvError:
                sel.remove(index)
                del live[index]
        return got

    takers = [Background(take) for _ in range(3)]
    for i in range(500):
        tx1.send(i)
        tx2.send(500 + i)
    tx1.close()
    tx2.close()
    assert sorted(message for taker in takers for message in taker.outcome()) == list(range(1000))


def interrupt() -> None:
    raise Interrupt


@pytest.mark.statement("S101", "P1")
def test_an_interrupted_ready_leaves_nothing_behind() -> None:
    """Without a timeout it would never be in a line."""
    for injection in injections(interrupt):
        (_tx, rx), (tx0, rx0) = unbounded[int](), bounded[int](0)
        sel = selecting(rx, rx0)
        sel.send(tx0, 1)
        with pytest.raises((SelectTimeout, Interrupt)):
            injection.run(lambda sel=sel: sel.ready(timeout=1e-6))  # type: ignore[misc]
        for state in (state_of(rx), state_of(rx0)):
            assert not waiters(state.receivers)
            assert not waiters(state.senders)
