"""What instrumented code calls in place of touching shared memory directly.

Each hook announces the access and then performs it. Outside a controlled thread it only performs it. A hook must
touch at least what the plain code would touch: an access that is not announced is a false pass, so whatever is not
known to read only counts as a write.
"""

import builtins
import enum
import functools
import gc
import itertools
import operator
import sys
import types
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, cast

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses, Mode
from treadle.sched.memory.locations import Locations, MemoryLocation, name_of
from treadle.sched.operation import Operation
from treadle.sched.values import MISSING, peek, short
from treadle.sched.world import ControlledThread, Learned

#: The locations of the present execution.
locations = Locations()

CONTAINERS = (list, dict, set, deque, bytearray)

_MISSING = MISSING


class Touch(Operation):
    """An access with the value it moves, for executions that are shown."""

    __slots__ = ("outlook",)

    def __init__(
        self, location: MemoryLocation, write: bool, outlook: Callable[[ControlledThread], str | None]
    ) -> None:
        super().__init__("write" if write else "read", location, WRITE if write else READ)
        self.outlook = outlook


def visible(thread: ControlledThread, accesses: Accesses) -> bool:
    """Say whether *accesses* have to be an operation.

    Accesses that always come one after the other, whatever the schedule, need not be: exchanging what comes before
    them exchanges them too. So each kind of memory is taken to be free of races until an execution shows that it is
    not; then it is an operation from the next execution on, and the exploration begins anew. When an exploration
    has ended, no execution of it had a race among the accesses that were left out.
    """
    world = thread.world
    shown = world.learned.everything
    world.unscheduled += 1
    if world.unscheduled > 10 * world.max_steps:
        # A spin on memory that nobody was seen to race for: make it steps, which are limited.
        world.learned.shared.update(cast("MemoryLocation", location).kind for location, _ in accesses)
        world.relearn()
    clock = world.causality.now[thread.index]
    for location, mode in cast("tuple[tuple[MemoryLocation, Mode], ...]", accesses):
        if location.kind in world.shared:
            shown = True
        elif location.races(thread.index, clock, mode) and not world.over:
            world.learned.shared.add(location.kind)
            world.learned.news = True
    return shown


def begin(learned: Learned, *, recording: bool) -> Locations:
    """Forget the locations of the execution before."""
    global locations
    locations.dispose()
    locations = Locations(frozenset(learned.namespaces))
    locations.recording = recording
    _kinds.clear()
    return locations


# -- attributes ---------------------------------------------------------------------------------------------------


class _Kind(enum.Enum):
    """What reading an attribute of a class's instances touches."""

    CODE = enum.auto()  #: a method, a property or another descriptor: taken to be constant
    OWN = enum.auto()  #: the instance
    OTHER = enum.auto()  #: a class, a module, or what the instance inherits as data: looked at each time


_kinds: dict[tuple[type, str], _Kind] = {}

_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.GetSetDescriptorType,
    types.MethodType,
    types.ModuleType,
    staticmethod,
    classmethod,
    property,
    type,
)


def load_attribute(holder: Any, name: str) -> Any:
    """Perform `holder.name`."""
    if _kinds.get((type(holder), name)) is not _Kind.CODE:
        thread = runtime.running()
        if thread is not None:
            _announce_attribute(thread, holder, name)
    return getattr(holder, name)


def _announce_attribute(thread: ControlledThread, holder: Any, name: str) -> None:
    if name == "__dict__":
        _announce_namespace(thread, holder)
        return
    kind = _kinds.get((type(holder), name))
    if kind is None:
        kind = _kinds[type(holder), name] = _kind(type(holder), name)
    if kind is _Kind.OWN:
        _announce(thread, locations.of(holder, name), False, holder, name)
    elif kind is _Kind.OTHER:
        _load_other(thread, holder, name)


def _announce_namespace(thread: ControlledThread, holder: Any) -> None:
    """Note that the attributes of *holder* can be touched through its `__dict__`: all of them are one location then."""
    if isinstance(holder, (type, types.ModuleType)):
        return
    learned = thread.world.learned
    if name_of(type(holder)) not in learned.namespaces:
        learned.namespaces.add(name_of(type(holder)))
        learned.news = True
    namespace = getattr(holder, "__dict__", None)
    if isinstance(namespace, dict):
        locations.alias(namespace, holder)


