"""Locks that were made before the check began, found and replaced for its length.

A program under test seldom makes all its locks itself: some are module globals, some were made when an object in
a closure was. They are looked for in the modules under test and in everything the program can reach through
closures, default arguments, bound objects, containers and objects of the user's own classes. What is built on
locks (conditions, events, queues, …) begins each execution as it was before the check.
"""

import _thread
import functools
import queue
import sys
import sysconfig
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, NamedTuple, cast

from treadle.sched import locks, thread_locals
from treadle.sched.contents import (
    ATTRIBUTES,
    FACTORY,
    Attribute,
    Contents,
    contents_of,
    poses,
    with_attributes,
)
from treadle.sched.errors import UncontrolledError
from treadle.sched.memory import caches
from treadle.sched.patching import Patches, lookup, stand_ins, standard
from treadle.sched.simple_queue import SimpleQueue

# Taken before anything is patched.
_REAL_RLOCK, _REAL_QUEUE = _thread.RLock, queue.SimpleQueue
_LOCK_TYPES = (_thread.LockType, _REAL_RLOCK)
_REAL_TYPES = (*_LOCK_TYPES, _REAL_QUEUE)
_OUTSIDE = "code outside the execution"

#: Whose objects are built on locks: they are looked into, and put back before each execution.
_SYNCHRONIZERS = ("threading", "queue", "concurrent.futures.thread", "concurrent.futures._base")


class _Kind(NamedTuple):
    """What is to be done with an object."""

    by_name: bool  #: it may be one of the functions and classes that have a stand-in
    stand_in: (
        Callable[[Any, str], object] | None
    )  #: how to make what stands in for it, or None if nothing does
    contents: Contents | None  #: how to look into it, or None if it holds nothing
    built_on_locks: bool


#: Of most objects there are.
_NOTHING = _Kind(False, None, None, False)


