"""Hooks for attributes: of objects, classes and modules, and through `__dict__`."""

import functools
import sys
import types
from typing import Any, NamedTuple, cast

from treadle.sched import runtime
from treadle.sched.access import CHANGE, READ, WRITE, Accesses
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import announce, perform_all, perform_found
from treadle.sched.memory.containers import underlying
from treadle.sched.memory.families import Family, class_attribute, family, is_code
from treadle.sched.memory.lives import letting_go, letting_go_of
from treadle.sched.memory.namespaces import namespace_key, namespace_of, note_namespace
from treadle.sched.values import MISSING, peek
from treadle.sched.world import ControlledThread


class _Reading(NamedTuple):
    """What reading an attribute of a class's instances touches."""

    own: bool  #: the instance
    inherited: bool  #: the class that it is found on
    code: Any  #: the descriptor whose code runs, if any


class _Storing(NamedTuple):
    """What storing to an attribute of a class's instances does."""

    itself: bool  #: it is done in C, and not by code whose own stores are seen
    shadows: bool  #: it changes what is otherwise found on the class, and is code there
    slot: bool  #: the attribute has a place of its own in the instance


#: What most attributes are: the instance's own, and nothing else.
_OWN = _Reading(own=True, inherited=False, code=None)

_readings: dict[tuple[type, str], _Reading | None] = {}
_storings: dict[tuple[type, str], _Storing] = {}


def forget() -> None:
    """Forget what is known of the program's classes."""
    _readings.clear()
    _storings.clear()


def is_constant(thread: ControlledThread, name: str) -> bool:
    """Say whether *name* was not seen to be stored to on a class, nor on an object over what its class has."""
    return name not in thread.world.learned.stored


def learn_stored(thread: ControlledThread, name: str) -> None:
    """Note that attribute *name* is not as constant as it was taken to be."""
    learned = thread.world.learned
    if name not in learned.stored:
        learned.stored.add(name)
        learned.news = True


def load_attribute(holder: Any, name: str, more: Accesses = ()) -> Any:
    """Perform `holder.name`, which touches *more* as well."""
    reading = _readings.get((type(holder), name), MISSING)
    if reading is None and not more:  # constant
        return getattr(holder, name)
    thread = runtime.running()
    if thread is None:
        return getattr(holder, name)
    if reading is _OWN and not more and thread.world.plain:
        announce(thread, memory.present.of(holder, name), False, lambda: peek(holder, name))
        return getattr(holder, name)
    code = class_attribute(type(holder), name)[1] if reading is MISSING else getattr(reading, "code", None)
    if type(code) is functools.cached_property:
        perform_all(thread, "let go", more)
        return _load_cached(thread, holder, name, code)
    announce_attribute(thread, holder, name, more)
    if name == "__dict__":
        note_namespace(holder)
    return getattr(holder, name)


def load_of_temporary(holder: Any, name: str) -> Any:
    """Perform `holder.name`, after which nothing may refer to *holder*."""
    return load_attribute(holder, name, letting_go(holder) if runtime.running() is not None else ())


def announce_attribute(thread: ControlledThread, holder: Any, name: str, more: Accesses = ()) -> None:
    """Announce that attribute *name* of *holder* is about to be read, and *more* is touched."""
    if issubclass(type(holder), (type, types.ModuleType)):
        _load_from_namespace(thread, holder, name)
        return
    if issubclass(type(holder), super):
        _load_inherited(thread, holder, name)
        return
    found = _known_reading(thread, holder, name)
    if thread.world.plain and not more:
        if found is None:
            return
        if found is _OWN:
            announce(thread, memory.present.of(holder, name), False, lambda: peek(holder, name))
            return
    perform_found(
        thread, "read", lambda: _touched_by_reading(thread, holder, name) + more, lambda: peek(holder, name)
    )


def _known_reading(thread: ControlledThread, holder: Any, name: str) -> _Reading | None:
    key = type(holder), name
    found = cast("_Reading | None", _readings.get(key, MISSING))
    if found is MISSING:
        found = _reading(thread, *key)
        if is_constant(thread, name):  # otherwise what classes have may change
            _readings[key] = found
    return found


def _touched_by_reading(thread: ControlledThread, holder: Any, name: str) -> Accesses:
    """Return what reading *name* of *holder* touches in the present state."""
    found = _known_reading(thread, holder, name)
    accesses = class_of(thread, holder)
    if found is None:
        return accesses
    if found.inherited:
        accesses += _on_classes(type(holder).__mro__, name)
    if not found.own:
        return accesses
    return ((memory.present.of(holder, name), READ), *accesses, *_through_namespace(thread, holder, READ))


