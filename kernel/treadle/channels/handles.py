"""What all handles of a channel have in common.

A handle owns a lease of its channel, and `CLOSED_LEASE` once it is closed, so that the check for a closed
handle costs nothing; what a send that is under way owes to its lease is told in `leases`.
"""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self
from weakref import ref

from treadle.channels.core import CLOSED, Seat, State
from treadle.channels.errors import HandleClosed
from treadle.channels.leases import CLOSED_LEASE, Lease
from treadle.channels.waiting import Side

__all__ = ["Handle"]


class Handle(ABC):
    """One handle on a side of a channel. It counts as dropped when closed, or collected as garbage (P5)."""

    __slots__ = ("__weakref__", "_lease")

    _lease: Lease[State]
    _name: ClassVar[str]

    def __init__(self, channel: State, /) -> None:
        if not isinstance(channel, State):
            raise TypeError("handles are made by channel(), sync_channel(), unbounded() and bounded()")
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

    def sender_count(self) -> int:
        """Count the senders of the channel that are not closed."""
        return len(self._open().senders.seats)

    def receiver_count(self) -> int:
        """Count the receivers of the channel that are not closed."""
        return len(self._open().receivers.seats)

    def same_channel(self, other: "Handle") -> bool:
        """Say whether both handles belong to one channel (S12).

        Raises:
            HandleClosed: one of the handles is closed.
            TypeError: the other is not a handle.
        """
        if not isinstance(other, Handle):
            raise TypeError(f"same_channel() takes a handle, not {type(other).__name__}")
        return self._open() is other._open()

    @abstractmethod
    def is_disconnected(self) -> bool:
        """Say whether all handles of the other side are gone."""

    @abstractmethod
    def _side(self, channel: State) -> Side:
        """Give the side that this handle belongs to."""

    @abstractmethod
    def _attempt(self, message: Any) -> Any:
        """Send the message, or receive one, or give NOTHING if that would block.

        Raises:
            Disconnected: it failed, as it will always.
            HandleClosed: this handle is closed.
            MovedError: the message is an Owned whose value was moved.
        """

    def _clone(self) -> Self:
        lease = self._lease  # this handle counts until the other does
        try:
            return type(self)(self._open())
        finally:
            del lease

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
        seat.closing = True
        self._lease = CLOSED_LEASE
        seat.closing = (
            watch() is None
        )  # otherwise a send is under way, and the end of the lease is its affair
        if seat.closing or seat.unused:
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
        return f"{self._name} {{ .. }}"

    def __copy__(self) -> NoReturn:
        raise TypeError(f"a {self._name} cannot be copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError(f"a {self._name} cannot be copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {self._name} cannot be pickled")
