"""Methods of the standard library that look at shared state without a lock: each look is a read of what it looks at.

What they look at only changes while the object's own lock is held, so that a read of the lock comes before or after
each change.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import READ
from treadle.sched.locks import Lock, RLock
from treadle.sched.operation import Operation


def _look(condition: Any) -> None:
    thread = runtime.running()
    lock = condition._lock
    if thread is not None and isinstance(lock, (Lock, RLock)) and not thread.world.over:
        thread.announce(Operation("look at", lock, READ))


def _looking(real: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def look(self: Any) -> Any:
        _look(self._cond)
        return real(self)

    look.__name__ = getattr(real, "__name__", "look")
    return look


def stand_ins() -> Iterator[tuple[type, str, Any]]:
    """Give (class, name, stand-in)."""
    yield threading.Event, "is_set", _looking(threading.Event.is_set)
    for name in ("broken", "n_waiting"):
        getter: Any = vars(threading.Barrier)[name].fget
        yield threading.Barrier, name, property(_looking(getter))
