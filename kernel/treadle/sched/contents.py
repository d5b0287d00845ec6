"""What an object holds, and how the way to it is told.

Told apart by `isinstance`, which asks an object that poses as another, as a decorator of some libraries does as the
function it wraps. All objects of any other class are alike, so that what is found out of one holds for its class.
"""

import builtins
import functools
import types
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

#: What stands for the factory of a dict among its keys.
FACTORY = object()


#: Python's own classes, whose objects never pose as another's although they have a way of their own to attributes.
_PLAIN = frozenset(
    value for module in (builtins, types) for value in vars(module).values() if isinstance(value, type)
)


class Contents(NamedTuple):
    """How to look into an object."""

    of: Callable[[Any], Iterable[tuple[Any, object]]]  #: what it holds, by keys
    path: Callable[[Any, str, Any], str]  #: the way to what has a key, from the object and the way there


def contents_of(holder: object) -> Contents | None:
    """Return how to look into *holder*, or None if it holds nothing, or nothing but attributes."""
    return next((contents for kinds, contents in _KINDS if isinstance(holder, kinds)), None)


def poses(cls: type) -> bool:
    """Say whether an object of *cls* may say that it is of another class."""
    own = [vars(base) for base in cls.__mro__ if base not in _PLAIN]
    return any("__class__" in names or "__getattribute__" in names for names in own)


def _of_dict(holder: dict[Any, object]) -> Iterable[tuple[Any, object]]:
    items = list(holder.items())
    return [(FACTORY, holder.default_factory), *items] if isinstance(holder, defaultdict) else items


def _of_set(holder: set[object]) -> Iterable[tuple[Any, object]]:
    return [(element, element) for element in holder]


def _of_sequence(holder: Iterable[object]) -> Iterable[tuple[Any, object]]:
    return enumerate(list(holder))


def _of_function(holder: types.FunctionType) -> Iterable[tuple[Any, object]]:
    found: list[tuple[Any, object]] = list(
        zip(holder.__code__.co_freevars, holder.__closure__ or (), strict=True)
    )
    if holder.__defaults__:
        found.append(("__defaults__", holder.__defaults__))
    if holder.__kwdefaults__:
        found.append(("__kwdefaults__", holder.__kwdefaults__))
    return found


def _of_method(holder: types.MethodType) -> Iterable[tuple[Any, object]]:
    return ("__self__", holder.__self__), ("__func__", holder.__func__)


def _of_partial(holder: functools.partial[Any]) -> Iterable[tuple[Any, object]]:
    return enumerate((holder.func, holder.args, holder.keywords))


def _of_cell(holder: types.CellType) -> Iterable[tuple[Any, object]]:
    try:
        return (("cell_contents", holder.cell_contents),)
    except ValueError:  # an empty cell
        return ()


def _of_namespace(holder: type | types.ModuleType) -> Iterable[tuple[Any, object]]:
    return list(vars(holder).items())


def _of_object(holder: object) -> Iterable[tuple[Any, object]]:
    found = list(vars(holder).items()) if hasattr(holder, "__dict__") else []
    for cls in type(holder).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(holder, name):
                found.append((name, getattr(holder, name)))
    return found


def _path_of_item(_: object, where: str, key: Any) -> str:
    if key is FACTORY:
        return f"{where}'s factory"
    return f"{where}.{key}" if isinstance(key, str) else f"{where}[{key!r}]"


def _path_in_function(_: object, where: str, key: str) -> str:
    return f"{where}'s defaults" if key in ("__defaults__", "__kwdefaults__") else key


class Attribute(NamedTuple):
    """The key of an attribute of what is a container as well."""

    name: str


def with_attributes(contents: Contents) -> Contents:
    """Return how to look into a container that has attributes."""

    def of(holder: object) -> Iterable[tuple[Any, object]]:
        return [*contents.of(holder), *((Attribute(name), value) for name, value in _of_object(holder))]

    def path(holder: object, where: str, key: Any) -> str:
        return f"{where}.{key.name}" if type(key) is Attribute else contents.path(holder, where, key)

    return Contents(of, path)


#: The contents of an object of a class that is not one of Python's: its attributes.
ATTRIBUTES = Contents(_of_object, lambda _, where, key: f"{where}.{key}")

#: In the order in which they are told apart.
_KINDS: tuple[tuple[Any, Contents], ...] = (
    (dict, Contents(_of_dict, _path_of_item)),
    (set, Contents(_of_set, lambda _, where, __: f"an element of {where}")),
    ((list, tuple, deque, frozenset), Contents(_of_sequence, lambda _, where, key: f"{where}[{key}]")),
    (types.FunctionType, Contents(_of_function, _path_in_function)),
    (
        types.MethodType,
        Contents(_of_method, lambda _, where, key: where if key == "__func__" else f"{where}.self"),
    ),
    (
        functools.partial,
        Contents(_of_partial, lambda _, where, key: where + ("", ".args", ".keywords")[key]),
    ),
    (types.CellType, Contents(_of_cell, lambda _, where, __: where)),
    (types.ModuleType, Contents(_of_namespace, lambda _, where, key: f"{where}.{key}")),
    (type, Contents(_of_namespace, lambda holder, _, key: f"{holder.__qualname__}.{key}")),
)
