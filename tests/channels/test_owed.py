"""What an operation still owes when it is cut short, or ends for another reason than it was woken for."""

import gc
import sys
import threading
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import pytest

from tests.channels.support import (
    LONG,
    Background,
    Interrupt,
    SignalInjection,
    in_every_interleaving,
    until_blocked,
)
from treadle import (
    ChannelError,
    Empty,
    HandleClosed,
    Owned,
    Receiver,
    RecvError,
    Select,
    Sender,
    bounded,
    channel,
    recv,
    select,
    sync_channel,
)
from treadle.channels.flavours.latest import Latest


def interrupt() -> None:
    raise Interrupt


def every_signal() -> list[SignalInjection]:
    return [SignalInjection(step, interrupt) for step in range(600)]


@pytest.mark.statement("S75", "P12")
def test_a_select_that_was_woken_and_then_closed_passes_it_on() -> None:
    """Otherwise the other receiver would sleep beside a message."""

    def program() -> None:
        tx, rx = bounded[int](2)
        other = rx.clone()
        failed: list[ChannelError | None] = []
        selecting = threading.Thread(target=lambda: failed.append(select(recv(rx)).error))
        receiving = threading.Thread(target=other.recv)
        selecting.start()
        receiving.start()
        tx.send(1)
        rx.close()
        selecting.join()
        if failed == [None]:
            tx.send(2)
        else:
            assert isinstance(failed[0], HandleClosed)
        receiving.join()

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S57")
def test_a_sender_that_is_being_dropped_is_not_revived() -> None:
    """A finalizer runs before the weak references to its object are gone."""
    tx, rx = channel[str]()
    weak = tx.downgrade()
    ending, looked, ended = threading.Event(), threading.Event(), threading.Event()

    def stop_in_finalizer(frame: FrameType, event: str, arg: object) -> None:
        if frame.f_code.co_name == "_end" and frame.f_code.co_filename.endswith("leases.py"):
            ending.set()
            looked.wait(LONG)

    def stop_in_upgrade(frame: FrameType, event: str, arg: object) -> None:
        if frame.f_code.co_name == "__init__" and frame.f_code.co_filename.endswith("senders.py"):
            looked.set()
            ended.wait(LONG)

    def close() -> None:
        sys.settrace(stop_in_finalizer)
        tx.close()
        sys.settrace(None)
        with pytest.raises(RecvError):
            rx.try_recv()
        ended.set()

    def upgrade() -> Sender[str] | None:
        ending.wait(LONG)
        sys.settrace(stop_in_upgrade)
        made = weak.upgrade()
        sys.settrace(None)
        return made

    closer, upgrader = Background(close), Background(upgrade)
    closer.outcome()
    assert upgrader.outcome() is None
    assert rx.is_disconnected()


@pytest.mark.statement("S113", "P2")
def test_a_cut_short_receive_takes_nothing_from_one_that_only_observes() -> None:
    for injection in every_signal():
        tx, rx = sync_channel[str](0)
        observer = Select[None]()
        observer.send(tx, "phantom")
        waiting = Background(observer.ready)
        until_blocked(rx._lease.channel.senders)
        with suppress(Interrupt, ChannelError):
            injection.run(rx.try_recv)
        with pytest.raises(Empty):
            rx.try_recv()
        rx.close()
        waiting.outcome()
        if not injection.done:
            return


@pytest.mark.statement("P1", "P5")
def test_the_exception_of_a_cut_short_send_does_not_keep_the_channel_connected() -> None:
    for injection in every_signal():
        tx, rx = sync_channel[int](4)
        kept: list[BaseException] = []
        try:
            injection.run(partial(tx.send, 1))
        except Interrupt as error:
            kept.append(error)
        tx.close()
        assert rx.drain() in ([], [1])
        with pytest.raises(RecvError):
            rx.try_recv()
        if not injection.done:
            return


@pytest.mark.statement("P2")
def test_what_is_put_back_does_not_replace_what_is_newer() -> None:
    for step in range(600):
        state = Latest[str]()
        tx, rx = Sender(state), Receiver(state)
        tx.send("old")

        def send_and_interrupt(tx: Sender[str] = tx) -> None:
            tx.send("new")
            raise Interrupt

        injection = SignalInjection(step, send_and_interrupt)
        try:
            injection.run(rx.recv_many)
        except Interrupt:
            assert rx.drain() == ["new"]
        if not injection.done:
            return


@pytest.mark.statement("S59", "P1")
@pytest.mark.usefixtures("swallowed_interrupts_are_no_failure")
def test_a_discarding_that_is_cut_short_is_finished() -> None:
    """The last receiver of a channel lies in a channel whose last receiver goes."""
    missed = 0
    for injection in every_signal():
        outer, last = channel[Any]()
        middle, inner = channel[Any]()
        tx, rx = channel[Any]()
        middle.send(tx)
        outer.send(inner)
        del tx, inner
        with suppress(Interrupt):
            injection.run(last.close)
        last.close()
        try:
            rx.try_recv()
        except RecvError:
            pass
        except Empty:
            gc.collect()
            missed += not rx.is_disconnected()
        if not injection.done:
            break
    assert (
        missed <= 2
    )  # as a finalizer begins it can be cut short before its first step, and Python tells nobody


def test_an_owned_at_the_end_of_a_batch_moves_too() -> None:
    tx, rx = channel[Any]()
    owned = Owned("value")
    tx.send_many([1, 2, owned])
    assert rx.drain()[2].value == "value"
    assert repr(owned) == "Owned(moved)"


def test_only_handles_can_belong_to_one_channel() -> None:
    tx, _rx = channel[int]()
    with pytest.raises(TypeError, match="a handle, not int"):
        tx.same_channel(5)  # type: ignore[arg-type]
