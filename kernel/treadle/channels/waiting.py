"""Waiters, and the side of a channel that they wait on.

A blocked operation registers a waiter, looks again, and only then sleeps. Whoever makes something
available (a message, room, a disconnection) first publishes it and then looks for waiters: whichever of
the two comes second sees the other.

The invariant: whenever something is available and an unclaimed waiter waits, some running thread is
obliged to wake one. Publishing creates the obligation and `wake` discharges it; a waiter that was woken
inherits it, and either takes what is there or passes it on. Waking too many is harmless: the woken
compete again (S74).

An operation may be cut short at any step by an exception from a signal handler. Therefore a wake-up is
repeated by the `except` clause around it, and a waiter leaves the line only after its gate is open.
"""

from collections.abc import Callable

from treadle.channels._primitives import TIMEOUT_MAX, LockType, allocate_lock, deque, monotonic

__all__ = ["END", "Side", "Waiter"]


class Waiter:
    """A one-shot cell that one thread sleeps on.

    `claim` decides once who ends the wait: the first `acquire(False)` wins. `gate` is what the thread
    sleeps on; it is open from the moment the wait is over.
    """

    __slots__ = ("claim", "gate", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.claim: LockType = allocate_lock()
        self.gate: LockType = allocate_lock()
        self.gate.acquire(False)

    def notify(self) -> bool:
        """Wake the waiter, and say whether this call is the one that ended its wait.

        The gate is opened in any case: a notifier that claimed and was interrupted is thus helped out.
        """
        won = self.claim.acquire(False)
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            self.gate.release()
        except RuntimeError:  # it is open already
            pass
        return won

    def sleep(self, deadline: float | None) -> bool:
        """Sleep until notified, or until the deadline and never less (S47); say which."""
        if deadline is None:
            return self.gate.acquire()
        while (left := deadline - monotonic()) > 0:
            if self.gate.acquire(True, min(left, TIMEOUT_MAX)):
                return True
        return False


# Stands in the receivers' line for ever once they are gone, so that a sender that had passed its first
# check finds the line not empty.
END = Waiter(None)


class Side:
    """One side of a channel: who holds it, and who waits on it."""

    __slots__ = ("seats", "waiting")

    def __init__(self) -> None:
        self.seats: set[object] = set()
        self.waiting: deque[Waiter] = deque()

    def wait(
        self, owner: object, deadline: float | None, ready: Callable[[], bool], spare: Callable[[], int]
    ) -> bool:
        """Wait until notified or ready, and say whether that was before the deadline.

        `spare` counts what is available: of one the caller makes use, for more the next waiter is woken.
        """
        waiter = Waiter(owner)
        try:
            self.waiting.append(waiter)
            in_time = ready() or waiter.sleep(deadline)
            self.leave(waiter)
            if self.waiting and spare() > 1:
                self.wake()
        except BaseException:
            self.leave(waiter)
            raise
        return in_time

    def leave(self, waiter: Waiter) -> None:
        """Take the waiter out of the line; no notification is wasted on it from here on."""
        waiter.claim.acquire(False)
        self._remove(waiter)

    def wake(self) -> None:
        """Wake one waiter, if any waits."""
        while True:
            try:
                waiter = self.waiting[0]
            except IndexError:
                return
            if waiter is END:
                return
            won = waiter.notify()
            self._remove(waiter)
            if won:
                return

    def pass_on(self, spare: Callable[[], int]) -> None:
        """Wake one waiter if something is available: the obligation of one who leaves empty-handed."""
        if self.waiting and spare():
            self.wake()

    def wake_owner(self, owner: object) -> None:
        """Wake every waiter of one handle."""
        for waiter in self.waiting.copy():
            if waiter.owner is owner:
                waiter.notify()

    def wake_all(self) -> None:
        """Wake every waiter."""
        for waiter in self.waiting.copy():
            if waiter is not END:
                waiter.notify()

    def _remove(self, waiter: Waiter) -> None:
        try:  # noqa: SIM105 - as above
            self.waiting.remove(waiter)
        except ValueError:  # it has left, or was helped out
            pass
