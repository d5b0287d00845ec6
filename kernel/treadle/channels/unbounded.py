"""The unbounded flavour: a deque of messages."""

import sys
from typing import Final, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import Channel, Failure, Refusal
from treadle.channels.errors import SendError

__all__ = ["Unbounded"]

T = TypeVar("T")

REFUSED: Final = Refusal(SendError)


class Unbounded(Channel[T]):
    """A channel that holds any number of messages.

    `messages` and `waiting` are what `Sender.send` uses: where messages go in, until they are refused, and
    the receivers' line.
    """

    __slots__ = ("messages", "source", "waiting")

    messages: deque[T] | Refusal
    source: deque[T]

    def __init__(self) -> None:
        super().__init__()
        self.messages = self.source = deque()
        self.waiting = self.receivers.waiting

    @property
    def receivers_gone(self) -> bool:
        return self.messages is REFUSED

    def refuse(self) -> None:
        self.messages = REFUSED

    @property
    def capacity(self) -> None:
        return None

    def count(self) -> int:
        return len(self.messages)

    def room(self) -> int:
        return sys.maxsize

    def offer(self, message: T) -> Failure | None:
        try:
            self.messages.append(message)
            if self.waiting:
                self.published()
        except SendError:
            return SendError
        except BaseException:
            self.published()
            raise
        return None

    def empty(self) -> None:
        while True:
            try:
                self.source.popleft()
            except IndexError:
                return
