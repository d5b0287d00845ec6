"""The one real clock of a check: it breaks programs that stop reaching the scheduler.

A program that spins without a scheduling point, or that is inside a real blocking call, would hang the check. An
operating-system thread watches for progress; when there is none for a while it interrupts the program with a
signal where that is possible (on the main thread), which also ends most blocking calls, and with an asynchronous
exception elsewhere. How long "a while" is decides only when a hang is reported, never what a check answers.
"""

import _thread
import ctypes
import linecache
import math
import signal
import sys
import threading
import time
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from greenlet import GreenletExit

from treadle.sched import runtime

#: How long, in real seconds, a program may run without reaching a scheduling point.
PATIENCE = 10.0

#: Ignored by default, so that one that arrives late does no harm.
_SIGNAL = getattr(signal, "SIGURG", None)

# Taken before anything is patched: the watchdog's own thread is real, and must not ask who is calling.
_start_new_thread, _allocate_lock = _thread.start_new_thread, _thread.allocate_lock


@contextmanager
def watching(progress: Callable[[], object]) -> Iterator[None]:
    """Interrupt the program when what *progress* returns does not change for PATIENCE seconds."""
    watchdog = _Watchdog(progress, get_ident())
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


class _Watchdog:
    def __init__(self, progress: Callable[[], object], owner: int) -> None:
        self._progress = progress
        self._owner = owner
        self._patience = PATIENCE
        self._done = _allocate_lock()  # held until the watch ends
        self._done.acquire()
        self._ended = _allocate_lock()  # held while the thread runs
        self._by_signal = threading.current_thread() is threading.main_thread() and _SIGNAL is not None
        self._reason: str | None = None
        self._started = 0.0  #: processor time when the program was first seen to make no progress
        if self._by_signal:
            assert _SIGNAL is not None
            self._previous = signal.signal(_SIGNAL, self._on_signal)

    def start(self) -> None:
        """Begin the watch."""
        self._ended.acquire()
        # No `threading.Thread`: a check would wait for it to have started, which takes as long as a small program.
        _start_new_thread(self._run, ())

    def stop(self) -> None:
        """End the watch and restore the signal's handler."""
        self._done.release()
        self._ended.acquire()
        if self._by_signal:
            assert _SIGNAL is not None
            signal.signal(_SIGNAL, self._previous)

    def _run(self) -> None:
        try:
            self._watch()
        finally:
            self._ended.release()

    def _watch(self) -> None:
        seen: object = None
        idle = 0
        while not self._done.acquire(timeout=self._patience / 8):
            now = self._progress()
            if now != seen or runtime.current is None:
                seen, idle = now, 0
                continue
            idle += 1
            if idle == 1:
                self._started = self._worked()
            elif idle >= 8:
                self._look()
                self._interrupt()
                idle = 0

    def _worked(self) -> float:
        """Return the seconds of processor time that the program has used."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return math.inf  # a spin is the commoner case
        return time.clock_gettime(time.pthread_getcpuclockid(self._owner))

    def _look(self) -> None:
        # Not before there is reason to: holding a frame keeps what it refers to alive, and finalizers are behaviour.
        frame = sys._current_frames().get(self._owner)
        if frame is not None:
            idle = self._worked() - self._started < self._patience / 100
            self._reason = _describe(frame, stuck=idle)

    def _interrupt(self) -> None:
        if self._by_signal:
            assert _SIGNAL is not None
            signal.pthread_kill(self._owner, _SIGNAL)
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._owner), ctypes.py_object(GreenletExit)
            )
            thread = runtime.current
            if thread is not None and self._reason is not None:
                thread.world.refuse(self._reason)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        reason, self._reason = self._reason, None
        thread = runtime.current
        if reason is None or thread is None:
            if callable(self._previous):
                self._previous(number, frame)
            return
        if thread.world.over:
            raise GreenletExit
        raise thread.world.refuse(reason)


def _describe(frame: FrameType, *, stuck: bool) -> str:
    code, line = frame.f_code, frame.f_lineno
    text = linecache.getline(code.co_filename, line).strip()
    where = f"{code.co_filename}:{line} in {code.co_qualname}: {text}"
    if stuck:
        return (
            f"the program is inside a real blocking call that the scheduler cannot control, at {where}. "
            "Make the lock or queue inside the program, or replace the call in the program under test."
        )
    return (
        f"the program spins without ever reaching a scheduling point, at {where}. "
        "If it waits for another thread through shared memory, name its module in instrument=[…]."
    )
