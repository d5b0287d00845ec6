"""What may be checked: a callable without arguments, or a function that `interleavings` decorates."""

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from treadle.sched.engine import Program

#: Where the decorator keeps the arguments of the check.
OPTIONS = "__treadle_options__"


def undecorated(program: Program) -> tuple[Program, Mapping[str, Any]]:
    """Return the function that `interleavings` decorates, and with which arguments; any other as it is."""
    options = getattr(program, OPTIONS, None)
    return (program, {}) if options is None else (program.__wrapped__, options)  # type: ignore[attr-defined]


def require_program(program: object) -> None:
    """Refuse what cannot be called without arguments, or does nothing when it is called.

    Raises:
        TypeError: *program* is no program.
    """
    if not callable(program):
        raise TypeError(f"the program is a callable without arguments, not {type(program).__name__}")
    inner = inspect.unwrap(program.func if isinstance(program, functools.partial) else program)
    if inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner):
        raise TypeError(
            "the program is a coroutine function; treadle checks threads, and does not control asyncio"
        )
    if inspect.isgeneratorfunction(inner):
        raise TypeError(
            "the program is a generator function, and calling it runs nothing; pass a plain function"
        )
    try:
        signature = inspect.signature(program)
    except ValueError:  # a builtin without a signature: calling it will tell
        return
    needed = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise TypeError(
            f"the program takes no arguments, but needs {', '.join(needed)}; wrap it in a lambda or partial"
        )
