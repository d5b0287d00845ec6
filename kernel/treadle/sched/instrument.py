"""Naming what is instrumented once, for a block of checks or for one program, in place of in each call."""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from treadle.sched.memory import Instrumentable, modules_of

P = ParamSpec("P")
T = TypeVar("T")

_ATTRIBUTE = "__treadle_instrument__"

#: Of the blocks that are entered, the innermost last.
_blocks: list[tuple[Instrumentable, ...]] = []


class instrument:  # noqa: N801 - used as a statement and as a decorator
    """Make the accesses of *subjects* to shared memory scheduling points of the checks and replays in a block.

    As a decorator it does so for a program, whenever that is checked or replayed, and for what a function checks.
    What `instrument=[…]` of the call names is added. Nothing is exchanged outside executions.

    Raises:
        TypeError: a subject is no module, class or function, or there is none.
        ValueError: a subject's source is not to be had, so that nothing of it would be instrumented.
    """

    def __init__(self, *subjects: Instrumentable) -> None:
        if not subjects:
            raise TypeError("instrument() names nothing: pass modules, classes or functions")
        modules_of(subjects)
        self._subjects = subjects

    def __enter__(self) -> "instrument":
        _blocks.append(self._subjects)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _blocks.pop()

    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]:
        """Return *function* so that all it checks, and its own executions if it is a program, are instrumented."""

        @functools.wraps(function)
        def inner(*args: P.args, **kwargs: P.kwargs) -> T:
            with self:
                return function(*args, **kwargs)

        setattr(inner, _ATTRIBUTE, (*self._subjects, *getattr(function, _ATTRIBUTE, ())))
        return inner


def named_elsewhere(program: object) -> tuple[Instrumentable, ...]:
    """Return what blocks round the call, and decorators of *program*, say is instrumented."""
    return (*(subject for block in _blocks for subject in block), *getattr(program, _ATTRIBUTE, ()))
