"""The unbounded flavour: a deque of messages."""

import sys
from collections.abc import Iterator
from itertools import repeat
from typing import Final, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import Channel, Failure, Refusal, untouched
from treadle.channels.errors import SendError
from treadle.channels.waiting import Entry

__all__ = ["Unbounded"]

T = TypeVar("T")

REFUSED: Final = Refusal(SendError)


class Unbounded(Channel[T]):
    """A channel that holds any number of messages.

    `messages` is where messages go in, until they are refused, and `source` where they come out.
    """

    __slots__ = ("messages", "source")

    messages: deque[T] | Refusal
    source: deque[T]

    def __init__(self) -> None:
        super().__init__()
        self.messages = self.source = deque()

    @property
    def receivers_gone(self) -> bool:
        return self.messages is REFUSED

    def refuse(self) -> None:
        self.messages = REFUSED

    @property
    def capacity(self) -> None:
        return None

    def count(self) -> int:
        return len(self.messages)

    def room(self) -> int:
        return sys.maxsize

    def ready(self, entry: Entry) -> bool:
        return (
            bool(self.source) or self.senders_gone or self.messages is REFUSED or entry.side is self.senders
        )

    def enter(self, message: list[T]) -> Failure | None:
        if self.receivers_gone:
            return SendError
        try:
            self.source.extend(map(list.pop, (message,)))  # one call takes it off the list and puts it in
            self.published()
        except BaseException:
            self.published()
            raise
        return None

    def offer(self, message: T) -> Failure | None:
        try:
            self.messages.append(message)
            if self.receivers.waiting:
                self.published()
        except BaseException as error:
            if isinstance(error, SendError) and self.receivers_gone:  # and is not that of a signal handler
                return SendError
            self.published()
            raise
        return None

    def offer_many(self, messages: deque[T]) -> Failure | None:
        try:
            self.messages.extend(messages)
            self.published()
        except BaseException as error:
            if isinstance(error, SendError) and self.receivers_gone:  # and is not that of a signal handler
                return SendError
            self.published()
            raise
        messages.clear()
        return None

    def take_many(self, messages: list[T], limit: int) -> None:
        try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
            messages.extend(map(deque.popleft, repeat(self.source, limit)))
        except IndexError:
            pass

    def _put_back(self, messages: list[T]) -> None:
        self.source.extendleft(reversed(messages))

    def mark(self) -> Iterator[T]:
        return iter(self.source)

    def unchanged(self, mark: Iterator[T]) -> bool:
        return untouched(mark) and not self.senders_gone and not self.receivers_gone

    def empty(self) -> None:
        while True:
            try:
                self.source.popleft()
            except IndexError:
                return
