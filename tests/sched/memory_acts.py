"""What the threads of random programs do to one container, one access or a few at a time."""

# ruff: noqa: C416, PLW0108 - these forms are what is tested
import bisect
import copy
import functools
import heapq
import json
import weakref
from collections.abc import Callable, Iterator
from typing import Any

Act = Callable[[Any], object]


def store(s: Any) -> None:
    s["a"] = 1


def store_again(s: Any) -> None:
    s["a"] = 2


def store_new(s: Any) -> None:
    s["c"] = 3


def delete(s: Any) -> None:
    del s["b"]


def add_to(s: Any) -> None:
    s["a"] += 1


DICT: list[Act] = [
    store,
    store_again,
    store_new,
    delete,
    add_to,
    lambda s: s.setdefault("d", 4),
    lambda s: s.setdefault("a", 4),
    lambda s: s.pop("a", None),
    lambda s: s.pop("c", None),
    lambda s: s.get("c"),
    lambda s: s["b"],
    lambda s: "d" in s,
    lambda s: len(s),
    lambda s: list(s),
    lambda s: [value for value in s.values()],
    lambda s: s.update(b=7),
    lambda s: s.clear(),
    lambda s: s.popitem(),
    lambda s: bool(s),
    lambda s: dict(s),
]


def set_first(s: Any) -> None:
    s[0] = 9


def set_last(s: Any) -> None:
    s[-1] = 8


def cut(s: Any) -> None:
    s[1:] = []


LIST: list[Act] = [
    set_first,
    set_last,
    cut,
    lambda s: s[0],
    lambda s: s[-1],
    lambda s: s[2],
    lambda s: s[-2],
    lambda s: s.append(3),
    lambda s: s.append(4),
    lambda s: s.pop(),
    lambda s: s.pop(0),
    lambda s: s.insert(1, 5),
    lambda s: len(s),
    lambda s: s[:2],
    lambda s: 3 in s,
    lambda s: [value for value in s],
    lambda s: s.reverse(),
    lambda s: not s,
    lambda s: s.extend([6, 7]),
    lambda s: s.remove(2),
]

SET: list[Act] = [
    lambda s: s.add(0),
    lambda s: s.add(8),
    lambda s: s.add(1),
    lambda s: s.discard(1),
    lambda s: s.discard(2),
    lambda s: s.remove(2),
    lambda s: 8 in s,
    lambda s: 1 in s,
    lambda s: len(s),
    lambda s: list(s),
    lambda s: s.pop(),
    lambda s: s.update({3}),
    lambda s: s == {1, 2},
    lambda s: [value for value in s],
]


class Bag:
    """Attributes, some of them on the class."""

    x = 0
    y = 0


def set_own(s: Any) -> None:
    s.x = 1


def set_class(s: Any) -> None:
    type(s).x = 2


def add_own(s: Any) -> None:
    s.y += 1


def delete_own(s: Any) -> None:
    del s.y


ATTRIBUTES: list[Act] = [
    set_own,
    set_class,
    add_own,
    delete_own,
    lambda s: s.x,
    lambda s: s.y,
    lambda s: type(s).x,
    lambda s: s.__dict__.get("x"),
    lambda s: len(vars(s)),
    lambda s: s.__dict__.update(y=5),
    lambda s: list(s.__dict__),
    lambda s: hasattr(s, "y"),
    lambda s: setattr(s, "z", 1),
    lambda s: object.__getattribute__(s, "x"),
    lambda s: object.__setattr__(s, "x", 6),
    lambda s: type.__setattr__(type(s), "x", 7),
    lambda s: type(s).__dict__.get("x"),
]


class Twins:
    """Two objects of one class."""

    def __init__(self) -> None:
        self.one: Any = type("Bag", (Bag,), {})()
        self.other: Any = type(self.one)()


class Sharing(Twins):
    """Two objects of one class that have their attributes in common."""

    def __init__(self) -> None:
        super().__init__()
        self.other.__dict__ = self.one.__dict__


def on(name: str, act: Act) -> Act:
    """Return *act* on one of two."""
    return lambda s: act(getattr(s, name))


OF_TWINS: list[Act] = [on(name, act) for name in ("one", "other") for act in ATTRIBUTES]


class Deep:
    """Containers and objects inside of others."""

    def __init__(self) -> None:
        self.outer: Any = [[0], 1]
        self.inner: Any = [2]
        self.table: Any = {"k": [3]}
        self.box: Any = type("Bag", (Bag,), {})()


def put_inside(s: Any) -> None:
    s.outer[0] = s.inner


def put_into_table(s: Any) -> None:
    s.table["k"] = s.inner


def put_into_box(s: Any) -> None:
    s.box.part = s.inner


def exchange_box(s: Any) -> None:
    s.box = type(s.box)()


def new_in_box(s: Any) -> None:
    s.box.z = 1


def take_apart(s: Any) -> object:
    match s.box:
        case Bag(z=z):  # type: ignore[misc]  # it comes later
            return z
        case _:
            return None


DEEP: list[Act] = [
    put_inside,
    put_into_table,
    put_into_box,
    exchange_box,
    new_in_box,
    take_apart,
    lambda s: str(s.outer),
    lambda s: f"{s.table}",
    lambda s: s.outer == [[2, 5], 1],
    lambda s: s.inner.append(5),
    lambda s: s.outer[0].append(6),
    lambda s: s.table["k"].append(7),
    lambda s: s.outer.append(s.inner),
    lambda s: s.outer.pop(),
    lambda s: [2, 5] in s.outer,
    lambda s: s.outer.index([0]),
    lambda s: copy.deepcopy(s.outer),
    lambda s: sorted(vars(copy.copy(s.box))),
    lambda s: sorted(vars(copy.deepcopy(s.box)).items()),
    lambda s: sum(s.outer, []),  # noqa: RUF017
    lambda s: [*map(str, s.outer)],
    lambda s: json.dumps(s.table),
    lambda s: (s.inner, s.outer) == ([2, 5], [[0], 1]),
    lambda s: getattr(s.box, "part", None),
]


