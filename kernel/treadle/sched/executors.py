"""`concurrent.futures` under control: what its modules keep between executions, and the order of futures.

Its locks and queues are the simulated ones, and nothing else needs a stand-in. But sets of futures and of threads
are ordered by address, which differs between executions: those that the program makes are ordered by who made them,
and as which.
"""

import concurrent.futures.thread  # now, and not when a program first asks for it: it makes locks
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, _base
from typing import Any, cast

from treadle.sched import runtime
from treadle.sched.clock import PrivateTime

_thread_module: Any = concurrent.futures.thread
_threading: Any = threading
_ADDRESS = "_treadle_address"


def address(thing: Any) -> int:
    """Stand in for `id`, and for the default hash, of futures and threads."""
    try:
        return cast("int", vars(thing)[_ADDRESS])
    except (KeyError, TypeError):
        return id(thing)


def _hash(thing: Any) -> int:
    noted: int | None = vars(thing).get(_ADDRESS)
    return object.__hash__(thing) if noted is None else noted


def _note_address(thing: Any) -> bool:
    """Give *thing* an address that depends on the program only, if a thread of the program makes it; say whether."""
    maker = runtime.running()
    if maker is None:
        return False
    number = maker.counts["address"] = maker.counts.get("address", 0) + 1
    thing.__dict__[_ADDRESS] = (maker.digest << 20) + number
    return True


def _making(real: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it stands in for one
        _note_address(self)
        real(self, *args, **kwargs)

    return __init__


class _Dangling:
    """Stands in for the set in which each new thread is noted; the program's, which never fork, get their address."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __iter__(self) -> Iterator[threading.Thread]:
        return iter(self._real)

    def add(self, thread: threading.Thread) -> None:
        """Note *thread*, which is being made."""
        if not _note_address(thread):
            self._real.add(thread)


class _QuietLogger:
    """Stands in for the logger of the modules: a worker that is cut off with its execution is no news."""

    def __init__(self, real: logging.Logger) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        thread = runtime.running()
        return _ignore if thread is not None and thread.world.over else getattr(self._real, name)


def _ignore(*_: object, **__: object) -> None:
    """Do nothing."""


class _Numbers:
    """Numbers executors: to set an attribute of their class for each execution would take longer."""

    _next = 0

    def reset(self) -> None:
        """Begin with 0."""
        self._next = 0

    def __call__(self) -> int:
        self._next += 1
        return self._next - 1


_numbers = _Numbers()


def stand_ins() -> Iterator[tuple[object, str, object]]:
    """Give (owner, name, stand-in) for what has to be replaced beside locks, queues and threads."""
    yield Future, "__init__", _making(Future.__init__)
    yield Future, "__hash__", _hash
    yield threading.Thread, "__hash__", _hash
    yield threading, "_dangling", _Dangling(_threading._dangling)
    yield _base, "id", address
    yield _base, "time", PrivateTime()
    yield _base, "LOGGER", _QuietLogger(_base.LOGGER)
    yield _thread_module, "_threads_queues", weakref.WeakKeyDictionary()
    yield _thread_module, "_shutdown", _thread_module._shutdown  # so that it is put back
    yield _thread_module.ThreadPoolExecutor, "_counter", _numbers
    yield threading, "_threading_atexits", None


def reset() -> None:
    """Begin as in a new process, in which no executor has been made."""
    if _thread_module._threads_queues.data:
        _thread_module._threads_queues = weakref.WeakKeyDictionary()
    _thread_module._shutdown = False
    _numbers.reset()
    _threading._threading_atexits = []


def leave() -> None:
    """Do what Python does when the main thread has ended, before it waits for the others."""
    registered = _threading._threading_atexits
    while registered:
        registered.pop()()
    if _thread_module._threads_queues.data:
        _thread_module._python_exit()
