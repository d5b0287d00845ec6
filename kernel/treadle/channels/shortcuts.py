"""The handles of a bounded channel: those of any other, with the first try written out for speed.

What is written out is `Bounded.offer` and `Bounded.popleft`.
"""

from typing import TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import NOTHING, Nothing
from treadle.channels.flavours.bounded import FULL, LAST, Bounded
from treadle.channels.leases import Lease
from treadle.channels.operations import perform
from treadle.channels.owned import Owned
from treadle.channels.receivers import Receiver, SharedReceiver
from treadle.channels.senders import SyncSender
from treadle.channels.waiting import Entry

__all__ = ["BoundedReceiver", "BoundedSender", "SharedBoundedReceiver"]

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class BoundedSender(SyncSender[T_contra]):
    """A SyncSender."""

    __slots__ = ("_waiting",)

    _lease: Lease[Bounded[T_contra]]
    _waiting: deque[Entry]

    def __init__(self, channel: Bounded[T_contra], /) -> None:
        super().__init__(channel)
        self._waiting = channel.receivers.waiting

    def send(self, message: T_contra, /) -> None:
        """Send the message, blocking while the channel is full, as every SyncSender does."""
        if type(message) is Owned:
            self._send(message, None)
            return
        lease = self._lease
        try:
            lease.channel.messages.insert(LAST, message)
            if self._waiting:
                lease.channel.published()
        except IndexError as error:
            channel = lease.channel
            del lease
            if error.args != FULL:
                channel.published()
                raise
        except BaseException:
            channel = lease.channel
            del lease
            channel.published()
            raise
        else:
            return
        perform(self, message, None)


class BoundedReceiver(Receiver[T_co]):
    """A Receiver."""

    __slots__ = ()

    _source: Bounded[T_co]

    def recv(self) -> T_co:
        """Receive the oldest message, blocking while there is none, as every Receiver does."""
        source = self._source
        if source.returned:  # or the handle is closed
            return super().recv()
        message: T_co | Nothing = NOTHING
        try:
            message = source.queue.popleft()
            if source.senders_line:
                source.senders.wake()
        except BaseException as error:
            if message is not NOTHING:
                source.returned.appendleft(message)
            if message is not NOTHING or type(error) is not IndexError:  # otherwise there is none
                source.cut_short()
                raise
        else:
            return message
        return self._await_message()


class SharedBoundedReceiver(BoundedReceiver[T_co], SharedReceiver[T_co]):
    """A SharedReceiver."""

    __slots__ = ()