class Adopted:
    """The stand-ins for locks that exist already."""

    def __init__(self, patches: Patches, modules: list[ModuleType], *, memory: bool = False) -> None:
        self._patches = patches
        self._memory = memory  #: functions' caches are seen
        self._table = stand_ins()
        self._named = frozenset(map(type, self._table))
        self._modules = {module.__name__ for module in modules}
        self._stand_ins: dict[int, object] = {}
        self._resets: list[Callable[[], None]] = []
        self._kinds: dict[type, _Kind] = {}  #: what is to be done with all objects of a class
        self._users: dict[str | None, bool] = {}  #: modules, and whether they are under test
        self._reached: list[tuple[object, str]] = []  #: modules that are to be looked at
        self._synchronizers: list[object] = []  #: found, and not yet noted how they are
        self._seen: dict[int, object] = {  # the stand-ins refer to the real functions, and go on doing so
            id(stand_in): stand_in for stand_in in self._table.values()
        }
        self._searched = {
            module.__name__ for module in standard()
        }  #: modules whose globals were looked at, or need not be
        for module in modules:
            self._search(module, module.__name__)
        for module in standard():
            if module is not threading:  # all threads use its own, and none is preempted while it holds one
                self._replace_own(vars(module), module.__name__)

    def search(self, program: object) -> None:
        """Replace the locks within reach of *program*."""
        self._search(program, getattr(program, "__qualname__", "program"))

    def search_object(self, holder: object, where: str) -> None:
        """Replace the locks that are attributes of *holder*, an object of the standard library's."""
        self._replace_own(vars(holder), where)

    def _replace_own(self, namespace: dict[str, Any], where: str) -> None:
        for name, value in list(namespace.items()):
            if isinstance(value, _LOCK_TYPES):
                stand_in = self._stand_in(value, f"{where}.{name}", self._kind(value))
                cast("locks.Lock", stand_in).quiet = True
                self._patches.set_item(namespace, name, stand_in)

    def add_module(self, module: ModuleType) -> None:
        """Replace the primitives and locks of *module*, which the program has just imported for the first time."""
        table = {id(stand_in): real for real, stand_in in reversed(self._table.items())}
        for name, value in list(vars(module).items()):
            if id(value) in table:
                setattr(module, name, table[id(value)])  # what it is going to have after the check
        if _is_users(module.__name__):
            self._kinds.clear()  # whose a class is depends on the modules there are
            self._search(module, module.__name__)

    def reset(self) -> None:
        """Put everything adopted into the state it was found in."""
        self._resets += [_state_of(holder) for holder in self._synchronizers]
        self._synchronizers.clear()
        for reset in self._resets:
            reset()

    def keep(self, lock: locks.Lock | locks.RLock) -> None:
        """Let *lock* be in each execution as it was before the check."""
        held = lock.real.locked() if hasattr(lock.real, "locked") else False

        def reset() -> None:
            lock.holder = _OUTSIDE if held else None

        self._resets.append(reset)

    def _search(self, root: object, where: str) -> None:
        kinds, seen = self._kinds, self._seen
        todo: list[tuple[object, str]] = [(root, where)]
        while todo or self._reached:
            holder, where = todo.pop() if todo else self._reached.pop()
            if id(holder) in seen:
                continue
            seen[id(holder)] = holder
            kind = self._kind(holder)
            if kind.built_on_locks:
                _require_nobody_waits(holder, where)
                self._synchronizers.append(holder)
            if kind.contents is None or not self._enter(holder):
                continue
            for key, value in kind.contents.of(holder):
                found = kinds.get(type(value)) or self._kind(value)
                if found is _NOTHING:
                    continue
                path = kind.contents.path(holder, where, key)
                stand_in = self._stand_in(value, path, found)
                if stand_in is not None:
                    self._replace(holder, key, stand_in)
                elif id(value) not in seen and not self._leads_nowhere(value):
                    todo.append((value, path))

    def _kind(self, value: object) -> _Kind:
        """Return what is to be done with *value*; the same for all objects of its class, unless it may pose as another."""
        cls = type(value)
        kind = self._kinds.get(cls)
        if kind is None:
            contents = contents_of(value)
            if self._is_users(cls) and not isinstance(value, (type, ModuleType)):
                contents = ATTRIBUTES if contents is None else with_attributes(contents)
            posing = poses(cls)
            built_on_locks = not issubclass(cls, type) and _is_built_on_locks(cls)
            kind = _Kind(posing or cls in self._named, self._maker(value), contents, built_on_locks)
            if kind == _NOTHING:
                kind = _NOTHING
            if not posing:
                self._kinds[cls] = kind
        return kind

    def _maker(self, value: object) -> Callable[[Any, str], object] | None:
        """Return what makes the stand-in for a real lock, a method bound to one, or a tuple with one."""
        if isinstance(value, types.BuiltinMethodType):
            return self._of_bound
        if isinstance(value, (tuple, frozenset)):
            return self._of_whole
        if type(value) is thread_locals.real_local:
            return lambda value, _: thread_locals.copied(value)
        if isinstance(value, _LOCK_TYPES):
            return self._of_lock
        if self._memory and type(value) is caches.real:
            return self._of_cache
        return self._copied_queue if type(value) is _REAL_QUEUE else None

    def _enter(self, holder: object) -> bool:
        """Say whether what *holder* holds is to be looked at; the module that it is of is one under test."""
        if isinstance(holder, ModuleType):
            if holder.__name__ in self._searched or not self._is_under_test(holder.__name__):
                return False
            self._searched.add(holder.__name__)
            self._modules.add(holder.__name__)
            self._patches.replace_in(holder, self._table)
            return True
        owner = holder if isinstance(holder, (types.FunctionType, type)) else type(holder)
        name = owner.__module__
        if name not in self._searched and self._is_under_test(name) and name in sys.modules:
            self._reached.append((sys.modules[name], name))
        return not isinstance(holder, type) or self._is_under_test(name)

    def _leads_nowhere(self, value: object) -> bool:
        """Say whether *value* is a function or a class, as most globals are, in which there is nothing to find."""
        if type(value) is types.FunctionType:
            given = value.__closure__ or value.__defaults__ or value.__kwdefaults__
            return not given and value.__module__ in self._modules
        return isinstance(value, type) and not self._is_under_test(value.__module__)

    def _stand_in(self, value: object, path: str, kind: _Kind) -> object:
        """Return what stands in for *value*, or None."""
        if kind.stand_in is not None:
            found = self._stand_ins.get(id(value))
            if found is None:
                found = kind.stand_in(value, path)
            if found is not None:
                self._stand_ins[id(value)] = found
                self._seen[id(value)] = value
                return found
        return lookup(self._table, value) if kind.by_name else None

    def _of_bound(self, method: types.BuiltinMethodType, path: str) -> object:
        owner = method.__self__
        if not isinstance(owner, _REAL_TYPES):
            return None
        return getattr(self._stand_in(owner, path.rpartition(".")[0], self._kind(owner)), method.__name__)

    def _of_whole(self, whole: Any, path: str) -> object:
        parts = [
            (part, self._stand_in(part, f"{path}[{index}]", self._kind(part)))
            for index, part in enumerate(whole)
        ]
        if all(stand_in is None for _, stand_in in parts):
            return None
        self._search_parts(whole, path)
        return _like(whole, [part if stand_in is None else stand_in for part, stand_in in parts])

    def _of_lock(self, real: Any, path: str) -> locks.Lock | locks.RLock:
        found = locks.RLock(path, real) if isinstance(real, _REAL_RLOCK) else locks.Lock(path, real)
        self.keep(found)
        return found

    def _of_cache(self, function: Any, path: str) -> object:
        found = self._stand_ins[id(function)] = caches.copied(function)  # before what the function refers to
        self._resets.append(found.begin)
        self._search(function.__wrapped__, path)
        return found

    def _search_parts(self, whole: Iterable[object], path: str) -> None:
        for index, part in enumerate(whole):
            if not isinstance(part, _REAL_TYPES):
                self._search([part], f"{path}[{index}]")

    def _copied_queue(self, real: Any, path: str) -> SimpleQueue:
        items = [real.get_nowait() for _ in range(real.qsize())]
        for item in items:
            real.put(item)
        found = SimpleQueue(path)

        def reset() -> None:
            found.items.clear()
            found.items.extend(items)
            found.waiting, found.gate.holder = 0, "nobody"

        self._resets.append(reset)
        return found

    def _replace(self, holder: object, key: Any, stand_in: object) -> None:
        if type(key) is Attribute:
            self._patches.set_attribute(holder, key.name, stand_in)
        elif isinstance(holder, (dict, list, deque)) and not (isinstance(holder, dict) and key is FACTORY):
            self._patches.set_item(cast("Any", holder), key, stand_in)
        elif isinstance(holder, set):
            self._patches.exchange(holder, key, stand_in)
        elif isinstance(holder, functools.partial):
            self._patches.set_partial(holder, key, stand_in)
        elif isinstance(holder, (tuple, frozenset)):
            return  # it has been replaced as a whole
        else:
            self._patches.set_attribute(holder, "default_factory" if key is FACTORY else key, stand_in)

    def _is_under_test(self, name: str | None) -> bool:
        """Say whether the module *name* is one under test, as all of the user's are that the program reaches."""
        found = self._users.get(name)
        if found is None:
            found = self._users[name] = name in self._modules or _is_users(name)
        return found

    def _is_users(self, cls: type) -> bool:
        """Say whether objects of *cls* are looked into: the user's classes, and the containers of locks."""
        return cls.__module__ in (*_SYNCHRONIZERS, "functools") or self._is_under_test(cls.__module__)


