"""`logging` under control: its locks, and what it keeps between executions.

Loggers live as long as the process. A program that adds handlers or sets levels finds them in each execution as they
were before the check, and records bear the time of the thread that makes them.
"""

import logging
from collections.abc import Callable
from typing import Any, cast

from treadle.sched import locks
from treadle.sched.adopt import Adopted
from treadle.sched.clock import PrivateTime
from treadle.sched.patching import Patches

_logging: Any = logging


class _NotedRLock(locks.RLock):
    """The lock of the module, which is taken by whatever changes what a logger keeps."""

    __slots__ = ("used",)

    def __init__(self, name: str, real: Any) -> None:
        super().__init__(name, real)
        self.used = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self.used = True
        return super().acquire(blocking, timeout)

    __enter__ = acquire


class Loggers:
    """The loggers and handlers of the process, as they were before the check."""

    def __init__(self, patches: Patches, adopted: Adopted) -> None:
        self._lock = _NotedRLock("the lock of logging", _logging._lock)
        self._lock.quiet = True
        patches.set_item(vars(logging), "_lock", self._lock)
        patches.set_item(vars(logging), "time", PrivateTime())
        adopted.keep(self._lock)
        for reference in list(_logging._handlerList):
            handler = reference()
            if handler is not None:
                adopted.search_object(handler, f"a {type(handler).__name__}")
        self._known = dict(logging.root.manager.loggerDict)
        loggers = [known for known in self._known.values() if isinstance(known, logging.Logger)]
        self._kept = [_kept(logger) for logger in (logging.root, *loggers)]
        self._handlers = list(_logging._handlerList)
        self._disabled = logging.root.manager.disable

    def reset(self) -> None:
        """Put everything back that the execution before may have changed."""
        if self._lock.used:
            self.put_back()
            self._lock.used = False

    def put_back(self) -> None:
        """Put everything back."""
        known = logging.root.manager.loggerDict
        known.clear()
        known.update(cast("Any", self._known))
        for put_back in self._kept:
            put_back()
        _logging._handlerList[:] = [reference for reference in self._handlers if reference() is not None]
        logging.root.manager.disable = self._disabled


def _kept(logger: logging.Logger) -> Callable[[], None]:
    """Return what puts *logger* back into its present state."""
    state, cache = dict(vars(logger)), dict(cast("Any", logger)._cache)
    handlers, filters = list(logger.handlers), list(logger.filters)

    def put_back() -> None:
        vars(logger).update(state)
        logger.handlers[:] = handlers
        logger.filters[:] = filters
        kept = cast("Any", logger)._cache
        kept.clear()
        kept.update(cache)

    return put_back
