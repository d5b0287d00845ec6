"""The handles of a bounded channel: those of any other, with the first try written out for speed.

What is written out is `Bounded.offer` and `Bounded.popleft`, where nobody is in the way; whatever else may be
the case is left to them.
"""

from typing import TypeVar

from treadle.channels.core import NOTHING, Nothing
from treadle.channels.flavours.bounded import Bounded, Node
from treadle.channels.leases import Lease
from treadle.channels.owned import Owned
from treadle.channels.receivers import Receiver, SharedReceiver
from treadle.channels.senders import SyncSender

__all__ = ["BoundedReceiver", "BoundedSender", "SharedBoundedReceiver"]

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class BoundedSender(SyncSender[T_contra]):
    """A SyncSender."""

    __slots__ = ()

    _lease: Lease[Bounded[T_contra]]

    def send(self, message: T_contra, /) -> None:
        """Send the message, blocking while the channel is full, as every SyncSender does."""
        if type(message) is Owned:
            super().send(message)
            return
        lease = self._lease
        channel = lease.channel
        if not channel.receivers_gone:
            tail = channel._tail
            index = tail["index"] + 1
            if index <= channel._free:
                node: Node[T_contra] = {"message": message, "index": index}
                try:
                    if tail.setdefault("next", node) is node:
                        channel._tail = node
                        if channel._receivers_line:
                            channel.published()
                        return
                except BaseException:
                    del lease
                    channel.published()
                    raise
        del lease
        super().send(message)


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
            node = source._head["next"]
            message = node.pop("message")
            source._head = node
            if source._senders_line:
                source.senders.wake()
        except KeyError:
            return super().recv()
        except BaseException:
            source.cut_short(message)
            raise
        return message


class SharedBoundedReceiver(BoundedReceiver[T_co], SharedReceiver[T_co]):
    """A SharedReceiver."""

    __slots__ = ()
