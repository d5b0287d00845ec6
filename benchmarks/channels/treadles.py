"""The adapter for treadle."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import treadle
from benchmarks.channels.contenders import Contender, Lacks, Put, Take

__all__ = ["Treadle"]

Pair: TypeAlias = tuple[Any, Any]


def operation(owner: object, name: str) -> Any:
    """Give an operation of the design, which the version at hand may not have yet."""
    try:
        return getattr(owner, name)
    except AttributeError:
        raise Lacks from None


class Treadle(Contender[Pair]):
    name = "treadle"

    def new(self, capacity: int | None) -> Pair:
        if capacity is None:
            return treadle.channel()
        try:
            return treadle.sync_channel(capacity)
        except ValueError:
            raise Lacks from None

    def put(self, channel: Pair) -> Put:
        put: Put = channel[0].send
        return put

    def take(self, channel: Pair) -> Take:
        take: Take = channel[1].recv
        return take

    def take_within(self, channel: Pair, seconds: float) -> Take:
        return partial(channel[1].recv_timeout, seconds)

    def put_many(self, channel: Pair) -> Callable[[Sequence[int]], object]:
        put_many: Callable[[Sequence[int]], object] = operation(channel[0], "send_many")
        return put_many

    def take_many(self, channel: Pair) -> Callable[[int], int]:
        recv_many = operation(channel[1], "recv_many")

        def take(limit: int) -> int:
            return len(recv_many(limit))

        return take

    def select_take(self, channels: Sequence[Pair]) -> Take:
        select, recv = operation(treadle, "select"), operation(treadle, "recv")
        receivers = [rx for _, rx in channels]

        def take() -> object:
            return select(*[recv(rx) for rx in receivers]).value

        return take

    def select_put(self, channels: Sequence[Pair]) -> Put:
        select, send = operation(treadle, "select"), operation(treadle, "send")
        senders = [tx for tx, _ in channels]

        def put(message: int) -> object:
            return select(*[send(tx, message) for tx in senders]).value

        return put