def _load_other(thread: ControlledThread, holder: Any, name: str) -> None:
    if isinstance(holder, (type, types.ModuleType)):
        owner, value = (
            _class_attribute(holder, name)
            if isinstance(holder, type)
            else (holder, vars(holder).get(name, _MISSING))
        )
        if not isinstance(value, _CODE):
            _announce(thread, locations.of(owner, name), False, holder, name)
        return
    # Read through the instance, found on the class: a write to either changes it.
    inherited = locations.of(_class_attribute(type(holder), name)[0], name)
    _perform(thread, Operation("read", locations.of(holder, name), READ, (inherited, READ)))


def _kind(cls: type, name: str) -> _Kind:
    if issubclass(cls, (type, types.ModuleType)):
        return _Kind.OTHER
    _, value = _class_attribute(cls, name)
    if value is _MISSING or isinstance(value, types.MemberDescriptorType):
        return _Kind.OWN
    return _Kind.CODE if isinstance(value, _CODE) or hasattr(type(value), "__get__") else _Kind.OTHER


def _class_attribute(cls: type, name: str) -> tuple[type, Any]:
    """Return the class that defines *name* and the raw value there, or *cls* and `_MISSING`."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base, base.__dict__[name]
    return cls, _MISSING


def store_attribute(value: Any, holder: Any, name: str) -> None:
    """Perform `holder.name = value`."""
    thread = runtime.running()
    if thread is not None and not _is_property(holder, name):
        _announce(thread, locations.of(holder, name), True, value, None)
    setattr(holder, name, value)


def delete_attribute(holder: Any, name: str) -> None:
    """Perform `del holder.name`."""
    thread = runtime.running()
    if thread is not None and not _is_property(holder, name):
        _perform(thread, locations.of(holder, name).write)
    delattr(holder, name)


def _is_property(holder: Any, name: str) -> bool:
    return isinstance(_class_attribute(type(holder), name)[1], property)


def _announce(
    thread: ControlledThread, location: MemoryLocation, write: bool, subject: Any, name: str | None
) -> None:
    operation = location.write if write else location.read
    if not visible(thread, operation.fixed):
        return
    if not locations.recording:
        thread.announce(operation)
    elif write:
        text = f"← {short(subject)}"
        thread.announce(Touch(location, True, lambda _: text))
    else:
        thread.announce(Touch(location, False, lambda _: f"→ {short(_peek(subject, name))}"))


def _perform(thread: ControlledThread, operation: Operation) -> None:
    """Announce *operation* if it has to be one."""
    if visible(thread, operation.accesses(thread)):
        thread.announce(operation)


def _peek(holder: Any, name: str | None) -> Any:
    return peek(holder, name) if name is not None else holder


# -- containers ---------------------------------------------------------------------------------------------------

_READING = frozenset(
    (
        "__contains__",
        "__len__",
        "__getitem__",
        "__iter__",
        "__eq__",
        "__ne__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__repr__",
        "__str__",
        "__bool__",
        "__reversed__",
        "__add__",
        "__mul__",
        "__rmul__",
        "__or__",
        "__and__",
        "__sub__",
        "__xor__",
        "copy",
        "count",
        "index",
        "get",
        "keys",
        "values",
        "items",
        "issubset",
        "issuperset",
        "isdisjoint",
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "startswith",
        "endswith",
        "find",
        "rfind",
        "decode",
        "hex",
        "split",
        "strip",
        "join",
    )
)
_TAKING = frozenset(("pop", "popleft", "popitem"))


class ContainerCall(Operation):
    """A call of a container's method; one that fails, or changes nothing, only reads."""

    __slots__ = ("arguments", "container", "reading")

    def __init__(
        self, location: MemoryLocation, container: Any, method: str, arguments: tuple[Any, ...]
    ) -> None:
        super().__init__(method, location, READ if method in _READING else WRITE, *_reads_of(arguments))
        self.container = container
        self.arguments = arguments
        self.reading: Accesses = ((location, READ), *self.fixed[1:])

    def accesses(self, thread: ControlledThread) -> Accesses:
        return self.reading if self._changes_nothing() else self.fixed

    def _changes_nothing(self) -> bool:
        container, arguments = self.container, self.arguments
        if self.kind in _TAKING and not container:
            return True
        if not arguments or not _plain_key(arguments[0]):
            return False
        if isinstance(container, dict):
            if self.kind == "setdefault":
                return arguments[0] in container
            return self.kind == "pop" and arguments[0] not in container
        if isinstance(container, (deque, list)):
            return self.kind == "remove" and _lacks(container, arguments[0])
        if isinstance(container, set):
            if self.kind == "add":
                return arguments[0] in container
            return self.kind in ("discard", "remove") and arguments[0] not in container
        return False

    def outlook(self, thread: ControlledThread) -> str:
        """Say what the container holds before the call."""
        return f"({', '.join(short(argument) for argument in self.arguments)}) on {short(self.container)}"


