"""The locations of shared memory that one execution has touched.

An attribute is a location; a container is made of several (`Cells`): one per item, and three that tie them together.
Locations are found by the identity of their object, so an object must not be replaced by another of the same identity
unnoticed: objects that can be referenced weakly are forgotten when they die, the others are kept alive until nothing
but this file refers to them. Nothing else is kept alive, because when a handle dies is behaviour that programs rely on.
"""

import sys
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from types import FrameType, MethodType, ModuleType
from typing import Any, cast

from treadle.sched.access import CHANGE, READ, WRITE, Accesses, Mode
from treadle.sched.history import Clock
from treadle.sched.operation import Operation
from treadle.sched.world import Learned, World

#: References to a pinned object when nobody else has one: its record's, and the argument of getrefcount.
_ALONE = 2


class MemoryLocation:
    """An attribute of an object, an item of a container, a global or a closure's variable."""

    __slots__ = (
        "_read",
        "_write",
        "changers",
        "kind",
        "name",
        "readers",
        "shared",
        "writer",
        "written",
    )

    def __init__(self, name: str, kind: object) -> None:
        self.name = name
        self.kind = kind  #: what is learned about it holds for all of its kind
        self.shared = kind in present.shared  #: touching it is an operation
        self._read: Operation | None = None
        self._write: Operation | None = None
        # The last accesses that were no operations: epochs, by thread.
        self.writer = -1
        self.written = 0
        self.readers: dict[int, int] | None = None
        self.changers: dict[int, int] | None = None

    @property
    def read(self) -> Operation:
        """The operation that reads it alone; most locations never need one."""
        if self._read is None:
            self._read = Operation("read", self, READ)
            present.tied.append(self)
        return self._read

    @property
    def write(self) -> Operation:
        """The operation that writes it alone."""
        if self._write is None:
            self._write = Operation("write", self, WRITE)
            present.tied.append(self)
        return self._write

    def races(self, thread: int, clock: Clock, mode: Mode) -> bool:
        """Note an access that is no operation; say whether an earlier one does not come before it."""
        writer = self.writer
        if writer != thread and writer >= 0 and clock[writer] < self.written:
            return True
        if mode is not CHANGE and self.changers and _unseen(self.changers, thread, clock):
            return True
        epoch = clock[thread] + 1
        if mode is READ:
            if self.readers is None:
                self.readers = {thread: epoch}
            else:
                self.readers[thread] = epoch
            return False
        if self.readers and _unseen(self.readers, thread, clock):
            return True
        if mode is CHANGE:
            if self.changers is None:
                self.changers = {}
            self.changers[thread] = epoch
            return False
        self.readers = self.changers = None
        self.writer, self.written = thread, epoch
        return False

    def untie(self) -> None:
        """Let go of the operations, which refer to the location."""
        self._read = self._write = None


def _unseen(epochs: dict[int, int], thread: int, clock: Clock) -> bool:
    for other, epoch in epochs.items():  # noqa: SIM110 - a generator costs more than all the rest of an access
        if clock[other] < epoch and other != thread:
            return True
    return False


class Cells:
    """The locations that a container is made of.

    Whoever touches one item touches its own location, and says so to whoever touches the whole: a reader of the whole
    reads `contents`, which each change of an item changes; a writer of the whole writes `parts` too, which each reader
    of an item reads. The number of the items, and their order, are `size`: a new item writes it, because the order of
    two new ones can be seen; a deleted one changes it, because that of two deleted ones cannot.
    """

    __slots__ = (
        "contents",
        "everything",
        "items",
        "kind",
        "label",
        "measuring",
        "parts",
        "reading",
        "size",
        "writing",
    )

    def __init__(self, label: str, kind: object, items: "dict[Hashable, MemoryLocation]") -> None:
        self.label = label
        self.kind = kind
        self.items = items
        self.contents = MemoryLocation(label, kind)
        self.parts = MemoryLocation(f"the parts of {label}", kind)
        self.size = MemoryLocation(f"the size of {label}", kind)
        self.reading: Accesses = ((self.contents, READ),)
        self.writing: Accesses = ((self.contents, WRITE), (self.parts, WRITE))
        self.measuring: Accesses = ((self.size, READ), (self.parts, READ))
        #: What conflicts with every access to any part.
        self.everything: Accesses = (*self.writing, (self.size, WRITE))

    def item(self, key: Hashable, name: str | None = None) -> MemoryLocation:
        """Return the location of one item; equal keys are one item."""
        location = self.items.get(key)
        if location is None:
            shown = f"{self.label}[{key!r}]" if name is None else f"{self.label}[{name}]"
            location = self.items[key] = MemoryLocation(shown, self.kind)
        return location

    def read(self, item: MemoryLocation) -> Accesses:
        """Return what reading *item* touches."""
        return ((item, READ), (self.parts, READ))

    def overwrite(self, item: MemoryLocation) -> Accesses:
        """Return what giving *item*, which exists, another value touches."""
        return ((item, WRITE), (self.contents, CHANGE))

    def insert(self, item: MemoryLocation) -> Accesses:
        """Return what making *item* touches."""
        return ((item, WRITE), (self.size, WRITE), (self.contents, CHANGE))

    def delete(self, item: MemoryLocation) -> Accesses:
        """Return what deleting *item* touches, where that moves no other."""
        return ((item, WRITE), (self.size, CHANGE), (self.contents, CHANGE))


