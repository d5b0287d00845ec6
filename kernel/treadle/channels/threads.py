"""Threads that let go of their channel handles as they end.

A thread of `spawn` drops its arguments and what its frames refer to before it counts as ended, however it
ends. So its handles disconnect while the `JoinHandle`, and the exception in it, live on.
"""

import threading
from collections.abc import Callable
from functools import partial
from sys import is_finalizing
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar

from treadle.channels._primitives import allocate_lock, monotonic
from treadle.channels.frames import clear_frames
from treadle.channels.timeouts import deadline_after

__all__ = ["JoinHandle", "spawn"]

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Task(Generic[T]):
    """What one thread does, and what became of it: the target of the thread."""

    thread: threading.Thread
    value: T
    trace: TracebackType | None

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self.__name__ = name  # the thread is named after it
        self.error: BaseException | None = None
        self.taken = False
        self.done = False
        self.running = allocate_lock()  # held until the end
        self.running.acquire(False)
        self._work = [work]

    def __call__(self) -> None:
        try:
            self.value = self._work.pop()()  # no variable refers to the work while it is done
        except BaseException as error:
            self._fail(error)
        finally:
            self.done = True
            self.running.release()
            del self  # the frames of the error lead here, and the task to the error

    def _fail(self, error: BaseException) -> None:
        self.trace = trace = error.__traceback__
        self.error = error
        assert trace is not None
        clear_frames(error, trace.tb_frame)

    def wait(self, deadline: float | None) -> bool:
        """Wait for the end of the thread, and say whether it came before the deadline."""
        thread = self.thread
        if deadline is None:
            thread.join()
        else:
            thread.join(max(deadline - monotonic(), 0))
            if thread.is_alive():
                return False
        return self.done or self._wait_anew(deadline)

    def _wait_anew(self, deadline: float | None) -> bool:
        # On CPython 3.11, a Ctrl-C in Thread.join makes the thread object say that the thread has ended.
        left = -1 if deadline is None else max(deadline - monotonic(), 0)
        if self.running.acquire(True, left):
            self.running.release()
        return self.done

    def outcome(self) -> T:
        """Give the value or raise the error; either is taken then."""
        self.taken = True
        if self.error is None:
            return self.value
        try:
            raise self.error.with_traceback(self.trace)
        finally:
            del self  # as in __call__

    def untaken(self) -> BaseException | None:
        """Give the error, if there is one that nobody has taken."""
        return None if self.taken else self.error

    def take_error(self) -> BaseException | None:
        """Give the error, if there is one that nobody has taken; it is taken then."""
        error = self.untaken()
        self.taken = True
        return None if error is None else error.with_traceback(self.trace)

    def __del__(self, _is_finalizing: Callable[[], bool] = is_finalizing) -> None:
        # Late in the shutdown the globals of modules are None, and nobody is left to be told (P17).
        if _is_finalizing() or (error := self.untaken()) is None:
            return
        threading.excepthook(threading.ExceptHookArgs((type(error), error, self.trace, self.thread)))


class JoinHandle(Generic[T_co]):
    """The right to wait for a thread of `spawn`, and to take what it gave or raised.

    Dropping it lets the thread run on. An exception that nobody took by `join` is reported by
    `threading.excepthook` once both the thread and the last reference to its handle are gone; at interpreter
    shutdown it is not (P17).
    """

    __slots__ = ("__weakref__", "_task")

    def __init__(self, task: _Task[T_co], /) -> None:
        if not isinstance(task, _Task):
            raise TypeError("join handles are made by spawn()")
        self._task = task

    @property
    def thread(self) -> threading.Thread:
        """The thread. It refers neither to the function nor to its arguments once it has ended."""
        return self._task.thread

    def is_finished(self) -> bool:
        """Say whether the thread has ended, so that `join` would not block."""
        task = self._task
        return not task.thread.is_alive() and task.done

    def join(self, timeout: float | None = None) -> T_co:
        """Wait for the thread, `timeout` seconds at most, and give what its function returned (P8-P10).

        Whatever the thread alone held is dropped by then: the channels of its handles are disconnected. Any
        number of threads may join, any number of times, and each gets the same value or exception.

        Raises:
            BaseException: the very exception that the thread raised, SystemExit included, at every call.
            TimeoutError: the thread has not ended within the timeout; it may be joined again.
            RuntimeError: a thread joins itself.
            TypeError, ValueError: the timeout is no number, or NaN.
        """
        deadline = deadline_after(timeout)
        if self._task.thread is threading.current_thread():
            raise RuntimeError("a thread cannot join itself: it would wait for ever")
        if not self._task.wait(deadline):
            raise TimeoutError(f"{self._task.thread.name} has not ended within {timeout} seconds")
        return self._task.outcome()

    def __repr__(self) -> str:
        return f"JoinHandle({self._task.thread.name})"


def spawn(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> JoinHandle[T]:
    """Start a thread that calls the function with the arguments, and give its `JoinHandle`.

    The thread drops its arguments and what its frames refer to as it ends, also by an exception, so that the
    channel handles it was given disconnect. Pass handles as arguments: what the function refers to otherwise,
    a closure's variables say, is shared with others. Frames that other threads run, and generators that are
    suspended, keep what they hold.

    It is an ordinary `threading.Thread`, named after the function: the interpreter waits for it at exit unless
    the thread that spawns it is a daemon.

    Raises:
        TypeError: the function is not callable.
        RuntimeError: no thread can be started.
    """
    if not callable(fn):
        raise TypeError(f"a thread calls a function, not {type(fn).__name__}")
    name = getattr(fn, "__name__", type(fn).__name__)
    task: _Task[T] = _Task(partial(fn, *args, **kwargs), name)
    task.thread = threading.Thread(target=task)
    task.thread.start()
    return JoinHandle(task)
