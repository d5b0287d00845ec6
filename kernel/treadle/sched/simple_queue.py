"""What stands in for `queue.SimpleQueue`, whose operations are atomic in C.

A put, and a get that finds an item, are one step. A get that finds none waits at a gate, which a put opens; whoever
comes first through the gate, or past it, takes the item, as in C.
"""

import queue
from collections import deque
from types import GenericAlias
from typing import TYPE_CHECKING, Any, cast

from greenlet import GreenletExit

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.locks import Gate, require_seconds
from treadle.sched.operation import Operation, Place

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread


class _Get(Operation):
    """Take an item; without one, a get that does not wait only reads."""

    __slots__ = ("items", "reading", "waits")

    def __init__(self, place: Place, items: deque[Any], *, waits: bool) -> None:
        super().__init__("get from", place, WRITE)
        self.items = items
        self.waits = waits  #: it notes that it waits
        self.reading: Accesses = ((place, READ),)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return self.fixed if self.items or self.waits else self.reading


class SimpleQueue:
    """Stands in for `queue.SimpleQueue`."""

    __class_getitem__: Any = classmethod(cast("Any", GenericAlias))

    def __init__(self, name: str) -> None:
        self.items: deque[Any] = deque()
        self.waiting = 0  #: how many wait at the gate
        self.place = Place(name)
        self.gate = Gate(f"the gate of {name}")

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        """Add *item*; never blocks."""
        self._announce(Operation("put into", self.place, WRITE))
        self.items.append(item)
        if self.waiting:
            self.gate.open()

    def put_nowait(self, item: object) -> None:
        self.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the oldest item.

        Raises:
            queue.Empty: there is none, or none came in time.
        """
        if block and timeout is not None:
            require_seconds(timeout, "'timeout' must be a non-negative number")
        self._announce(_Get(self.place, self.items, waits=block))
        if not self.items and not (block and self._wait(timeout)):
            raise queue.Empty
        return self.items.popleft()

    def _wait(self, timeout: float | None) -> bool:
        """Say whether there is an item before the time is up."""
        thread = runtime.running()
        self.waiting += 1
        came = True
        while came and not self.items:
            if thread is not None and thread.world.over:
                raise GreenletExit  # again: there is nothing to return
            came = self.gate.pass_through(timeout)
            self._announce(_Get(self.place, self.items, waits=True))
        self.waiting -= 1
        if came and self.waiting and len(self.items) > 1:
            self.gate.open()
        return came

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def empty(self) -> bool:
        self._announce(Operation("look at", self.place, READ))
        return not self.items

    def qsize(self) -> int:
        self._announce(Operation("look at", self.place, READ))
        return len(self.items)

    def _announce(self, operation: Operation) -> None:
        thread = runtime.running()
        if thread is not None:
            thread.announce(operation)