class Namespace(Cells):
    """The locations that a `__dict__` is made of: the attributes of an object."""

    __slots__ = ("owner",)

    owner: str

    def item(self, key: Hashable, name: str | None = None) -> MemoryLocation:
        location = self.items.get(key)
        if (
            location is None
        ):  # by the same name and of the same kind as when it is first touched as an attribute
            kind = cast("tuple[object, str]", self.kind)[0]
            location = self.items[key] = MemoryLocation(f"{self.owner}.{key}", (kind, key))
        return location


class Record:
    """What is known of one object."""

    __slots__ = ("__weakref__", "cells", "label", "parts", "pin", "reference")

    def __init__(self, label: str) -> None:
        self.label = label
        self.parts: dict[Hashable, MemoryLocation] = {}  #: its attributes
        self.cells: Cells | None = None
        self.reference: weakref.ref[object] | None = None
        self.pin: object = None


#: Classes of what stands for another object, whose attributes and items are those of the other.
_STANDING_FOR = frozenset((weakref.ProxyType, weakref.CallableProxyType, MethodType))


def _behind(holder: Any) -> Any:
    """Return what *holder* stands for."""
    if type(holder) is MethodType:
        return holder.__func__
    try:
        return holder.__repr__.__self__  # a weak proxy has no attributes of its own
    except (ReferenceError, AttributeError):
        return holder


#: The part of an object that its finalizer and weak references to it see.
LIFE = "its life"


def name_of(cls: type) -> tuple[str, str]:
    """Return what names *cls* in every execution; a class made by the program is another object in each."""
    return cls.__module__, cls.__qualname__


