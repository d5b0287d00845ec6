"""What happens in the middle of an operation: an exception, or other operations of the same thread.

Both are injected at every bytecode of the channels' own code, one bytecode a run: a signal handler or a
finalizer can run between any two.
"""

import gc
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.channels.support import (
    AnySender,
    Injection,
    Interrupt,
    Make,
    SignalInjection,
    both_buffers,
    every_buffer,
    every_flavour,
    flavours,
    injections,
    is_notified,
    plant,
    waiters,
)
from treadle import (
    ChannelError,
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    Selected,
    SendError,
    channel,
    recv,
    select,
    send,
    sync_channel,
)
from treadle.channels.leases import CLOSED_LEASE

Operation = Callable[[AnySender, Receiver[Any]], object]


def interrupt() -> None:
    raise Interrupt


pytestmark = pytest.mark.usefixtures("swallowed_interrupts_are_no_failure")


def full() -> tuple[AnySender, Receiver[Any]]:
    tx, rx = sync_channel[Any](1)
    tx.send(0)
    return tx, rx


def empty() -> tuple[AnySender, Receiver[Any]]:
    return sync_channel[Any](1)


def unbounded() -> tuple[AnySender, Receiver[Any]]:
    return channel[Any]()


def unbounded_with_one() -> tuple[AnySender, Receiver[Any]]:
    tx, rx = channel[Any]()
    tx.send(0)
    return tx, rx


every_situation = pytest.mark.parametrize("situation", [full, empty, unbounded, unbounded_with_one])

