"""The handles of a channel: what a program holds.

A blocking operation is try + wait, in `_send` and `_receive`. The short ways, `send` and `recv`, are written
out for each flavour. A handle owns a lease of its channel, and `CLOSED_LEASE` once it is closed, so that the
check for a closed handle costs nothing; what a send that is under way owes to its lease is told in `leases`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar
from weakref import ref

from treadle.channels.core import CLOSED, NOTHING, Channel, Failure, Nothing, Seat, Source, State
from treadle.channels.errors import Empty, Full, HandleClosed, RecvError, RecvTimeout, SendTimeout
from treadle.channels.leases import CLOSED_LEASE, Lease
from treadle.channels.timeouts import deadline_after
from treadle.channels.unbounded import Unbounded
from treadle.channels.waiting import Side

__all__ = ["Iter", "Receiver", "Sender", "SyncSender"]

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Handle(ABC):
    """One handle on a side of a channel. It counts as dropped when closed, or collected as garbage (P5)."""

    __slots__ = ("__weakref__", "_lease")

    _lease: Lease[State]

    def __init__(self, channel: State, /) -> None:
        if not isinstance(channel, State):
            raise TypeError("handles are made by channel() and sync_channel()")
        self._lease = Lease(channel, self._side(channel))

    def close(self) -> None:
        """Drop this handle; closing it again does nothing (P13).

        An operation that another thread is blocked in through this handle fails with HandleClosed (P12).
        A send that is under way through it and not blocked ends as if it had come before; until then the
        handle still counts. The last handle of a side disconnects the channel (S54); the last receiver
        also destroys what is queued (S59).
        """
        lease = self._lease
        if lease is CLOSED_LEASE:
            return
        seat, watch = lease.seat, ref(lease)
        del lease
        try:
            self._end(seat, watch)
        except BaseException:
            self._end(seat, watch)
            raise

    def is_empty(self) -> bool:
        """Say whether the channel holds no message."""
        return self._open().count() == 0

    def is_full(self) -> bool:
        """Say whether the channel holds as many messages as it may; an unbounded one never does (S8)."""
        return self._open().room() == 0

    @property
    def capacity(self) -> int | None:
        """The number of messages the channel can hold, None for any number (S5)."""
        return self._open().capacity

    def same_channel(self, other: "Handle") -> bool:
        """Say whether both handles belong to one channel (S12)."""
        return self._open() is other._open()

    @abstractmethod
    def is_disconnected(self) -> bool:
        """Say whether all handles of the other side are gone."""

    @abstractmethod
    def _side(self, channel: State) -> Side:
        """Give the side that this handle belongs to."""

    @abstractmethod
    def _ready(self) -> bool:
        """Say whether the blocking operation of this handle would not block."""

    def _open(self) -> State:
        """Give the channel.

        Raises:
            HandleClosed: this handle is closed.
        """
        channel = self._lease.channel
        if channel is CLOSED:
            raise HandleClosed
        return channel

    def _end(self, seat: Seat, watch: ref[Lease[State]]) -> None:
        """Close the handle. Doing it twice is doing it once."""
        self._lease = CLOSED_LEASE
        if watch() is None:  # nobody else holds it, but an exception may have cut its finalizer short
            seat.leave()
        seat.side.wake_owner(self)

    def __len__(self) -> int:
        return self._open().count()

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__} {{ .. }}"

    def __copy__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")


class _Sending(Handle, Generic[T_contra]):
    """A handle that sends."""

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

    def is_disconnected(self) -> bool:
        """Say whether all receivers are gone."""
        return self._open().receivers_gone

    def clone(self) -> Self:
        """Make another handle of the same side (S10).

        Raises:
            HandleClosed: this handle is closed.
        """
        lease = self._lease  # this handle counts until the other does
        try:
            return type(self)(self._open())
        finally:
            del lease

    def _send(self, message: T_contra, deadline: float | None) -> None:
        channel = self._lease.channel
        senders = channel.senders
        in_time = True
        try:
            while (failure := self._offer(message)) is Full and in_time:
                in_time = senders.wait(self, deadline, self._ready, channel.room)
            if failure is not None:
                _fail(failure, message)
        except BaseException:
            senders.pass_on(channel.room)
            raise

    def _offer(self, message: T_contra) -> Failure | None:
        """Put the message in without blocking; say what prevented it, if anything did."""
        lease = self._lease
        try:
            return lease.channel.offer(message)
        finally:
            del lease

    def _side(self, channel: State) -> Side:
        return channel.senders

    def _ready(self) -> bool:
        return self._lease.channel.can_send()


def _fail(failure: Failure, message: object) -> NoReturn:
    """Raise what ended a blocking send; only its deadline ends one on a full channel."""
    raise (SendTimeout if failure is Full else failure)(message)


class Sender(_Sending[T_contra]):
    """The sending side of an unbounded channel. Any number of threads may use one handle at once (S11)."""

    __slots__ = ()

    _lease: Lease[Unbounded[T_contra]]

    def send(self, message: T_contra, /) -> None:
        """Send the message; this never blocks (S14, S15, S17, S27). `try_send` is the same.

        Raises:
            SendError: all receivers are gone.
            HandleClosed: this handle is closed.
        """
        lease = self._lease
        channel = lease.channel
        try:
            channel.messages.append(message)
            if channel.waiting:
                channel.published()
        except BaseException:
            del lease
            channel.published()
            raise

    try_send = send


class SyncSender(_Sending[T_contra]):
    """The sending side of a bounded channel. Any number of threads may use one handle at once (S11)."""

    __slots__ = ()

    def send(self, message: T_contra, /) -> None:
        """Send the message, blocking while the channel is full (S14-S17).

        Raises:
            SendError: all receivers are gone (S17, S19).
            HandleClosed: this handle is closed, or was closed while the call was blocked (P12).
        """
        lease = self._lease
        try:
            if lease.channel.offer(message) is None:
                return
        finally:
            del lease
        self._send(message, None)

    def try_send(self, message: T_contra, /) -> None:
        """Send the message if that is possible now; never block (S24, S25).

        Raises:
            Full: the channel was full at some instant of the call.
            SendError: all receivers are gone.
            HandleClosed: this handle is closed.
        """
        failure = self._offer(message)
        if failure is not None:
            raise failure(message)


class Receiver(Handle, Generic[T_co]):
    """The receiving side. Any number of threads may use it at once: each message goes to one (S10, S11)."""

    __slots__ = ("_source",)

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
        message = self._receive(None)
        assert message is not NOTHING  # for without a deadline only a message or an error ends the wait
        return message

    def try_recv(self) -> T_co:
        """Receive the oldest message if there is one; never block (S43).

        Raises:
            Empty: there was none at some instant of the call, and a sender was there.
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
        message = self._receive(deadline_after(timeout))
        if message is NOTHING:
            raise RecvTimeout
        return message

    def is_disconnected(self) -> bool:
        """Say whether all senders are gone; messages may still be left."""
        return self._open().senders_gone

    def __iter__(self) -> "Iter[T_co]":
        return Iter(self)

    def _receive(self, deadline: float | None) -> T_co | Nothing:
        channel = self._lease.channel
        receivers = channel.receivers
        in_time = True
        try:
            while (message := self._lease.channel.look()) is NOTHING and in_time:
                in_time = receivers.wait(self, deadline, self._ready, channel.count)
        except BaseException:
            receivers.pass_on(channel.count)
            raise
        return message

    def _side(self, channel: State) -> Side:
        return channel.receivers

    def _ready(self) -> bool:
        return self._lease.channel.can_receive()

    def _end(self, seat: Seat, watch: ref[Lease[State]]) -> None:
        self._source = CLOSED.source
        seat.leave()  # here and not in a finalizer: it may take long, and a finalizer swallows a Ctrl-C
        super()._end(seat, watch)


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
