"""What touching a container touches: one item, its size, or all of it.

Which of these it is may depend on what the container holds when the step is executed (a key that is there, or not yet),
so these operations say it anew each time they are asked.
"""

import gc
import operator
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import give_way, visible
from treadle.sched.memory.families import Family, class_attribute, family
from treadle.sched.memory.locations import Cells, MemoryLocation, Record
from treadle.sched.operation import Operation
from treadle.sched.values import MISSING, short
from treadle.sched.world import ControlledThread

#: Families whose items are locations of their own.
KEYED = frozenset((Family.DICT, Family.SET))
INDEXED = frozenset((Family.LIST, Family.BYTES))
CONTAINERS = KEYED | INDEXED | {Family.WHOLE}


def underlying(value: Any) -> Any:
    """Return *value* if it is a container, the container that it is a view of, or None."""
    kind = family(value)
    if kind in CONTAINERS:
        return value
    if kind is not Family.VIEW:
        return None
    if isinstance(value, memoryview):
        return underlying(value.obj)
    return next((inner for inner in gc.get_referents(value) if family(inner) in CONTAINERS), None)


def plain(key: Any) -> bool:
    """Say whether comparing and hashing *key* runs no code of the program's."""
    cls = type(key)
    if cls in (str, int, bytes, bool, float, type(None)):
        return True
    if cls is tuple:
        return all(plain(part) for part in key)
    return inherits(cls, "__eq__") and (inherits(cls, "__hash__") or issubclass(cls, type))


def inherits(cls: type, name: str) -> bool:
    """Say whether a class has the special method *name* from `object`."""
    return class_attribute(cls, name)[0] is object


def item_of(cells: Cells, key: Any) -> MemoryLocation:
    """Return the location of the item under *key*, which is plain."""
    found = _standing_for(key)
    return cells.item(found, None if found is key else _named(found))


def _standing_for(key: Any) -> Hashable:
    """Return what stands for *key*: itself, or what is known of it, so that an object is not kept alive as a key."""
    if type(key) is tuple:
        parts = tuple(_standing_for(part) for part in key)
        return key if all(part is own for part, own in zip(parts, key, strict=True)) else parts
    if type(key) in (str, int, bytes, bool, float, type(None)):
        return key  # type: ignore[no-any-return]
    return memory.present.record(key)


def _named(found: Hashable) -> str:
    if isinstance(found, tuple):
        return f"({', '.join(_named(part) for part in found)})"
    return found.label if isinstance(found, Record) else repr(found)


class ItemOperation(Operation):
    """Read, set or delete the item of a container under a plain key or an index."""

    __slots__ = ("cells", "container", "key", "value", "verb")

    def __init__(self, verb: str, container: Any, key: Any, value: Any = None) -> None:
        self.cells = memory.present.cells(container)
        self.container = container
        self.key = key
        self.verb = verb
        self.value = value
        if family(container) in KEYED:
            location = item_of(self.cells, key)
        elif type(key) is int and key >= 0:
            location = self.cells.item(key)
        else:
            location = self.cells.contents
        super().__init__(verb, location, None, (location, WRITE), *self.cells.everything)

    def forget(self) -> None:
        self.container = self.key = self.value = None

    def accesses(self, thread: ControlledThread) -> Accesses:
        if family(self.container) not in KEYED:
            return _by_index(self.cells, self.verb, self.container, self.key)
        assert isinstance(self.target, MemoryLocation)
        return _by_key(self.cells, self.verb, self.container, self.key, self.target)

    def outlook(self, thread: ControlledThread) -> str | None:
        """Say which value is moved."""
        if self.verb == "write":
            return f"← {short(self.value)}"
        if self.verb != "read":
            return None
        if isinstance(self.container, dict):  # no `__getitem__`: it may run a `__missing__`
            return f"→ {short(dict.get(self.container, self.key, MISSING))}"
        if isinstance(self.container, list):
            try:
                return f"→ {short(list.__getitem__(self.container, self.key))}"
            except IndexError:
                return f"→ {short(MISSING)}"
        return None


def _by_key(cells: Cells, verb: str, container: Any, key: Any, item: MemoryLocation) -> Accesses:
    if verb == "read":
        return cells.read(item)
    there = _holds(container, key)
    if verb == "write":
        return cells.overwrite(item) if there else cells.insert(item)
    return cells.delete(item) if there else cells.read(item)


