"""Handles: dropping, cloning, closing, and what they refuse."""

import copy
import gc
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.channels.support import AnySender, Make, every_buffer, every_flavour
from treadle import (
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    Sender,
    SendError,
    SendTimeout,
    SyncSender,
    channel,
    recv,
    select,
    send,
    sync_channel,
)


@pytest.mark.statement("S1")
@every_flavour
def test_a_pair_is_sender_then_receiver(make: Make) -> None:
    """S1."""
    pair = make()
    assert isinstance(pair, tuple)
    assert len(pair) == 2
    assert isinstance(pair[0], Sender | SyncSender)
    assert isinstance(pair[1], Receiver)


@pytest.mark.statement("S53", "S54")
@every_flavour
def test_dropping_one_clone_of_several_changes_nothing(make: Make) -> None:
    """S53, S54."""
    tx, rx = make()
    clones = [tx.clone() for _ in range(3)]
    tx.close()
    clones.pop().close()
    clones.pop()
    gc.collect()
    with pytest.raises(Empty):
        rx.try_recv()
    assert not rx.is_disconnected()
    clones.pop().close()
    assert rx.is_disconnected()
    with pytest.raises(RecvError):
        rx.try_recv()


@pytest.mark.statement("P5")
@every_buffer
def test_senders_collected_as_garbage_disconnect(make: Make) -> None:
    """P5."""
    tx, rx = make()
    tx.send(1)
    twin = tx.clone()
    cycle: list[object] = [twin]
    cycle.append(cycle)
    del tx, twin, cycle
    gc.collect()
    assert list(rx) == [1]


@pytest.mark.statement("S17", "S18", "S56", "S133", "G3", "P5")
@every_flavour
def test_a_receiver_collected_as_garbage_disconnects(make: Make) -> None:
    """P5, S17: even while there is room."""
    tx, rx = make()
    assert not tx.is_disconnected()
    del rx
    assert tx.is_disconnected()
    message = object()
    for send_it in SENDING:
        with pytest.raises(SendError) as failure:
            send_it(tx, message)
        assert failure.value.message is message


@pytest.mark.statement("S25", "S30", "S56")
def test_disconnection_outranks_fullness() -> None:
    """S25, S30."""
    tx, rx = sync_channel[int](1)
    tx.send(1)
    rx.close()
    for send_it in SENDING:
        with pytest.raises(SendError):
            send_it(tx, 2)


@pytest.mark.statement("S58")
@every_flavour
def test_a_clone_made_after_the_receivers_are_gone_is_disconnected(make: Make) -> None:
    """S58."""
    tx, rx = make()
    rx.close()
    twin = tx.clone()
    assert twin.is_disconnected()
    with pytest.raises(SendError):
        twin.send(1)


