"""The adapter for pychan, which PyPI calls `chan`."""

from _thread import RLock
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.channels.contenders import Contender, Lacks, Put, Take

__all__ = ["Pychan"]


class OrderedLock(RLock):  # type: ignore[misc]  # CPython lets it
    """A lock that sorts: pychan's `chanselect` sorts locks, which Python 2 could do."""

    def __lt__(self, other: object) -> bool:
        return id(self) < id(other)


class Pychan(Contender[Any]):
    name = "pychan"
    package = "chan"

    def __init__(self) -> None:
        package = import_module("chan")
        self._chan, self._select = package.Chan, package.chanselect

    def new(self, capacity: int | None) -> Any:
        if capacity is None:
            raise Lacks
        return self._chan(capacity)

    def put(self, channel: Any) -> Put:
        put: Put = channel.put
        return put

    def take(self, channel: Any) -> Take:
        take: Take = channel.get
        return take

    def take_within(self, channel: Any, seconds: float) -> Take:
        return partial(channel.get, seconds)

    def select_take(self, channels: Sequence[Any]) -> Take:
        self._make_sortable(channels)
        select = self._select

        def take() -> object:
            return select(channels, ())

        return take

    def select_put(self, channels: Sequence[Any]) -> Put:
        self._make_sortable(channels)
        select = self._select

        def put(message: int) -> object:
            return select((), [(channel, message) for channel in channels])

        return put

    def _make_sortable(self, channels: Sequence[Any]) -> None:
        for channel in channels:
            if not isinstance(channel._lock, OrderedLock):
                channel._lock = OrderedLock()