class Mortal:
    """Writes down its end."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __del__(self) -> None:
        self.log.append("ended")


class Silent:
    """An end that only a weak reference tells."""


class Lives:
    """Several references to one object."""

    def __init__(self, make: Callable[[], Any], log: list[str]) -> None:
        self.log = log
        self.a: Any = make()
        self.b: Any = self.a
        self.c: Any = None
        self.seen: Any = None


def forget_a(s: Any) -> None:
    s.a = None


def forget_b(s: Any) -> None:
    s.b = None


def delete_a(s: Any) -> None:
    del s.a


def keep(s: Any) -> None:
    s.c = s.b


def exchange(s: Any) -> None:
    s.a = s.c


def watch(s: Any) -> None:
    s.seen = weakref.ref(s.b)


def is_gone(s: Any) -> object:
    return s.seen() is None


LIVES: list[Act] = [
    *(forget_a, forget_b, delete_a, keep, exchange, watch, is_gone),
    lambda s: len(s.log),
    lambda s: s.a is s.b,
    lambda s: s.c is None,
]


def mortal() -> Lives:
    log: list[str] = []
    return Lives(lambda: Mortal(log), log)


def silent() -> Lives:
    return Lives(Silent, [])


class Ranked:
    """Is compared by code of its own."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def __lt__(self, other: Any) -> bool:
        return bool(self.rank < other.rank)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranked) and self.rank == other.rank

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(self.rank)


def twice(item: Ranked) -> Ranked:
    return Ranked(2 * item.rank)


RANKED: list[Act] = [
    lambda s: s.sort(),
    lambda s: heapq.heappush(s, Ranked(1)),
    lambda s: heapq.heappop(s),
    lambda s: bisect.insort(s, Ranked(2)),
    lambda s: s.remove(Ranked(3)),
    lambda s: s.index(Ranked(3)),
    lambda s: Ranked(4) in s,
    lambda s: s == [Ranked(2), Ranked(3)],
    lambda s: max(s),
    lambda s: s.extend(map(twice, s[:1])),
    lambda s: s.append(Ranked(0)),
    lambda s: s.insert(0, Ranked(5)),
    lambda s: s.pop(0),
]


class Counting:
    """A generator that threads share."""

    def __init__(self) -> None:
        self.total = 0
        self.numbers = self.count()

    def count(self) -> Iterator[int]:
        yield self.total
        yield from (number for number in (10,))


GENERATOR: list[Act] = [
    lambda s: next(s.numbers),
    lambda s: next(s.numbers, None),
    lambda s: s.numbers.send(None),
    lambda s: [number for number in s.numbers],
    lambda s: list(s.numbers),
    lambda s: max(s.numbers, default=0),
    lambda s: 2 in s.numbers,
    lambda s: s.numbers.close(),
    lambda s: setattr(s, "total", 5),
]


class Functions:
    """Functions with caches."""

    def __init__(self) -> None:
        self.log: list[int] = []
        self.one = functools.lru_cache(maxsize=1)(self.compute)
        self.all = functools.cache(self.compute)

    def compute(self, number: int) -> int:
        self.log.append(number)
        return number


CACHES: list[Act] = [
    lambda s: s.all(1),
    lambda s: s.all(1),
    lambda s: s.all(2),
    lambda s: s.one(1),
    lambda s: s.one(2),
    lambda s: s.one(2),
    lambda s: tuple(s.one.cache_info()),
    lambda s: s.all.cache_info().hits,
    lambda s: s.all.cache_clear(),
    lambda s: len(s.log),
]

MAKERS: dict[str, tuple[Callable[[], Any], list[Act]]] = {
    "dict": (lambda: {"a": 0, "b": 0}, DICT),
    "list": (lambda: [1, 2, 3], LIST),
    "set": (lambda: {1, 2}, SET),
    "attributes": (lambda: type("Bag", (Bag,), {"x": 0})(), ATTRIBUTES),
    "attributes of two objects": (Twins, OF_TWINS),
    "attributes that two objects share": (Sharing, OF_TWINS),
    "inside of others": (Deep, DEEP),
    "ends": (mortal, LIVES),
    "watched ends": (silent, LIVES),
    "compared by code of their own": (lambda: [Ranked(3)], RANKED),
    "a generator": (Counting, GENERATOR),
    "functions with caches": (Functions, CACHES),
}


def left_of(state: Any) -> object:
    """Return what is in *state* at the end."""
    if isinstance(state, Twins):
        return vars(state.one), vars(state.other)
    if isinstance(state, Deep):
        return state.outer, state.inner, state.table, vars(state.box)
    if isinstance(state, Lives):
        return [getattr(state, name, None) is None for name in "abc"], state.log
    if isinstance(state, Counting):
        return state.total, next(state.numbers, None)
    if isinstance(state, Functions):
        return state.log, state.one.cache_info(), state.all.cache_info()
    return vars(state) if isinstance(state, Bag) else state


def append_one(s: Any) -> None:
    s["k"].append(1)


def append_two(s: Any) -> None:
    s["k"].append(2)


def make_list() -> list[int]:
    """Run Python code, in which another thread may have its turn."""
    return []
