"""The latest flavour: one place, in which a message replaces the one before."""

from typing import TypeVar

from treadle.channels._primitives import deque
from treadle.channels.flavours.unbounded import Unbounded

__all__ = ["Latest"]

T = TypeVar("T")


class Latest(Unbounded[T]):
    """A channel that is never full and holds the last message only.

    Assumes: a deque of length one puts the new message in and the old one out in one step, and destroys the
    old one after it. So a message is there at every instant from the first send on, until it is received.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.messages = self.source = deque(maxlen=1)

    def _put_back(self, messages: list[T]) -> None:
        """Put the last one back, unless a newer one has come."""
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            self.source.insert(0, messages[-1])
        except IndexError:  # it has
            pass
