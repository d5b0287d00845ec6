"""Stand-ins for starting, joining and identifying threads.

They replace the methods of `threading.Thread` that reach for the operating system, in place, so that every thread
object, subclasses included, works unmodified. Starting and joining are no scheduling points.
"""

import functools
import sys
import threading
from _thread import get_ident as real_get_ident
from _thread import get_native_id as real_get_native_id
from _thread import stack_size as real_stack_size
from _thread import start_new_thread as real_start_new_thread
from collections.abc import Callable
from typing import Any, cast

from treadle.sched import executors, runtime
from treadle.sched.access import READ
from treadle.sched.locks import require_timeout
from treadle.sched.operation import Operation
from treadle.sched.points import END
from treadle.sched.world import ControlledThread

real_start = threading.Thread.start
real_join = threading.Thread.join
real_is_alive = threading.Thread.is_alive
real_active_count, real_enumerate = threading.active_count, threading.enumerate

_threading: Any = threading

#: The identifiers of controlled threads are less: they follow from who started a thread, and are the same whenever
#: the choices are equivalent.
IDENTS = 1 << 20

#: How the threading module notes, on a thread object, which controlled thread runs it.
_ATTRIBUTE = "_treadle_thread"


def start(self: threading.Thread) -> None:
    """Stand in for `Thread.start`."""
    parent = runtime.running()
    if parent is None:
        real_start(self)
        return
    private: Any = self
    if not private._initialized:
        raise RuntimeError("thread.__init__() not called")
    if private._started._flag:
        raise RuntimeError("threads can only be started once")
    thread = spawn(parent, functools.partial(run_thread, self), self.name, daemon=self.daemon)
    private._treadle_thread = thread
    private._ident = private._native_id = thread.ident
    private._started._flag = True
    _threading._active[thread.ident] = self
    parent.world.advance(thread)


def spawn(
    parent: ControlledThread, body: Callable[[], None], label: str, *, daemon: bool
) -> ControlledThread:
    """Make the controlled thread that will run *body*."""
    world = parent.world
    if world.over:
        parent.announce(world.exit)  # raises: an execution that is over starts nothing

    def live() -> None:
        try:
            body()
        except SystemExit:
            pass
        finally:
            _threading._active.pop(thread.ident, None)
            while thread.locals:
                thread.locals.pop()(thread)

    thread = world.spawn(live, label, 0, daemon=daemon)
    taken = [other.ident for other in world.threads]
    ident = 2 + thread.digest % IDENTS
    while ident in taken:
        ident += 1
    thread.ident = ident
    return thread


def run_main(program: Callable[[], object]) -> None:
    """Run *program* as Python runs a main thread: at its end executors are told to finish."""
    me = runtime.running()
    assert me is not None
    try:
        program()
        _reach_end(me)
    finally:
        if not me.world.over:
            executors.leave()


def _reach_end(thread: ControlledThread | None) -> None:
    """Let happen what may happen to *thread* when it has nothing more to do."""
    if thread is not None and thread.world.faults is not None and not thread.world.over:
        thread.world.faults.reach(thread, END)


