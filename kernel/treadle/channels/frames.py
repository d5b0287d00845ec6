"""Dropping what the frames of an exception refer to.

An exception keeps every frame it passed, and a frame keeps its callers, whether they are in the traceback or
not. So the handles of a thread that raised would live as long as the exception does.

Rule: only a frame that has ended, and that was called under the given one, is cleared. A caller may share an
exception with other threads, and clearing the frame of a suspended generator would close the generator.

Assumes: the callers of a frame that runs or has ended are found by `f_back`, and those of a suspended
generator are not. On CPython 3.11 a generator that has ended names no caller either.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import suppress
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import FrameType

__all__ = ["clear_frames"]

_GENERATOR = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_FRAMES = ("gi_frame", "cr_frame", "ag_frame")


def clear_frames(error: BaseException, below: FrameType) -> None:
    """Clear the frames that ended with the error, or with what it came from, and were called under `below`."""
    cleared: set[FrameType] = {below}
    for exception in _related(error):
        trace = exception.__traceback__
        while trace is not None:
            path = _path(trace.tb_frame, cleared)
            cleared.update(path)
            for frame in path:
                with suppress(RuntimeError):  # it runs after all: not under a thread that has come to its end
                    frame.clear()
            trace = trace.tb_next


def _related(error: BaseException) -> Iterator[BaseException]:
    """Give the error, its causes and contexts, and the members of groups."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        exception = pending.pop()
        if exception is None or id(exception) in seen:
            continue
        seen.add(id(exception))
        yield exception
        pending += [exception.__cause__, exception.__context__]
        if isinstance(exception, BaseExceptionGroup):
            pending += exception.exceptions


def _path(frame: FrameType, known: set[FrameType]) -> list[FrameType]:
    """Give the frame and its callers up to one that is known; none if that is never reached."""
    path: list[FrameType] = []
    caller: FrameType | None = frame
    while caller is not None:
        if caller in known:
            return path
        path.append(caller)
        caller = caller.f_back
    return path if _ended_generator(path[-1]) else []


def _ended_generator(frame: FrameType) -> bool:
    """Say whether the frame, which names no caller, is that of a generator that has ended."""
    if sys.version_info >= (3, 12) or not frame.f_code.co_flags & _GENERATOR:
        return False
    owners = gc.get_referrers(frame)
    return not any(getattr(owner, name, None) is frame for owner in owners for name in _FRAMES)
