"""The receiving side: `Receiver`, and `SharedReceiver`, which can be cloned.

The short way of `recv` is written out for speed; what has to wait is performed by `operations`.
"""

import sys
from collections.abc import Iterator
from typing import Generic, Self, TypeVar
from weakref import ref

from treadle.channels._primitives import monotonic
from treadle.channels.core import CLOSED, NOTHING, Channel, Nothing, Seat, Source, State
from treadle.channels.errors import Empty, RecvError, RecvTimeout
from treadle.channels.handles import Handle
from treadle.channels.leases import Lease
from treadle.channels.operations import perform
from treadle.channels.timeouts import deadline_at, duration
from treadle.channels.waiting import Side

__all__ = ["Iter", "Receiver", "SharedReceiver", "TryIter"]

T_co = TypeVar("T_co", covariant=True)


class Receiver(Handle, Generic[T_co]):
    """The receiving side. Any number of threads may use it at once: each message goes to one (S10, S11)."""

    __slots__ = ("_source",)

    _name = "Receiver"

    _lease: Lease[Channel[T_co]]
    _source: Source[T_co]

    def __init__(self, channel: Channel[T_co], /) -> None:
        super().__init__(channel)
        self._source = channel.source

    def recv(self) -> T_co:
        """Receive the oldest message, blocking while there is none (S36-S42).

        Raises:
            RecvError: all senders are gone and no message is left.
            HandleClosed: this handle is closed, or was closed while the call was blocked (P12).
        """
        try:
            return self._source.popleft()
        except IndexError:
            pass
        return self._await_message()

    def try_recv(self) -> T_co:
        """Receive the oldest message if there is one; never block (S43, S44).

        Raises:
            Empty: there was none at some instant of the call, and a sender was there; a rendezvous: no
                sender waited.
            RecvError: all senders are gone and no message is left.
            HandleClosed: this handle is closed.
        """
        message = self._lease.channel.look()
        if message is NOTHING:
            raise Empty
        return message

    def recv_timeout(self, timeout: float | None) -> T_co:
        """Receive the oldest message, blocking for `timeout` seconds at most (S45-S51, P8-P10).

        Raises:
            RecvTimeout: no message came within the timeout, and not earlier (S47).
            RecvError: all senders are gone and no message is left.
            HandleClosed: this handle is closed, or was closed while the call was blocked.
            TypeError, ValueError: the timeout is no number, or NaN; nothing was received.
        """
        seconds = duration(timeout)
        try:
            return self._source.popleft()
        except IndexError:
            pass
        return self._receive_until(None if seconds is None else monotonic() + seconds)

    def recv_deadline(self, deadline: float | None) -> T_co:
        """Receive the oldest message, blocking until the instant `deadline` of `time.monotonic()` at most (S52).

        Raises:
            RecvTimeout: no message came before the deadline.
            RecvError: all senders are gone and no message is left.
            HandleClosed: this handle is closed, or was closed while the call was blocked.
            TypeError, ValueError: the deadline is no number, or NaN; nothing was received.
        """
        until = deadline_at(deadline)
        try:
            return self._source.popleft()
        except IndexError:
            pass
        return self._receive_until(until)

    def recv_many(self, limit: int | None = None) -> list[T_co]:
        """Receive the messages that are there, `limit` at most, blocking while there is none.

        At least one is received, and no message that comes later than the call looks is waited for. A call
        that is cut short by an exception puts back what it took (P2).

        Raises:
            RecvError: all senders are gone and no message is left.
            HandleClosed: this handle is closed, or was closed while the call was blocked.
            TypeError, ValueError: the limit is no int, or less than 1.
        """
        return self._receive_many(_checked(limit), wait=True)

    def drain(self) -> list[T_co]:
        """Receive all messages that are there; never block.

        Raises:
            HandleClosed: this handle is closed.
        """
        self._open()
        return self._receive_many(sys.maxsize, wait=False)

    def try_iter(self) -> "TryIter[T_co]":
        """Iterate over the messages that are there, each received as it is asked for; never block (S79)."""
        return TryIter(self)

    def is_disconnected(self) -> bool:
        """Say whether all senders are gone; messages may still be left."""
        return self._open().senders_gone

    def __iter__(self) -> "Iter[T_co]":
        return Iter(self)

    def _await_message(self) -> T_co:
        message: T_co = perform(self, None, None)  # without a deadline it gives a message or raises
        return message

    def _receive_until(self, deadline: float | None) -> T_co:
        message: T_co | Nothing = perform(self, None, deadline)
        if message is NOTHING:
            raise RecvTimeout
        return message

    def _receive_many(self, limit: int, wait: bool) -> list[T_co]:
        """Receive what is there, up to a limit, by one pass; `wait` for the first."""
        channel = self._lease.channel
        messages: list[T_co] = []
        try:
            if wait:
                messages.append(self.recv())
                limit -= 1
            if (there := channel.spare(channel.receivers)) > 0:
                channel.take_many(messages, min(limit, there))
        except BaseException:
            if messages:
                channel.give_back(messages)
            raise
        return messages

    def _attempt(self, message: object) -> T_co | Nothing:
        return self._lease.channel.look()

    def _side(self, channel: State) -> Side:
        return channel.receivers

    def _end(self, seat: Seat, watch: ref[Lease[State]]) -> None:
        self._source = CLOSED.source
        super()._end(seat, watch)


class SharedReceiver(Receiver[T_co]):
    """A receiver that can be cloned: each message goes to one of them."""

    __slots__ = ()

    _name = "SharedReceiver"

    def clone(self) -> Self:
        """Make another handle of the same side (S10).

        Raises:
            HandleClosed: this handle is closed.
        """
        return self._clone()


class Iter(Iterator[T_co]):
    """The messages of a receiver, each waited for, until disconnection; then none for ever (S77, S78).

    It keeps the receiver alive. Leaving a loop early consumes nothing that was not yielded (S81).
    """

    __slots__ = ("_ended", "_receiver")

    def __init__(self, receiver: Receiver[T_co]) -> None:
        self._receiver = receiver
        self._ended = False

    def __next__(self) -> T_co:
        if self._ended:
            raise StopIteration
        try:
            return self._receiver.recv()
        except RecvError:
            self._ended = True
        raise StopIteration

    def __repr__(self) -> str:
        return "Iter { .. }"


class TryIter(Iterator[T_co]):
    """The messages of a receiver that are there, each received as it is asked for."""

    __slots__ = ("_receiver",)

    def __init__(self, receiver: Receiver[T_co]) -> None:
        self._receiver = receiver

    def __next__(self) -> T_co:
        try:
            return self._receiver.try_recv()
        except (Empty, RecvError):
            pass
        raise StopIteration

    def __repr__(self) -> str:
        return "TryIter { .. }"


def _checked(limit: int | None) -> int:
    """Give the limit of a batch: None is no limit."""
    if limit is None:
        return sys.maxsize
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"a limit is None or an int, not {type(limit).__name__}")
    if limit < 1:
        raise ValueError(f"a limit is at least 1, not {limit}")
    return limit
