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
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, cast

from treadle.sched import locks, thread_locals
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

StandIn = locks.Lock | locks.RLock | SimpleQueue


class Adopted:
    """The stand-ins for locks that exist already."""

    def __init__(self, patches: Patches, modules: list[ModuleType], *, memory: bool = False) -> None:
        self._patches = patches
        self._memory = memory  #: functions' caches are seen
        self._table = stand_ins()
        self._modules = {module.__name__ for module in modules}
        self._stand_ins: dict[int, object] = {}
        self._resets: list[Callable[[], None]] = []
        self._built_on_locks: dict[type, bool] = {}
        self._synchronizers: list[object] = []  #: found, and not yet noted how they are
        self._seen: dict[int, object] = {  # the stand-ins refer to the real functions, and go on doing so
            id(stand_in): stand_in for stand_in in self._table.values()
        }
        for module in modules:
            if module not in standard():
                self._search(vars(module), module.__name__)
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
                stand_in = self._stand_in(value, f"{where}.{name}")
                cast("locks.Lock", stand_in).quiet = True
                self._patches.set_item(namespace, name, stand_in)

    def add_module(self, module: ModuleType) -> None:
        """Replace the primitives and locks of *module*, which the program has just imported for the first time."""
        table = {id(stand_in): real for real, stand_in in reversed(self._table.items())}
        for name, value in list(vars(module).items()):
            if id(value) in table:
                setattr(module, name, table[id(value)])  # what it is going to have after the check
        if _is_users(module.__name__):
            self._patches.replace_in(module, self._table)
            self._modules.add(module.__name__)
            self._search(vars(module), module.__name__)

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
        todo: list[tuple[object, str]] = [(root, where)]
        while todo:
            holder, where = todo.pop()
            if id(holder) in self._seen:
                continue
            self._seen[id(holder)] = holder
            cls = type(holder)
            if cls not in self._built_on_locks:
                self._built_on_locks[cls] = not issubclass(cls, type) and _is_built_on_locks(cls)
            if self._built_on_locks[cls]:
                _require_nobody_waits(holder, where)
                self._synchronizers.append(holder)
            for key, value, path in self._contents(holder, where):
                stand_in = self._stand_in(value, path)
                if stand_in is not None:
                    self._replace(holder, key, stand_in)
                elif not self._leads_nowhere(value):
                    todo.append((value, path))

    def _leads_nowhere(self, value: object) -> bool:
        """Say whether *value* is a function or a class, as most globals are, that `_contents` has nothing to say of."""
        if type(value) is types.FunctionType:
            given = value.__closure__ or value.__defaults__ or value.__kwdefaults__
            return not given and value.__module__ in self._modules
        return type(value) is type and value.__module__ not in self._modules

    def _stand_in(self, value: object, path: str) -> object:
        """Return what stands in for *value* if it is a real lock, a method bound to one, or a tuple with one."""
        if type(value) is types.FunctionType:
            return self._table.get(value)
        if isinstance(value, types.BuiltinMethodType) and isinstance(value.__self__, _REAL_TYPES):
            return getattr(self._stand_in(value.__self__, path.rpartition(".")[0]), value.__name__)
        found = self._stand_ins.get(id(value))
        if found is None and isinstance(value, (tuple, frozenset)):
            parts = [(part, self._stand_in(part, f"{path}[{index}]")) for index, part in enumerate(value)]
            if any(stand_in is not None for _, stand_in in parts):
                found = _like(value, [part if stand_in is None else stand_in for part, stand_in in parts])
                self._search_parts(value, path)
        elif found is None and type(value) is thread_locals.real_local:
            found = thread_locals.copied(value)
        elif found is None and isinstance(value, _LOCK_TYPES):
            found = locks.RLock(path, value) if isinstance(value, _REAL_RLOCK) else locks.Lock(path, value)
            self.keep(found)
        elif found is None and type(value) is _REAL_QUEUE:
            found = self._copied_queue(cast("Any", value), path)
        elif found is None and self._memory and type(value) is caches.real:
            found = caches.copied(value)
            self._resets.append(found.begin)
            self._search(cast("Any", value).__wrapped__, path)
        elif found is None:
            return lookup(self._table, value)
        if found is not None:
            self._stand_ins[id(value)] = found
            self._seen[id(value)] = value
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
        if isinstance(holder, (dict, list, deque)) and not (isinstance(holder, dict) and key is _FACTORY):
            self._patches.set_item(cast("Any", holder), key, stand_in)
        elif isinstance(holder, set):
            self._patches.exchange(holder, key, stand_in)
        elif isinstance(holder, functools.partial):
            self._patches.set_partial(holder, key, stand_in)
        elif isinstance(holder, (tuple, frozenset)):
            return  # it has been replaced as a whole
        else:
            self._patches.set_attribute(holder, "default_factory" if key is _FACTORY else key, stand_in)

    def _contents(self, holder: object, where: str) -> Iterator[tuple[Any, object, str]]:
        """Yield (key, value, path) for whatever *holder* holds and the program may reach through it."""
        match holder:
            case dict():
                if isinstance(holder, defaultdict):
                    yield _FACTORY, holder.default_factory, f"{where}'s factory"
                for key, value in list(holder.items()):
                    if type(value) not in _EMPTY:
                        yield key, value, f"{where}.{key}" if isinstance(key, str) else f"{where}[{key!r}]"
            case set():
                for element in list(holder):
                    yield element, element, f"an element of {where}"
            case list() | tuple() | deque() | frozenset():
                for index, value in enumerate(cast("Iterable[object]", list(holder))):
                    yield index, value, f"{where}[{index}]"
            case types.FunctionType():
                self._adopt_module(holder.__module__)
                yield from self._of_function(holder, where)
            case types.MethodType():
                yield "__self__", holder.__self__, f"{where}.self"
                yield "__func__", holder.__func__, where
            case functools.partial():
                yield 0, holder.func, where
                yield 1, holder.args, f"{where}.args"
                yield 2, holder.keywords, f"{where}.keywords"
            case types.CellType():
                try:
                    yield "cell_contents", holder.cell_contents, where
                except ValueError:  # an empty cell
                    return
            case type():
                if holder.__module__ in self._modules:
                    for name, value in list(vars(holder).items()):
                        yield name, value, f"{holder.__qualname__}.{name}"
            case ModuleType():
                return
            case _ if self._is_users(type(holder)):
                yield from _of_object(holder, where)

    def _of_function(self, function: types.FunctionType, where: str) -> Iterator[tuple[Any, object, str]]:
        names = function.__code__.co_freevars
        for name, cell in zip(names, function.__closure__ or (), strict=True):
            yield name, cell, name
        if function.__defaults__:
            yield "__defaults__", function.__defaults__, f"{where}'s defaults"
        if function.__kwdefaults__:
            yield "__kwdefaults__", function.__kwdefaults__, f"{where}'s defaults"

    def _adopt_module(self, name: str | None) -> None:
        """Treat a module of the user's that the program reaches as a module under test."""
        if name is None or name in self._modules or not _is_users(name):
            return
        self._modules.add(name)
        self._patches.replace_in(sys.modules[name], self._table)

    def _is_users(self, cls: type) -> bool:
        """Say whether objects of *cls* are looked into: the user's classes, and the containers of locks."""
        name = cls.__module__
        return name in self._modules or name in (*_SYNCHRONIZERS, "functools") or _is_users(name)


#: Types whose objects hold nothing.
_EMPTY = frozenset((str, int, float, complex, bool, bytes, type(None)))

#: What stands for the factory of a dict among its keys.
_FACTORY = object()

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


def _of_object(holder: object, where: str) -> Iterator[tuple[Any, object, str]]:
    if hasattr(holder, "__dict__"):
        for name, value in list(vars(holder).items()):
            yield name, value, f"{where}.{name}"
    for cls in type(holder).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(holder, name):
                yield name, getattr(holder, name), f"{where}.{name}"
