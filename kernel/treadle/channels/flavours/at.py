"""The flavour behind `after` and `at`: one message, which is an instant, when it comes."""

from treadle.channels._primitives import deque, monotonic
from treadle.channels.flavours.timer import Timer

__all__ = ["At"]


class At(Timer[float]):
    """A channel that holds one message from an instant on; the message is that instant (S118-S121)."""

    __slots__ = ("_instants",)

    def __init__(self, instant: float) -> None:
        super().__init__()
        self._instants = deque((instant,))

    def due(self) -> float | None:
        for instant in self._instants.copy():
            return instant
        return None

    def popleft(self) -> float:
        due = self.due()
        if due is None or due > monotonic():
            raise IndexError
        return self._instants.popleft()

    def _put_back(self, messages: list[float]) -> None:
        self._instants.extend(messages)
