"""The contenders: one adapter for each package, with the operations that the scenarios call.

An adapter hands out bound methods, so that no wrapper is timed. What a package cannot do raises `Lacks`, and
its cell of the matrix stays empty. A package that is not installed is not a contender.
"""

import queue
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Generic, TypeVar

__all__ = ["Contender", "Lacks", "Put", "Take", "installed"]

Q = TypeVar("Q")

Put = Callable[[int], object]
Take = Callable[[], object]


class Lacks(Exception):
    """The contender cannot do this."""


class Contender(Generic[Q]):
    """One package; `Q` is what it calls a channel or queue."""

    name: str
    package = ""  # its distribution, if it is neither treadle nor the standard library

    def new(self, capacity: int | None) -> Q:
        """Make a channel; None is any capacity, 0 is rendezvous."""
        raise Lacks

    def put(self, channel: Q) -> Put:
        raise Lacks

    def take(self, channel: Q) -> Take:
        raise Lacks

    def take_within(self, channel: Q, seconds: float) -> Take:
        """Give the take that waits so many seconds at most."""
        raise Lacks

    def put_many(self, channel: Q) -> Callable[[Sequence[int]], object]:
        """Give what puts all messages; a package without it puts them one by one, as its user would."""
        put = self.put(channel)

        def one_by_one(messages: Sequence[int]) -> None:
            for message in messages:
                put(message)

        return one_by_one

    def take_many(self, channel: Q) -> Callable[[int], int]:
        """Give what takes up to so many messages, at least one, and counts them."""
        take = self.take(channel)

        def one_by_one(limit: int) -> int:
            for _ in range(limit):
                take()
            return limit

        return one_by_one

    def select_take(self, channels: Sequence[Q]) -> Take:
        """Give what takes one message from whichever channel has one, built anew for each message."""
        raise Lacks

    def select_put(self, channels: Sequence[Q]) -> Put:
        """Give what puts one message into whichever channel has room."""
        raise Lacks


class SimpleQueue(Contender["queue.SimpleQueue[int]"]):
    name = "queue.SimpleQueue"

    def new(self, capacity: int | None) -> "queue.SimpleQueue[int]":
        if capacity is not None:
            raise Lacks
        return queue.SimpleQueue()

    def put(self, channel: "queue.SimpleQueue[int]") -> Put:
        return channel.put

    def take(self, channel: "queue.SimpleQueue[int]") -> Take:
        return channel.get

    def take_within(self, channel: "queue.SimpleQueue[int]", seconds: float) -> Take:
        return partial(channel.get, True, seconds)


class QueueLike(Contender[Any]):
    """A package whose queue has the standard library's methods, 0 for any capacity, and no rendezvous."""

    def make(self, capacity: int) -> Any:
        raise NotImplementedError

    def new(self, capacity: int | None) -> Any:
        if capacity == 0:
            raise Lacks
        return self.make(capacity or 0)

    def put(self, channel: Any) -> Put:
        put: Put = channel.put
        return put

    def take(self, channel: Any) -> Take:
        take: Take = channel.get
        return take

    def take_within(self, channel: Any, seconds: float) -> Take:
        return partial(channel.get, True, seconds)


class Queue(QueueLike):
    name = "queue.Queue"

    def make(self, capacity: int) -> "queue.Queue[int]":
        return queue.Queue(capacity)


class Culsans(QueueLike):
    name = package = "culsans"

    def __init__(self) -> None:
        self._queue = import_module("culsans").Queue

    def make(self, capacity: int) -> Any:
        return self._queue(capacity).sync_q


class Janus(QueueLike):
    name = package = "janus"

    def __init__(self) -> None:
        self._queue = import_module("janus").Queue

    def make(self, capacity: int) -> Any:
        return self._queue(capacity).sync_q  # without an event loop: the asynchronous side is not used


class Aiologic(Contender[Any]):
    name = package = "aiologic"

    def __init__(self) -> None:
        package = import_module("aiologic")
        self._unbounded, self._bounded = package.SimpleQueue, package.Queue

    def new(self, capacity: int | None) -> Any:
        if capacity == 0:
            raise Lacks
        return self._unbounded() if capacity is None else self._bounded(capacity)

    def put(self, channel: Any) -> Put:
        put: Put = channel.put if isinstance(channel, self._unbounded) else channel.green_put
        return put

    def take(self, channel: Any) -> Take:
        take: Take = channel.green_get
        return take

    def take_within(self, channel: Any, seconds: float) -> Take:
        return partial(channel.green_get, timeout=seconds)


def installed() -> list[Contender[Any]]:
    """Give an adapter for each package that can be imported, treadle's first."""
    from benchmarks.channels.pychan import Pychan  # noqa: PLC0415 - they import this file
    from benchmarks.channels.treadles import Treadle  # noqa: PLC0415 - as above

    found: list[Contender[Any]] = []
    for make in (Treadle, SimpleQueue, Queue, Culsans, Janus, Aiologic, Pychan):
        try:
            found.append(make())
        except ImportError as error:
            print(f"left out: {error}")
    return found
