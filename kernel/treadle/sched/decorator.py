"""The decorator that turns a test function into a check of all its interleavings."""

import contextlib
import contextvars
import functools
import inspect
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import ParamSpec, TypedDict, Unpack, overload

from treadle.sched.check import check, replay
from treadle.sched.engine import Counts, Monitor
from treadle.sched.errors import UnknownError
from treadle.sched.faults import Fault
from treadle.sched.memory import Instrumentable
from treadle.sched.program import OPTIONS
from treadle.sched.result import Failure, Result
from treadle.sched.source import is_ours
from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.named import StrategyName
from treadle.sched.world import Timeouts
from treadle.verdict import Verdict

P = ParamSpec("P")


class Options(TypedDict, total=False):
    """The keyword arguments of `check`."""

    strategy: StrategyName | Strategy
    instrument: Iterable[Instrumentable]
    preemptions: int | None
    max_executions: int | None
    max_seconds: float | None
    max_steps: int
    timeouts: Timeouts
    faults: Sequence[Fault]
    races: bool
    allow_deadlock: bool
    stop_on_failure: bool
    seed: int | None
    shrink: int
    jobs: int
    monitor: Monitor | None
    on_execution: Callable[[Counts], None] | None


@dataclass(frozen=True)
class Overrides:
    """What whoever runs the tests asks of every decorated function."""

    options: Options
    schedule: str | None = None  #: replay this instead of exploring
    where: str = ""  #: where it was asked for, for messages


_overrides: contextvars.ContextVar[Overrides | None] = contextvars.ContextVar("overrides", default=None)


@contextlib.contextmanager
def overriding(overrides: Overrides) -> Iterator[None]:
    """Let decorated functions be checked with *overrides* for as long as this lasts."""
    token = _overrides.set(overrides)
    try:
        yield
    finally:
        _overrides.reset(token)


@overload
def interleavings(function: Callable[P, object], /) -> Callable[P, None]: ...
@overload
def interleavings(
    *, allow_unknown: bool = False, **options: Unpack[Options]
) -> Callable[[Callable[P, object]], Callable[P, None]]: ...
def interleavings(
    function: Callable[P, object] | None = None,
    /,
    *,
    allow_unknown: bool = False,
    **options: Unpack[Options],
) -> Callable[P, None] | Callable[[Callable[P, object]], Callable[P, None]]:
    """Check the decorated function, as a program, over all its interleavings whenever it is called.

    What it is called with is passed on to every execution: fixtures and parameters of pytest, and `self`, are the same
    objects in each, so an execution must not leave them changed.

    Args:
        function: the function, where the decorator is used without arguments.
        allow_unknown: let an answer of UNKNOWN pass: a budget was spent, or a strategy only samples.
        options: the keyword arguments of `check`.

    Returns:
        The function, which returns None if the check holds. Otherwise it raises what the failing execution raised,
        with the interleaving in columns as a note, and `UnknownError` for an answer that is not allowed.

    Raises:
        TypeError: what is decorated is no plain function, or `check` has no such argument.
    """
    inspect.signature(check).bind_partial(None, **options)
    if isinstance(options.get("instrument"), Iterable):  # it is going to be looked at more than once
        options["instrument"] = tuple(options["instrument"])

    def decorate(function: Callable[P, object]) -> Callable[P, None]:
        _require_function(function)
        return _checked(function, options, allow_unknown)

    return decorate if function is None else decorate(function)


def _require_function(function: object) -> None:
    if not inspect.isfunction(function):
        raise TypeError(f"@interleavings decorates a function, not {type(function).__name__}")
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    if any(kind(function) for kind in kinds):
        raise TypeError(
            f"@interleavings decorates a plain function that starts threads; {function.__qualname__} is "
            "a coroutine or generator function, and calling it runs nothing"
        )


def _checked(function: Callable[P, object], options: Options, allow_unknown: bool) -> Callable[P, None]:
    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        __tracebackhide__ = True
        program = _program(function, args, kwargs)
        overrides = _overrides.get() or Overrides({})
        if overrides.schedule is not None:
            _replay(program, overrides.schedule, options)
            return
        wanted: Options = {**options, **overrides.options}
        result = check(program, **wanted)
        if result.failure is not None:
            raise _noted(result.failure)
        if result.verdict is Verdict.UNKNOWN and not allow_unknown:
            raise UnknownError(_unknown(function, result, overrides))

    setattr(checked, OPTIONS, options)
    return checked


def _program(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> Callable[[], object]:
    """Return the function with its arguments as a program, which says how it is replayed."""

    def program() -> object:
        return function(*args, **kwargs)

    program.__module__, program.__qualname__ = function.__module__, function.__qualname__
    program.__name__ = function.__name__
    described = functools.partial(_how_to_replay, function.__name__, bool(args or kwargs))
    program.how_to_replay = described  # type: ignore[attr-defined]
    return program


def _how_to_replay(name: str, needs_arguments: bool, schedule: str) -> list[str]:
    test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")
    lines = [] if needs_arguments else [f"replay({name}, {schedule!r})"]
    if test:
        lines.append(shlex.join(["pytest", test, f"--treadle-replay={schedule}"]))
    return lines or [f"the schedule {schedule!r}"]


def _replay(program: Callable[[], object], schedule: str, options: Options) -> None:
    __tracebackhide__ = True
    try:
        replay(
            program,
            schedule,
            instrument=options.get("instrument", ()),
            faults=options.get("faults", ()),
            monitor=options.get("monitor"),
        )
    except BaseException as error:
        error.__traceback__ = _own(error.__traceback__)
        raise


def _noted(failure: Failure) -> BaseException:
    """Return the error, with the columns as its note and with the program's own frames only."""
    error = failure.error
    error.__treadle_failure__ = failure  # type: ignore[attr-defined]
    error.add_note(failure.trace)
    return error.with_traceback(_own(error.__traceback__))


def _own(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the frames of the scheduler, which come first."""
    while trace is not None and trace.tb_next is not None and is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _unknown(function: Callable[..., object], result: Result, overrides: Overrides) -> str:
    where = f" (asked for by {overrides.where})" if overrides.where and result.bound else ""
    notes = "".join(f"\n{note}" for note in result.notes)
    return (
        f"{function.__qualname__}: no answer after {result.executions} executions: {result.bound}{where}. Give it a "
        f"larger budget, or accept this with @interleavings(allow_unknown=True).{notes}"
    )
