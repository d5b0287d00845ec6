"""The bounded flavour: a deque of messages that refuses to grow beyond its maximum length.

Where `append` would push a message out of a full deque, `insert` raises IndexError. So there is one atomic step
that either puts a message in or finds the channel full, as `popleft` takes one out or finds it empty: each is
where the operation takes effect, and what it says of the channel is true at that instant (S2, S9, S24, S43).
"""

import sys
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, Final, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import NOTHING, Failure, Nothing, Refusal, Returning, untouched
from treadle.channels.errors import Full, SendError
from treadle.channels.flavours.unbounded import REFUSED
from treadle.channels.waiting import Entry, Side

__all__ = ["FULL", "LAST", "Bounded"]

T = TypeVar("T")

LAST: Final = sys.maxsize  # an index at which what is inserted comes last


def _words_of_a_full_deque() -> tuple[object, ...]:
    try:
        deque[None](maxlen=0).insert(LAST, None)
    except IndexError as error:
        return error.args
    raise NotImplementedError("this Python lets a deque grow beyond its maximum length")


#: What an IndexError says that a full deque raises.
FULL: Final = _words_of_a_full_deque()


class Bounded(Returning[T]):
    """A channel that holds up to `capacity` messages, at least one.

    `messages` is where messages go in, until they are refused, and `queue` where they come out.
    """

    __slots__ = ("_capacity", "messages", "queue", "senders_line")

    messages: deque[T] | Refusal
    queue: deque[T]

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        self.messages = self.queue = deque(maxlen=capacity)
        self.senders_line = self.senders.waiting

    def refuse(self) -> None:
        super().refuse()
        self.messages = REFUSED

    @property
    def capacity(self) -> int:
        return self._capacity

    def count(self) -> int:
        # S9, also while something is given back
        return min(len(self.messages) + len(self.returned), self._capacity)

    def room(self) -> int:
        return self._capacity - len(self.messages)

    def spare(self, side: Side) -> int:
        return self.room() if side is self.senders else len(self.messages) + len(self.returned)

    def ready(self, entry: Entry) -> bool:
        if self.receivers_gone:
            return True
        if entry.side is self.senders:
            return len(self.messages) < self._capacity
        return bool(self.queue) or self.senders_gone or bool(self.returned)

    def mark(self) -> tuple[Iterator[T], Iterator[T]]:
        return iter(self.queue), iter(self.returned)

    def unchanged(self, mark: tuple[Iterator[T], Iterator[T]]) -> bool:
        return all(map(untouched, mark)) and not self.senders_gone and not self.receivers_gone

    def enter(self, message: list[T]) -> Failure | None:
        # What `insert` returns is false, so that one step puts the message in and takes it off the list.
        insert: Callable[[int, T], Any] = self.messages.insert
        try:
            message[:] = filter(None, map(insert, repeat(LAST), message))
            self.published()
        except BaseException as error:
            if message and self._refused(error):
                return self._failure()
            self.published()
            raise
        return None

    def offer(self, message: T) -> Failure | None:
        try:
            self.messages.insert(LAST, message)
            if self.receivers.waiting:
                self.published()
        except BaseException as error:
            if self._refused(error):
                return self._failure()
            self.published()
            raise
        return None

    def offer_many(self, messages: deque[T]) -> Failure | None:
        entered: list[Any] = []
        try:
            failure = self._insert_all(messages, entered)
            self.published()
        except BaseException:
            self.published()
            raise
        entered[:] = map(deque.popleft, repeat(messages, len(entered)))
        return failure

    def _insert_all(self, messages: deque[T], entered: list[Any]) -> Failure | None:
        """Put in what fits by one call; the list gets an item for each."""
        insert: Callable[[int, T], Any] = self.messages.insert
        try:
            entered.extend(map(insert, repeat(LAST), messages))
        except (IndexError, SendError) as error:
            if not self._refused(error):
                raise
            return self._failure()
        return None

    def _refused(self, error: BaseException) -> bool:
        """Say whether the error is that of the channel itself, and not that of a signal handler."""
        if isinstance(error, IndexError):
            return error.args == FULL
        return isinstance(error, SendError) and self.receivers_gone

    def _failure(self) -> Failure:
        """Say what prevented a message from going in; after the end of the receivers the deque has no room either."""
        return SendError if self.receivers_gone else Full

    def popleft(self) -> T:
        if self.returned:
            try:
                return self.returned.popleft()
            except IndexError:  # another was quicker
                pass
        message: T | Nothing = NOTHING
        try:
            message = self.queue.popleft()
            if self.senders_line:
                self.senders.wake()
        except BaseException as error:
            if message is not NOTHING:
                self.returned.appendleft(message)
            if message is not NOTHING or type(error) is not IndexError:  # otherwise there is none
                self.cut_short()
            raise
        return message

    def take_many(self, messages: list[T], limit: int) -> None:
        limit += len(messages)
        self.take_returned(messages, limit)
        try:
            self._take_all(messages, limit - len(messages))
            self.senders.wake()
        except BaseException:
            self.senders.wake()
            raise

    def _take_all(self, messages: list[T], limit: int) -> None:
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            messages.extend(map(deque.popleft, repeat(self.queue, limit)))
        except IndexError:
            pass

    def cut_short(self) -> None:
        """Wake whom a receive that is cut short may owe it: it made room, and has put its message back."""
        self.senders.wake()
        self.published()

    def empty(self) -> None:
        # One step leaves a deque in which nothing has room any more: a send that started before finds it full, and
        # does not take the place of what is destroyed.
        deque.__init__(self.queue, (), 0)
        super().empty()
