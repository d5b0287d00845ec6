"""Replacing real primitives in place for the length of a check, and putting everything back.

The stand-ins ask who calls: threads that are not controlled, and the check's own code, still get the real thing.
"""

import _thread
import builtins
import itertools
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

from greenlet import GreenletExit

from treadle.sched import clock, locks, runtime, threads
from treadle.sched.refused import refusals
from treadle.sched.world import ControlledThread

_MISSING = object()


class Patches:
    """Replacements made so far, undone in the opposite order."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def set_attribute(self, owner: object, name: str, value: object) -> None:
        """Replace attribute *name* of *owner*; an inherited one is restored by deleting."""
        own = vars(owner).get(name, _MISSING) if hasattr(owner, "__dict__") else getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: delattr(owner, name) if own is _MISSING else setattr(owner, name, own))

    def set_item(self, mapping: MutableMapping[Any, Any], key: object, value: object) -> None:
        """Replace *mapping[key]*, which exists."""
        old = mapping[key]
        mapping[key] = value
        self._undo.append(lambda: mapping.__setitem__(key, old))

    def on_undo(self, action: Callable[[], None]) -> None:
        """Run *action* when the patches are undone."""
        self._undo.append(action)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()


_allocate_lock, _rlock, _simple_queue = _thread.allocate_lock, _thread.RLock, queue.SimpleQueue
_real_sleep, _real_import = time.sleep, builtins.__import__


def make_lock() -> Any:
    """Stand in for `threading.Lock` and `_thread.allocate_lock`."""
    thread = runtime.running()
    return _allocate_lock() if thread is None else _noted(thread, locks.Lock(thread.new_name("Lock")))


def make_rlock() -> Any:
    """Stand in for `_thread.RLock`."""
    thread = runtime.running()
    return _rlock() if thread is None else _noted(thread, locks.RLock(thread.new_name("RLock")))


def _noted(thread: ControlledThread, lock: locks.Lock | locks.RLock) -> locks.Lock | locks.RLock:
    thread.world.locks.append(lock)
    return lock


def _make_simple_queue() -> Any:
    return _simple_queue() if runtime.running() is None else cast("Any", queue)._PySimpleQueue()


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
    runtime.current = None
    try:
        return _real_import(name, *args, **kwargs)
    finally:
        runtime.current = thread


def _quiet(hook: Callable[[Any], object]) -> Callable[[Any], None]:
    """Stand in for `sys.unraisablehook`: a finalizer that is cut off with its execution is no news."""

    def report(unraisable: Any) -> None:
        if unraisable.exc_type is not GreenletExit:
            hook(unraisable)

    return report


def stand_ins() -> dict[Any, Any]:
    """Return what stands in for each real function, by the function itself."""
    return {
        _allocate_lock: make_lock,
        threading.Lock: make_lock,
        _rlock: make_rlock,
        _thread.get_ident: threads.get_ident,
        _thread.start_new_thread: threads.start_new_thread,
        _simple_queue: _make_simple_queue,
        _real_sleep: _sleep,
        time.monotonic: clock.stand_in_for(time.monotonic),
        time.perf_counter: clock.stand_in_for(time.perf_counter),
        time.time: clock.stand_in_for(time.time, clock.EPOCH),
        time.monotonic_ns: clock.stand_in_for_ns(time.monotonic_ns),
        time.perf_counter_ns: clock.stand_in_for_ns(time.perf_counter_ns),
        time.time_ns: clock.stand_in_for_ns(time.time_ns, clock.EPOCH),
    }


#: The standard library's modules whose globals hold the primitives under whatever name.
_STANDARD = (_thread, threading, queue, time)


@contextmanager
def patched(modules: list[ModuleType]) -> Iterator[Patches]:
    """Replace the primitives in the standard library and in *modules* until the block is left, however it is left."""
    patches = Patches()
    table = stand_ins()
    try:
        for module in {*_STANDARD, *modules}:
            for name, value in list(vars(module).items()):
                stand_in = _lookup(table, value)
                if stand_in is not None:
                    patches.set_item(vars(module), name, stand_in)
        for name in ("start", "join", "is_alive"):
            patches.set_attribute(threading.Thread, name, getattr(threads, name))
        patches.set_attribute(builtins, "__import__", _import)
        patches.set_attribute(sys, "unraisablehook", _quiet(sys.unraisablehook))
        for owner, name, refusal in refusals():
            patches.set_attribute(owner, name, refusal)
        for name in ("_counter", "excepthook"):
            patches.set_item(vars(threading), name, vars(threading)[name])
        threads.hook_at_start = threading.excepthook
        yield patches
    finally:
        patches.undo()


def _lookup(table: dict[Any, Any], value: object) -> Any:
    try:
        return table.get(value)
    except TypeError:  # unhashable, so it is none of the functions
        return None


def fresh_threading() -> None:
    """Begin as in a new process: threads are named from 1 on, and their exceptions go to the hook of the start."""
    threading.excepthook = threads.hook_at_start
    cast("Any", threading)._counter = itertools.count(1).__next__
