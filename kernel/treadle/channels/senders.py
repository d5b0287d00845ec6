"""The sending side: `Sender` of an unbounded channel, `SyncSender` of the others.

The short ways of `send` are written out for speed; what has to wait is performed by `operations`.
"""

from collections.abc import Iterable
from itertools import repeat
from operator import is_
from typing import Generic, Never, Self, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import CLOSED, NOTHING, Channel, Failure, Nothing, Seat, State
from treadle.channels.errors import Full, HandleClosed, SendError, SendTimeout
from treadle.channels.flavours.unbounded import Unbounded
from treadle.channels.handles import Handle
from treadle.channels.leases import Lease
from treadle.channels.operations import perform
from treadle.channels.owned import Owned, in_use, offer_owned
from treadle.channels.timeouts import deadline_after, deadline_at
from treadle.channels.waiting import Side

__all__ = ["BaseSender", "Sender", "SyncSender", "WeakSender"]

T_contra = TypeVar("T_contra", contravariant=True)
S_co = TypeVar("S_co", bound="BaseSender[Never]", covariant=True)


class BaseSender(Handle, Generic[T_contra]):
    """What both senders have in common."""

    __slots__ = ()

    _lease: Lease[Channel[T_contra]]

    def send_timeout(self, message: T_contra, /, timeout: float | None) -> None:
        """Send the message, blocking for `timeout` seconds at most (S28-S33, P8-P10).

        Raises:
            SendTimeout: the channel was full until the timeout; the message will not be sent (S32).
            SendError: all receivers are gone.
            HandleClosed: this handle is closed, or was closed while the call was blocked.
            TypeError, ValueError: the timeout is no number, or NaN; nothing was sent.
        """
        self._send(message, deadline_after(timeout))

    def send_deadline(self, message: T_contra, /, deadline: float | None) -> None:
        """Send the message, blocking until the instant `deadline` of `time.monotonic()` at most (S34).

        Raises:
            SendTimeout: the channel was full until the deadline; the message will not be sent.
            SendError: all receivers are gone.
            HandleClosed: this handle is closed, or was closed while the call was blocked.
            TypeError, ValueError: the deadline is no number, or NaN; nothing was sent.
        """
        self._send(message, deadline_at(deadline))

    def send_many(self, messages: Iterable[T_contra], /) -> None:
        """Send the messages in order, blocking while the channel is full.

        All that fit go in by one step, with nothing of other senders in between, and wake one receiver,
        which wakes the next if it leaves something. If there is an Owned among them, they go in one by one.

        Raises:
            SendError: all receivers are gone; `.message` is the list of the messages that were not sent.
            HandleClosed: this handle is closed, or was closed while the call was blocked; likewise.
        """
        pending = deque(messages)
        one_by_one = in_use and any(map(is_, map(type, pending), repeat(Owned)))  # so that the values move
        if self._lease.channel is CLOSED:  # also without messages
            raise HandleClosed(list(pending))
        while pending:
            failure = Full if one_by_one else self._offer_many(pending)
            if failure is Full:
                try:
                    self._send(pending[0], None)
                except (SendError, HandleClosed) as error:
                    if error.message is pending[0]:  # otherwise it is that of a signal handler
                        error.message = list(pending)
                    raise
                pending.popleft()
            elif failure is not None:
                raise failure(list(pending))

    def is_disconnected(self) -> bool:
        """Say whether all receivers are gone."""
        return self._open().receivers_gone

    def clone(self) -> Self:
        """Make another handle of the same side (S10).

        Raises:
            HandleClosed: this handle is closed.
        """
        return self._clone()

    def downgrade(self) -> "WeakSender[Self]":
        """Make a reference to the sending side that does not keep the channel connected.

        Raises:
            HandleClosed: this handle is closed.
        """
        return WeakSender(type(self), self._open())

    def _send(self, message: T_contra, deadline: float | None) -> None:
        if self._attempt(message) is NOTHING and perform(self, message, deadline) is NOTHING:
            raise SendTimeout(message)

    def _attempt(self, message: T_contra) -> Nothing | None:
        lease = self._lease
        try:
            if type(message) is Owned:
                failure = offer_owned(lease.channel.enter, message)
            else:
                failure = lease.channel.offer(message)
        finally:
            del lease
        if failure is None:
            return None
        if failure is Full:
            return NOTHING
        raise failure(message)

    def _offer_many(self, messages: deque[T_contra]) -> Failure | None:
        lease = self._lease
        try:
            return lease.channel.offer_many(messages)
        finally:
            del lease

    def _side(self, channel: State) -> Side:
        return channel.senders