def _by_index(cells: Cells, verb: str, container: Any, key: Any) -> Accesses:
    length = len_of(container)
    index = operator.index(key)
    if not -length <= index < length:
        return cells.measuring
    item = cells.item(index % length)
    ends = cells.measuring[:1] if index < 0 else ()
    if verb == "read":
        return cells.read(item) + ends
    return cells.overwrite(item) + ends if verb == "write" else cells.writing


def _holds(container: Any, key: Any) -> bool:
    if isinstance(container, dict):
        return dict.__contains__(container, key)
    return set.__contains__(container, key)


def len_of(container: Any) -> int:
    """Return the length of a container in C, whatever its class says."""
    for base in (list, bytearray):
        if isinstance(container, base):
            return base.__len__(container)  # type: ignore[arg-type]
    return len(container)


def touch_item(thread: ControlledThread, verb: str, container: Any, key: Any, value: Any = None) -> None:
    """Announce that `container[key]` is read, written or deleted next."""
    if visible(thread, item_accesses(verb, container, key)):
        give_way(thread, _item(verb, container, key, value))


def item_accesses(verb: str, container: Any, key: Any) -> Accesses:
    """Return what reading, writing or deleting `container[key]` touches in the present state."""
    kind = family(container)
    cells = memory.present.cells(container)
    if kind in KEYED and plain(key):
        return _by_key(cells, verb, container, key, item_of(cells, key))
    if kind in INDEXED and isinstance(key, int):
        return _by_index(cells, verb, container, key)
    return cells.reading if verb == "read" else cells.writing


def _item(verb: str, container: Any, key: Any, value: Any) -> Operation:
    """Return the operation that reads, writes or deletes `container[key]`."""
    kind = family(container)
    if verb == "read" and kind in KEYED and plain(key) and not memory.present.recording:
        cells = memory.present.cells(container)
        location = item_of(cells, key)
        return Operation("read", location, None, *cells.read(location))
    if (kind in KEYED and plain(key)) or (kind in INDEXED and isinstance(key, int)):
        return ItemOperation(verb, container, key, value)
    return whole(container, writes=verb != "read", name=verb)


def whole(container: Any, *, writes: bool, name: str) -> Operation:
    """Return the operation that reads or writes all of *container*."""
    cells = memory.present.cells(container)
    return Operation(name, cells.contents, None, *(cells.writing if writes else cells.reading))


def size(container: Any, name: str = "read") -> Operation:
    """Return the operation that asks how much *container* holds, or which keys."""
    cells = memory.present.cells(container)
    if family(container) is Family.WHOLE:
        return Operation(name, cells.contents, None, *cells.reading)
    return Operation(name, cells.size, None, *cells.measuring)


# -- methods ------------------------------------------------------------------------------------------------------

#: Methods that change nothing, of all containers.
READING = frozenset(
    (
        *(
            "__contains__",
            "__len__",
            "__getitem__",
            "__iter__",
            "__eq__",
            "__ne__",
            "__lt__",
            "__le__",
            "__gt__",
        ),
        *(
            "__ge__",
            "__repr__",
            "__str__",
            "__bool__",
            "__reversed__",
            "__add__",
            "__mul__",
            "__rmul__",
            "__or__",
        ),
        *("__and__", "__sub__", "__xor__", "__format__", "__sizeof__", "__copy__", "__length_hint__"),
        *("copy", "count", "index", "get", "issubset", "issuperset", "isdisjoint", "union", "intersection"),
        *(
            "difference",
            "symmetric_difference",
            "startswith",
            "endswith",
            "find",
            "rfind",
            "rindex",
            "decode",
        ),
        *(
            "hex",
            "split",
            "rsplit",
            "strip",
            "lstrip",
            "rstrip",
            "join",
            "replace",
            "partition",
            "rpartition",
        ),
        *(
            "splitlines",
            "translate",
            "upper",
            "lower",
            "tolist",
            "tobytes",
            "buffer_info",
            "getvalue",
            "tounicode",
        ),
    )
)
#: Methods that make something which looks at the container only later.
_DEFERRING = frozenset(("keys", "values", "items", "__class_getitem__", "__init_subclass__", "__class__"))
_SIZING = frozenset(("__len__", "__bool__"))
_TAKING = frozenset(("pop", "popleft", "popitem"))

