"""The flavour behind `tick`: a message each period, if somebody takes it.

The next tick is a node that hangs on the one before; `setdefault` hangs it there and decides who took the one
before. `_next` is a hint and may lag behind.
"""

from typing import TypedDict

from treadle.channels._primitives import monotonic
from treadle.channels.flavours.timer import Timer

__all__ = ["Tick"]


class Node(TypedDict, total=False):
    """A tick: when it is due, and the one that follows it once it was taken."""

    instant: float
    next: "Node"


class Tick(Timer[float]):
    """A channel that holds a message from each period on; the message is the instant it was due (S124).

    The next tick comes a period after the last, and none is made up for: if that has passed already, it comes
    a period from now (S125). So there is no drift, however the ticks are received (S126). Receivers that wait
    at once get different ticks (S127).
    """

    __slots__ = ("_next", "_period")

    def __init__(self, period: float) -> None:
        super().__init__()
        self._period = period
        self._next: Node = {"instant": monotonic() + period}

    def due(self) -> float:
        return self._pending()["instant"]

    def popleft(self) -> float:
        node = self._pending()
        instant, now = node["instant"], monotonic()
        if instant > now:
            raise IndexError
        after = instant + self._period
        following: Node = {"instant": after if after > now else now + self._period}
        if node.setdefault("next", following) is not following:
            raise IndexError
        self._next = following
        return instant

    def _put_back(self, messages: list[float]) -> None:
        """Lose them: a tick that nobody took is not made up for."""

    def _pending(self) -> Node:
        node = self._next
        while (after := node.get("next")) is not None:
            node = after
        return node
