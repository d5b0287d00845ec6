"""The simulated primitives of `_thread`: Lock and RLock.

They look like the real ones to `threading`, `queue` and every other user, and block only in the scheduler. Used
outside a controlled thread they never block: there is nobody who could release them.
"""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, cast

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.operation import Operation

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread

#: The longest timeout the real primitives accept, in seconds.
TIMEOUT_MAX = 9_223_372_036.0


class _Acquire(Operation):
    """Acquire, waiting for ever."""

    __slots__ = ()
    blocking = True

    def enabled(self, thread: "ControlledThread") -> bool:
        return cast("Lock | RLock", self.target).holder is None


class _TryAcquire(Operation):
    """Acquire if the lock is free; a failure only reads the lock."""

    __slots__ = ("failing",)

    def __init__(self, lock: "Lock | RLock", kind: str = "try to acquire") -> None:
        super().__init__(kind, lock, WRITE)
        self.failing: Accesses = ((lock, READ),)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return self.fixed if cast("Lock | RLock", self.target).holder is None else self.failing

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        return self.fixed, self.failing


class _TimedAcquire(_TryAcquire):
    """Acquire, giving up at the thread's deadline.

    Executed while the lock is held it gives up; not being scheduled while the lock is held is to go on waiting.
    """

    __slots__ = ()
    timed = True

    def accesses(self, thread: "ControlledThread") -> Accesses:
        if cast("Lock | RLock", self.target).holder is None:
            return self.fixed + thread.world.expiry(thread)
        return self.failing + thread.world.expiry(thread)

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        expiry = thread.world.expiry(thread)
        return self.fixed + expiry, self.failing + expiry

    def enabled(self, thread: "ControlledThread") -> bool:
        return cast("Lock | RLock", self.target).holder is None or thread.world.may_expire()

    def deadline(self, thread: "ControlledThread") -> float | None:
        return None if cast("Lock | RLock", self.target).holder is None else thread.deadline


class _Release(Operation):
    """Release the lock; a failure, because nobody holds it, only reads it."""

    __slots__ = ("failing",)
    enabling = True

    def __init__(self, lock: "Lock | RLock") -> None:
        super().__init__("release", lock, WRITE)
        self.failing: Accesses = ((lock, READ),)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return self.failing if cast("Lock | RLock", self.target).holder is None else self.fixed

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        return self.failing, self.fixed


class _Lockable:
    """What Lock and RLock share: a holder, and the operations on it."""

    __slots__ = ("__weakref__", "acquiring", "holder", "looking", "name", "releasing", "timed", "trying")

    def __init__(self, name: str) -> None:
        self.name = name
        #: The thread that acquired it; a name where no controlled thread did; None when free.
        self.holder: ControlledThread | str | None = None
        this = cast("Lock | RLock", self)
        self.acquiring = _Acquire("acquire", this, WRITE)
        self.trying = _TryAcquire(this)
        self.timed = _TimedAcquire(this, "acquire with timeout")
        self.releasing = _Release(this)
        self.looking = Operation("look at", this, READ)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire the lock and say whether that succeeded."""
        raise NotImplementedError

    def release(self) -> None:
        """Release the lock."""
        raise NotImplementedError

    def locked(self) -> bool:
        thread = runtime.current
        if thread is not None:
            thread.announce(self.looking)
        return self.holder is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _obtain(self, thread: "ControlledThread", blocking: bool, timeout: float) -> bool:
        """Acquire for *thread*, which does not hold it, and say whether that succeeded."""
        if timeout == -1:
            thread.announce(self.acquiring if blocking else self.trying)
        else:
            _require_timeout(blocking, timeout)
            thread.world.start_timer(thread, timeout)
            thread.announce(self.timed)
            if self.holder is not None:
                thread.world.expire(thread)
        if self.holder is not None and not thread.world.over:
            return False
        self.holder = thread
        return True

    def _obtain_uncontrolled(self, blocking: bool) -> bool:
        if self.holder is None:
            self.holder = "code outside the execution"
            return True
        if blocking:
            raise RuntimeError(
                f"{self.name} belongs to an execution that is over; acquiring it would block for ever"
            )
        return False

    def dispose(self) -> None:
        """Let go of the operations, which refer to the lock."""
        del self.acquiring, self.trying, self.timed, self.releasing, self.looking

    def _at_fork_reinit(self) -> None:
        self.holder = None

    def __repr__(self) -> str:
        state = "unlocked" if self.holder is None else "locked"
        return f"<{state} simulated {self.name}>"


class Lock(_Lockable):
    """Stands in for `_thread.lock`."""

    __slots__ = ()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        thread = runtime.current
        if thread is None:
            return self._obtain_uncontrolled(blocking)
        return self._obtain(thread, blocking, timeout)

    def release(self) -> None:
        thread = runtime.current
        if thread is not None:
            thread.announce(self.releasing)
            if thread.world.over:
                self.holder = None
                return
        if self.holder is None:
            raise RuntimeError("release unlocked lock")
        self.holder = None

    acquire_lock = acquire
    release_lock = release
    locked_lock = _Lockable.locked


class RLock(_Lockable):
    """Stands in for `_thread.RLock`; only its outermost acquisition and release are operations."""

    __slots__ = ("count",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        thread = runtime.current
        if thread is None:
            if self.holder is not None and self.holder == "code outside the execution":
                self.count += 1
                return True
            acquired = self._obtain_uncontrolled(blocking)
        elif self.holder is thread:
            if timeout != -1:
                _require_timeout(blocking, timeout)
            self.count += 1
            return True
        else:
            acquired = self._obtain(thread, blocking, timeout)
        if acquired:
            self.count = 1
        return acquired

    def release(self) -> None:
        thread = runtime.current
        if thread is not None and self.holder is not thread:
            if thread.world.over:
                return
            raise RuntimeError("cannot release un-acquired lock")
        if thread is None and self.holder is None:
            raise RuntimeError("cannot release un-acquired lock")
        if self.count > 1:
            self.count -= 1
            return
        if thread is not None:
            thread.announce(self.releasing)
        self.count = 0
        self.holder = None

    # What threading.Condition asks of its lock.

    def _is_owned(self) -> bool:
        return self.holder is runtime.current

    def _recursion_count(self) -> int:
        return self.count if self._is_owned() else 0

    def _release_save(self) -> int:
        count, self.count = self.count, 1
        self.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        self.acquire()
        self.count = count

    def _at_fork_reinit(self) -> None:
        self.holder = None
        self.count = 0


def _require_timeout(blocking: bool, timeout: float) -> None:
    """Refuse what the real primitives refuse, with their words."""
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    if not timeout <= TIMEOUT_MAX:
        raise OverflowError(
            "timeout value is too large" if timeout < sys.float_info.max else "timestamp out of range"
        )
