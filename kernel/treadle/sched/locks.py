"""The simulated primitives of `_thread`: Lock and RLock.

They look like the real ones to `threading`, `queue` and every other user, and block only in the scheduler. Used
outside a controlled thread they never block: there is nobody who could release them. A stand-in for a lock that
existed before the check passes the calls of threads that are not controlled on to the real lock, and the check is
given up: it cannot say anything about a program that shares its locks with them.
"""

import sys
import threading
from _thread import allocate_lock, get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.errors import UncontrolledError
from treadle.sched.operation import Operation
from treadle.sched.points import after_a_call

if TYPE_CHECKING:
    from treadle.sched.faults import Fault
    from treadle.sched.world import ControlledThread, World

# Taken before anything is patched.
_allocate_lock = allocate_lock

#: Where a condition asks whether it is locked.
_IS_OWNED = threading.Condition._is_owned.__code__  # type: ignore[attr-defined]


class _Acquire(Operation):
    """Acquire, waiting for ever."""

    __slots__ = ()
    target: "Lock | RLock"
    blocking = True
    passing = True

    def __init__(self, lock: "Lock | RLock", kind: str = "acquire") -> None:
        self.kind = kind
        self.target = lock
        self.fixed = ((lock, WRITE),)

    def enabled(self, thread: "ControlledThread") -> bool:
        return self.target.holder is None


class _TryAcquire(Operation):
    """Acquire if the lock is free; a failure only reads the lock."""

    __slots__ = ("failing",)
    target: "Lock | RLock"
    passing = True

    def __init__(self, lock: "Lock | RLock", kind: str = "try to acquire") -> None:
        super().__init__(kind, lock, WRITE)
        self.failing: Accesses = ((lock, READ),)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return self.fixed if self.target.holder is None else self.failing

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        return self.fixed, self.failing


class Ask(_TryAcquire):
    """Find out, as a condition does, that the thread itself holds the lock.

    That is so unless others release what they do not hold, and as long as none was seen to, this is no step.
    """

    __slots__ = ()
    heads = False


class _TimedAcquire(_TryAcquire):
    """Acquire, giving up at the thread's deadline.

    Executed while the lock is held it gives up; not being scheduled while the lock is held is to go on waiting.
    """

    __slots__ = ()
    timed = True

    def accesses(self, thread: "ControlledThread") -> Accesses:
        if self.target.holder is None:
            return self.fixed + thread.world.expiry(thread)
        return self.failing + thread.world.expiry(thread)

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        expiry = thread.world.expiry(thread)
        return self.fixed + expiry, self.failing + expiry

    def enabled(self, thread: "ControlledThread") -> bool:
        return self.target.holder is None or thread.world.may_expire()

    def deadline(self, thread: "ControlledThread") -> float | None:
        return None if self.target.holder is None else thread.deadline


class _Release(Operation):
    """Release the lock; a failure, because nobody holds it, only reads it."""

    __slots__ = ()
    kind = "release"
    target: "Lock | RLock"
    enabling = True
    passing = True

    def __init__(self, lock: "Lock | RLock") -> None:
        self.target = lock
        self.fixed = ((lock, WRITE),)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return ((self.target, READ),) if self.target.holder is None else self.fixed

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses]:
        return ((self.target, READ),), self.fixed


class _OwnRelease(_Release):
    """Release the lock that the thread itself holds: a loop that goes round by here has acquired it, which heads it."""

    __slots__ = ()
    heads = False