def _reading(thread: ControlledThread, cls: type, name: str) -> _Reading | None:
    """Return what reading *name* of an instance of *cls* touches; None if it is constant."""
    if name == "__dict__":
        return _Reading(False, False, None)
    constant = is_constant(thread, name)
    if name == "__class__":
        return None if constant else _OWN
    _, value = class_attribute(cls, name)
    if value is MISSING:
        return _OWN if constant else _Reading(True, True, None)
    if isinstance(value, types.MemberDescriptorType):
        return _OWN
    if isinstance(value, functools.cached_property):
        return _Reading(True, False, value)
    if is_code(value) or hasattr(type(value), "__get__"):
        # What is stored to `__class__` changes which code a name means, too.
        if constant and is_constant(thread, "__class__"):
            return None
        return _Reading(not hasattr(type(value), "__set__"), not constant, value)
    return _OWN if constant else _Reading(True, True, None)


def _on_classes(order: tuple[type, ...], name: str) -> Accesses:
    """Return the reads of *name* on each class in which it is looked for."""
    found = []
    for cls in order:
        found.append((memory.present.of(cls, name), READ))
        if name in cls.__dict__:
            break
    return tuple(found)


def _load_inherited(thread: ControlledThread, holder: super, name: str) -> None:
    bound = cast("Any", holder)
    order = bound.__self_class__.__mro__
    order = order[order.index(bound.__thisclass__) + 1 :]
    value = next((base.__dict__[name] for base in order if name in base.__dict__), MISSING)
    if not (is_constant(thread, name) and (value is MISSING or is_code(value))):
        perform_found(thread, "read", lambda: _on_classes(order, name))


def class_of(thread: ControlledThread, holder: Any) -> Accesses:
    """Return the read of an object's class, where programs assign to `__class__`."""
    if not is_constant(thread, "__class__") and family(holder) is Family.OBJECT:
        return ((memory.present.of(holder, "__class__"), READ),)
    return ()


def _load_cached(thread: ControlledThread, holder: Any, name: str, cached: Any) -> Any:
    """Perform what `functools.cached_property` does, by steps: look, compute, store."""
    lock = getattr(cached, "lock", None)  # until CPython 3.11
    announce_attribute(thread, holder, name)
    if name in vars(holder):
        return vars(holder)[name]
    if lock is None:
        return _compute(thread, holder, name, cached)
    with lock:
        announce_attribute(thread, holder, name)
        return vars(holder)[name] if name in vars(holder) else _compute(thread, holder, name, cached)


def _compute(thread: ControlledThread, holder: Any, name: str, cached: Any) -> Any:
    value = cached.func(holder)
    announce_store(thread, holder, name, value)
    vars(holder)[name] = value
    return value


# -- classes, modules and namespaces --------------------------------------------------------------------------------


def _load_from_namespace(thread: ControlledThread, holder: Any, name: str) -> None:
    if name.startswith("__") and name.endswith("__"):
        return
    owner, value = _owner_of(holder, name)
    constant = is_constant(thread, name)
    if constant and is_code(value):
        return
    if constant and thread.world.plain:
        announce(thread, memory.present.of(owner, name), False, lambda: value)
        return

    def find() -> Accesses:
        owner = _owner_of(holder, name)[0]
        walked = _on_classes(holder.__mro__, name) if issubclass(type(holder), type) and not constant else ()
        return (
            (memory.present.of(owner, name), READ),
            *walked,
            *_through_namespace(thread, owner, READ),
        )

    perform_found(thread, "read", find, lambda: _owner_of(holder, name)[1])


def _owner_of(holder: Any, name: str) -> tuple[Any, Any]:
    """Return on which class, or in which module, *name* is found, and its value."""
    if issubclass(type(holder), type):
        return class_attribute(holder, name)
    return holder, vars(holder).get(name, MISSING)


def _through_namespace(
    thread: ControlledThread, holder: Any, mode: Any, *, creates: bool = False
) -> Accesses:
    """Return what touching an attribute says to those who touch the whole `__dict__`, if anybody does."""
    namespaces = thread.world.learned.namespaces
    if not namespaces or namespace_key(holder) not in namespaces:
        return ()
    real = underlying(namespace_of(holder))
    if real is None:
        return ()
    cells = memory.present.namespace(holder, real)
    if mode is READ:
        return ((cells.parts, READ),)
    size = ((cells.size, WRITE),) if creates else ()
    return ((cells.contents, CHANGE), *size)


# -- stores -------------------------------------------------------------------------------------------------------


def store_attribute(value: Any, holder: Any, name: str) -> None:
    """Perform `holder.name = value`."""
    thread = runtime.running()
    if thread is not None and _storing(thread, holder, name).itself:
        announce_store(thread, holder, name, value)
    setattr(holder, name, value)


def delete_attribute(holder: Any, name: str) -> None:
    """Perform `del holder.name`."""
    thread = runtime.running()
    if thread is not None and _done_in_c(
        type(holder), class_attribute(type(holder), name)[1], "__delattr__", "__delete__"
    ):
        announce_store(thread, holder, name, MISSING)
    delattr(holder, name)


