"""Programs in which a signal or a finalizer comes on top of an operation of a channel, and that assert what then holds.

The thread that is hit is called "victim" and does nothing but its operation. Each program is made for a package of
channels, the real one or a mutant.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from proofs.programs import Program

VICTIM = "victim"


class Victim:
    """A thread that performs one operation, and may be interrupted in it."""

    def __init__(self, channels: ModuleType, operation: Callable[[], Any]) -> None:
        self.result: Any = None
        self.finished = False
        self.interrupted = False
        self.has_lost = False  #: what no library can keep (P2)
        self._package = str(Path(channels.__file__ or "").parent)
        self._operation = operation
        self._thread = threading.Thread(target=self._run, name=VICTIM)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self.result = self._operation()
            self.finished = True
        except KeyboardInterrupt as error:
            self.interrupted = True
            self.has_lost = self._is_taking(error)

    def _is_taking(self, error: BaseException) -> bool:
        """Say whether a call that takes a message out of its container has returned it to nobody."""
        trace, innermost = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith(self._package):
                innermost = trace
            trace = trace.tb_next
        if innermost is None:
            return False
        file = Path(innermost.tb_frame.f_code.co_filename)
        line = file.read_text().splitlines()[innermost.tb_lineno - 1].strip()
        return line in TAKING


#: The lines at which a message is taken out of its container by one built-in call.
TAKING = frozenset(
    (
        "return self._source.popleft()",
        "return self.source.popleft()",
        "return self.returned.popleft()",
        "message = self.queue.popleft()",
        "message = source.queue.popleft()",
    )
)


#: Handles are not dropped before the end: what dropping them does is not what is asked here, and takes its time.
_kept: list[Any] = []


def made(channels: ModuleType, capacity: int | None) -> tuple[Any, Any]:
    """Make a channel; None is no bound."""
    handles: tuple[Any, Any] = channels.unbounded() if capacity is None else channels.bounded(capacity)
    _kept.append(handles)
    return handles


def begin() -> None:
    """Let another thread go first, if that is the schedule."""
    threading.Lock().acquire()


def nobody_in_line(*handles: Any) -> None:
    """Assert that nobody waits on a channel, and that none of its waiters was left behind."""
    for handle in handles:
        state = handle._lease.channel
        assert not state.senders.waiting, "a sender is left in line"
        assert not state.receivers.waiting, "a receiver is left in line"


def receive(channels: ModuleType) -> Program:
    """Make a program in which a receive through a rendezvous is interrupted: the message is there for the next (P2)."""

    def program() -> None:
        tx, rx = made(channels, 0)

        def sender() -> None:
            begin()
            tx.send(1)

        victim = Victim(channels, rx.recv)
        other = threading.Thread(target=sender)
        victim.start()
        other.start()
        victim.join()
        if not victim.has_lost:
            got = victim.result if victim.finished else rx.recv()
            assert got == 1, f"received {got}"
        other.join()
        nobody_in_line(tx)

    return program


def receive_beside(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which a receive is interrupted: the message is there for another, which is woken (P1, P2)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        state = tx._lease.channel
        behind = channels.waiting.Entry(channels.waiting.Waiter(), rx, state, state.receivers, None, False)

        def sender() -> None:
            begin()
            state.receivers.waiting.append(behind)
            tx.send(1)

        victim = Victim(channels, rx.recv)
        other = threading.Thread(target=sender)
        victim.start()
        other.start()
        other.join()
        if behind.waiter.is_over():  # it may have been woken in place of the victim, and leaves empty-handed
            state.pass_on(state.receivers)
        victim.join()
        if victim.interrupted and not victim.has_lost:
            assert behind.waiter.is_over(), "there is a message, and nobody was woken for it"
            assert rx.try_recv() == 1
        elif victim.finished:
            assert victim.result == 1
        state.receivers.remove(behind)
        nobody_in_line(tx)

    return program


def receive_from_full(channels: ModuleType) -> Program:
    """Make a program in which a receive that makes room for a send is interrupted: if there is room, the send has it."""

    def program() -> None:
        tx, rx = made(channels, 1)
        tx.send(1)
        victim = Victim(channels, rx.recv)
        sender = threading.Thread(target=lambda: tx.send(2))
        sender.start()
        victim.start()
        victim.join()
        left = [] if victim.finished or victim.has_lost else [rx.recv()]
        sender.join()
        left += rx.drain()
        assert left == [2] if victim.finished or victim.has_lost else left == [1, 2], f"left {left}"
        nobody_in_line(tx)

    return program


def received_beside(
    channels: ModuleType, tx: Any, rx: Any, send: Callable[[], object]
) -> tuple[Victim, list[int]]:
    """Let the victim send beside a receiver; return it, and all that is received until no sender is left.

    If the victim's message is in the channel, the receiver is woken for it.
    """
    got: list[int] = []

    def sender() -> None:
        begin()
        send()

    def receiver() -> None:
        begin()
        with contextlib.suppress(channels.RecvError):
            got.append(rx.recv())

    victim, other = Victim(channels, sender), threading.Thread(target=receiver)
    victim.start()
    other.start()
    victim.join()
    assert not tx._lease.channel.senders.waiting, "the message is still in line"
    if victim.finished or len(rx) > 0:
        other.join()  # it is woken, without more
    tx.close()
    other.join()
    return victim, got + rx.drain()


def send(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which a send is interrupted: its message is delivered, or is not and never will be (P1, P3)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        before = [0] * bool(capacity)
        for message in before:
            tx.send(message)
        victim, got = received_beside(channels, tx, rx, lambda: tx.send(1))
        assert got == [*before, 1] or (victim.interrupted and got == before), f"received {got}"

    return program


def receive_batch(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which a batch is received beside a sender, and interrupted: what it took is put back (P2)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        tx.send(1)

        def sender() -> None:
            begin()
            tx.send(2)

        victim, other = Victim(channels, rx.recv_many), threading.Thread(target=sender)
        victim.start()
        other.start()
        victim.join()
        got = victim.result if victim.finished else []
        if not victim.finished and not victim.has_lost:
            got.append(rx.recv())
        other.join()
        got += rx.drain()
        assert got == [1, 2] or (victim.has_lost and got == [2]), f"received {got}"
        nobody_in_line(tx)

    return program


def send_batch(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which the sending of a batch is interrupted: its beginning is delivered, and no more (P3)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        victim, got = received_beside(channels, tx, rx, lambda: tx.send_many([1, 2]))
        assert got == [1, 2] if victim.finished else got == [1, 2][: len(got)], f"received {got}"

    return program


def select_that_waits(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which a select that waits for one of two messages is interrupted: it has one, or none (P1, P2)."""

    def program() -> None:
        (tx, rx), (tx2, rx2) = made(channels, capacity), made(channels, capacity)

        def sender() -> None:
            begin()
            tx.send(1)

        cases = channels.recv(rx2), channels.recv(rx)
        victim = Victim(channels, lambda: channels.select(*cases, biased=True))
        other = threading.Thread(target=sender)
        victim.start()
        other.start()
        victim.join()
        if not victim.has_lost:
            got = victim.result.value if victim.finished else rx.recv()
            assert got == 1, f"received {got}"
        other.join()
        nobody_in_line(tx, tx2)

    return program


