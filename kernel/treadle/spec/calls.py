"""Calls of what a model defines, with every way in which they can go wrong named.

Rules: an exception of the model's own code is a violation of the model; a model that is not well formed is an
error of whoever wrote it, and raises TypeError or ValueError here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ForwardRef, Generic, TypeVar, get_args, get_type_hints

from treadle.spec.program import Program, Property, Step
from treadle.spec.value import require_equal, require_value

S = TypeVar("S")

#: More successors than this of one state by one action mean that the action never ends.
MOST_SUCCESSORS = 1_000_000

DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"


@dataclass(frozen=True, slots=True)
class Violation(Generic[S]):
    """What is wrong, in which state, and with a step to which other."""

    state: S
    reason: str
    error: Exception | None = None
    after: S | None = None  # the state that a step at fault leads to
    by: str = ""  # that step's name


def initial(program: Program[S]) -> list[S]:
    """Return the initial states, each once.

    Raises:
        TypeError: they are no immutable values, or not the same when asked for twice.
        ValueError: there are none, or endlessly many.
    """
    found, again = (_initial(program) for _ in range(2))
    if not found:
        raise ValueError(f"{program.model!r} has no initial state: init gave none")
    if found != again:
        odd = set(found) ^ set(again)
        if odd:
            raise TypeError(
                f"init gives other states each time, so it is not deterministic: {next(iter(odd))!r}"
            )
    return found


def _initial(program: Program[S]) -> list[S]:
    found: dict[S, None] = {}
    for state in bounded(program.model.init(), "init"):
        require_value(state, "init")
        found[state] = None
    return list(found)


def bounded(found: Iterable[S] | None, origin: str) -> Iterable[S]:
    """Return the states that init or an action gave; ValueError when they do not end."""
    if not isinstance(found, Iterable):
        raise TypeError(f"{origin} returned {found!r}: it must yield states, or return an iterable of them")
    states = list(islice(found, MOST_SUCCESSORS + 1))
    if len(states) > MOST_SUCCESSORS:
        raise ValueError(f"{origin} gives more than {MOST_SUCCESSORS:,} states at once: does it ever end?")
    return states


def successors(step: Step[S], state: S) -> Iterable[S]:
    """Return the successors of a state by one step, each of them a value."""
    origin = f"action {step.name}"
    found = bounded(step.successors(state), origin)
    for successor in found:
        require_value(successor, origin)
    return found


def blame(program: Program[S], state: S) -> Violation[S] | None:
    """Find which step cannot be taken from a state, and whether the model or its author is at fault."""
    for step in program.steps:
        origin = f"action {step.name}"
        last = state
        found: Iterable[S] = ()
        try:
            found = step.successors(state)
            for last in islice(found, MOST_SUCCESSORS):
                hash(last)
        except Exception as error:
            bounded(found, origin)
            require_value(last, origin)
            return raised(origin, state, error)
        bounded(step.successors(state), origin)
    return None


def require_same(step: Step[S], state: S) -> None:
    """Raise TypeError unless the step gives equal successors when it is asked twice."""
    origin = f"action {step.name}"
    one, other = list(successors(step, state)), list(successors(step, state))
    require_declared(step, one)
    if len(one) != len(other) or (set(one) != set(other) and not _same_in_order(one, other, origin)):
        raise TypeError(f"{origin} gives other states each time, so it is not deterministic, from {state!r}")


def _same_in_order(one: list[S], other: list[S], origin: str) -> bool:
    for first, second in zip(one, other, strict=True):
        require_equal(first, second, origin)
    return True


def answer(asked: Property[S], *states: S, **more: str) -> bool:
    """Ask a property for a bool; TypeError if it gives anything else."""
    found = asked.holds(*states, **more)
    if found is not True and found is not False:
        raise TypeError(f"{asked.title} returned {found!r}, which is no bool")
    return found


def pair(asked: Property[S], state: S) -> tuple[bool, bool]:
    """Ask a leads-to property for its premise and its conclusion."""
    found = asked.holds(state)
    good = (
        isinstance(found, tuple) and len(found) == 2 and all(part is True or part is False for part in found)
    )
    if not good:
        raise TypeError(
            f"{asked.title} returned {found!r}: it must return a pair of bools, premise and conclusion"
        )
    return found[0], found[1]


def raised(origin: str, state: S, error: Exception) -> Violation[S]:
    """Make a violation of an exception."""
    error.add_note(f"raised by {origin} in the state {state!r}")
    return Violation(state, f"{origin} raised {type(error).__name__}: {error}", error)


def inspect_state(asked: tuple[Property[S], ...], state: S) -> Violation[S] | None:
    """Ask every invariant of a state."""
    for invariant in asked:
        try:
            holds = invariant.holds(state)
        except Exception as error:
            return raised(invariant.title, state, error)
        if holds is False:
            return Violation(state, f"{invariant.title} is violated")
        if holds is not True:
            raise TypeError(f"{invariant.title} returned {holds!r}, which is no bool")
    return None


def inspect_step(asked: tuple[Property[S], ...], step: Step[S], state: S, after: S) -> Violation[S] | None:
    """Ask every property of steps of one step; one that changes nothing is allowed by all of them."""
    if state == after:
        return None
    for found in asked:
        more = {"action": step.action} if found.takes_action else {}
        try:
            holds = found.holds(state, after, **more)
        except Exception as error:
            at_fault = raised(found.title, state, error)
            return Violation(state, at_fault.reason, error, after, step.name)
        if holds is False:
            return Violation(state, f"{found.title} is violated by {step.name}", None, after, step.name)
        if holds is not True:
            raise TypeError(f"{found.title} returned {holds!r}, which is no bool")
    return None


def declared(step: Step[S]) -> type | None:
    """Return the class of the states that an action's annotation promises, if it is a plain class."""
    method = getattr(step.method, "__func__", step.method)
    try:
        first = _first_part(method.__annotations__.get("return"))
        if isinstance(first, str | ForwardRef | None):
            first = _first_part(get_type_hints(method).get("return"))
    except Exception:  # a name that only type checkers see
        return None
    return first if isinstance(first, type) and first not in (float, complex) else None


def _first_part(annotation: object) -> object:
    return next(iter(get_args(annotation)), None)


def require_declared(step: Step[S], found: Iterable[S]) -> None:
    """Raise TypeError if an action yields anything else than it declares."""
    promised = None if step.path else declared(step)
    for state in found:
        if promised is not None and not isinstance(state, promised):
            raise TypeError(
                f"action {step.name} yields {state!r}, and declares that it yields {promised.__name__}"
            )
