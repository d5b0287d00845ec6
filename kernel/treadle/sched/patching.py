"""Replacing real primitives in place for the length of a check, and putting everything back.

The stand-ins ask who calls: threads that are not controlled, and the check's own code, still get the real thing.
"""

import _thread
import builtins
import functools
import itertools
import queue
import sys
import threading
import time
import types
from _thread import get_ident
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, cast

from greenlet import GreenletExit

from treadle.sched import clock, executors, locks, looks, randomness, runtime, thread_locals, threads
from treadle.sched.errors import UncontrolledError
from treadle.sched.refused import refusals
from treadle.sched.simple_queue import SimpleQueue

_MISSING = object()

_threading: Any = threading


class Patches:
    """Replacements made so far, undone in the opposite order."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def set_attribute(self, owner: object, name: str, value: object) -> None:
        """Replace attribute *name* of *owner*; an inherited one is restored by deleting."""
        own = vars(owner).get(name, _MISSING) if hasattr(owner, "__dict__") else getattr(owner, name)
        if own is _MISSING and hasattr(getattr(type(owner), name, None), "__set__"):
            own = getattr(owner, name)  # a slot, or a function's defaults
        setattr(owner, name, value)
        self._undo.append(lambda: delattr(owner, name) if own is _MISSING else setattr(owner, name, own))

    def set_item(self, mapping: MutableMapping[Any, Any], key: object, value: object) -> None:
        """Replace *mapping[key]*, which exists."""
        old = mapping[key]
        mapping[key] = value
        self._undo.append(lambda: mapping.__setitem__(key, old))

    def replace_in(self, module: ModuleType, table: dict[Any, Any]) -> None:
        """Replace the globals of *module* that *table* has a stand-in for."""
        for name, value in list(vars(module).items()):
            stand_in = lookup(table, value)
            if stand_in is not None:
                self.set_item(vars(module), name, stand_in)

    def exchange(self, elements: set[Any], old: object, new: object) -> None:
        """Replace an element of a set."""
        elements.remove(old)
        elements.add(new)
        self._undo += [functools.partial(elements.add, old), functools.partial(elements.discard, new)]

    def set_partial(self, holder: functools.partial[Any], part: int, value: object) -> None:
        """Replace the function, the arguments or the keywords of a partial."""
        old = cast("Any", holder).__reduce__()[2]
        cast("Any", holder).__setstate__((*old[:part], value, *old[part + 1 :]))
        self._undo.append(lambda: cast("Any", holder).__setstate__(old))

    def add(self, undo: Callable[[], None]) -> None:
        """Call *undo* when everything is put back, before what was replaced so far is."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()


_allocate_lock, _rlock, _simple_queue = _thread.allocate_lock, _thread.RLock, queue.SimpleQueue
_real_sleep, _real_import = time.sleep, builtins.__import__


def make_lock() -> Any:
    """Stand in for `threading.Lock` and `_thread.allocate_lock`."""
    thread = runtime.current
    if thread is None or get_ident() != runtime.owner:
        return _allocate_lock()
    return locks.Lock(thread.new_name("Lock"))


def _allocate_for_threading() -> Any:
    """Stand in for `threading._allocate_lock`."""
    thread = runtime.running()
    if thread is None or thread.world.faults is not None or sys._getframe(1).f_code is not _WAIT:
        return make_lock()
    return locks.Waiter(thread.new_name("Lock"))


_WAIT = threading.Condition.wait.__code__


def make_rlock() -> Any:
    """Stand in for `_thread.RLock`."""
    thread = runtime.running()
    return _rlock() if thread is None else locks.RLock(thread.new_name("RLock"))


def _make_simple_queue() -> Any:
    thread = runtime.running()
    return _simple_queue() if thread is None else SimpleQueue(thread.new_name("SimpleQueue"))


class _StandIn(type):
    """The class of stand-ins for classes: calling one makes what the caller may have; its kinds are told as ever."""

    kinds: tuple[Any, ...]
    make: Callable[..., Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.kinds)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.make(*args, **kwargs)


class _LockClass(_StandIn):
    """The class of what stands in for the class of locks, many of which are made: nothing stands between."""

    __call__ = staticmethod(make_lock)


def class_stand_in(name: str, make: Callable[..., Any], *kinds: Any, kind: type[_StandIn] = _StandIn) -> Any:
    """Return a class that, when it is called, returns what *make* makes, and whose instances are those of *kinds*."""
    return kind(
        name,
        (),
        {
            "make": staticmethod(make),
            "kinds": kinds,
            "__module__": __name__,
            "__init_subclass__": classmethod(cast("Any", _refuse_subclass)),
            "__class_getitem__": classmethod(types.GenericAlias),
        },
    )


def _refuse_subclass(cls: type, /, **_: object) -> None:
    raise UncontrolledError(
        f"{cls.__qualname__} is made of a primitive that is stood in for during a check. Keep one in an attribute, or "
        "define the class outside the program."
    )


_LockStandIn = class_stand_in("lock", make_lock, _thread.LockType, locks.Lock, kind=_LockClass)
_RLockStandIn = class_stand_in("RLock", make_rlock, _rlock, locks.RLock)
_SimpleQueueStandIn = class_stand_in("SimpleQueue", _make_simple_queue, _simple_queue, SimpleQueue)


