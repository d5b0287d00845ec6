"""What the threads of random statements share: an object with something of each kind that Python has."""

import collections
import contextlib
import functools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any


class State:
    """Attributes, containers, iterators, caches, and special methods that touch them."""

    of_class = 0
    __match_args__ = ("x", "y")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self.x: Any = 0
        self.y: Any = 1
        self.table: Any = {"a": 0}
        self.items: Any = [2, 1]
        self.inner: Any = SimpleNamespace(x=5)
        self.hidden = 0
        self.once = iter([7, 8])
        self.names: Any = {1}
        self.lists: Any = collections.defaultdict(list)
        self.ordered = collections.OrderedDict(a=1)
        self.counter: Any = collections.Counter(a=1)
        self.queue = collections.deque([1, 2])
        self.cached = functools.cache(self.add)
        self.numbers = self.generate()

    def get(self) -> Any:
        return self.x

    def set(self, value: Any) -> None:
        self.y = value

    def add(self, value: Any) -> Any:
        return value + self.x

    def generate(self) -> Iterator[Any]:
        yield self.x
        yield self.y

    @property
    def through(self) -> Any:
        return self.hidden

    @through.setter
    def through(self, value: Any) -> None:
        self.hidden = value

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def __contains__(self, value: Any) -> bool:
        return bool(value == self.x)

    def __call__(self, value: Any) -> Any:
        self.x = value
        return self.y

    def __enter__(self) -> Any:
        self.x += 1
        return self.x

    def __exit__(self, *_: object) -> None:
        self.y += 1

    def __eq__(self, other: object) -> bool:
        return bool(self.x == other)

    def __iadd__(self, value: Any) -> "State":
        self.x = self.x + value
        return self

    def __bool__(self) -> bool:
        return bool(self.x > 0)


@contextlib.contextmanager
def counted(state: State) -> Iterator[Any]:
    state.x += 1
    yield state.y
    state.y += 1


def everything_in(state: State) -> tuple[object, ...]:
    """Return what is left in *state*."""
    left: list[object] = [state.x, state.y, state.table, state.items, state.inner.x, state.hidden]
    left += [list(state.once), sorted(state.names), dict(state.lists), dict(state.ordered)]
    left += [dict(state.counter), list(state.queue), State.of_class, vars(state).get("z")]
    return tuple(left)
