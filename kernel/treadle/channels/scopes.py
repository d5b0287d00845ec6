"""Scopes: threads that have ended when a block has."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from treadle.channels.threads import JoinHandle, spawn

__all__ = ["Scope", "fail_with", "scope"]

P = ParamSpec("P")
T = TypeVar("T")

_FEW = 64  # handles, up to which the settled ones may as well be kept


class Scope:
    """The threads of one `with` block, which ends when all of them have.

    At its end the block joins every thread that was spawned through the scope, also those that its threads
    spawn meanwhile. What threads raised, and nobody took by `join`, is raised then: one exception itself,
    several as a group. If the body raised too, a group has the body's exception first; the body's exception
    is raised alone if no thread failed. The groups are ExceptionGroup, or BaseExceptionGroup if need be.

    A KeyboardInterrupt while the block waits for its threads ends the scope at once: the threads run on, and
    what they raise is reported as for a dropped `JoinHandle`.
    """

    __slots__ = ("__weakref__", "_enough", "_handles", "_lock", "_open", "_used")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held while a thread is added, and to end the scope
        self._handles: list[JoinHandle[object]] = []
        self._enough = _FEW
        self._open = False
        self._used = False

    def spawn(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> JoinHandle[T]:
        """Start a thread of this scope; otherwise as `spawn`. The threads of the scope may do so too.

        Raises:
            TypeError: the function is not callable.
            RuntimeError: the scope is not open: before its block, or after it; or no thread can be started.
        """
        with self._lock:
            if not self._open:
                raise RuntimeError("threads are spawned inside the with block of their scope")
            handle = spawn(fn, *args, **kwargs)
            self._handles.append(handle)
            if len(self._handles) > self._enough:
                self._forget_settled()
        return handle

    def _forget_settled(self) -> None:
        self._handles = [handle for handle in self._handles if not _is_settled(handle)]
        self._enough = max(_FEW, 2 * len(self._handles))

    def _join(self) -> list[BaseException]:
        """Wait until no thread is left, and end the scope; take what they raised and nobody took."""
        unsettled: list[JoinHandle[object]] = []
        while handles := self._next():
            for handle in handles:
                handle._task.wait(None)
            unsettled += [handle for handle in handles if not _is_settled(handle)]
        return [error for handle in unsettled if (error := handle._task.take_error()) is not None]

    def _next(self) -> list[JoinHandle[object]]:
        """Give the threads that were spawned since the last call; end the scope if there are none."""
        with self._lock:
            handles, self._handles = self._handles, []
            self._open = bool(handles)
        return handles

    def __enter__(self) -> Self:
        if self._used:
            raise RuntimeError("a scope has one with block; make another by scope()")
        self._used = self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            failures = self._join()
        except BaseException:
            self._open = False
            self._handles = []
            raise
        try:
            fail_with(error, failures)
        finally:
            del failures  # the exception that is raised leads here

    def __repr__(self) -> str:
        return f"Scope({'open' if self._open else 'ended' if self._used else 'not entered'})"


def scope() -> Scope:
    """Make a scope: a `with` block that waits for the threads spawned through it."""
    return Scope()


def _is_settled(handle: JoinHandle[object]) -> bool:
    return handle.is_finished() and handle._task.untaken() is None


def fail_with(body: BaseException | None, failures: list[BaseException]) -> None:
    """Raise what threads raised: one exception itself; more, or one and that of the body, as a group."""
    try:
        if body is not None and failures:
            raise BaseExceptionGroup("a block failed, and threads of it", [body, *failures]) from None
        if len(failures) > 1:
            raise BaseExceptionGroup("several threads failed", failures)
        if failures:
            raise failures[0]
    finally:
        del failures
