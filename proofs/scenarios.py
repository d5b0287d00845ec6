"""Scenarios: two or three threads that use a real channel, with every call and return recorded.

Each scenario exists for every flavour; the specification is the abstract channel of `models.channel`.
"""

import threading
from collections.abc import Callable, Hashable, Iterator
from types import ModuleType
from typing import Any

import treadle.channels
from models import channel as model
from models.channel import Channel, Step
from models.outcome import Outcome
from treadle.conform import History, Specification

OPERATIONS: dict[str, Callable[..., Iterator[Step[Channel]]]] = {
    "send": model.send,
    "try_send": model.try_send,
    "send_timeout": model.send_timeout,
    "recv": model.recv,
    "try_recv": model.try_recv,
    "recv_timeout": model.recv_timeout,
    "clone": model.clone,
    "close": model.close,
}


def specification(capacity: int | None) -> Specification[Channel]:
    """What a channel with the handles "tx" and "rx" must do."""
    return Specification(Channel(capacity, (), frozenset({"tx"}), frozenset({"rx"})), OPERATIONS)


def outcome_of(value: object, error: BaseException | None) -> Hashable:
    """Turn what an operation returned or raised into the model's outcome."""
    if error is None:
        return Outcome("ok", value)
    kind = type(error).__name__
    return Outcome(
        "Timeout" if kind in ("SendTimeout", "RecvTimeout") else kind, getattr(error, "message", None)
    )


class Watched:
    """A handle whose operations are recorded; an error of the channel is its outcome and is not raised."""

    def __init__(self, handle: Any, name: str, history: History) -> None:
        self._handle = handle
        self._name = name
        self._history = history

    def _do(self, operation: str, *arguments: Any, shown: int = 1) -> None:
        function = getattr(self._handle, operation)
        try:
            self._history.record(
                operation, (self._name, *arguments[:shown]), lambda: function(*arguments), outcome_of
            )
        except Exception as error:
            if not any(base.__name__ == "ChannelError" for base in type(error).__mro__):
                raise

    def send(self, message: int) -> None:
        self._do("send", message)

    def try_send(self, message: int) -> None:
        self._do("try_send", message)

    def send_timeout(self, message: int) -> None:
        self._do("send_timeout", message, 1.0)

    def recv(self) -> None:
        self._do("recv")

    def try_recv(self) -> None:
        self._do("try_recv")

    def recv_timeout(self) -> None:
        self._do("recv_timeout", 1.0, shown=0)

    def close(self) -> None:
        self._do("close")

    def clone(self, name: str) -> "Watched":
        def make() -> Any:
            return self._handle.clone()

        def outcome(value: object, error: BaseException | None) -> Hashable:
            return outcome_of(name, error)

        return Watched(self._history.record("clone", (self._name, name), make, outcome), name, self._history)


Body = Callable[[], None]
Scenario = Callable[[Watched, Watched], list[Body]]


