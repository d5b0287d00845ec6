"""What stands in for the functions of `random`: a stream of its own for each thread.

A stream depends on the seed of the check and on the thread's name only, so it is the same in each execution and
in each interleaving; and reading it is no scheduling point, for no other thread reads it.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, cast

from treadle.sched import runtime
from treadle.sched.world import ControlledThread


class _Stream(random.Random):
    """The numbers that one thread draws; to seed them with nothing is to begin anew."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def seed(  # type: ignore[override]  # as random.Random does
        self, a: int | float | str | bytes | bytearray | None = None, version: int = 2
    ) -> None:
        super().seed(self._name if a is None else a, version)


def _stream(thread: ControlledThread) -> random.Random:
    if thread.random is None:
        thread.random = _Stream(f"{thread.world.seed}/{thread.path}")
    return thread.random


def _stand_in_for(real: Callable[..., Any]) -> Callable[..., Any]:
    name = real.__name__

    def draw(*args: Any, **kwargs: Any) -> Any:
        thread = runtime.running()
        return (real if thread is None else getattr(_stream(thread), name))(*args, **kwargs)

    draw.__name__ = name
    return draw


def stand_ins() -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Give each function of the module that draws from its hidden instance, and what stands in for it."""
    hidden = cast("Any", random)._inst
    for function in vars(random).values():
        if getattr(function, "__self__", None) is hidden:
            yield function, _stand_in_for(function)