class Locations:
    """All locations of one execution."""

    def __init__(self, shared: frozenset[object] = frozenset(), learned: Learned | None = None) -> None:
        self.shared = shared  #: kinds of memory touching which is an operation
        self.learned = Learned() if learned is None else learned
        self.tied: list[MemoryLocation] = []  #: those that have operations
        self._records: dict[int, Record] = {}
        self._pinned: list[Record] = []
        self._named: dict[str, MemoryLocation] = {}
        #: Generators that have begun to run, by the identity of their frames, and what each is made of.
        self._generators: dict[int, tuple[weakref.ref[Any], Cells]] = {}
        self._counts: dict[str, int] = {}
        #: By the identity of a weak reference, itself and the life it looks at.
        self.lives: dict[int, tuple[weakref.ref[object], MemoryLocation]] = {}
        self._aliased = frozenset(self.learned.aliased)
        self.crossed: set[str] = (
            set()
        )  #: code whose own steps are not seen, as far as accesses were found there
        self._looking = False  #: what is new is given no number, because nobody touches it yet
        self.recording = False  #: values are wanted, because this execution is going to be shown

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Let what is new in a block have locations that nobody else knows."""
        self._looking = True
        try:
            yield
        finally:
            self._looking = False

    def of(self, holder: Any, part: str) -> MemoryLocation:
        """Return the location of attribute *part* of *holder*."""
        if type(holder) in _STANDING_FOR:
            holder = _behind(holder)
        owner = self._owner(holder, part) if self._aliased else holder
        record = self._records.get(id(owner)) or self._record(owner)
        location = record.parts.get(part)
        if location is None:
            cls = holder if issubclass(type(holder), type) else type(holder)
            location = record.parts[part] = MemoryLocation(f"{record.label}.{part}", (name_of(cls), part))
        return location

    def _owner(self, holder: Any, part: str) -> Any:
        """Return whose the attribute is: that of the `__dict__`, if objects may share it."""
        if part in ("__class__", LIFE) or name_of(type(holder)) not in self._aliased:
            return holder
        try:
            return object.__getattribute__(holder, "__dict__")
        except AttributeError:
            return holder

    def cells(self, container: object) -> Cells:
        """Return the locations that *container* is made of."""
        if type(container) in _STANDING_FOR:
            container = _behind(container)
        record = self._records.get(id(container)) or self._record(container)
        if record.cells is None:
            items = record.parts if self._aliased else {}
            record.cells = Cells(record.label, (name_of(type(container)), None), items)
        return record.cells

    def namespace(self, holder: Any, namespace: object) -> Cells:
        """Return the locations that *namespace*, the `__dict__` of *holder*, is made of: the attributes of *holder*."""
        record = self._records.get(id(namespace)) or self._record(namespace)
        owner = record
        if name_of(type(holder)) not in self._aliased:
            owner = self._records.get(id(holder)) or self._record(holder)
        if record.cells is None or record.cells.items is not owner.parts:
            cls = holder if issubclass(type(holder), type) else type(holder)
            cells = Namespace(f"{owner.label}.__dict__", (name_of(cls), "__dict__"), owner.parts)
            cells.owner = owner.label
            if self._looking:
                return cells
            record.cells = cells
        return record.cells

    def record(self, holder: object) -> Record:
        """Return what is known of *holder*."""
        return self._records.get(id(holder)) or self._record(holder)

    def learn_namespace(self, key: tuple[str, str]) -> None:
        """Note that attributes can be touched through the `__dict__` of what *key* names."""
        if key not in self.learned.namespaces:
            self.learned.namespaces.add(key)
            self.learned.news = True

    def learn_varying(self) -> None:
        """Note that an operation touched something else than when it was announced."""
        if not self.learned.varying:
            self.learned.varying = self.learned.news = True

    def learn_watched(self, cls: type) -> None:
        """Note that the ends of objects of *cls* can be seen."""
        if name_of(cls) not in self.learned.watched:
            self.learned.watched.add(name_of(cls))
            self.learned.news = True

    def learn_aliased(self, cls: type) -> None:
        """Note that objects of *cls* may share their `__dict__`."""
        if name_of(cls) not in self.learned.aliased:
            self.learned.aliased.add(name_of(cls))
            self.learned.news = True

    def learn_evicting(self) -> None:
        """Note that a cache had to forget something: which value that is depends on the order of all lookups."""
        if not self.learned.evicting:
            self.learned.evicting = True
            self.learned.news = True

    def watches(self, holder: object) -> bool:
        """Say whether one weak reference to *holder* is ours."""
        record = self._records.get(id(holder))
        return record is not None and record.reference is not None

    def note_generator(self, generator: Any) -> None:
        """Note that *generator* begins to run."""
        if generator.gi_frame is not None and not self._looking:
            self._generators[id(generator.gi_frame)] = weakref.ref(generator), self.cells(generator)

    def pausing(self, frame: FrameType | None) -> Accesses:
        """Return what it touches that the generator with *frame* gives way, and those that yield from it."""
        found: Accesses = ()
        while frame is not None and id(frame) in self._generators:
            reference, cells = self._generators[id(frame)]
            generator = reference()
            if generator is None or generator.gi_frame is not frame:
                break
            found += cells.writing
            frame = frame.f_back
        return found

    def named(self, name: str) -> MemoryLocation:
        """Return the location of a closure's variable, by its full name."""
        location = self._named.get(name)
        if location is None:
            location = self._named[name] = MemoryLocation(name, name)
        return location

    def dispose(self) -> None:
        """Let go of everything; the locations are not going to be used again."""
        for location in self.tied:
            location.untie()
        self.tied.clear()
        self._records.clear()
        self._pinned.clear()
        self._named.clear()
        self._generators.clear()
        self.lives.clear()

    def _record(self, holder: Any) -> Record:
        kind = holder.__name__ if issubclass(type(holder), (type, ModuleType)) else type(holder).__name__
        if self._looking:
            return Record(f"a new {kind}")
        self.release_pins()
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        record = self._records[id(holder)] = Record(kind if number == 1 else f"{kind}#{number}")
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


#: The locations of the present execution.
present = Locations()


def begin(world: World, *, recording: bool) -> Locations:
    """Forget the locations of the execution before *world*."""
    global present
    present.dispose()
    present = Locations(world.shared, world.learned)
    present.recording = recording
    return present
