"""The bounded flavour: a linked queue with an atomic compare-and-swap.

After Michael and Scott (1996). A node is a dict; `setdefault("next", node)` links it to the last one if
none is linked yet, and `pop("message", …)` consumes it; each is one atomic step, and the one that decides.
Nodes are linked and consumed in the order of their index. `_head` and `_tail` are hints: each
has been a consumed and a linked node, and may lag behind, so every operation walks on from them. `_free` is
a hint too: the index of a node that may be linked, and perhaps not the last such.

A send may link node i if i - capacity was consumed before, so at most `capacity` unconsumed nodes exist
at any instant (S2, S9). It says Full only if it saw the last node, and afterwards a node that is
`capacity - 1` before it not yet consumed: at the first of the two instants the channel was full. A receive
says empty only if it saw a consumed node without a next one.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice, repeat
from operator import is_not
from typing import Any, Generic, TypedDict, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.core import NOTHING, Failure, Nothing, Returning
from treadle.channels.errors import Full, SendError
from treadle.channels.waiting import Entry, Side

__all__ = ["Bounded"]

T = TypeVar("T")


class Node(TypedDict, Generic[T], total=False):
    """One place in the queue: `message` until it is consumed, `next` from when a later one is linked."""

    index: int
    message: T
    next: "Node[T]"


def _last(node: Node[T]) -> Node[T]:
    """Walk to the node that has no next one."""
    while (after := node.get("next")) is not None:
        node = after
    return node


def _consumed(node: Node[T]) -> Node[T]:
    """Walk from a consumed node to the last that is consumed."""
    while (after := node.get("next")) is not None and "message" not in after:
        node = after
    return node


def _chain(messages: list[T], index: int) -> tuple[Node[T], Node[T]]:
    """Link nodes for the messages, numbered from the one after `index`; give the first and the last."""
    index += len(messages)
    first = end = Node[T](message=messages[-1], index=index)
    for message in messages[-2::-1]:
        index -= 1
        first = {"message": message, "index": index, "next": first}
    return first, end


# One call takes many messages out, so that an interrupt comes before or after all of them.
_consume: Callable[[Any, str, Nothing], Any] = dict.pop
_is_message: Callable[[object], bool] = partial(is_not, NOTHING)


class Bounded(Returning[T]):
    """A channel that holds up to `capacity` messages, at least one."""

    __slots__ = ("_capacity", "_free", "_head", "_receivers_line", "_senders_line", "_tail")

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        first: Node[T] = {"index": 0}
        self._head = first
        self._tail = first
        self._free = capacity
        self._receivers_line = self.receivers.waiting
        self._senders_line = self.senders.waiting

    @property
    def capacity(self) -> int:
        return self._capacity

    def count(self) -> int:
        return min(
            self._queued() + len(self.returned), self._capacity
        )  # S9, also while something is given back

    def room(self) -> int:
        return self._capacity - self._queued()

    def ready(self, entry: Entry) -> bool:
        if self.receivers_gone:
            return True
        if entry.side is self.receivers:
            return "next" in _consumed(self._head) or self.senders_gone or bool(self.returned)
        # Of two hints that lag behind, the one that is looked at last is the one that tells of room.
        return _last(self._tail)["index"] - _consumed(self._head)["index"] < self._capacity

    def spare(self, side: Side) -> int:
        return self.room() if side is self.senders else self._queued() + len(self.returned)

    def _queued(self) -> int:
        while True:
            consumed = _consumed(self._head)
            last = _last(self._tail)
            # When nothing was consumed meanwhile, both were true at the instant `last` had no next node.
            if _consumed(consumed) is consumed:
                return 0 if self.receivers_gone else last["index"] - consumed["index"]

    def mark(self) -> tuple[int, int, int]:
        return _last(self._tail)["index"], _consumed(self._head)["index"], len(self.returned)

    def unchanged(self, mark: tuple[int, int, int]) -> bool:
        return self.mark() == mark and not self.senders_gone and not self.receivers_gone

    def offer(self, message: T) -> Failure | None:
        if self.receivers_gone:
            return SendError
        tail = self._tail
        index = tail["index"] + 1
        if index > self._free:
            self._free = free = self._head["index"] + self._capacity
            if index > free:
                return self.enter([message])
        node: Node[T] = {"message": message, "index": index}
        try:
            if tail.setdefault("next", node) is not node:
                return self.enter([message])
            self._tail = node
            if self._receivers_line:
                self.published()
        except BaseException:
            self.published()
            raise
        return None

    def offer_many(self, messages: deque[T]) -> Failure | None:
        while messages:
            last = _last(self._tail)
            consumed = _consumed(self._head)
            if self.receivers_gone:
                return SendError
            room = consumed["index"] + self._capacity - last["index"]
            if room <= 0:
                return Full
            batch = list(islice(messages, room))
            first, end = _chain(batch, last["index"])
            try:
                if last.setdefault("next", first) is first:
                    self._tail = end
                    self.published()
                    for _ in batch:
                        messages.popleft()
            except BaseException:
                self.published()
                raise
        return None

    def popleft(self) -> T:
        if self.returned:
            return self._take_on()
        message: T | Nothing = NOTHING
        try:
            node = self._head["next"]
            message = node.pop("message")
            self._head = node
            if self._senders_line:
                self.senders.wake()
        except KeyError:  # no next node, or consumed by another
            return self._take_on()
        except BaseException:
            self.cut_short(message)
            raise
        return message

    def empty(self) -> None:
        # `_head` stays: what is discarded here makes no room for a send that started before.
        node = self._head.get("next")
        while node is not None:
            node.pop("message", NOTHING)
            node = node.get("next")
        super().empty()

    def take_many(self, messages: list[T], limit: int) -> None:
        had = len(messages)
        limit += had
        self.take_returned(messages, limit)
        while nodes := self._next_nodes(limit - len(messages)):
            self._consume_all(nodes, messages)
            if len(messages) > had:  # otherwise others were quicker, and there may be more
                return

    def _next_nodes(self, limit: int) -> list[Node[T]]:
        """Give the nodes that are to be consumed next, `limit` at most."""
        nodes: list[Node[T]] = []
        node = _consumed(self._head)
        while len(nodes) < limit and (after := node.get("next")) is not None:
            nodes.append(node := after)
        return nodes

    def _consume_all(self, nodes: list[Node[T]], messages: list[T]) -> None:
        try:
            messages.extend(filter(_is_message, map(_consume, nodes, repeat("message"), repeat(NOTHING))))
            self._head = nodes[-1]
            self.senders.wake()
        except BaseException:
            self.senders.wake()
            raise

    def _take_on(self) -> T:
        """Take what was given back, or from the first node that is truly unconsumed."""
        try:
            return self.returned.popleft()
        except IndexError:
            pass
        node = self._head
        while (after := node.get("next")) is not None:
            node = after
            message = self._take_from(node)
            if message is not NOTHING:
                return message
        raise IndexError

    def _take_from(self, node: Node[T]) -> T | Nothing:
        message: T | Nothing = NOTHING
        try:
            message = node.pop("message", NOTHING)
            if message is not NOTHING:
                self._head = node
                self.senders.wake()
        except BaseException:
            self.cut_short(message)
            raise
        return message

    def cut_short(self, message: T | Nothing) -> None:
        """Do what a receive that is cut short owes: wake a sender, for it may have made room, and keep the message."""
        self.senders.wake()
        if message is not NOTHING:
            self.give_back([message])

    def enter(self, message: list[T]) -> Failure | None:
        """Link it to the true end of the queue, and count against what is truly consumed."""
        last, consumed = self._tail, self._head
        while True:
            last = _last(last)
            consumed = _consumed(consumed)
            if self.receivers_gone:
                return SendError
            index = last["index"] + 1
            self._free = free = consumed["index"] + self._capacity
            if index > free:
                return Full
            node: Node[T] = {"message": message[0], "index": index}
            try:
                if last.setdefault("next", node) is node:
                    message.clear()
                    self._tail = node
                    self.published()
                    return None
            except BaseException:
                if last.get("next") is node:
                    message.clear()
                self.published()
                raise
