"""The rendezvous flavour: nothing is stored, a sender and a receiver meet.

A thread that waits stands in the line of its side; one that comes pairs with the first of the opposite line
that it can take, by ending that one's wait (S26, S44). The one who waits gets the message, or the assurance
that it was taken (S22, S23), by the same step.

Two that come at once may both miss the other and both enter their lines. Whoever enters second sees the
first when it looks again, and perhaps each sees the other. Then the one with the smaller thread withdraws
and tries again, and finds the other still standing; or the one with the greater wakes the other to do so.
Among any that are in each other's way the greatest stays, so one of them always gets on.

A receive that was paired and then cut short gives its message back: it waits in `returned` for the next
receive, in front of all others (P2).
"""

from collections.abc import Iterator
from typing import TypeVar

from treadle.channels.core import Failure, Returning, untouched
from treadle.channels.errors import Full, SendError
from treadle.channels.waiting import END, Entry, Match, Side

__all__ = ["Rendezvous"]

T = TypeVar("T")


class Rendezvous(Returning[T]):
    """A channel that holds no message."""

    __slots__ = ()

    pairs = True

    @property
    def capacity(self) -> int:
        return 0

    def count(self) -> int:
        return 0  # S6

    def room(self) -> int:
        return 0  # S7

    def enter(self, message: list[T]) -> Failure | None:
        if self.receivers_gone:
            return SendError
        for entry in self.receivers.waiting.copy():
            if entry is END:
                return SendError
            match = Match(entry, message[0])
            try:
                if _pair(entry, match, self.receivers):
                    message.clear()
                    return None
            except BaseException:
                if entry.waiter.was_ended_by(match):
                    message.clear()
                raise
        return Full

    def popleft(self) -> T:
        """Take the message of the first sender that waits, as from a deque."""
        try:
            return self.returned.popleft()
        except IndexError:
            pass
        for entry in self.senders.waiting.copy():
            match = Match(entry, None)
            try:
                if _pair(entry, match, self.senders):
                    message: T = entry.message
                    return message
            except BaseException:
                if entry.waiter.was_ended_by(match):
                    self.give_back([entry.message])
                raise
        raise IndexError

    def ready(self, entry: Entry) -> bool:
        if self.receivers_gone:
            return True
        if entry.side is self.senders:
            return _meets(entry, self.receivers)
        return self.senders_gone or bool(self.returned) or _meets(entry, self.senders)

    def mark(self) -> tuple[Iterator[object], ...]:
        return iter(self.returned), iter(self.senders.waiting), iter(self.receivers.waiting)

    def unchanged(self, mark: tuple[Iterator[object], ...]) -> bool:
        return all(map(untouched, mark)) and not self.senders_gone and not self.receivers_gone

    def spare(self, side: Side) -> int:
        if side is self.senders:
            return len(self.receivers.waiting)
        return len(self.returned) + len(self.senders.waiting)

    def left(self, side: Side) -> int:
        # A select may stand in both lines, and is no peer of itself (S96): two of that kind would wake each
        # other for ever, as each leaves to try again.
        waiters = set()
        for entry in (*self.senders.waiting.copy(), *self.receivers.waiting.copy()):
            if entry is not END:
                waiters.add(entry.waiter)
        return self.spare(side) if len(waiters) > 1 or self.returned else 0


def _pair(entry: Entry, match: Match, line: Side) -> bool:
    """End the wait of the entry by the match, if nobody was quicker; let one that observes look."""
    won = _end(entry, object() if entry.observes else match)
    line.remove(entry)
    return won and not entry.observes


def _meets(entry: Entry, line: Side) -> bool:
    """Say whether there is one to pair with whom to take is up to this entry; if it is up to the other, wake it.

    So there is where the other side has come to its end.
    """
    for other in line.waiting.copy():
        if other is END:
            return True  # to be told of the disconnection
        if other.waiter is entry.waiter or other.waiter.is_over():
            continue
        if other.observes:
            if not entry.observes:
                _end(other, object())
        elif entry.observes or other.waiter.thread >= entry.waiter.thread:
            return True
        elif _end(other, object()):
            return False
    return False


def _end(entry: Entry, by: object) -> bool:
    try:
        return entry.waiter.end(by)
    except BaseException:
        entry.waiter.end(by)
        raise
