"""What code that is not seen may touch: everything that can be reached from what it is given."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.memory import locations as memory
from treadle.sched.memory.containers import CONTAINERS, underlying
from treadle.sched.memory.families import Family, How, family, implementation, slots_of
from treadle.sched.memory.locations import name_of
from treadle.sched.memory.namespaces import namespace_of, note_namespace


def reach(values: Iterable[Any], *, writes: bool = False, objects: bool = False) -> Accesses:
    """Return the accesses of code that reads, or may write, all that it reaches from *values*.

    It reaches through containers, tuples and the objects of libraries, and of the program's own objects through those
    whose methods have no source, as dataclasses have; with *objects*, through all.
    """
    found: dict[Any, Any] = {}
    seen: set[int] = set()
    for value in values:
        if family(value) is Family.ATOMIC:
            continue
        for location, mode in _reach(value, seen, writes, objects):
            if found.get(location) is not WRITE:
                found[location] = mode
    return tuple(found.items())


def _reach(value: Any, seen: set[int], writes: bool, objects: bool) -> Iterator[tuple[Any, Any]]:
    kind = family(value)
    if kind is Family.ATOMIC or id(value) in seen:
        return
    seen.add(id(value))
    parts: Iterable[Any] = ()
    if kind is Family.TUPLE:
        parts = value
    elif kind in CONTAINERS or kind is Family.VIEW:
        container = underlying(value)
        if container is None:
            return
        cells = memory.present.cells(container)
        yield from cells.writing if writes else cells.reading
        parts = inside(container)
    elif kind is Family.OPAQUE or objects or _generated(type(value)):
        if kind is Family.OPAQUE or _generated(type(value)):
            memory.present.crossed.add(".".join(name_of(type(value))))
        if kind is Family.OPAQUE or objects:
            namespace = note_namespace(value)  # attributes that are not there are looked for, or made, too
            if namespace is not None:
                yield from namespace.writing if writes else namespace.reading
        names = [*(namespace_of(value) or ()), *slots_of(type(value))]
        for name in names:
            yield memory.present.of(value, name), WRITE if writes else READ
        parts = [object.__getattribute__(value, name) for name in names if _has(value, name)]
    for part in list(parts):
        yield from _reach(part, seen, writes, objects)


def _has(value: Any, name: str) -> bool:
    try:
        object.__getattribute__(value, name)
    except AttributeError:
        return False
    return True


def inside(container: Any) -> Iterable[Any]:
    """Return what a container holds, keys included, without any code of its own."""
    kind = family(container)
    if kind is Family.DICT:
        return [part for pair in dict.items(container) for part in pair]
    if kind is Family.LIST:
        return list.__iter__(container)
    if kind is Family.SET:
        return set.__iter__(container)
    return deque.__iter__(container) if isinstance(container, deque) else ()


def _generated(cls: type) -> bool:
    """Say whether objects of *cls* are compared or shown by code that has no source."""
    return any(
        implementation(cls, name) is How.GENERATED for name in ("__eq__", "__repr__", "__hash__", "__lt__")
    )