def play(
    scenario: Scenario, capacity: int | None, channels: ModuleType = treadle.channels
) -> Callable[[History], None]:
    """Return the program that plays *scenario* on a fresh channel of the package *channels*."""

    def program(history: History) -> None:
        tx, rx = channels.channel() if capacity is None else channels.sync_channel(capacity)
        sender, receiver = Watched(tx, "tx", history), Watched(rx, "rx", history)
        bodies = scenario(sender, receiver)
        threads = [threading.Thread(target=body, name=body.__name__) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        del sender, receiver  # both handles have lived until here

    return program


def message_then_end(tx: Watched, rx: Watched) -> list[Body]:
    """The message is seen before the disconnection (S38, S42)."""

    def sender() -> None:
        tx.send(1)
        tx.close()

    def receiver() -> None:
        rx.recv()
        rx.recv()

    return [sender, receiver]


def tries_at_the_end(tx: Watched, rx: Watched) -> list[Body]:
    """The same for receives that do not wait (S42, S43)."""

    def sender() -> None:
        tx.send(1)
        tx.close()

    def receiver() -> None:
        rx.try_recv()
        rx.try_recv()

    return [sender, receiver]


def receiver_leaves(tx: Watched, rx: Watched) -> list[Body]:
    """A send ends Ok or with its message, never in between (S17, S19, S59, S64)."""

    def sender() -> None:
        tx.send(1)
        tx.send(2)

    def receiver() -> None:
        rx.close()

    return [sender, receiver]


def receive_then_leave(tx: Watched, rx: Watched) -> list[Body]:
    """A sender that waits for room is woken by a receive, and by the end of the receiver (S16, S19, S75)."""
    tx.send(0)

    def sender() -> None:
        tx.send(1)

    def receiver() -> None:
        rx.recv()
        rx.close()

    return [sender, receiver]


def timed_receive(tx: Watched, rx: Watched) -> list[Body]:
    """A message is not lost to a receiver that gives up (S48, S49)."""

    def sender() -> None:
        tx.send(1)

    def receiver() -> None:
        rx.recv_timeout()
        rx.try_recv()

    return [sender, receiver]


def timed_send(tx: Watched, rx: Watched) -> list[Body]:
    """A timed-out send leaves no trace (S28-S32)."""
    tx.send(0)

    def sender() -> None:
        tx.send_timeout(1)

    def receiver() -> None:
        rx.recv()
        rx.try_recv()

    return [sender, receiver]


def tries(tx: Watched, rx: Watched) -> list[Body]:
    """Full and Empty are said only when they are true (S24, S43, S72)."""
    tx.send(0)

    def receiver() -> None:
        rx.recv()

    def trier() -> None:
        rx.try_recv()
        tx.try_send(1)

    return [receiver, trier]


def fills(tx: Watched, rx: Watched) -> list[Body]:
    """No more messages fit in than the capacity says (S2, S9, S24)."""

    def sender() -> None:
        tx.try_send(1)
        tx.try_send(2)

    def receiver() -> None:
        rx.recv()

    return [sender, receiver]


def two_producers(tx: Watched, rx: Watched) -> list[Body]:
    """Two senders and a receiver: each message once, none lost (S70, S75)."""
    other = tx.clone("tx2")

    def sender() -> None:
        tx.send(1)

    def another() -> None:
        other.send(2)

    def receiver() -> None:
        rx.recv()

    return [sender, another, receiver]


def rivals(tx: Watched, rx: Watched) -> list[Body]:
    """Two senders want one place: where there is but one, one of them waits, for ever (S2, S16)."""
    other = tx.clone("tx2")

    def sender() -> None:
        tx.send(1)

    def another() -> None:
        other.send(2)

    return [sender, another]


def rivals_and_a_try(tx: Watched, rx: Watched) -> list[Body]:
    """Two senders want one place, and a receiver looks once (S2, S24, S43)."""
    other = tx.clone("tx2")

    def sender() -> None:
        tx.try_send(1)

    def another() -> None:
        other.try_send(2)

    def receiver() -> None:
        rx.try_recv()

    return [sender, another, receiver]


def two_last_senders(tx: Watched, rx: Watched) -> list[Body]:
    """The channel disconnects when both senders are gone, and not before (S53, S54)."""
    other = tx.clone("tx2")

    def sender() -> None:
        tx.close()

    def another() -> None:
        other.close()

    def receiver() -> None:
        rx.recv()

    return [sender, another, receiver]


def two_consumers(tx: Watched, rx: Watched) -> list[Body]:
    """Two threads receive through one handle: one gets the message, the other may wait (S11, S75)."""

    def sender() -> None:
        tx.send(1)

    def one() -> None:
        rx.recv()

    def two() -> None:
        rx.recv()

    return [sender, one, two]


def closed_under_receive(tx: Watched, rx: Watched) -> list[Body]:
    """A receive through a handle that another thread closes ends with HandleClosed (P12)."""

    def receiver() -> None:
        rx.recv()

    def closer() -> None:
        rx.close()

    return [receiver, closer]