def _lacks(container: Iterable[Any], value: Any) -> bool:
    """Say whether *value*, which is plain, is not among elements that are all compared by identity."""
    return all(_inherits(type(element), "__eq__") and element is not value for element in container)


def _plain_key(key: Any) -> bool:
    """Say whether comparing *key* runs no code of the program's."""
    cls = type(key)
    return cls in (str, int, bytes, bool, type(None)) or (
        _inherits(cls, "__eq__") and _inherits(cls, "__hash__")
    )


def _inherits(cls: type, name: str) -> bool:
    """Say whether a class has the special method *name* from `object`."""
    return _class_attribute(cls, name)[0] is object


#: What looks at a container whenever it is looked at.
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), types.MappingProxyType)


def _container_of(value: Any) -> Any:
    """Return *value* if it is a container, the container that it is a view of, or None."""
    if isinstance(value, CONTAINERS):
        return value
    if isinstance(value, _VIEWS):
        return next((inner for inner in gc.get_referents(value) if isinstance(inner, CONTAINERS)), None)
    return None


def _reads_of(arguments: Iterable[Any]) -> Accesses:
    containers = [_container_of(argument) for argument in arguments]
    return tuple((locations.of(container), READ) for container in containers if container is not None)


def touch(value: Any) -> Any:
    """Announce that *value*, if it is a container, is read as a whole; return it."""
    thread = runtime.running()
    if thread is not None:
        container = _container_of(value)
        if container is not None:
            _perform(thread, locations.of(container).read)
    return value


def touch_in_place(value: Any, operand: Any = None) -> Any:
    """Announce that *value*, if it is a container, is changed in place, with *operand*; return it."""
    thread = runtime.running()
    if thread is not None:
        changed = ((locations.of(value), WRITE),) if isinstance(value, CONTAINERS) else ()
        _perform_all(thread, "change", changed + _reads_of((operand,)))
    return value