#: Methods that touch one item, with what they do to it.
_ONE_ITEM: dict[tuple[Family, str], str] = {
    (Family.DICT, "get"): "read",
    (Family.DICT, "__contains__"): "read",
    (Family.DICT, "__getitem__"): "read",
    (Family.DICT, "__setitem__"): "write",
    (Family.DICT, "__delitem__"): "delete",
    (Family.DICT, "pop"): "delete",
    (Family.DICT, "setdefault"): "default",
    (Family.SET, "__contains__"): "read",
    (Family.SET, "add"): "default",
    (Family.SET, "discard"): "delete",
    (Family.SET, "remove"): "delete",
    (Family.LIST, "__getitem__"): "read",
    (Family.LIST, "__setitem__"): "write",
    (Family.BYTES, "__getitem__"): "read",
    (Family.BYTES, "__setitem__"): "write",
}


class ContainerCall(Operation):
    """A call of a container's method; one that fails, or changes nothing, only reads."""

    __slots__ = ("_more", "arguments", "cells", "container", "finds", "more", "one", "unbounded")

    def __init__(
        self, container: Any, method: str, arguments: tuple[Any, ...], more: Callable[[], Accesses] = tuple
    ) -> None:
        self.cells = memory.present.cells(container)
        self._more = more()
        self.finds = bool(self._more)
        self.unbounded = self.finds and memory.present.learned.varying
        super().__init__(method, self.cells.contents, None, *self.cells.everything, *self._more)
        self.container = container
        self.arguments = arguments
        self.more = more
        self.one = self._one_item()

    def forget(self) -> None:
        self.container = None
        self.arguments = ()
        self.more = tuple

    def _one_item(self) -> str | None:
        """Return what the call does to the item that its first argument names, if it touches only one."""
        kind, arguments = family(self.container), self.arguments
        verb = _ONE_ITEM.get((kind, self.kind))
        if verb is None or not arguments:
            return None
        fits = plain(arguments[0]) if kind in KEYED else isinstance(arguments[0], int)
        return verb if fits else None

    def accesses(self, thread: ControlledThread) -> Accesses:
        if not self.unbounded:
            return self._own() + self._more
        with memory.present.looking():
            return self._own() + self.more()

    def performed(self, thread: ControlledThread) -> Accesses:
        if not self.finds:
            return self._own()
        found = self.more()
        if found != self._more:
            memory.present.learn_varying()
            self._more = found
        return self._own() + found

    def _own(self) -> Accesses:
        cells, container = self.cells, self.container
        if self.one is not None:
            return self._on_one(self.one)
        kind = family(container)
        if (
            kind is Family.LIST
            and self.kind in ("append", "pop")
            and len(self.arguments) == (self.kind == "append")
        ):
            length = len_of(container)
            if self.kind == "append":
                return cells.insert(cells.item(length))
            return cells.insert(cells.item(length - 1)) if length else cells.measuring
        if self.kind in _SIZING or (self.kind in _TAKING and not len_of(container)):
            return cells.measuring
        return cells.reading if self.kind in READING or self._finds_nothing() else cells.writing

    def _on_one(self, verb: str) -> Accesses:
        key = self.arguments[0]
        if verb == "default":
            there = _holds(self.container, key)
            item = item_of(self.cells, key)
            return self.cells.read(item) if there else self.cells.insert(item)
        return ItemOperation(verb, self.container, key).accesses(None)  # type: ignore[arg-type]

    def _finds_nothing(self) -> bool:
        """Say whether what is to be removed from a sequence is surely not in it."""
        if self.kind != "remove" or len(self.arguments) != 1 or not plain(self.arguments[0]):
            return False
        return isinstance(self.container, Iterable) and _lacks(self.container, self.arguments[0])

    def outlook(self, thread: ControlledThread) -> str:
        """Say what the container holds before the call."""
        return f"({', '.join(short(argument) for argument in self.arguments)}) on {short(self.container)}"


def _lacks(container: Iterable[Any], value: Any) -> bool:
    """Say whether *value*, which is plain, is not among elements that are all compared by identity."""
    return all(inherits(type(element), "__eq__") and element is not value for element in container)


def defers(method: str) -> bool:
    """Say whether calling *method* touches nothing yet."""
    return method in _DEFERRING


def reading(container: Any) -> Accesses:
    """Return what reading all of *container* touches."""
    return ((memory.present.cells(container).contents, READ),)
