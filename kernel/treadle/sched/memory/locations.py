"""The locations of shared memory that one execution has touched.

An attribute is a location; a container is one as a whole. Locations are found by the identity of their object, so
an object must not be replaced by another of the same identity unnoticed: objects that can be referenced weakly are
forgotten when they die, the others are kept alive until nothing but this file refers to them. Nothing else is kept
alive, because when a handle dies is behaviour that programs rely on.
"""

import sys
import weakref

from treadle.sched.access import READ, WRITE, Mode
from treadle.sched.causality import Clock
from treadle.sched.operation import Operation

#: References to a pinned object when nobody else has one: its record's, and the argument of getrefcount.
_ALONE = 2


class MemoryLocation:
    """An attribute of an object, a container, a global or a closure's variable."""

    __slots__ = ("kind", "name", "read", "readers", "write", "writer", "written")

    def __init__(self, name: str, kind: object) -> None:
        self.name = name
        self.kind = kind  #: what is learned about it holds for all of its kind
        self.read = Operation("read", self, READ)
        self.write = Operation("write", self, WRITE)
        # The last accesses that were no operations: epochs, by thread.
        self.writer = -1
        self.written = 0
        self.readers: dict[int, int] = {}

    def races(self, thread: int, clock: Clock, mode: Mode) -> bool:
        """Note an access that is no operation; say whether an earlier one does not come before it."""
        if self.writer != thread and self.writer >= 0 and clock[self.writer] < self.written:
            return True
        readers = self.readers
        if mode is READ:
            readers[thread] = clock[thread] + 1
            return False
        if readers:
            for reader, epoch in readers.items():
                if reader != thread and clock[reader] < epoch:
                    return True
            readers.clear()
        self.writer, self.written = thread, clock[thread] + 1
        return False


class _Record:
    """What is known of one object."""

    __slots__ = ("label", "parts", "pin", "reference")

    def __init__(self, label: str) -> None:
        self.label = label
        self.parts: dict[str | None, MemoryLocation] = {}
        self.reference: weakref.ref[object] | None = None
        self.pin: object = None


def name_of(cls: type) -> tuple[str, str]:
    """Return what names *cls* in every execution; a class made by the program is another object in each."""
    return cls.__module__, cls.__qualname__


class Locations:
    """All locations of one execution."""

    def __init__(self, namespaces: frozenset[tuple[str, str]] = frozenset()) -> None:
        self._namespaces = namespaces  #: classes whose objects are one location each, all attributes together
        self._records: dict[int, _Record] = {}
        self._pinned: list[_Record] = []
        self._named: dict[str, MemoryLocation] = {}
        self._counts: dict[str, int] = {}
        self.recording = False  #: values are wanted, because this execution is going to be shown

    def of(self, holder: object, part: str | None = None) -> MemoryLocation:
        """Return the location of attribute *part* of *holder*, or of *holder* itself, a container."""
        record = self._records.get(id(holder))
        if record is None:
            record = self._record(holder)
        if part is not None and self._namespaces and name_of(type(holder)) in self._namespaces:
            part = "__dict__"
        location = record.parts.get(part)
        if location is None:
            name = record.label if part is None else f"{record.label}.{part}"
            cls = holder if isinstance(holder, type) else type(holder)
            location = record.parts[part] = MemoryLocation(name, (name_of(cls), part))
        return location

    def alias(self, namespace: dict[str, object], holder: object) -> None:
        """Let *namespace*, the `__dict__` of *holder*, be the location that the attributes of *holder* are."""
        self._records.pop(id(namespace), None)
        record = self._record(namespace)
        record.parts[None] = self.of(holder, "__dict__")

    def named(self, name: str) -> MemoryLocation:
        """Return the location of a variable, by its full name."""
        location = self._named.get(name)
        if location is None:
            location = self._named[name] = MemoryLocation(name, name)
        return location

    def dispose(self) -> None:
        """Let go of everything; the locations are not going to be used again."""
        for record in self._records.values():
            for location in record.parts.values():
                del location.read, location.write
        for location in self._named.values():
            del location.read, location.write
        self._records.clear()
        self._named.clear()
        self._pinned.clear()

    def _record(self, holder: object) -> _Record:
        self.release_pins()
        kind = holder.__name__ if isinstance(holder, type) else type(holder).__name__
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        record = self._records[id(holder)] = _Record(kind if number == 1 else f"{kind}#{number}")
        key, records = id(holder), self._records
        try:
            record.reference = weakref.ref(holder, lambda _: records.pop(key, None) and None)
        except TypeError:
            record.pin = holder
            self._pinned.append(record)
        return record

    def release_pins(self) -> bool:
        """Let go of objects that nobody else refers to any more; say whether there were any."""
        released = False
        for record in self._pinned[:]:
            if sys.getrefcount(record.pin) <= _ALONE:
                self._pinned.remove(record)
                self._records.pop(id(record.pin), None)
                record.pin = None
                released = True
        return released