def select_what_is_there(channels: ModuleType, capacity: int | None) -> Program:
    """Make a program in which a select among a send and two receives is interrupted: one is done, or none (P1, P2)."""

    def program() -> None:
        (tx, rx), (tx2, rx2) = made(channels, capacity), made(channels, capacity)
        tx2.send(1)
        cases = channels.recv(rx), channels.recv(rx2), channels.send(tx2, 2)
        victim = Victim(channels, lambda: channels.select(*cases, biased=True))
        victim.start()
        victim.join()
        left = rx2.drain()
        if not victim.has_lost:
            assert left == [] if victim.finished else left == [1], f"left {left}"
        nobody_in_line(tx, tx2)

    return program


# -- finalizers and handlers ----------------------------------------------------------------------------------------


class OnTop:
    """What runs on top of an operation, and what came of it."""

    def __init__(self, act: Callable[[Any, Any], Any]) -> None:
        self.ran = False
        self._handles: tuple[Any, Any] = (None, None)
        self._act = act
        self.__name__ = act.__name__

    def begin(self, *handles: Any) -> None:
        """Use these *handles* in the execution that begins."""
        self.ran = False
        self._handles = handles

    def __call__(self) -> None:
        self.ran = True
        self._act(*self._handles)


def sends(tx: Any, rx: Any) -> None:
    """Send a message, if there is room and the handle is open."""
    tx.try_send(2)


def closes(tx: Any, rx: Any) -> None:
    """Send the last message, and drop the last sender."""
    tx.try_send(2)
    tx.close()


def accounted(channels: ModuleType, capacity: int | None, on_top: OnTop) -> Program:
    """Make a program that sends and receives: each message is received once, also what is sent on top (P4)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        sent, got, ends = list[int](), list[int](), list[str]()

        def operations() -> None:
            try:
                tx.send(1)
                sent.append(1)
                for _ in range(2):
                    got.append(rx.try_recv())
            except channels.ChannelError as error:
                ends.append(type(error).__name__)

        victim = Victim(channels, operations)
        on_top.begin(tx, rx)
        victim.start()
        victim.join()
        left = rx.drain()
        wanted = sent + [2] * on_top.ran
        assert sorted(got + left) == wanted, f"sent {wanted}, received {got}, left {left}"
        assert "RecvError" not in ends or not left, "a message after the end"
        nobody_in_line(rx)

    return program


def answered(channels: ModuleType, capacity: int | None, on_top: OnTop) -> Program:
    """Make a program that waits for ever, unless a handler on top of the wait sends what it waits for (P4, S96)."""

    def program() -> None:
        tx, rx = made(channels, capacity)
        victim = Victim(channels, rx.recv)
        on_top.begin(tx, rx)
        victim.start()
        victim.join()
        assert victim.result == 2

    return program