def _sleep(seconds: float, /) -> None:
    thread = runtime.running()
    if thread is None:
        _real_sleep(seconds)
    else:
        clock.sleep(thread, seconds)


def _import(name: str, *args: Any, **kwargs: Any) -> Any:
    """Stand in for `__import__`: what a module makes while it is first imported outlives the execution, so is real."""
    thread = runtime.running()
    if thread is None or name in sys.modules:
        return _real_import(name, *args, **kwargs)
    before = set(sys.modules)
    runtime.current = None
    try:
        imported = _real_import(name, *args, **kwargs)
        if on_import is not None:
            for new in sys.modules.keys() - before:
                on_import(sys.modules[new])
    finally:
        runtime.current = thread
    return imported


#: Called with each module that a program is the first to import.
on_import: Callable[[ModuleType], None] | None = None


def _quiet(hook: Callable[[Any], object]) -> Callable[[Any], None]:
    """Stand in for `sys.unraisablehook`: a finalizer that is cut off with its execution is no news."""

    def report(unraisable: Any) -> None:
        if unraisable.exc_type is not GreenletExit:
            hook(unraisable)

    return report


@functools.cache  # made before anything is patched, when the names still mean the real functions
def stand_ins() -> dict[Any, Any]:
    """Return what stands in for each real function, by the function itself."""
    return {
        threading.Lock: _LockStandIn,
        _allocate_lock: _LockStandIn,
        _thread.LockType: _LockStandIn,
        _rlock: _RLockStandIn,
        _thread.get_ident: threads.get_ident,
        _thread.start_new_thread: threads.start_new_thread,
        _simple_queue: _SimpleQueueStandIn,
        threading.active_count: threads.active_count,
        threading.enumerate: threads.enumerate_threads,
        _real_sleep: _sleep,
        thread_locals.real_local: thread_locals.Local,
        _thread.get_native_id: threads.get_native_id,
        _thread.stack_size: threads.stack_size,
        time.monotonic: clock.stand_in_for(time.monotonic),
        time.perf_counter: clock.stand_in_for(time.perf_counter),
        time.time: clock.stand_in_for(time.time, clock.EPOCH),
        time.monotonic_ns: clock.stand_in_for_ns(time.monotonic_ns),
        time.perf_counter_ns: clock.stand_in_for_ns(time.perf_counter_ns),
        time.time_ns: clock.stand_in_for_ns(time.time_ns, clock.EPOCH),
        **dict(randomness.stand_ins()),
    }


#: The standard library's modules whose globals hold the primitives, or locks, under whatever name.
_STANDARD = (
    *(
        "_thread",
        "threading",
        "queue",
        "time",
        "random",
        "functools",
        "reprlib",
        "_threading_local",
        "logging",
    ),
    *("concurrent.futures.thread", "sched", "_strptime", "tempfile", "sysconfig"),
)


def _warm_up() -> None:
    """Let the standard library make what it makes once in a process under a lock, which would be steps of but one execution."""
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._get_candidate_names()
        with suppress(FileNotFoundError):  # there is no place for such files, as its user will be told
            tempfile.gettempdir()


def standard() -> list[ModuleType]:
    """Return those modules, as far as they have been imported."""
    return [sys.modules[name] for name in _STANDARD if name in sys.modules]


@contextmanager
def patched(modules: list[ModuleType]) -> Iterator[Patches]:
    """Replace the primitives in the standard library and in *modules* until the block is left, however it is left."""
    patches = Patches()
    table = stand_ins()
    _warm_up()
    try:
        for module in {*standard(), *modules}:
            patches.replace_in(module, table)
        patches.set_item(vars(threading), "_allocate_lock", _allocate_for_threading)
        patches.set_item(vars(threading), "_time", clock.PrivateTime().monotonic)
        patches.set_item(vars(queue), "time", clock.PrivateTime().monotonic)
        if "_thread_local_info" in vars(
            threading
        ):  # what ends the objects of threads that have none of their own
            patches.set_item(vars(threading), "_thread_local_info", thread_locals.Local())
        for name in ("start", "join", "is_alive"):
            patches.set_attribute(threading.Thread, name, getattr(threads, name))
        for owner, name, stand_in in (*executors.stand_ins(), *looks.stand_ins(), *thread_locals.hooks()):
            patches.set_attribute(owner, name, stand_in)
        patches.add(thread_locals.reset)
        patches.set_attribute(builtins, "__import__", _import)
        patches.set_attribute(sys, "unraisablehook", _quiet(sys.unraisablehook))
        for place, name, refusal in refusals():
            patches.set_attribute(place, name, refusal)
        for name in ("_counter", "excepthook", "_trace_hook", "_profile_hook"):
            patches.set_item(vars(threading), name, vars(threading)[name])
        threads.hook_at_start = threading.excepthook
        yield patches
    finally:
        patches.undo()


def lookup(table: dict[Any, Any], value: object) -> Any:
    try:
        return table.get(value)
    except TypeError:  # unhashable, so it is none of the functions
        return None


def fresh() -> None:
    """Begin as in a new process: threads are named from 1 on, and what leaves them is a failure."""
    threading.excepthook = threads.report
    _threading._counter = itertools.count(1).__next__
    executors.reset()
    thread_locals.reset()
