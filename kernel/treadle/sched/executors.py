"""`concurrent.futures` under control: what its modules keep between executions, and the order of futures.

Its locks and queues are the simulated ones, and nothing else needs a stand-in. But sets of futures and of threads
are ordered by address, which differs between executions: those that the program makes are ordered by who made them,
and as which.
"""

import concurrent.futures.thread  # now, and not when a program first asks for it: it makes locks
import itertools
import logging
import threading
import weakref
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, _base
from typing import Any, cast

from treadle.sched import runtime
from treadle.sched.clock import PrivateTime

_thread_module: Any = concurrent.futures.thread
_ADDRESS = "_treadle_address"


def address(thing: Any) -> int:
    """Stand in for `id`, and for the default hash, of futures and threads."""
    try:
        return cast("int", vars(thing)[_ADDRESS])
    except (KeyError, TypeError):
        return id(thing)


def note_address(thing: Any) -> None:
    """Give *thing*, which the running thread makes, an address that depends on the program only."""
    thread = runtime.running()
    if thread is not None:
        number = thread.counts["address"] = thread.counts.get("address", 0) + 1
        vars(thing)[_ADDRESS] = (zlib.crc32(thread.path.encode()) << 20) + number


def _hash(thing: Any) -> int:
    return address(thing) if _ADDRESS in vars(thing) else object.__hash__(thing)


def _making(real: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it stands in for one
        note_address(self)
        real(self, *args, **kwargs)

    return __init__


class _QuietLogger:
    """Stands in for the logger of the modules: a worker that is cut off with its execution is no news."""

    def __init__(self, real: logging.Logger) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        thread = runtime.running()
        return _ignore if thread is not None and thread.world.over else getattr(self._real, name)


def _ignore(*_: object, **__: object) -> None:
    """Do nothing."""


def stand_ins() -> Iterator[tuple[object, str, object]]:
    """Give (owner, name, stand-in) for what has to be replaced beside locks, queues and threads."""
    for cls in (Future, threading.Thread):
        yield cls, "__init__", _making(cls.__init__)
        yield cls, "__hash__", _hash
    yield _base, "id", address
    yield _base, "time", PrivateTime()
    yield _base, "LOGGER", _QuietLogger(_base.LOGGER)
    yield _thread_module, "_threads_queues", weakref.WeakKeyDictionary()
    yield _thread_module, "_shutdown", _thread_module._shutdown  # so that it is put back
    yield _thread_module.ThreadPoolExecutor, "_counter", None
    yield threading, "_threading_atexits", None


def reset() -> None:
    """Begin as in a new process, in which no executor has been made."""
    if _thread_module._threads_queues:
        _thread_module._threads_queues = weakref.WeakKeyDictionary()
    _thread_module._shutdown = False
    _thread_module.ThreadPoolExecutor._counter = itertools.count().__next__
    cast("Any", threading)._threading_atexits = []


def leave() -> None:
    """Do what Python does when the main thread has ended, before it waits for the others."""
    registered = cast("Any", threading)._threading_atexits
    while registered:
        registered.pop()()
    if _thread_module._threads_queues:
        _thread_module._python_exit()
