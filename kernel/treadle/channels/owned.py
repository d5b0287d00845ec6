"""Move semantics: a value that has one owner at a time.

The value lies in a place of the Owned, and moving it is one step: it is taken out of the place. Of two
threads that move the same Owned one finds it there, and the other finds nothing.

A send moves when the message enters the channel, and not earlier. So one that fails, or is interrupted
while it waits, leaves the sender's Owned as it was.
"""

from collections.abc import Callable
from typing import Final, Generic, NoReturn, TypeVar, cast, final

__all__ = ["MovedError", "Owned", "in_use", "offer_owned"]

T = TypeVar("T")
Message = TypeVar("Message")  # of the channel: a type that Owned[…] is assignable to
Outcome = TypeVar("Outcome")

# Whether there ever was an Owned: where there was none, a batch need not be searched for one.
in_use: Final[list[bool]] = []

MOVED: Final = "the value was moved, by a send or by take(): use it where it went, or make a new Owned"


class MovedError(RuntimeError):
    """The value of this Owned was moved out, by a send or by `take`."""

    def __init__(self, text: str = MOVED) -> None:
        super().__init__(text)


@final
class Owned(Generic[T]):
    """Own a value: sending the Owned moves the value to the receiver, and copies nothing.

    After a send the sender's Owned is empty, and touching it raises MovedError; the receiver gets an Owned
    with the very same value. A failed send leaves it full. One that is cut short by a signal handler's
    exception while the value moves may leave it empty. An Owned is equal to itself only, whatever the
    value; its repr never shows the value, and it cannot be copied, pickled or subclassed.
    """

    __slots__ = ("__weakref__", "_place")

    def __init__(self, value: T) -> None:
        self._place = [value]
        if not in_use:
            in_use.append(True)

    @property
    def value(self) -> T:
        """The value; it stays here.

        Raises:
            MovedError: it was moved.
        """
        try:
            return self._place[0]
        except IndexError:
            pass
        raise MovedError

    def take(self) -> T:
        """Move the value out: this Owned is empty afterwards. Of several threads one gets it.

        Raises:
            MovedError: it was moved.
        """
        try:
            return self._place.pop()
        except IndexError:
            pass
        raise MovedError

    def _move(self) -> "Owned[T]":
        """Move the value into a fresh Owned."""
        return Owned(self.take())

    def _give_back(self, moved: "Owned[T]") -> None:
        """Undo `_move`; doing it twice is doing it once."""
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            self._place.append(moved.take())
        except MovedError:
            pass

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Owned cannot be subclassed: a send knows it by its exact type")

    def __repr__(self) -> str:
        return "Owned(..)" if self._place else "Owned(moved)"

    def __copy__(self) -> NoReturn:
        raise TypeError("an Owned cannot be copied: its value has one owner; use take()")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("an Owned cannot be copied: its value has one owner; use take()")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an Owned cannot be pickled: its value has one owner; use take()")


def offer_owned(offer: Callable[[Message], Outcome], message: Message) -> Outcome:
    """Offer a fresh Owned with the value of `message`, an Owned, and give the value back if that failed.

    The outcome of the offer is None, or what prevented it. If `offer` raises, it is not known whether the
    value entered the channel, and so it is not given back.

    Raises:
        MovedError: the message is empty; nothing was offered.
    """
    owned = cast("Owned[object]", message)
    moved = owned._move()
    failure = offer(cast("Message", moved))
    if failure is not None:
        owned._give_back(moved)
    return failure
