"""The unbounded flavour: a deque of cells.

A cell is a list that holds one message until somebody pops it: a receiver, the discarding of the
channel, or the sender that withdraws it. The pop decides between them.
"""

import sys
from typing import TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import Channel, Failure
from treadle.channels.errors import HandleClosed, SendError

__all__ = ["Unbounded"]

T = TypeVar("T")


class Unbounded(Channel[T]):
    """A channel that holds any number of messages."""

    __slots__ = ("_append", "_cells", "_popleft")

    def __init__(self) -> None:
        super().__init__()
        self._cells: deque[list[T]] = deque()
        self._append = self._cells.append
        self._popleft = self._cells.popleft

    @property
    def capacity(self) -> None:
        return None

    def count(self) -> int:
        # What is left after the end is nothing but cells that were withdrawn, or will be.
        return 0 if self.finished or self.receivers.gone else len(self._cells)

    def room(self) -> int:
        return sys.maxsize

    def offer(self, message: T) -> Failure | None:
        receivers = self.receivers
        if receivers.gone:
            return SendError
        cell = [message]
        try:
            self._append(cell)
            if receivers.waiting:
                return self._settle(cell)
        except BaseException:
            receivers.wake()
            raise
        return None

    def take(self) -> T:
        if self.finished:
            raise IndexError
        return self._popleft().pop()

    def empty(self) -> None:
        while True:
            try:
                self._popleft().clear()
            except IndexError:
                return

    def _settle(self, cell: list[T]) -> Failure | None:
        """Wake a receiver, or find out what became of a message that raced with a disconnection."""
        self.receivers.wake()
        if not self.receivers.gone and not self.ending:
            return None
        try:
            cell.pop()
        except IndexError:  # received, or discarded
            return None
        return SendError if self.receivers.gone else HandleClosed
