"""The errors of channels: one small class per situation.

A failed send gives the very object back as `.message`. No error shows a message in its text or repr, and
none compares, hashes or truth-tests one: two errors are equal if they are of one kind and carry the same
object.
"""

import queue
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = [
    "ChannelError",
    "Disconnected",
    "Empty",
    "Full",
    "HandleClosed",
    "RecvError",
    "RecvTimeout",
    "SelectTimeout",
    "SendError",
    "SendTimeout",
]


class ChannelError(Exception):
    """An operation on a channel that could not be done (S131, S132, S135)."""

    text: ClassVar[str] = "channel operation failed"

    def __init__(self) -> None:
        super().__init__(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChannelError) and self._kind() == other._kind()

    def __hash__(self) -> int:
        return hash(self._kind())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __reduce__(self) -> tuple[Callable[..., "ChannelError"], tuple[object, ...]]:
        return type(self), ()

    def _kind(self) -> tuple[type["ChannelError"], int | None]:
        return type(self), None


class _Unsent(ChannelError):
    """A send that failed, with the message that was not sent (S18)."""

    message: Any

    def __init__(self, message: object) -> None:
        super().__init__()
        self.message = message

    def __repr__(self) -> str:
        return f"{type(self).__name__}(..)"

    def __reduce__(self) -> tuple[Callable[..., ChannelError], tuple[object, ...]]:
        return type(self), (self.message,)

    def _kind(self) -> tuple[type[ChannelError], int | None]:
        return type(self), id(self.message)


class Disconnected(ChannelError):
    """The other side of the channel is gone, for ever (S57)."""

    text = "channel is disconnected"


class SendError(_Unsent, Disconnected):
    """All receivers are gone; `.message` is the message that was not sent (S17)."""

    text = "sending on a disconnected channel"


class RecvError(Disconnected):
    """All senders are gone and no message is left (S39)."""

    text = "receiving on an empty and disconnected channel"


class Full(_Unsent, queue.Full):
    """The channel holds as many messages as it may; `.message` is the one that was not sent (S24)."""

    text = "sending on a full channel"


class Empty(ChannelError, queue.Empty):
    """The channel holds no message, and a sender is still there (S43)."""

    text = "receiving on an empty channel"


class SendTimeout(_Unsent, TimeoutError):
    """The channel stayed full for the whole timeout; `.message` is the one that was not sent (S28)."""

    text = "timed out waiting on send operation"


class RecvTimeout(ChannelError, TimeoutError):
    """No message came within the timeout (S46)."""

    text = "timed out waiting on receive operation"


class SelectTimeout(ChannelError, TimeoutError):
    """No operation of the select could be done within the timeout (S88, S89)."""

    text = "timed out waiting on select"


class HandleClosed(ChannelError):
    """This handle itself was closed (P12, P13). A send's `.message` is the message that was not sent."""

    text = "operation on a closed handle"
    message: Any

    def __init__(self, *message: object) -> None:
        super().__init__()
        if message:
            (self.message,) = message

    def __reduce__(self) -> tuple[Callable[..., ChannelError], tuple[object, ...]]:
        return type(self), tuple(vars(self).values())

    def _kind(self) -> tuple[type[ChannelError], int | None]:
        return type(self), id(self.message) if "message" in vars(self) else None
