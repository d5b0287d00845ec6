"""The abstract task queue: what `queue.Queue` of the standard library promises.

The same shape as `models.channel`: pure generators of (next state, outcome), which yield nothing when the operation
has to wait. Source: the documentation of the module `queue`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.outcome import Outcome

Step = tuple["TaskQueue", Outcome]


@dataclass(frozen=True)
class TaskQueue:
    """A queue between calls."""

    maxsize: int  # 0: unbounded
    items: tuple[object, ...] = ()  # the oldest first
    unfinished: int = 0  # put, and not yet reported done


def put(state: TaskQueue, item: object) -> Iterator[Step]:
    """Add an item; wait while the queue is full."""
    if not state.maxsize or len(state.items) < state.maxsize:
        yield replace(state, items=(*state.items, item), unfinished=state.unfinished + 1), Outcome("ok")


def get(state: TaskQueue) -> Iterator[Step]:
    """Take the oldest item; wait while there is none."""
    if state.items:
        yield replace(state, items=state.items[1:]), Outcome("ok", state.items[0])


def get_timeout(state: TaskQueue) -> Iterator[Step]:
    """Take the oldest item; where that would wait, time may run out."""
    if state.items:
        yield from get(state)
    else:
        yield state, Outcome("Empty")


def task_done(state: TaskQueue) -> Iterator[Step]:
    """Report one item done; more reports than items are an error."""
    if state.unfinished:
        yield replace(state, unfinished=state.unfinished - 1), Outcome("ok")
    else:
        yield state, Outcome("ValueError")


def join(state: TaskQueue) -> Iterator[Step]:
    """Wait until every item is reported done."""
    if not state.unfinished:
        yield state, Outcome("ok")
