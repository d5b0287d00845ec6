"""The making of channels: `channel[int]()`, `sync_channel[int](2)`.

Each is a tuple of the two handles, and a class, so that the message type can be given in brackets.
"""

import sys
from typing import Generic, Self, TypeVar

from treadle.channels.bounded import Bounded
from treadle.channels.handles import Receiver, Sender, SyncSender
from treadle.channels.unbounded import Unbounded

__all__ = ["channel", "sync_channel"]

T = TypeVar("T")


class channel(tuple[Sender[T], Receiver[T]], Generic[T]):  # noqa: N801, SLOT001 - called like a function; Generic has a dict
    """Make an unbounded channel: `tx, rx = channel[int]()` (S1, S15)."""

    def __new__(cls) -> Self:
        state = Unbounded[T]()
        return super().__new__(cls, (Sender[T](state), Receiver[T](state)))


class sync_channel(tuple[SyncSender[T], Receiver[T]], Generic[T]):  # noqa: N801, SLOT001 - as above
    """Make a channel that holds up to `capacity` messages: `tx, rx = sync_channel[int](2)` (S2).

    Raises:
        TypeError: the capacity is not an int.
        ValueError: the capacity is negative, zero (rendezvous is not in this version) or beyond
            sys.maxsize (S4).
    """

    def __new__(cls, capacity: int) -> Self:
        state = Bounded[T](checked(capacity))
        return super().__new__(cls, (SyncSender[T](state), Receiver[T](state)))


def checked(capacity: int) -> int:
    """Give the capacity back if it is one."""
    if isinstance(capacity, bool) or not isinstance(capacity, int):
        raise TypeError(f"a capacity is an int, not {type(capacity).__name__}")
    if capacity < 0:
        raise ValueError(f"a capacity cannot be negative: {capacity}")
    if capacity == 0:
        raise ValueError("rendezvous (capacity 0) is not in this version")
    if capacity > sys.maxsize:
        raise ValueError(f"a capacity cannot exceed sys.maxsize: {capacity}")
    return capacity
