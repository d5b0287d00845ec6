"""Move semantics: a value that has one owner at a time.

The value lies in a place of the Owned, and one call of C takes it out of there and puts it into the place of
another: it is in one of the two at any instant. Of two threads that move the same Owned one finds it there, and
the other finds nothing.

A send moves when the message enters the channel, and not earlier. So one that fails, or is cut short before
that, leaves the sender's Owned as it was.
"""

from collections.abc import Callable
from typing import Final, Generic, NoReturn, TypeVar, cast, final

__all__ = ["MovedError", "Owned", "empty_owned", "in_use", "offer_owned"]

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
    with the very same value. A failed send leaves it full, and one that a signal handler's exception cuts short
    has moved it or not. An Owned is equal to itself only, whatever the value; its repr never shows the value,
    and it cannot be copied, pickled or subclassed.
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

    def _move_to(self, other: "Owned[T]") -> None:
        """Move the value into another, which is empty.

        Raises:
            MovedError: it was moved.
        """
        try:
            other._place.extend(map(list.pop, (self._place,)))
        except IndexError:
            pass
        else:
            return
        raise MovedError

    def _move_back_to(self, other: "Owned[T]") -> None:
        """Undo a move; doing it twice is doing it once, and undoing none is nothing."""
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            self._move_to(other)
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


def empty_owned() -> Owned[object]:
    """Make an Owned that a value is to be moved into."""
    owned: Owned[object] = Owned.__new__(Owned)
    owned._place = []
    return owned


def offer_owned(enter: Callable[[list[Message]], Outcome], message: Message) -> Outcome:
    """Let a fresh Owned with the value of `message`, an Owned, enter; if it does not, the value goes back.

    `enter` empties the list that it is given if what the list holds went in, also if it raises.

    Raises:
        MovedError: the message is empty; nothing was offered.
    """
    owned, moved = cast("Owned[object]", message), empty_owned()
    fresh = [cast("Message", moved)]
    try:
        owned._move_to(moved)
        outcome = enter(fresh)
        if fresh:
            moved._move_back_to(owned)
    except BaseException:
        if fresh:
            moved._move_back_to(owned)
        raise
    return outcome
