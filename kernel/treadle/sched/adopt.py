"""Locks that were made before the check began, found and replaced for its length.

A program under test seldom makes all its locks itself: some are module globals, some were made when an object in
a closure was. They are looked for in the modules under test and in everything the program can reach through
closures, default arguments, bound objects, containers and objects of the user's own classes.
"""

import _thread
import functools
import queue
import sys
import sysconfig
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, cast

from treadle.sched import locks
from treadle.sched.errors import UncontrolledError
from treadle.sched.patching import STANDARD, Patches, lookup, stand_ins

# Taken before anything is patched.
_REAL_RLOCK = _thread.RLock
_LOCK_TYPES = (_thread.LockType, _REAL_RLOCK)
_OUTSIDE = "code outside the execution"


class Adopted:
    """The stand-ins for locks that exist already."""

    def __init__(self, patches: Patches, modules: list[ModuleType]) -> None:
        self._patches = patches
        self._table = stand_ins()
        self._modules = {module.__name__ for module in modules}
        self._stand_ins: dict[int, locks.Lock | locks.RLock] = {}
        self._held: dict[int, bool] = {}
        self._seen: dict[int, object] = {  # the stand-ins refer to the real functions, and go on doing so
            id(stand_in): stand_in for stand_in in self._table.values()
        }
        for module in modules:
            if module not in STANDARD:
                self._search(vars(module), module.__name__)

    def search(self, program: object) -> None:
        """Replace the locks within reach of *program*."""
        self._search(program, getattr(program, "__qualname__", "program"))

    def reset(self) -> None:
        """Put every adopted lock into the state it was found in."""
        for key, lock in self._stand_ins.items():
            lock.holder = _OUTSIDE if self._held[key] else None

    def _search(self, root: object, where: str) -> None:
        todo: list[tuple[object, str]] = [(root, where)]
        while todo:
            holder, where = todo.pop()
            if id(holder) in self._seen:
                continue
            self._seen[id(holder)] = holder
            for key, value, path in self._contents(holder, where):
                stand_in = self._stand_in(value, path)
                if stand_in is not None:
                    self._replace(holder, key, stand_in, path)
                else:
                    todo.append((value, path))

    def _stand_in(self, value: object, path: str) -> object:
        """Return what stands in for *value* if it is a real lock, or a method bound to one."""
        if isinstance(value, types.BuiltinMethodType) and isinstance(value.__self__, _LOCK_TYPES):
            return getattr(self._stand_in(value.__self__, path.rpartition(".")[0]), value.__name__)
        if not isinstance(value, _LOCK_TYPES):
            return lookup(self._table, value)
        found = self._stand_ins.get(id(value))
        if found is None:
            made: locks.Lock | locks.RLock
            if isinstance(value, _REAL_RLOCK):
                made, held = locks.RLock(path), False
            else:
                made, held = locks.Lock(path), value.locked()
            found = self._stand_ins[id(value)] = made
            self._held[id(value)] = held
            self._seen[id(value)] = value
        return found

    def _replace(self, holder: object, key: Any, stand_in: object, path: str) -> None:
        if isinstance(holder, (dict, list)):
            self._patches.set_item(cast("Any", holder), key, stand_in)
        elif isinstance(holder, (tuple, set, frozenset, deque, functools.partial)):
            if not isinstance(stand_in, (locks.Lock, locks.RLock)):
                return  # a primitive itself: whether it is ever called from here is not known
            raise UncontrolledError(
                f"{path} is a lock made before the check, inside a {type(holder).__name__}, where it cannot be replaced "
                "by a controlled one. Make it inside the program, or keep it in an attribute, a list or a dict."
            )
        else:
            self._patches.set_attribute(holder, key, stand_in)

    def _contents(self, holder: object, where: str) -> Iterator[tuple[Any, object, str]]:
        """Yield (key, value, path) for whatever *holder* holds and the program may reach through it."""
        match holder:
            case dict():
                for key, value in list(holder.items()):
                    yield key, value, f"{where}.{key}" if isinstance(key, str) else f"{where}[{key!r}]"
            case list() | tuple() | deque() | set() | frozenset():
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
        yield "__defaults__", function.__defaults__ or (), f"{where}'s defaults"
        yield "__kwdefaults__", function.__kwdefaults__ or {}, f"{where}'s defaults"

    def _adopt_module(self, name: str | None) -> None:
        """Treat a module of the user's that the program reaches as a module under test."""
        if name is None or name in self._modules or not _is_users(name):
            return
        self._modules.add(name)
        self._patches.replace_in(sys.modules[name], self._table)

    def _is_users(self, cls: type) -> bool:
        """Say whether objects of *cls* are looked into: the user's classes, and the containers of locks."""
        name = cls.__module__
        return name in self._modules or name in (threading.__name__, queue.__name__) or _is_users(name)


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
