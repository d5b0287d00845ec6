"""Hooks for where CPython runs signal handlers; they stand in instrumented code only where a check has faults."""

import types
from collections.abc import Iterable, Iterator
from typing import Any

from treadle.sched import runtime
from treadle.sched.locks import Lock, RLock
from treadle.sched.memory.attributes import load_attribute
from treadle.sched.memory.calls import call
from treadle.sched.points import SIGNAL
from treadle.sched.source import instrumented


def signal_point() -> None:
    """Let happen what may happen where a function begins, or a loop goes on."""
    thread = runtime.running()
    if thread is None or thread.masked or thread.world.over or thread.world.faults is None:
        return
    thread.world.faults.reach(thread, SIGNAL)


def resumed(value: Any) -> Any:
    """Return *value*, with which a generator goes on, or that of a call."""
    try:
        signal_point()
    except BaseException:
        value = None  # it is given to nobody
        raise
    return value


def going_on(values: Iterable[Any]) -> Iterator[Any]:
    """Iterate over *values*, in a loop that is part of an expression."""
    return _going_on(iter(values))


def _going_on(values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        yield value
        del value
        signal_point()


def signalled_call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `function(*arguments, **keywords)`; what is not written in Python gives way to signals as it returns."""
    try:
        return _signalled(function, arguments, keywords)
    except BaseException:
        del function, arguments, keywords  # CPython keeps none of them in a frame
        raise


def signalled_method(holder: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `holder.name(*arguments, **keywords)`, likewise."""
    try:
        return _signalled(load_attribute(holder, name), arguments, keywords)
    except BaseException:
        del holder, arguments, keywords
        raise


def _signalled(function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    try:
        plain = function.__func__ if type(function) is types.MethodType else function
        if type(plain) is not types.FunctionType:
            return resumed(call(function, *arguments, **keywords))
        if not (plain.__module__ or "").startswith("treadle.sched."):
            if id(plain.__code__) not in instrumented:
                signal_point()  # as it begins
            return call(function, *arguments, **keywords)
        if plain is not function and isinstance(function.__self__, (Lock, RLock)):
            return call(function, *arguments, **keywords)  # it looks after itself
        return resumed(call(function, *arguments, **keywords))
    except BaseException:
        del function, arguments, keywords
        raise
