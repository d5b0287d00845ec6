"""What the threads of random programs do to one container, one access or a few at a time."""

# ruff: noqa: C416, PLW0108 - these forms are what is tested
from collections.abc import Callable
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
]


class Twins:
    """Two objects of one class."""

    def __init__(self) -> None:
        self.one: Any = type("Bag", (Bag,), {})()
        self.other: Any = type(self.one)()


def on(name: str, act: Act) -> Act:
    """Return *act* on one of two."""
    return lambda s: act(getattr(s, name))


OF_TWINS: list[Act] = [on(name, act) for name in ("one", "other") for act in ATTRIBUTES]

MAKERS: dict[str, tuple[Callable[[], Any], list[Act]]] = {
    "dict": (lambda: {"a": 0, "b": 0}, DICT),
    "list": (lambda: [1, 2, 3], LIST),
    "set": (lambda: {1, 2}, SET),
    "attributes": (lambda: type("Bag", (Bag,), {"x": 0})(), ATTRIBUTES),
    "attributes of two objects": (Twins, OF_TWINS),
}


def left_of(state: Any) -> object:
    """Return what is in *state* at the end."""
    if isinstance(state, Twins):
        return vars(state.one), vars(state.other)
    return vars(state) if isinstance(state, Bag) else state


def append_one(s: Any) -> None:
    s["k"].append(1)


def append_two(s: Any) -> None:
    s["k"].append(2)


def make_list() -> list[int]:
    """Run Python code, in which another thread may have its turn."""
    return []
