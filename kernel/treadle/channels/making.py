"""The making of channels: `channel[int]()`, `sync_channel[int](2)`, `after(1.0)`.

Those that have a sender are a tuple of two handles, and a class, so that the message type can be given in
brackets. `channel` and `sync_channel` are the face of `std::sync::mpsc`, with one receiver; the others are
crossbeam's, whose receivers can be cloned.
"""

import sys
from typing import Generic, Never, Self, TypeVar

from treadle.channels.flavours.at import At
from treadle.channels.flavours.bounded import Bounded
from treadle.channels.flavours.never import NEVER
from treadle.channels.flavours.rendezvous import Rendezvous
from treadle.channels.flavours.tick import Tick
from treadle.channels.flavours.unbounded import Unbounded
from treadle.channels.receivers import Receiver, SharedReceiver
from treadle.channels.senders import Sender, SyncSender
from treadle.channels.shortcuts import BoundedReceiver, BoundedSender, SharedBoundedReceiver
from treadle.channels.timeouts import deadline_after, deadline_at, duration

__all__ = ["after", "at", "bounded", "channel", "never", "sync_channel", "tick", "unbounded"]

T = TypeVar("T")


class channel(tuple[Sender[T], Receiver[T]], Generic[T]):  # noqa: N801, SLOT001 - called like a function; Generic has a dict
    """Make an unbounded channel: `tx, rx = channel[int]()` (S1, S15)."""

    def __new__(cls) -> Self:
        state = Unbounded[T]()
        return super().__new__(cls, (Sender[T](state), Receiver[T](state)))


class sync_channel(tuple[SyncSender[T], Receiver[T]], Generic[T]):  # noqa: N801, SLOT001 - as above
    """Make a channel that holds up to `capacity` messages: `tx, rx = sync_channel[int](2)` (S2).

    With capacity 0 a send waits until a receiver takes the message: a rendezvous (S3).

    Raises:
        TypeError: the capacity is not an int.
        ValueError: the capacity is negative or beyond sys.maxsize (S4).
    """

    def __new__(cls, capacity: int) -> Self:
        if checked(capacity):
            buffer = Bounded[T](capacity)
            return super().__new__(cls, (BoundedSender[T](buffer), BoundedReceiver[T](buffer)))
        meeting = Rendezvous[T]()
        return super().__new__(cls, (SyncSender[T](meeting), Receiver[T](meeting)))


class unbounded(tuple[Sender[T], SharedReceiver[T]], Generic[T]):  # noqa: N801, SLOT001 - as above
    """Make an unbounded channel whose receiver can be cloned: `tx, rx = unbounded[int]()` (S1, S10)."""

    def __new__(cls) -> Self:
        state = Unbounded[T]()
        return super().__new__(cls, (Sender[T](state), SharedReceiver[T](state)))


class bounded(tuple[SyncSender[T], SharedReceiver[T]], Generic[T]):  # noqa: N801, SLOT001 - as above
    """Make a channel that holds up to `capacity` messages, whose receiver can be cloned: `bounded[int](2)`.

    With capacity 0 a send waits until a receiver takes the message: a rendezvous (S3).

    Raises:
        TypeError: the capacity is not an int.
        ValueError: the capacity is negative or beyond sys.maxsize (S4).
    """

    def __new__(cls, capacity: int) -> Self:
        if checked(capacity):
            buffer = Bounded[T](capacity)
            return super().__new__(cls, (BoundedSender[T](buffer), SharedBoundedReceiver[T](buffer)))
        meeting = Rendezvous[T]()
        return super().__new__(cls, (SyncSender[T](meeting), SharedReceiver[T](meeting)))


def after(timeout: float | None) -> SharedReceiver[float]:
    """Make a receiver that gets one message, in `timeout` seconds: the instant, on `time.monotonic()` (S118-S123).

    No thread is behind it. The clones of the receiver share the message. None, infinity and what no lock can
    wait for are never; a negative timeout is now.

    Raises:
        TypeError: the timeout is neither None nor a number.
        ValueError: the timeout is NaN.
    """
    return at(deadline_after(timeout))


def at(deadline: float | None) -> SharedReceiver[float]:
    """Make a receiver that gets one message, at an instant of `time.monotonic()`: the instant (S118-S123).

    Raises:
        TypeError: the deadline is neither None nor a number.
        ValueError: the deadline is NaN.
    """
    instant = deadline_at(deadline)
    return never() if instant is None else SharedReceiver(At(instant))


def tick(period: float | None) -> SharedReceiver[float]:
    """Make a receiver that gets a message each `period` seconds: the instant at which it was due (S124-S128).

    No thread is behind it. There is at most one message to be received: ticks that nobody took are not made
    up for. The clones of the receiver share the ticks.

    Raises:
        TypeError: the period is neither None nor a number.
        ValueError: the period is NaN.
    """
    seconds = duration(period)
    return never() if seconds is None else SharedReceiver(Tick(seconds))


def never() -> SharedReceiver[Never]:
    """Make a receiver that never gets a message, and no end either (S129)."""
    return SharedReceiver(NEVER)


def checked(capacity: int) -> int:
    """Give the capacity back if it is one."""
    if isinstance(capacity, bool) or not isinstance(capacity, int):
        raise TypeError(f"a capacity is an int, not {type(capacity).__name__}")
    if capacity < 0:
        raise ValueError(f"a capacity cannot be negative: {capacity}")
    if capacity > sys.maxsize:
        raise ValueError(f"a capacity cannot exceed sys.maxsize: {capacity}")
    return capacity