def binary(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Perform *operation* on two values; if they are containers, they are read in one step."""
    thread = runtime.running()
    if thread is not None:
        _perform_all(thread, "read", _reads_of((left, right)))
    return operation(left, right)


def _perform_all(thread: ControlledThread, kind: str, accesses: Accesses) -> None:
    """Announce *accesses* as one operation: what follows performs them all at once."""
    if accesses:
        _perform(thread, Operation(kind, accesses[0][0], None, *accesses))


def touch_deeply(value: Any, depth: int) -> Any:
    """Announce, as one operation, that *value* is taken apart by patterns of so many levels; return it."""
    thread = runtime.running()
    if thread is not None:
        _perform_all(thread, "match", tuple(_taken_apart(value, depth)))
    return value


def _taken_apart(value: Any, depth: int) -> Iterator[tuple[MemoryLocation, Mode]]:
    container = _container_of(value)
    if container is not None:
        yield locations.of(container), READ
        parts = container.values() if isinstance(container, dict) else container
    elif _kind(type(value), "") is _Kind.OWN and type(value).__flags__ & _HEAP_TYPE:
        names = [*getattr(value, "__dict__", ()), *_slots_of(type(value))]
        for name in names:
            yield locations.of(value, name), READ
        parts = [getattr(value, name, None) for name in names]
    else:
        return
    if depth > 1:
        for part in list(parts):
            yield from _taken_apart(part, depth - 1)


def _slots_of(cls: type) -> list[str]:
    return [
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, types.MemberDescriptorType)
    ]


def iterate(values: Any) -> Any:
    """Return an iterator over *values* that announces each step if they are a container."""
    if runtime.running() is None:
        return values
    container = _container_of(values)
    if container is None:
        return values
    if not isinstance(container, list):  # from its making on the iterator minds any change
        touch(container)
    return _steps(values, iter(values))


def _steps(values: Iterable[Any], iterator: Iterator[Any]) -> Generator[Any, None, None]:
    while True:
        touch(values)
        try:
            value = next(iterator)
        except StopIteration:
            return
        yield value


def contains(value: Any, container: Any) -> bool:
    """Perform `value in container`."""
    return value in touch(container)


def load_item(container: Any, key: Any) -> Any:
    """Perform `container[key]`."""
    return touch(container)[key]


def store_item(value: Any, container: Any, key: Any) -> None:
    """Perform `container[key] = value`."""
    touch_in_place(container)[key] = value


def delete_item(container: Any, key: Any) -> None:
    """Perform `del container[key]`."""
    del touch_in_place(container)[key]


# -- calls --------------------------------------------------------------------------------------------------------

#: Builtins that look at no container's contents.
_HARMLESS: frozenset[Any] = frozenset(
    (isinstance, issubclass, id, type, callable, property, staticmethod, operator.is_, operator.is_not)
)
#: Builtins and types that read the containers they are given, and change none.
_READERS: frozenset[Any] = frozenset(
    (
        *(
            len,
            list,
            tuple,
            set,
            frozenset,
            dict,
            deque,
            sorted,
            min,
            max,
            sum,
            any,
            all,
            repr,
            str,
            bool,
            print,
        ),
        *(format, bytes, bytearray, hash, reversed, operator.length_hint),
    )
)
#: Builtins that read their containers later, step by step.
_LAZY: frozenset[Any] = frozenset((iter, enumerate, zip, map, filter))


#: Builtins and types that call what they are given, by the place of the argument and its name as a keyword.
_CALLERS: dict[Any, tuple[int | None, str]] = {
    **dict.fromkeys(
        (map, filter, itertools.starmap, itertools.takewhile, itertools.dropwhile, itertools.filterfalse),
        (0, ""),
    ),
    functools.reduce: (0, "function"),
    itertools.accumulate: (1, "func"),
    itertools.groupby: (1, "key"),
    **dict.fromkeys((sorted, min, max), (None, "key")),
}


def call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `function(*arguments, **keywords)`."""
    thread = runtime.running()
    if thread is None or type(function) in (types.FunctionType, types.MethodType):
        return function(*arguments, **keywords)
    if type(function) is functools.partial:
        return call(function.func, *function.args, *arguments, **{**function.keywords, **keywords})
    if _hashable(function) and function in _CALLERS:
        arguments, keywords = _announcing(function, arguments, keywords)
    container, name, rest = _method_of_container(function, arguments)
    if _touches_by_name(thread, function, arguments):
        pass
    elif name is not None:
        _perform(thread, ContainerCall(locations.of(container), container, name, rest))
    elif not _is_python(function):
        arguments = _announce_arguments(thread, function, arguments)
    return function(*arguments, **keywords)


def _announcing(
    function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Have what *function* will call from C announce what it touches, if it is in C too."""
    place, name = _CALLERS[function]
    if place is not None and len(arguments) > place:
        called = _announced(arguments[place])
        return (*arguments[:place], called, *arguments[place + 1 :]), keywords
    if name in keywords:
        return arguments, {**keywords, name: _announced(keywords[name])}
    return arguments, keywords


def _announced(function: Any) -> Any:
    if function is None or type(function) in (types.FunctionType, types.MethodType) or _is_python(function):
        return function
    return functools.partial(call, function)


#: Set in the flags of a class that was made by a class statement (and of a few others).
_HEAP_TYPE = 1 << 9


def _is_python(function: Any) -> bool:
    """Say whether calling *function* runs Python code, whose own accesses are seen where they happen."""
    if isinstance(function, type):
        return bool(function.__flags__ & _HEAP_TYPE) and function.__module__ not in (
            "itertools",
            "collections",
        )
    return isinstance(_class_attribute(type(function), "__call__")[1], types.FunctionType)


def _touches_by_name(thread: ControlledThread, function: Any, arguments: tuple[Any, ...]) -> bool:
    """Announce what a builtin that is given an attribute's name touches; say whether *function* is one."""
    if function is vars and len(arguments) == 1:
        _announce_namespace(thread, arguments[0])
    elif type(function) is operator.attrgetter:
        for path in function.__reduce__()[1]:
            holder = arguments[0]
            for part in path.split("."):
                _announce_attribute(thread, holder, part)
                holder = getattr(holder, part, None)
    elif type(function) is types.BuiltinFunctionType and function in _BY_NAME and len(arguments) > 1:
        if _BY_NAME[function] is READ:
            _announce_attribute(thread, *arguments[:2])
        elif isinstance(arguments[1], str) and not _is_property(arguments[0], arguments[1]):
            _perform(thread, locations.of(arguments[0], arguments[1]).write)
    else:
        return False
    return True


_BY_NAME: dict[Any, Mode] = {getattr: READ, hasattr: READ, setattr: WRITE, delattr: WRITE}


def call_method(holder: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `holder.name(*arguments, **keywords)`."""
    function = load_attribute(holder, name)
    if type(function) is types.MethodType or type(function) is types.FunctionType:
        return function(*arguments, **keywords)
    return call(function, *arguments, **keywords)


def _method_of_container(
    function: Any, arguments: tuple[Any, ...]
) -> tuple[Any, str | None, tuple[Any, ...]]:
    """Return the container, the method's name and its arguments if *function* is a container's method in C."""
    if isinstance(function, (types.BuiltinMethodType, types.MethodWrapperType)):
        if isinstance(function.__self__, CONTAINERS):
            return function.__self__, function.__name__, arguments
    elif (
        isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType))
        and arguments
        and isinstance(arguments[0], CONTAINERS)
    ):
        return arguments[0], function.__name__, arguments[1:]
    return None, None, ()


def _announce_arguments(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...]
) -> tuple[Any, ...]:
    if not _hashable(function) or function not in _HARMLESS:
        found = [_container_of(argument) for argument in arguments]
        containers = [container for container in found if container is not None]
        if containers and _hashable(function) and function in _LAZY:
            _perform_all(thread, function.__name__, _reads_of(arguments))  # an iterator may note the state
            return tuple(iterate(argument) for argument in arguments)
        mode = READ if _hashable(function) and function in _READERS else WRITE
        name = getattr(function, "__name__", "call")
        _perform_all(thread, name, tuple((locations.of(container), mode) for container in containers))
    return arguments


def _hashable(function: Any) -> bool:
    return isinstance(function, (types.BuiltinFunctionType, type))


# -- variables ----------------------------------------------------------------------------------------------------


def read_global(name: str) -> None:
    """Announce that the caller reads its module's global *name*."""
    thread = runtime.running()
    if thread is None:
        return
    module = sys._getframe(1).f_globals
    value = module.get(name, _MISSING)
    if isinstance(value, _CODE) or (value is _MISSING and hasattr(builtins, name)):
        return
    _announce(thread, locations.named(f"{module['__name__']}.{name}"), False, value, None)


def write_global(name: str, value: Any) -> None:
    """Announce that the caller is about to set its module's global *name*."""
    thread = runtime.running()
    if thread is not None:
        module = sys._getframe(1).f_globals
        _announce(thread, locations.named(f"{module['__name__']}.{name}"), True, value, None)


def read_variable(name: str) -> None:
    """Announce that the caller reads a variable that it shares through a closure."""
    thread = runtime.running()
    if thread is not None:
        _perform(thread, locations.named(name).read)


def write_variable(name: str, value: Any) -> None:
    """Announce that the caller is about to set a variable that it shares through a closure."""
    thread = runtime.running()
    if thread is not None:
        _announce(thread, locations.named(name), True, value, None)
