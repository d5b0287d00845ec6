"""Waiters, the lines they stand in, and the sides of a channel.

A blocked operation enters the lines of the channels it can go on with, looks again, and only then sleeps.
Whoever makes something available (a message, room, a disconnection) first publishes it and then looks for
waiters: whichever of the two comes second sees the other.

The invariant: whenever something is available and a waiter that nobody woke waits, some running thread is
obliged to wake one. Publishing creates the obligation and `wake` discharges it; a waiter that was woken
inherits it, and either takes what is there or passes it on. Waking too many is harmless: the woken
compete again (S74).

An operation may be cut short at any step by an exception from a signal handler. Therefore a wake-up is
repeated by the `except` clause around it, and a waiter leaves a line only after its gate is open.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from treadle.channels._primitives import (
    TIMEOUT_MAX,
    LockType,
    allocate_lock,
    deque,
    get_ident,
    in_each_fork,
    monotonic,
)

if TYPE_CHECKING:
    from treadle.channels.core import Seat, State
    from treadle.channels.handles import Handle
    from treadle.channels.owned import Owned

__all__ = ["END", "Entry", "Match", "Side", "Waiter"]


class _Forks:
    """How often this process was forked off, and by which threads: the others are not in it (P11)."""

    count = 0
    survivors: ClassVar[list[int]] = []  # one for each fork: a thread may have the ident of one that is gone


def _count_fork() -> None:
    _Forks.survivors.append(get_ident())
    _Forks.count += 1


in_each_fork(after_in_child=_count_fork)


class Waiter:
    """A one-shot cell that one thread sleeps on.

    `_end` decides once who ended the wait, and how: the first `setdefault` wins. `_gate` is what the thread
    sleeps on; it is open from the moment the wait is over.
    """

    __slots__ = ("__weakref__", "_end", "_forks", "_gate", "thread")

    def __init__(self) -> None:
        self.thread = get_ident()
        self._forks = _Forks.count
        self._end: dict[str, object] = {}
        self._gate: LockType = allocate_lock()
        self._gate.acquire(False)

    def end(self, by: object) -> bool:
        """End the wait, and say whether `by`, which is nobody else's, is what ended it.

        The gate is opened in any case: one who ended the wait and was interrupted is thus helped out, and
        may do it twice.
        """
        if self._forks != _Forks.count and self._has_vanished():
            return False
        won = self._end.setdefault("by", by) is by
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            self._gate.release()
        except RuntimeError:  # it is open already
            pass
        return won

    def withdraw(self) -> object:
        """End the wait of the calling thread itself; give what ended it, if somebody was quicker."""
        return self._end.setdefault("by", None)

    def was_ended_by(self, by: object) -> bool:
        """Say whether `by` ended the wait; do not end it."""
        return self._end.get("by") is by

    def is_over(self) -> bool:
        return "by" in self._end or self._has_vanished()

    def _has_vanished(self) -> bool:
        """Say whether the thread is not in this process, but in one that this was forked off."""
        return self._forks != _Forks.count and any(
            survivor != self.thread for survivor in _Forks.survivors[self._forks :]
        )

    def sleep(self, deadline: float | None) -> bool:
        """Sleep until the wait is over, or until the deadline and never less (S47); say which."""
        if deadline is None:
            return self._gate.acquire()
        while (left := deadline - monotonic()) > 0:
            if self._gate.acquire(True, left if left < TIMEOUT_MAX else TIMEOUT_MAX):  # noqa: FURB136 - a call takes longer
                return True
        return False


class Entry:
    """One place in a line: who stands there, by which handle, and with which message to send.

    One that only `observes` wants to know whether there is a peer, and is not paired with it (S113).
    """

    __slots__ = ("lender", "message", "observes", "owner", "side", "state", "waiter")

    def __init__(
        self, waiter: Waiter, owner: "Handle", state: "State", side: "Side", message: object, observes: bool
    ) -> None:
        self.waiter = waiter
        self.owner = owner
        self.state = state
        self.side = side
        self.message: Any = message
        self.lender: Owned[object] | None = None  # whose value the message has, until it is taken
        self.observes = observes


class Match:
    """What ends a wait by pairing: which entry was taken, and the message it got.

    The waiter refers to it, and the entry to the waiter: would it refer to the entry too, the message would
    stay until the collector comes (P15).
    """

    __slots__ = ("_entry", "message")

    def __init__(self, entry: Entry, message: Any) -> None:
        self._entry = id(entry)
        self.message = message

    def took(self, entry: Entry) -> bool:
        """Say whether this is the entry, one of a wait that is not over for its thread."""
        return self._entry == id(entry)


# Stands in the receivers' line for ever once they are gone, so that a sender that had passed its first
# check finds the line not empty.
END: Final = object()


class Side:
    """One side of a channel: who holds it, and who waits on it."""

    __slots__ = ("seats", "waiting")

    def __init__(self) -> None:
        self.seats: dict[
            Seat, None
        ] = {}  # in the order they were taken: a set of objects has none to rely on
        self.waiting: deque[Any] = deque()  # of entries, and END

    def wake(self) -> None:
        """Wake one waiter, if any waits."""
        while True:
            try:
                entry = self.waiting[0]
            except IndexError:
                return
            if entry is END:
                return
            won = entry.waiter.end(object())
            self.remove(entry)
            if won:
                return

    def wake_owner(self, owner: object) -> None:
        """Wake every waiter of one handle."""
        for entry in self.waiting.copy():
            if entry is not END and entry.owner is owner:
                entry.waiter.end(object())

    def wake_all(self) -> None:
        """Wake every waiter."""
        for entry in self.waiting.copy():
            if entry is not END:
                entry.waiter.end(object())

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the line; doing it twice is doing it once."""
        try:  # noqa: SIM105 - as above
            self.waiting.remove(entry)
        except ValueError:  # it has left, or was helped out
            pass