def announce_store(thread: ControlledThread, holder: Any, name: str, value: Any) -> None:
    """Announce that attribute *name* of *holder* is about to be set or deleted."""
    if name == "__dict__":
        memory.present.learn_aliased(type(holder))
        perform_found(thread, "write", lambda: _whole_namespace(holder))
        return
    storing = _storing(thread, holder, name)
    if storing.shadows or issubclass(type(holder), (type, types.ModuleType)):
        learn_stored(thread, name)
    location = memory.present.of(holder, name)

    def find() -> Accesses:
        more = () if thread.world.plain else _more_stored(thread, holder, name, value)
        return ((location, WRITE), *more, *letting_go_of(holder, name, slot=storing.slot))

    perform_found(thread, "write", find, lambda: value)


def _more_stored(thread: ControlledThread, holder: Any, name: str, value: Any) -> Accesses:
    """Return what setting attribute *name* of *holder* touches where `__dict__` or `__class__` is touched elsewhere."""
    creates = value is MISSING or name not in (namespace_of(holder) or ())
    more = _through_namespace(thread, holder, WRITE, creates=creates)
    return more if name == "__class__" else more + class_of(thread, holder)


def _whole_namespace(holder: Any) -> Accesses:
    cells = note_namespace(holder)
    if cells is None:
        return ()
    return cells.writing + tuple((part, WRITE) for part in list(cells.items.values()))


def _storing(thread: ControlledThread, holder: Any, name: str) -> _Storing:
    """Return what storing to *name* of *holder* does."""
    key = type(holder), name
    found = _storings.get(key)
    if found is None:
        value = class_attribute(*key)[1]
        slot = isinstance(value, types.MemberDescriptorType)
        itself = _done_in_c(type(holder), value, "__setattr__", "__set__")
        found = _Storing(itself, _shadows(name, value), slot)
        if not thread.world.learned.stored:  # what classes have may change otherwise
            _storings[key] = found
    return found


def _shadows(name: str, value: Any) -> bool:
    """Say whether storing *name* on an instance changes what is otherwise found on its class, and is code there."""
    if value is MISSING or isinstance(value, (types.MemberDescriptorType, functools.cached_property)):
        return False
    return name == "__class__" or is_code(value) or hasattr(type(value), "__get__")


def _done_in_c(cls: type, descriptor: Any, method: str, setter: str) -> bool:
    """Say whether a store over *descriptor* is done in C, and not by code whose own stores are seen."""
    # Of an ordinary class the first answer takes no walk along its bases.
    if (type(cls) is not type or getattr(cls, method) is not getattr(object, method)) and isinstance(
        class_attribute(cls, method)[1], types.FunctionType
    ):
        return False
    if descriptor is MISSING:
        return True
    if isinstance(descriptor, property):
        return False
    return not isinstance(class_attribute(type(descriptor), setter)[1], types.FunctionType)


# -- globals --------------------------------------------------------------------------------------------------------


def _module_of(namespace: dict[str, Any]) -> Any:
    """Return the module whose globals *namespace* are, or *namespace* itself."""
    module = sys.modules.get(namespace.get("__name__", ""))
    return module if module is not None and vars(module) is namespace else namespace


def read_global(name: str) -> None:
    """Announce that the caller reads its module's global *name*."""
    thread = runtime.running()
    if thread is not None:
        namespace = sys._getframe(1).f_globals
        _announce_global(thread, namespace, name, False, namespace.get(name, MISSING))


def write_global(name: str, value: Any = MISSING) -> Any:
    """Announce that the caller is about to set its module's global *name*, or to delete it; return *value*."""
    thread = runtime.running()
    if thread is not None:
        _announce_global(thread, sys._getframe(1).f_globals, name, True, value)
    return value


def _announce_global(
    thread: ControlledThread, namespace: dict[str, Any], name: str, write: bool, value: Any
) -> None:
    module = _module_of(namespace)
    location, mode = memory.present.of(module, name), WRITE if write else READ

    def find() -> Accesses:
        creates = write and name not in namespace
        return (location, mode), *_through_namespace(thread, module, mode, creates=creates)

    if thread.world.plain or not isinstance(module, types.ModuleType):
        announce(thread, location, write, lambda: value)
    else:
        perform_found(thread, "write" if write else "read", find, lambda: value)


def take_globals() -> dict[str, Any]:
    """Perform `globals()` for the caller."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    namespace = frame.f_globals
    thread = runtime.running()
    if thread is not None:
        module = _module_of(namespace)
        if isinstance(module, types.ModuleType):
            note_namespace(module)
    return namespace


def read_variable(name: str) -> None:
    """Announce that the caller reads a variable that it shares through a closure."""
    thread = runtime.running()
    if thread is not None:
        perform_all(thread, "read", ((memory.present.named(name), READ),))


def write_variable(name: str, value: Any = MISSING) -> Any:
    """Announce that the caller is about to set a variable that it shares through a closure; return *value*."""
    thread = runtime.running()
    if thread is not None:
        announce(thread, memory.present.named(name), True, lambda: value)
    return value


def clean_class() -> None:
    """Remove the rewriter's temporary names from the class that the caller defines."""
    names = sys._getframe(1).f_locals
    for name in [name for name in names if name.startswith(".treadle")]:
        del names[name]
