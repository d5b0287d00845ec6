"""What the flavours whose messages time makes have in common: no sender, no thread, no disconnection."""

from abc import abstractmethod
from typing import TypeVar

from treadle.channels._primitives import monotonic
from treadle.channels.core import Channel, Failure, Source
from treadle.channels.errors import SendError
from treadle.channels.waiting import Side

__all__ = ["Timer"]

T = TypeVar("T")


class Timer(Channel[T]):
    """A channel that holds a message from the instant on at which it is due (S130)."""

    __slots__ = ()

    receivers_gone = False
    capacity: int = 1

    @property
    def source(self) -> Source[T]:
        return self

    @abstractmethod
    def popleft(self) -> T:
        """Take the message out, as from a deque."""

    def count(self) -> int:
        due = self.due()
        return 0 if due is None or due > monotonic() else 1

    def room(self) -> int:
        return self.capacity - self.count()

    def enter(self, message: list[T]) -> Failure:
        return SendError

    def mark(self) -> float | None:
        return self.due()

    def unchanged(self, mark: float | None) -> bool:
        return self.due() == mark and not self.count()

    def refuse(self) -> None:
        """Do nothing: there is no sender."""

    def empty(self) -> None:
        """Do nothing: there is nothing to be destroyed."""

    def disconnect(self, side: Side) -> None:
        """Do nothing: there is nobody to be told."""
