"""Leases: what makes a handle count, for as long as anybody uses it.

A handle owns one lease. A send holds it in a local variable while it publishes, so that a handle that is
closed meanwhile counts as dropped when that send has ended, and not earlier: what a borrow is in Rust. The
lease leaves the handle's seat when nobody refers to it any more.

Rules: an exception keeps the local variables of the frames it passed, so none is raised out of a frame that
holds a lease; and nothing sleeps with one.

Assumes: an object lives while a frame refers to it, and is finalized once the last reference is gone.
"""

from collections.abc import Callable
from sys import is_finalizing
from typing import Final, Generic, TypeVar, cast
from weakref import ref

from treadle.channels.core import CLOSED, Closed, Seat, State
from treadle.channels.waiting import Side

__all__ = ["CLOSED_LEASE", "Lease"]

C_co = TypeVar("C_co", bound=State, covariant=True)


class Lease(Generic[C_co]):
    """The right to use a channel through one handle."""

    __slots__ = ("__weakref__", "channel", "seat")

    channel: C_co

    def __init__(self, channel: C_co, side: Side) -> None:
        self.seat = Seat(channel, side, ref(self))
        self.channel = channel  # set last before it counts: without it the finalizer has nothing to give back
        self.seat.take()

    def __del__(self, _is_finalizing: Callable[[], bool] = is_finalizing) -> None:
        # Late in the shutdown the globals of modules are None, and nobody is left to be told (P17).
        try:
            if _is_finalizing() or not hasattr(self, "channel"):
                return
            self._end()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        seat = self.seat
        seat.unused = True
        if not seat.closing:
            # Another finalizer of the same garbage may still use the handle: it finds it closed.
            self.channel = cast("C_co", CLOSED)
            seat.leave()


# What a closed handle owns.
CLOSED_LEASE: Final[Lease[Closed]] = Lease(CLOSED, CLOSED.senders)