OPERATIONS: dict[str, Operation] = {
    "try_send": lambda tx, rx: tx.try_send(1),
    "send_timeout": lambda tx, rx: tx.send_timeout(1, 0),
    "try_recv": lambda tx, rx: rx.try_recv(),
    "recv_timeout": lambda tx, rx: rx.recv_timeout(0),
    "clone": lambda tx, rx: tx.clone(),
    "close sender": lambda tx, rx: tx.close(),
    "close receiver": lambda tx, rx: rx.close(),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


@pytest.mark.statement("S66", "P1")
@every_situation
@every_operation
def test_an_exception_at_any_step_loses_no_wake_up(situation: Make, operation: Operation) -> None:
    """P1, B2, B17: no waiter stays asleep, and the interrupted operation leaves none of its own."""
    for injection in injections(interrupt):
        tx, rx = situation()
        state = tx._lease.channel
        had = state.count()
        receiver, sender = plant(state, state.receivers), plant(state, state.senders)
        with suppress(Interrupt, ChannelError):
            injection.run(partial(operation, tx, rx))
        if state.count() > had or state.senders_gone:
            assert is_notified(receiver)
        if (state.count() < had and state.capacity) or state.receivers_gone:
            assert is_notified(sender)
        assert set(waiters(state.receivers)) <= {receiver}
        assert set(waiters(state.senders)) <= {sender}


@pytest.mark.statement("S66", "P1", "P3")
@every_situation
@every_operation
def test_an_exception_at_any_step_leaves_the_channel_usable(situation: Make, operation: Operation) -> None:
    """P1, P3."""
    for injection in injections(interrupt):
        tx, rx = situation()
        twin = tx.clone()
        with suppress(Interrupt, ChannelError):
            injection.run(partial(operation, tx, rx))
        while isinstance(attempt(rx.try_recv), int):
            pass
        if twin.is_disconnected():
            assert attempt(partial(twin.send, 2)) is SendError
        else:
            twin.send(2)
            assert rx.recv() == 2
            tx.close()
            twin.close()
            assert attempt(rx.recv) is RecvError


@every_situation
def test_a_close_cut_short_can_be_finished(situation: Make) -> None:
    """B17: by calling it again, or by the collector."""
    for close in OPERATIONS["close sender"], OPERATIONS["close receiver"]:
        for injection in injections(interrupt):
            tx, rx = situation()
            state = tx._lease.channel
            try:
                injection.run(partial(close, tx, rx))
            except Interrupt:
                close(tx, rx)
            assert state.senders_gone or state.receivers_gone
            assert not state.receivers_gone or not state.count()


@pytest.mark.statement("P1")
@every_situation
def test_a_clone_cut_short_does_not_keep_the_channel_connected(situation: Make) -> None:
    for injection in injections(interrupt):
        tx, rx = situation()
        with suppress(Interrupt):
            injection.run(tx.clone)
        tx.close()
        assert rx.is_disconnected()


@pytest.mark.statement("P1")
@every_situation
def test_a_close_cut_short_says_so_and_is_done_nevertheless(situation: Make) -> None:
    """P1: it is closed or it is not; and next to no interrupt is swallowed, though a finalizer takes part.

    The few that are lost come while the finalizer of the lease finds out that it is not needed.
    """
    for name in "close sender", "close receiver":
        swallowed = 0
        for injection in injections(interrupt):
            tx, rx = situation()
            state = tx._lease.channel
            try:
                injection.run(partial(OPERATIONS[name], tx, rx))
            except Interrupt:
                closed = CLOSED_LEASE in {tx._lease, rx._lease}
            else:
                closed = True
                swallowed += injection.done
            assert closed is (state.senders_gone or state.receivers_gone)
        assert swallowed < 50


class Message:
    """A message that can be watched."""


def attempt(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except ChannelError as error:
        return type(error)


MEANWHILE: dict[str, Operation] = {
    "try_send": lambda tx, rx: attempt(lambda: tx.try_send(2)),
    "try_recv": lambda tx, rx: attempt(rx.try_recv),
    "close receiver": lambda tx, rx: rx.close(),
    "close sender, receive": lambda tx, rx: [tx.close(), attempt(rx.try_recv)][1],
    "close both": lambda tx, rx: [tx.close(), rx.close()],  # type: ignore[func-returns-value]
}


@pytest.mark.statement("S42", "S60", "P4")
@every_situation
@every_operation
@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE)
def test_another_operation_at_any_step_keeps_account(
    situation: Make, operation: Operation, meanwhile: Operation
) -> None:
    """P4, B1, B4, B18: what was sent is received once or discarded with the receiver; the end is final."""
    step = 0
    while True:
        tx, rx = situation()
        state = tx._lease.channel
        sent = [0] * state.count()
        inner: list[Any] = []
        injection = Injection(step, lambda tx=tx, rx=rx, inner=inner: inner.append(meanwhile(tx, rx)))  # type: ignore[misc]
        outer = injection.run(partial(attempt, partial(operation, tx, rx)))
        if not injection.done:
            return
        step += 1
        if outer is None and operation in {OPERATIONS["try_send"], OPERATIONS["send_timeout"]}:
            sent.append(1)
        if inner[0] is None and meanwhile is MEANWHILE["try_send"]:
            sent.append(2)
        got = [result for result in (outer, *inner) if isinstance(result, int)]
        ended = RecvError in {
            outer if isinstance(outer, type) else None,
            *(i for i in inner if isinstance(i, type)),
        }
        rest = []
        while isinstance(result := attempt(rx.try_recv), int):
            rest.append(result)
        assert not (ended and rest), "a message after the end"
        if state.receivers_gone:
            assert set(got) <= set(sent)
            assert state.count() == 0
        else:
            assert sorted(got + rest) == sorted(sent)
        assert not waiters(state.receivers)
        assert not waiters(state.senders)


@pytest.mark.statement("S57")
@both_buffers
def test_the_end_is_final_also_for_a_send_that_is_still_under_way(make: Make) -> None:
    """S57: close and receive at any step of a send, and receive once more at any later step."""
    for step in range(1_000):
        for gap in range(1_000):
            tx, rx = make()
            seen: list[Any] = []

            def end(tx: AnySender = tx, rx: Receiver[Any] = rx, seen: list[Any] = seen) -> None:
                tx.close()
                seen.append(attempt(rx.try_recv))

            def look_again(rx: Receiver[Any] = rx, seen: list[Any] = seen) -> None:
                seen.append(attempt(rx.try_recv))

            injection = Injection(step, end, (gap, look_again))
            outcome = injection.run(partial(attempt, partial(tx.try_send, 1)))
            seen.append(attempt(rx.try_recv))
            assert (outcome is None) == (1 in seen)
            assert RecvError not in seen[: seen.index(1)] if 1 in seen else True
            if not injection.done:
                break
        if gap == 0:
            return


@pytest.mark.statement("S42", "S54", "S55")
@both_buffers
def test_a_handle_closed_during_a_send_counts_until_that_send_has_ended(make: Make) -> None:
    """S42, S54: nothing is published after the disconnection, at whatever step the handle is closed."""
    for injection in injections(lambda: None):
        tx, rx = make()
        during: list[bool] = []

        def close(tx: AnySender = tx, rx: Receiver[Any] = rx, during: list[bool] = during) -> None:
            tx.close()
            during.append(rx.is_disconnected())

        injection._act = close
        outcome = injection.run(partial(attempt, partial(tx.try_send, 1)))
        if not injection.done:
            return
        assert rx.is_disconnected()
        if outcome is None:
            assert rx.try_recv() == 1
        else:
            assert (outcome, during) == (HandleClosed, [True])
        assert attempt(rx.try_recv) is RecvError


@pytest.mark.statement("P4")
@both_buffers
def test_a_finalizer_of_the_same_garbage_finds_the_handle_open_or_closed(make: Make) -> None:
    """P4, S57: the collector may finalize the lease of a handle first; what is sent then was not accepted."""
    tx, rx = make()
    outcomes: list[Any] = []

    class Last:
        def __init__(self, tx: AnySender) -> None:
            self.tx = tx
            self.itself = self

        def __del__(self) -> None:
            outcomes.append(attempt(partial(self.tx.try_send, "last")))

    for order in (0, 1):
        twin = tx.clone()
        last = Last(twin)
        if order:  # the younger is finalized later
            last.tx = tx.clone()
        del twin, last
        gc.collect()
    tx.close()
    got = list(rx)
    assert len(outcomes) == 2
    assert set(outcomes) <= {None, HandleClosed}
    assert got == ["last"] * outcomes.count(None)


@both_buffers
def test_a_receive_that_finds_its_own_handle_closed_says_so(make: Make) -> None:
    """P12: never that the channel is empty, when all receivers are gone."""
    _tx, rx = make()
    state = rx._lease.channel
    rx.close()
    with pytest.raises(HandleClosed):
        state.look()


@pytest.mark.statement("P4")
@both_buffers
def test_a_finalizer_may_send_and_close_as_its_message_is_dropped(make: Make) -> None:
    """P4: a message's own finalizer, run as the message is dropped."""
    tx, rx = make()

    class Last:
        def __del__(self) -> None:
            tx.send("from the finalizer")
            tx.close()

    tx.send(Last())
    assert type(rx.recv()) is Last
    assert rx.recv() == "from the finalizer"
    assert attempt(rx.recv) is RecvError


@pytest.mark.statement("S60", "S64", "P15")
@both_buffers
def test_a_message_that_is_withdrawn_or_discarded_is_freed(make: Make) -> None:
    """S60, P15: at whatever step of the send the receiver closes."""
    step = 0
    while True:
        tx, rx = make()
        message = Message()
        watch = weakref.ref(message)
        injection = Injection(step, rx.close)
        outcome = injection.run(partial(attempt, partial(tx.try_send, message)))
        assert outcome in {None, SendError}
        del message
        if not injection.done:
            return
        step += 1
        assert watch() is None


def exchange(tx: AnySender, rx: Receiver[Any]) -> None:
    """Take one message out and put one in, twice."""
    for message in "cd":
        rx.recv()
        tx.send(message)


@pytest.mark.statement("S9", "S24", "S43", "S72")
@pytest.mark.parametrize("name", ["try_send", "try_recv", "len"])
def test_full_empty_and_len_are_exact_when_messages_are_exchanged_in_between(name: str) -> None:
    """S9, S24, S43, S72: a channel that holds one or two of three is never full, empty, or longer.

    The exchange happens at two steps: the first drives the operation off its short path.
    """
    operation = {**OPERATIONS, "len": lambda tx, rx: len(tx)}[name]
    for step in range(1_000):
        for gap in range(1_000):
            tx, rx = sync_channel[str](3)
            tx.send("a")
            tx.send("b")
            act = partial(exchange, tx, rx)
            injection = Injection(step, act, (gap, act))
            outcome = injection.run(partial(attempt, partial(operation, tx, rx)))
            assert outcome not in {Full, Empty, 0, 3, 4, 5, 6}
            if not injection.done:
                break
        if gap == 0:
            return


@every_situation
def test_a_clone_of_a_handle_that_is_closed_meanwhile_is_open_or_refused(situation: Make) -> None:
    """A clone that succeeds holds the channel; one that fails does not."""
    step = 0
    while True:
        tx, rx = situation()
        injection = Injection(step, tx.close)
        outcome = injection.run(partial(attempt, tx.clone))
        if not injection.done:
            return
        step += 1
        assert rx.is_disconnected() is (outcome is HandleClosed)
        if outcome is not HandleClosed:
            outcome.close()
        assert rx.is_disconnected()


RECEIVES: dict[str, Callable[[Receiver[Any]], object]] = {
    "recv": lambda rx: rx.recv(),
    "try_recv": lambda rx: rx.try_recv(),
    "recv_timeout": lambda rx: rx.recv_timeout(0),
    "next": lambda rx: next(iter(rx)),
    "select": lambda rx: select(recv(rx), timeout=0),
}
every_receive = pytest.mark.parametrize("receive", RECEIVES.values(), ids=RECEIVES)


@pytest.mark.statement("P2")
@every_flavour
@every_receive
def test_a_signal_in_a_receive_loses_a_message_in_one_window_only(
    make: Make, receive: Callable[[Receiver[Any]], object]
) -> None:
    """P2: it is the one after the call by which Python takes the message out, where nobody has it yet."""
    lost = 0
    for step in range(1_000):
        tx, rx = make()
        tx._lease.channel.give_back([1])
        injection = SignalInjection(step, interrupt)
        with suppress(Interrupt):
            got = injection.run(partial(receive, rx))
            lost -= (got.value if isinstance(got, Selected) else got) == 1
        lost += rx.drain() == []
        if not injection.done:
            break
    assert step > 1
    assert lost <= 1


def look_up_what_is_missing() -> None:
    raise IndexError("of a signal handler")


SENDS: dict[str, Callable[[AnySender, int], object]] = {
    "send": lambda tx, message: tx.send(message),
    "try_send": lambda tx, message: tx.try_send(message),
    "send_timeout": lambda tx, message: tx.send_timeout(message, 0),
    "send_many": lambda tx, message: tx.send_many([message]),
    "select": lambda tx, message: select(send(tx, message), timeout=0),
}


@pytest.mark.statement("P1")
@every_buffer
@pytest.mark.parametrize("send_it", SENDS.values(), ids=SENDS)
def test_an_index_error_of_a_signal_handler_is_not_taken_for_a_full_channel(
    make: Make, send_it: Callable[[AnySender, int], object]
) -> None:
    raised = 0
    for step in range(1_000):
        tx, rx = make()
        injection = SignalInjection(step, look_up_what_is_missing)
        try:
            injection.run(partial(send_it, tx, 1))
        except IndexError:
            raised += 1
            assert rx.drain() in ([], [1])
        else:
            assert rx.drain() == [1]
            assert not injection.done
            break
    assert raised == step > 0


@pytest.mark.statement("P1", "P2", "P3")
@flavours("channel()", "sync_channel(1)", "sync_channel(0)")
@pytest.mark.parametrize("name", ["recv_timeout", "select"])
def test_a_signal_in_a_receive_that_waits_loses_no_message_that_was_passed_to_it(
    make: Make, name: str
) -> None:
    """P2: a send comes at any step of the wait, and the signal at any later one; a rendezvous loses none at all."""
    sent: list[bool] = [True]
    step, met = -1, 0
    while sent:
        step += 1
        lost = 0
        rx: Receiver[Any]
        for gap in range(1_000):
            tx, rx = make()
            sent = []

            def meet(tx: AnySender = tx, sent: list[bool] = sent) -> None:
                sent.append(attempt(partial(tx.try_send, 1)) is None)

            injection = SignalInjection(step, meet, (gap, interrupt))
            got: object = None
            with suppress(Interrupt):
                got = injection.run(partial(attempt, partial(RECEIVES[name], rx)))
                got = got.value if isinstance(got, Selected) else got
            left = rx.drain()
            received = left if got != 1 else [1, *left]
            if sent == [True]:
                met += 1
                assert len(received) <= 1
                lost += received == []
            assert not waiters(rx._lease.channel.receivers)
            if not injection.done:
                break
        assert lost <= (rx.capacity != 0), f"at step {step}"
    assert met