@pytest.mark.statement("P13")
@every_flavour
def test_with_closes_the_handle_also_when_the_block_raises(make: Make) -> None:
    tx, rx = make()
    with pytest.raises(ZeroDivisionError), rx, tx:
        tx.send(1 // 0)
    with pytest.raises(HandleClosed):
        tx.send(1)
    with pytest.raises(HandleClosed):
        rx.try_recv()


SENDING: list[Callable[[AnySender, object], object]] = [
    lambda tx, message: tx.send(message),
    lambda tx, message: tx.try_send(message),
    lambda tx, message: tx.send_timeout(message, 0),
    lambda tx, message: tx.send_timeout(message, None),
    lambda tx, message: tx.send_deadline(message, 0),
    lambda tx, message: tx.send_deadline(message, None),
    lambda tx, message: select(send(tx, message)).value,
]
ASKING: list[Callable[[Any], object]] = [
    len,
    lambda handle: handle.is_empty(),
    lambda handle: handle.is_full(),
    lambda handle: handle.is_disconnected(),
    lambda handle: handle.capacity,
    lambda handle: handle.sender_count(),
    lambda handle: handle.receiver_count(),
    lambda handle: handle.same_channel(handle),
]
RECEIVING: list[Callable[[Receiver[Any]], object]] = [
    lambda rx: rx.recv(),
    lambda rx: rx.try_recv(),
    lambda rx: rx.recv_timeout(0),
    lambda rx: rx.recv_timeout(None),
    lambda rx: rx.recv_deadline(0),
    lambda rx: rx.recv_deadline(None),
    lambda rx: next(iter(rx)),
    lambda rx: select(recv(rx)).value,
]


@pytest.mark.statement("G3", "P13")
@every_flavour
@pytest.mark.parametrize("index", range(len(SENDING)))
def test_sending_through_a_closed_handle_gives_the_message_back(make: Make, index: int) -> None:
    """P13; whether or not the other side is still there."""
    tx, rx = make()
    tx.close()
    tx.close()
    for _ in range(2):
        with pytest.raises(HandleClosed) as failure:
            SENDING[index](tx, rx)
        assert failure.value.message is rx
        rx.close()


@pytest.mark.statement("P13")
@every_buffer
def test_receiving_through_a_closed_handle_fails(make: Make) -> None:
    """P13; whether or not the other side is still there."""
    tx, rx = make()
    tx.send(1)
    rx.close()
    rx.close()
    for _ in range(2):
        for receive in RECEIVING:
            with pytest.raises(HandleClosed) as failure:
                receive(rx)
            assert not hasattr(failure.value, "message")
        tx.close()


@every_flavour
@pytest.mark.parametrize("index", range(len(SENDING)))
def test_the_error_of_a_send_does_not_keep_the_channel_connected(make: Make, index: int) -> None:
    """An exception keeps the frames it passed: none of them may hold what makes the handle count."""
    tx, rx = make()
    state = rx._lease.channel
    rx.close()
    with pytest.raises(SendError) as kept:
        SENDING[index](tx, rx)
    tx.close()
    assert kept.value.__traceback__ is not None
    assert state.senders_gone


@pytest.mark.parametrize("index", range(1, 3))
def test_the_error_of_a_send_to_a_full_channel_does_not_keep_it_connected(index: int) -> None:
    tx, rx = sync_channel[object](1)
    tx.send(1)
    with pytest.raises((Full, SendTimeout)) as kept:
        SENDING[index](tx, 2)
    tx.close()
    assert kept.value.__traceback__ is not None
    assert list(rx) == [1]


@every_buffer
def test_the_error_of_a_refused_clone_does_not_keep_the_channel_connected(make: Make) -> None:
    tx, rx = make()

    class Refusing(type(tx)):  # type: ignore[misc]
        def __init__(self, channel: object) -> None:
            if rx.is_empty():
                raise ZeroDivisionError
            super().__init__(channel)

    tx.send(1)
    twin = Refusing(tx._lease.channel)
    rx.recv()
    tx.close()
    with pytest.raises(ZeroDivisionError) as kept:
        twin.clone()
    assert not rx.is_disconnected()
    twin.close()
    assert kept.value.__traceback__ is not None
    assert rx.is_disconnected()


@pytest.mark.statement("P13")
@every_flavour
def test_a_closed_handle_answers_no_question_but_shows_itself(make: Make) -> None:
    tx, rx = make()
    tx.close()
    rx.close()
    for handle in (tx, rx):
        for ask in ASKING:
            with pytest.raises(HandleClosed):
                ask(handle)
        assert handle
    with pytest.raises(HandleClosed):
        tx.clone()
    assert repr(rx) in {"Receiver { .. }", "SharedReceiver { .. }"}


@pytest.mark.statement("P12")
@every_buffer
def test_closing_one_clone_leaves_the_others_open(make: Make) -> None:
    """P12."""
    tx, rx = make()
    twin = tx.clone()
    tx.close()
    twin.send(1)
    assert rx.recv() == 1


@pytest.mark.statement("P14")
def test_handles_show_no_messages() -> None:
    """S13."""
    tx, rx = channel[str]()
    stx, _ = sync_channel[str](1)
    tx.send("secret")
    assert [repr(h) for h in (tx, stx, rx)] == ["Sender { .. }", "SyncSender { .. }", "Receiver { .. }"]


@every_flavour
def test_an_empty_handle_is_true(make: Make) -> None:
    tx, rx = make()
    assert tx
    assert rx
    assert len(tx) == 0


@every_flavour
def test_same_channel(make: Make) -> None:
    """S12."""
    tx, rx = make()
    other_tx, other_rx = make()
    assert tx.same_channel(tx.clone())
    assert tx.same_channel(rx)
    assert rx.same_channel(tx)
    assert not tx.same_channel(other_tx)
    assert not rx.same_channel(other_rx)


@pytest.mark.statement("P14")
@every_flavour
def test_handles_are_neither_copied_nor_pickled(make: Make) -> None:
    """P14."""
    for handle in make():
        for refuse in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be"):
                refuse(handle)


@pytest.mark.statement("P14")
@every_flavour
def test_handles_take_weak_references_and_no_attributes(make: Make) -> None:
    """P14."""
    for handle in make():
        assert weakref.ref(handle)() is handle
        with pytest.raises(AttributeError):
            handle.note = 1  # type: ignore[union-attr]


@pytest.mark.statement("P14")
def test_a_subclass_is_a_handle_too() -> None:
    """P14."""

    class Loud(Sender[str]):
        def send(self, message: str, /) -> None:
            super().send(message.upper())

    tx, rx = channel[str]()
    loud = Loud(tx._lease.channel)
    tx.close()
    twin = loud.clone()
    loud.close()
    assert type(twin) is Loud
    twin.send("a")
    twin.close()
    assert list(rx) == ["A"]


@pytest.mark.parametrize("kind", [Sender, SyncSender, Receiver])
def test_handles_are_not_made_by_hand(kind: Callable[..., object]) -> None:
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(TypeError, match="made by"):
        kind(1)
    gc.collect()  # and the half-made one dies quietly


@pytest.mark.statement("P17")
@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "raise SystemExit"])
def test_handles_that_outlive_the_program_print_nothing(ending: str) -> None:
    """P17: late finalizers, and a daemon thread that is still blocked."""
    program = f"""
import sys, threading, treadle
class Keep: pass
tx, rx = treadle.channel()
stx, srx = treadle.sync_channel(1)
stx.send(tx.clone())
keep = Keep(); keep.self = keep; keep.handles = (tx, rx, stx, srx)
sys.modules["keep"] = keep
threading.Thread(target=rx.recv, daemon=True).start()
threading.Thread(target=stx.send, args=(1,), daemon=True).start()
{ending}
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