#: What starting a thread changes in it.
_LIFE = ("_started", "_ident", "_native_id", "_treadle_thread", "_handle", "_is_stopped", "_tstate_lock")


def _is_built_on_locks(cls: type) -> bool:
    return any(base.__module__ in _SYNCHRONIZERS for base in cls.__mro__)


def _require_nobody_waits(holder: Any, where: str) -> None:
    """Refuse a condition in which real threads wait."""
    if isinstance(holder, threading.Condition) and cast("Any", holder)._waiters:
        raise UncontrolledError(
            f"real threads wait in {where}, a condition that the program under test can reach. Start all threads that "
            "share anything with the program inside it, or end the others before the check."
        )


def _state_of(holder: Any) -> Callable[[], None]:
    """Return what puts *holder*, whose locks have been replaced, back into the state it is in now."""
    state = dict(vars(holder)) if hasattr(holder, "__dict__") else {}
    extra: tuple[str, ...] = ()
    if isinstance(holder, threading.Thread):
        extra = tuple(name for name in _LIFE if name not in state)
        state = {name: value for name, value in state.items() if name in _LIFE}
    containers = [
        (value, value.copy()) for value in state.values() if type(value) in (set, deque, list, dict)
    ]

    def reset() -> None:
        if state:
            vars(holder).update(state)
        for name in extra:
            vars(holder).pop(name, None)
        for container, contents in containers:
            container.clear()
            (container.update if isinstance(container, (set, dict)) else container.extend)(contents)

    return reset


def _like(value: Any, parts: list[object]) -> object:
    """Return a tuple or frozenset of the type of *value* with other contents."""
    return value._make(parts) if hasattr(value, "_make") else type(value)(parts)


_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_users(name: str | None) -> bool:
    """Say whether the module *name* is neither the standard library's, nor an installed package's, nor ours."""
    if not isinstance(name, str) or name.partition(".")[0] == __name__.partition(".")[0]:
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and not file.startswith(_LIBRARIES)