def run_thread(self: threading.Thread) -> None:
    """Run what *self* is for, as `threading` does."""
    try:
        self.run()
        _reach_end(runtime.running())
    except (KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        hook = threading.excepthook
        if hook is report:
            raise
        hook(threading.ExceptHookArgs((type(error), error, error.__traceback__, self)))
    finally:
        _mark_stopped(self)


#: `threading.excepthook` when the check began, for threads that are not controlled.
hook_at_start = threading.excepthook


def report(args: threading.ExceptHookArgs, /) -> None:
    """Stand in for `threading.excepthook`: what is reported to it has left a thread, unless it left by SystemExit.

    A program that sets its own hook handles its threads' exceptions.
    """
    me = runtime.running()
    raiser = None if args.thread is None else _controlled(args.thread)
    if me is None:
        if raiser is None:  # otherwise it is garbage of an execution that is over
            hook_at_start(args)
    elif args.exc_type is not SystemExit:
        me.world.fail(raiser or me, args.exc_type() if args.exc_value is None else args.exc_value)


def _mark_stopped(self: threading.Thread) -> None:
    """Note the end in the way that the real methods read it, for thread objects that outlive the execution."""
    private: Any = self
    if sys.version_info >= (3, 13):
        private._handle = _EndedHandle(self.ident)
    else:
        private._is_stopped = True
        private._tstate_lock = None


class _EndedHandle:
    """Stands in for the handle of an operating-system thread that has ended (CPython 3.13 and later)."""

    def __init__(self, ident: int | None) -> None:
        self.ident = ident

    def is_done(self) -> bool:
        return True

    def join(self, timeout: float | None = None) -> None:
        """Return at once."""


def _controlled(self: threading.Thread) -> ControlledThread | None:
    noted: ControlledThread | None = getattr(self, _ATTRIBUTE, None)
    return noted


def join(self: threading.Thread, timeout: float | None = None) -> None:
    """Stand in for `Thread.join`."""
    me, target = runtime.running(), _controlled(self)
    if me is None or (target is None and cast("Any", self)._started._flag):
        real_join(self, timeout)
        return
    if target is None:
        raise RuntimeError("cannot join thread before it is started")
    if target is me:
        raise RuntimeError("cannot join current thread")
    if timeout is None:
        me.join(target)
        return
    world = me.world
    world.learn(ends=True)
    timeout = max(timeout, 0)
    require_timeout(True, timeout)
    world.start_timer(me, timeout)
    me.announce(_TimedJoin("join with timeout", target, READ))
    if not target.ended:
        world.expire(me)


class _TimedJoin(Operation):
    """Wait for the end of a thread until the joiner's deadline."""

    __slots__ = ()
    timed = True

    def accesses(self, thread: ControlledThread) -> Any:
        return self.fixed + thread.world.expiry(thread)

    def enabled(self, thread: ControlledThread) -> bool:
        return cast("ControlledThread", self.target).ended or thread.world.may_expire()

    def deadline(self, thread: ControlledThread) -> float | None:
        return None if cast("ControlledThread", self.target).ended else thread.deadline


def is_alive(self: threading.Thread) -> bool:
    """Stand in for `Thread.is_alive`: a read of the thread's life."""
    me, target = runtime.running(), _controlled(self)
    if me is None or target is None:
        return real_is_alive(self)
    if target is not me:
        me.world.learn(ends=True)
        me.announce(Operation("look at", target, READ))
    return not target.ended


def _look_at_all(me: ControlledThread) -> list[ControlledThread]:
    """Read the life of every thread, and return those that live."""
    me.world.learn(ends=True)
    others = [thread for thread in me.world.threads if thread is not me]
    if others:
        me.announce(Operation("look at", others[0], None, *((thread, READ) for thread in others)))
    return [thread for thread in me.world.threads if not thread.ended]


def active_count() -> int:
    """Stand in for `threading.active_count`."""
    me = runtime.running()
    return real_active_count() if me is None else len(_look_at_all(me))


def enumerate_threads() -> list[threading.Thread]:
    """Stand in for `threading.enumerate`."""
    me = runtime.running()
    if me is None:
        return real_enumerate()
    active = _threading._active
    return [active[thread.ident] for thread in _look_at_all(me) if thread.ident in active]


def start_new_thread(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
) -> int:
    """Stand in for `_thread.start_new_thread`, whose threads nobody waits for."""
    parent = runtime.running()
    if parent is None:
        return real_start_new_thread(function, args, kwargs or {})
    name = getattr(function, "__name__", "thread")
    thread = spawn(parent, lambda: cast("None", function(*args, **(kwargs or {}))), name, daemon=True)
    parent.world.advance(thread)
    return thread.ident


def get_ident() -> int:
    """Stand in for `threading.get_ident`."""
    thread = runtime.running()
    return real_get_ident() if thread is None else thread.ident


def get_native_id() -> int:
    """Stand in for `threading.get_native_id`."""
    thread = runtime.running()
    return real_get_native_id() if thread is None else thread.ident


def stack_size(size: int = 0, /) -> int:
    """Stand in for `threading.stack_size`, which controlled threads have no use for: it is noted, and put back."""
    thread = runtime.running()
    if thread is None:
        return real_stack_size(size)
    world = thread.world
    if size:
        real_stack_size(real_stack_size(size))  # refuses what it refuses
    before, world.stack_size = world.stack_size, size
    return before