class Sender(BaseSender[T_contra]):
    """The sending side of an unbounded channel. Any number of threads may use one handle at once (S11)."""

    __slots__ = ("_waiting",)

    _name = "Sender"

    _lease: Lease[Unbounded[T_contra]]

    def __init__(self, channel: Unbounded[T_contra], /) -> None:
        super().__init__(channel)
        self._waiting = channel.receivers.waiting

    def send(self, message: T_contra, /) -> None:
        """Send the message; this never blocks (S14, S15, S17, S27). `try_send` is the same.

        Raises:
            SendError: all receivers are gone.
            HandleClosed: this handle is closed.
            MovedError: the message is an Owned whose value was moved.
        """
        if type(message) is Owned:
            self._send(message, None)
            return
        lease = self._lease
        try:
            lease.channel.messages.append(message)
            if self._waiting:
                lease.channel.published()
        except BaseException:
            channel = lease.channel
            del lease
            channel.published()
            raise

    try_send = send


class SyncSender(BaseSender[T_contra]):
    """The sending side of a bounded channel or a rendezvous. Any number of threads may use one handle at once (S11)."""

    __slots__ = ()

    _name = "SyncSender"

    def send(self, message: T_contra, /) -> None:
        """Send the message, blocking while the channel is full, or until a receiver takes it (S14-S17, S22).

        Raises:
            SendError: all receivers are gone (S17, S19).
            HandleClosed: this handle is closed, or was closed while the call was blocked (P12).
            MovedError: the message is an Owned whose value was moved.
        """
        if type(message) is Owned:
            self._send(message, None)
            return
        lease = self._lease
        try:
            failure = lease.channel.offer(message)
        finally:
            del lease
        if failure is Full:
            perform(self, message, None)
        elif failure is not None:
            raise failure(message)

    def try_send(self, message: T_contra, /) -> None:
        """Send the message if that is possible now; never block (S24-S26).

        Raises:
            Full: the channel was full at some instant of the call; a rendezvous: no receiver waited.
            SendError: all receivers are gone.
            HandleClosed: this handle is closed.
        """
        if self._attempt(message) is NOTHING:
            raise Full(message)


class WeakSender(Generic[S_co]):
    """A reference to the sending side of a channel: it makes a sender while there is one."""

    __slots__ = ("__weakref__", "_channel", "_kind")

    def __init__(self, kind: type[S_co], channel: State, /) -> None:
        self._kind = kind
        self._channel = channel

    def upgrade(self) -> S_co | None:
        """Make a new sender, or give None if all senders are gone: the end is final (S57)."""
        tried: dict[Seat, None] = {}
        while True:
            untried = [seat for seat in self._channel.senders.seats.copy() if seat not in tried]
            if not untried:
                return None
            for seat in untried:
                tried[seat] = None
                sender = self._sit_beside(seat)
                if sender is not None:
                    return sender

    def _sit_beside(self, seat: Seat) -> S_co | None:
        """Make a sender while the one in the seat is there, if it still is."""
        lease = seat.lease()
        try:
            if lease is not None and lease.channel is self._channel:
                sender = self._kind(self._channel)
                if not seat.unused:  # its finalizer has not begun, so it finds the new seat taken
                    return sender
                sender.close()
        finally:
            del lease
        return None

    def __repr__(self) -> str:
        return "WeakSender { .. }"
