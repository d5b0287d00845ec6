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

from typing import Generic, TypedDict, TypeVar

from treadle.channels.core import NOTHING, Channel, Failure, Source
from treadle.channels.errors import Full, SendError

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


class Bounded(Channel[T]):
    """A channel that holds up to `capacity` messages, at least one."""

    __slots__ = ("_capacity", "_free", "_head", "_receivers_line", "_senders_line", "_tail", "receivers_gone")

    receivers_gone: bool

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        self.receivers_gone = False
        first: Node[T] = {"index": 0}
        self._head = first
        self._tail = first
        self._free = capacity
        self._receivers_line = self.receivers.waiting
        self._senders_line = self.senders.waiting

    def refuse(self) -> None:
        self.receivers_gone = True

    @property
    def source(self) -> Source[T]:
        return self

    @property
    def capacity(self) -> int:
        return self._capacity

    def count(self) -> int:
        while True:
            consumed = _consumed(self._head)
            last = _last(self._tail)
            # When nothing was consumed meanwhile, both were true at the instant `last` had no next node.
            if _consumed(consumed) is consumed:
                return 0 if self.receivers_gone else last["index"] - consumed["index"]

    def room(self) -> int:
        return self._capacity - self.count()

    def offer(self, message: T) -> Failure | None:
        if self.receivers_gone:
            return SendError
        tail = self._tail
        index = tail["index"] + 1
        if index > self._free:
            self._free = free = self._head["index"] + self._capacity
            if index > free:
                return self._offer_at_end(message)
        node: Node[T] = {"message": message, "index": index}
        try:
            if tail.setdefault("next", node) is not node:
                return self._offer_at_end(message)
            self._tail = node
            if self._receivers_line:
                self.published()
        except BaseException:
            self.published()
            raise
        return None

    def popleft(self) -> T:
        """Take the oldest message out, as a deque does."""
        try:
            node = self._head["next"]
            message = node.pop("message")
            self._head = node
            if self._senders_line:
                self.senders.wake()
        except KeyError:  # no next node, or consumed by another
            return self._take_on()
        except BaseException:
            self.senders.wake()
            raise
        return message

    def empty(self) -> None:
        # `_head` stays: what is discarded here makes no room for a send that started before.
        node = self._head.get("next")
        while node is not None:
            node.pop("message", NOTHING)
            node = node.get("next")

    def _take_on(self) -> T:
        """Take from the first node that is truly unconsumed."""
        node = self._head
        try:
            while (after := node.get("next")) is not None:
                node = after
                message = node.pop("message", NOTHING)
                if message is not NOTHING:
                    self._head = node
                    self.senders.wake()
                    return message
        except BaseException:
            self.senders.wake()
            raise
        raise IndexError

    def _offer_at_end(self, message: T) -> Failure | None:
        """Offer from the true end of the queue, and against what is truly consumed."""
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
            node: Node[T] = {"message": message, "index": index}
            try:
                if last.setdefault("next", node) is node:
                    self._tail = node
                    self.published()
                    return None
            except BaseException:
                self.published()
                raise
