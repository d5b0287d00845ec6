"""The blocking queue whose threads share one wait set. lemmy/BlockingQueue: it deadlocks if 2 * capacity < threads."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Queue(NamedTuple):
    buffer: tuple[int, ...]  # who put each message
    waiting: frozenset[int]  # producers come first


class BlockingQueue(Model[Queue]):
    """The broken one: whoever waits may be woken, also one that has to wait on."""

    def __init__(self, producers: int, consumers: int, capacity: int) -> None:
        self.producers = producers
        self.consumers = consumers
        self.capacity = capacity

    def init(self) -> Iterator[Queue]:
        yield Queue((), frozenset())

    def may_wake(self, state: Queue, who: int) -> frozenset[int]:
        """Whom a thread may wake."""
        return state.waiting

    @action(who=lambda model: range(model.producers))
    def put(self, state: Queue, who: int) -> Iterator[Queue]:
        if who not in state.waiting:
            if len(state.buffer) < self.capacity:
                yield from self.woken(state, who, (*state.buffer, who))
            else:
                yield Queue(state.buffer, state.waiting | {who})

    @action(who=lambda model: range(model.producers, model.producers + model.consumers))
    def get(self, state: Queue, who: int) -> Iterator[Queue]:
        if who not in state.waiting:
            if state.buffer:
                yield from self.woken(state, who, state.buffer[1:])
            else:
                yield Queue(state.buffer, state.waiting | {who})

    def woken(self, state: Queue, who: int, buffer: tuple[int, ...]) -> Iterator[Queue]:
        """One waiter is woken, if there is one."""
        for other in self.may_wake(state, who):
            yield Queue(buffer, state.waiting - {other})
        if not self.may_wake(state, who):
            yield Queue(buffer, state.waiting)

    @invariant
    def within_capacity(self, state: Queue) -> bool:
        return len(state.buffer) <= self.capacity


class WholeSpace(BlockingQueue):
    """The same without the deadlock's end, to count the whole space."""

    def terminal(self, state: Queue) -> bool:
        return True


class NotifyOther(BlockingQueue):
    """The mended one: a producer wakes a consumer, a consumer a producer."""

    def may_wake(self, state: Queue, who: int) -> frozenset[int]:
        is_producer = who < self.producers
        return frozenset(other for other in state.waiting if (other < self.producers) != is_producer)
