"""Mailboxes: messages to addresses instead of handles.

Each address is a channel whose two handles the Mailboxes hold. The first use of an address makes it, in one
step that one of several threads wins.

Closing first says so and then closes what there is; using an address first makes it and then looks whether
that was said: so none is left open.

Rule: an operation holds the one handle that it uses, and not the other. So an address whose discarding was cut
short by an exception is disconnected when the exception is gone.

At the end of the file are mailboxes that the whole process shares: global state. Prefer an object of your
own, which a test can make afresh and which other code cannot write to.
"""

from collections.abc import Hashable
from types import TracebackType
from typing import Final, Generic, Self, TypeAlias, TypeVar

from treadle.channels.flavours.latest import Latest
from treadle.channels.making import channel, sync_channel
from treadle.channels.receivers import Receiver
from treadle.channels.senders import Sender, SyncSender

__all__ = ["Mailboxes", "default", "recv", "recv_timeout", "send", "try_recv"]

A = TypeVar("A", bound=Hashable)
M = TypeVar("M")

Box: TypeAlias = tuple[Sender[M] | SyncSender[M], Receiver[M]]


class Mailboxes(Generic[A, M]):
    """Keep messages for addresses, any hashable objects: `boxes = Mailboxes[str, bytes]()`.

    An address exists from its first use, by either side, until it is discarded. Any thread may send to it
    and receive from it; each message is received once, and those of one thread in the order it sent them.
    By default any number of messages waits at an address. With `capacity` so many fit, and a send to a full
    address blocks. With `latest` there is one place per address: a send replaces the message that was not
    received yet, and never blocks. An Owned is moved, as by any send.

    Raises:
        TypeError: the capacity is not an int.
        ValueError: the capacity is out of range, or `latest` was asked for too.
    """

    __slots__ = ("__weakref__", "_boxes", "_capacity", "_closed", "_latest")

    def __init__(self, *, capacity: int | None = None, latest: bool = False) -> None:
        if latest and capacity is not None:
            raise ValueError("give a capacity or latest=True, not both: latest has one place per address")
        self._boxes: dict[A, Box[M]] = {}
        self._closed = False
        self._capacity = capacity
        self._latest = latest
        self._make()  # a bad capacity is refused here, and not at the first use of an address

    def send(self, message: M, address: A) -> None:
        """Send the message to the address, blocking while that is full; without `capacity` it never is.

        Raises:
            HandleClosed: the mailboxes are closed; `.message` is the message that was not sent.
            ChannelError: the address was discarded during the call; likewise.
        """
        self._box(address)[0].send(message)

    def try_send(self, message: M, address: A) -> None:
        """Send the message to the address if it is not full; never block.

        Raises:
            Full: the address was full at some instant of the call.
            HandleClosed, ChannelError: as for `send`.
        """
        self._box(address)[0].try_send(message)

    def send_timeout(self, message: M, address: A, timeout: float | None) -> None:
        """Send the message to the address, blocking for `timeout` seconds at most (P8).

        Raises:
            SendTimeout: the address was full until the timeout; the message will not be sent.
            HandleClosed, ChannelError: as for `send`.
            TypeError, ValueError: the timeout is no number, or NaN; nothing was sent.
        """
        self._box(address)[0].send_timeout(message, timeout)

    def recv(self, address: A) -> M:
        """Receive the oldest message for the address, blocking while there is none.

        Raises:
            RecvError: the mailboxes are closed and no message is left at the address.
            ChannelError: the address was discarded during the call.
        """
        return self._box(address)[1].recv()

    def try_recv(self, address: A) -> M:
        """Receive the oldest message for the address if there is one; never block.

        Raises:
            Empty: there was none at some instant of the call.
            RecvError, ChannelError: as for `recv`.
        """
        return self._box(address)[1].try_recv()

    def recv_timeout(self, address: A, timeout: float | None) -> M:
        """Receive the oldest message for the address, blocking for `timeout` seconds at most (P8).

        Raises:
            RecvTimeout: no message came within the timeout, and not earlier.
            RecvError, ChannelError: as for `recv`.
            TypeError, ValueError: the timeout is no number, or NaN; nothing was received.
        """
        return self._box(address)[1].recv_timeout(timeout)

    def addresses(self) -> list[A]:
        """List the addresses that exist now, in the order of their first use."""
        return list(self._boxes.copy())

    def count(self, address: A) -> int:
        """Count the messages that wait at the address now. This does not make the address."""
        box = self._boxes.get(address)
        return box[1]._lease.channel.count() if box else 0

    def discard(self, address: A) -> None:
        """Forget the address and destroy the messages that wait there; without the address, do nothing.

        An operation under way there fails, and a send gives its message back. The next use makes the
        address anew.
        """
        box = self._boxes.pop(address, None)
        if box is not None:
            tx, rx = box
            rx.close()
            tx.close()

    def close(self) -> None:
        """Close every address, those that do not exist yet too; doing it again does nothing.

        Sends fail with HandleClosed from here on, blocked ones too, and give their message back. The messages
        that wait can be received; then `recv` fails with RecvError.
        """
        try:
            self._end()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self._closed = True
        for tx, _ in self._boxes.copy().values():
            tx.close()

    def _box(self, address: A) -> Box[M]:
        """Give the handles of the address; make them if they are not there."""
        box = self._boxes.get(address) or self._boxes.setdefault(address, self._make())
        if self._closed:
            box[0].close()
        return box

    def _make(self) -> Box[M]:
        """Make the handles of an address."""
        if self._latest:
            state = Latest[M]()
            return Sender[M](state), Receiver[M](state)
        return channel[M]() if self._capacity is None else sync_channel[M](self._capacity)

    def __len__(self) -> int:
        return len(self._boxes)

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "Mailboxes { .. }"


default: Final = Mailboxes[Hashable, object]()
send = default.send
recv = default.recv
try_recv = default.try_recv
recv_timeout = default.recv_timeout