class _Lockable:
    """What Lock and RLock share: a holder, and the operations on it."""

    __slots__ = (
        "__weakref__",
        "holder",
        "name",
        "quiet",
        "real",
    )

    verb = "acquire"
    #: It is the program's own, whose call ends when it is acquired.
    shown = True

    def __init__(self, name: str, real: Any = None) -> None:
        self.name = name
        self.real = real  #: the lock that it stands in for, if that was made before the check
        self.quiet = False  #: other threads may use the real one meanwhile: it is the standard library's own
        #: The thread that acquired it; a name where no controlled thread did; None when free.
        self.holder: ControlledThread | str | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire the lock and say whether that succeeded."""
        raise NotImplementedError

    def release(self) -> None:
        """Release the lock."""
        raise NotImplementedError

    def locked(self) -> bool:
        if is_foreign():
            return cast("bool", self.passed_on("locked"))
        thread = runtime.current
        if thread is not None:
            thread.announce(Operation("look at", cast("Lock | RLock", self), READ))
        held = self.holder is not None
        if thread is not None:
            self._returns(thread)
        return held

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        thread = runtime.current
        if thread is None or thread.world.faults is None:
            self.release()
            return
        masked, thread.masked = thread.masked, True
        try:
            self.release()
        finally:
            thread.masked = masked
        thread.world.faults.after(thread)

    def _obtain(self, thread: "ControlledThread", blocking: bool, timeout: float) -> bool:
        """Acquire for *thread*, which does not hold it, and say whether that succeeded."""
        this = cast("Lock | RLock", self)
        if blocking and thread.world.faults is not None and not thread.world.over:
            fault = thread.world.faults.waiting(thread)
            if fault is not None and self._obtain_or_suffer(thread, fault):
                return True
        if timeout == -1:
            if blocking:
                thread.announce(_Acquire(this, self.verb))
            elif self.holder is not thread or sys._getframe(2).f_code is not _IS_OWNED:
                thread.announce(_TryAcquire(this))
            elif asking_is_a_step(thread.world):
                thread.announce(Ask(this))
        else:
            require_timeout(blocking, timeout)
            thread.world.start_timer(thread, timeout)
            thread.announce(_TimedAcquire(this, f"{self.verb} with timeout"))
            if self.holder is not None:
                thread.world.expire(thread)
        if self.holder is not None and not thread.world.over:
            return False
        self._hold(thread)
        return True

    def _obtain_or_suffer(self, thread: "ControlledThread", fault: "Fault") -> bool:
        """Acquire for *thread*, to which *fault* happens in the meantime: as it waits, or else when it has acquired."""
        faults = thread.world.faults
        assert faults is not None
        thread.announce(_TryAcquire(cast("Lock | RLock", self), f"{self.verb}, if free"))
        if self.holder is not None:
            faults.happen(fault, thread)
            return False
        self._hold(thread)
        if self.shown and after_a_call():
            faults.happen(fault, thread)
        return True

    def _hold(self, thread: "ControlledThread") -> None:
        self.holder = thread

    @staticmethod
    def _returns(thread: "ControlledThread") -> None:
        if thread.world.faults is not None:
            thread.world.faults.after(thread)

    def passed_on(self, method: str, *arguments: object) -> Any:
        """Perform a call of a thread that is not controlled, and give the check up.

        Raises:
            UncontrolledError: the lock was made by the program under test, so there is no real one.
        """
        if not self.quiet:
            runtime.intrude(self.name)
        if self.real is None:
            raise UncontrolledError(
                f"{self.name} belongs to a program under check, and only its threads may use it"
            )
        return getattr(self.real, method)(*arguments)

    def _obtain_elsewhere(self, blocking: bool, timeout: float) -> bool:
        """Acquire for code that is not under control, and say whether that succeeded."""
        if is_foreign():
            return cast("bool", self.passed_on("acquire", blocking, timeout))
        return self._obtain_uncontrolled(blocking)

    def _obtain_uncontrolled(self, blocking: bool) -> bool:
        if self.holder is None:
            self.holder = "code outside the execution"
            return True
        if blocking:
            raise RuntimeError(
                f"{self.name} belongs to an execution that is over; acquiring it would block for ever"
            )
        return False

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
        if thread is None or get_ident() != runtime.owner:
            return self._obtain_elsewhere(blocking, timeout)
        if blocking and timeout == -1 and thread.world.faults is None:
            # As mostly, so with no more calls than these.
            thread.announce(_Acquire(self))
            self.holder = thread
            return True
        acquired = self._obtain(thread, blocking, timeout)
        self._returns(thread)
        return acquired

    __enter__ = acquire

    def release(self) -> None:
        thread = runtime.current
        if thread is None or get_ident() != runtime.owner:
            self._release_elsewhere()
            return
        if self.holder is thread:
            thread.announce(_OwnRelease(self))
        else:
            self._release_of_another(thread)
        if thread.world.over:
            self.holder = None
            return
        if self.holder is None:
            raise RuntimeError("release unlocked lock")
        self.holder = None
        if thread.world.faults is not None:
            thread.world.faults.after(thread)

    def _release_of_another(self, thread: "ControlledThread") -> None:
        if not thread.world.over:
            thread.world.learn(foreign=True)
        thread.announce(_Release(self))

    def _release_elsewhere(self) -> None:
        if is_foreign():
            self.passed_on("release")
            return
        if self.holder is None:
            raise RuntimeError("release unlocked lock")
        self.holder = None

    acquire_lock = acquire
    release_lock = release
    locked_lock = _Lockable.locked


class Waiter(Lock):
    """What `threading.Condition.wait` makes: it is acquired first, before anybody else can see it, which is no operation."""

    __slots__ = ("seen",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.seen = False

    def _release_of_another(self, thread: "ControlledThread") -> None:
        thread.announce(_Release(self))  # as ever: nobody asks who holds it

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self.seen:
            self.seen = True
            self.holder = runtime.running()
            return True
        return super().acquire(blocking, timeout)


class RLock(_Lockable):
    """Stands in for `_thread.RLock`; only its outermost acquisition and release are operations."""

    __slots__ = ("count",)

    def __init__(self, name: str, real: Any = None) -> None:
        super().__init__(name, real)
        self.count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if is_foreign():
            return cast("bool", self.passed_on("acquire", blocking, timeout))
        thread = runtime.current
        if thread is None:
            if self.holder is not None and self.holder == "code outside the execution":
                self.count += 1
                return True
            acquired = self._obtain_uncontrolled(blocking)
            if acquired:
                self.count = 1
        elif self.holder is thread:
            if timeout != -1:
                require_timeout(blocking, timeout)
            self.count += 1
            acquired = True
            self._returns(thread)
        else:
            acquired = self._obtain(thread, blocking, timeout)
            self._returns(thread)
        return acquired

    __enter__ = acquire

    def _hold(self, thread: "ControlledThread") -> None:
        super()._hold(thread)
        self.count = 1

    def release(self) -> None:
        if is_foreign():
            self.passed_on("release")
            return
        thread = runtime.current
        if thread is not None and self.holder is not thread:
            if thread.world.over:
                return
            raise RuntimeError("cannot release un-acquired lock")
        if thread is None and self.holder is None:
            raise RuntimeError("cannot release un-acquired lock")
        if self.count > 1:
            self.count -= 1
            if thread is not None:
                self._returns(thread)
            return
        if thread is not None:
            thread.announce(_OwnRelease(self))
        self.count = 0
        self.holder = None
        if thread is not None:
            self._returns(thread)

    # What threading.Condition asks of its lock.

    def _is_owned(self) -> bool:
        if is_foreign():
            return cast("bool", self.passed_on("_is_owned"))
        return self.holder is runtime.current

    def _recursion_count(self) -> int:
        return self.count if self._is_owned() else 0

    def _release_save(self) -> Any:
        if is_foreign():
            return self.passed_on("_release_save")
        count, self.count = self.count, 1
        self.release()
        return count

    def _acquire_restore(self, count: Any) -> None:
        if is_foreign():
            self.passed_on("_acquire_restore", count)
            return
        self.acquire()
        self.count = count

    def _at_fork_reinit(self) -> None:
        self.holder = None
        self.count = 0


class Gate(_Lockable):
    """Lets one thread pass each time that it is opened; opening it twice is opening it once."""

    __slots__ = ()
    verb = "pass"
    shown = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.holder = "nobody"

    def pass_through(self, timeout: float | None) -> bool:
        """Wait until the gate is open, and close it; say whether that came in time."""
        thread = runtime.running()
        if thread is None:
            return self._obtain_uncontrolled(blocking=timeout is None)
        return self._obtain(thread, True, -1 if timeout is None else timeout)

    def open(self) -> None:
        """Let one thread pass."""
        thread = runtime.running()
        if thread is not None:
            thread.announce(_Release(cast("Lock", self)))
        self.holder = None


def asking_is_a_step(world: "World") -> bool:
    """Say whether it is a step of *world* that a thread asks whether it holds what it holds."""
    learned = world.learned
    return learned.foreign or learned.everything or world.faults is not None


def is_foreign() -> bool:
    """Say whether a check runs and the caller is a thread that it does not control."""
    return runtime.owner != 0 and get_ident() != runtime.owner


def require_timeout(blocking: bool, timeout: float) -> None:
    """Refuse what the real primitives refuse, as they do."""
    _allocate_lock().acquire(blocking, timeout)  # free, so this returns at once


def require_seconds(seconds: float, words: str) -> None:
    """Refuse what no timeout may be, and, in *words*, what is negative."""
    try:
        require_timeout(True, seconds)
    except ValueError:
        if not seconds < 0:
            raise
    if seconds < 0:
        raise ValueError(words)
