"""Decorators: what a method of a model is for, and what its parameters range over.

Rules: a decorated method stays as it was, with a mark beside it. A mistake that can be seen in the definition is
reported there, with the name of the method.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar, overload

ActionMethod = TypeVar("ActionMethod", bound=Callable[..., Iterable[object]])
Predicate = TypeVar("Predicate", bound=Callable[..., bool])
PairMethod = TypeVar("PairMethod", bound=Callable[..., tuple[bool, bool]])
Method = TypeVar("Method", bound=Callable[..., object])

# A function of the model gets its argument before the model's class exists, hence Any.
Domain: TypeAlias = Iterable[object] | Callable[[Any], Iterable[object]]

MARK = "_treadle_mark"


class Kind(Enum):
    """What a decorated method is; the value is the decorator's name."""

    ACTION = "action"
    INVARIANT = "invariant"
    STEP_PROPERTY = "step_property"
    SOMETIMES = "sometimes"
    EVENTUALLY = "eventually"
    ALWAYS_EVENTUALLY = "always_eventually"
    EVENTUALLY_ALWAYS = "eventually_always"
    LEADS_TO = "leads_to"
    CONSTRAINT = "constraint"
    STEP_CONSTRAINT = "step_constraint"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a decorator says about a method."""

    kind: Kind
    domains: dict[str, Domain] = field(default_factory=dict)
    fair: Literal["weak", "strong"] | None = None
    takes_action: bool = False  # a step property that asks for the action's name


@overload
def action(method: ActionMethod, /) -> ActionMethod: ...
@overload
def action(
    *, fair: Literal["weak", "strong"] | None = None, **domains: Domain
) -> Callable[[ActionMethod], ActionMethod]: ...
def action(
    method: Callable[..., Iterable[object]] | None = None,
    /,
    *,
    fair: Literal["weak", "strong"] | None = None,
    **domains: Domain,
) -> object:
    """Mark a method of a model as an action: from a state, it yields each state that may come next.

    Each parameter after the state ranges over the domain given under its name: an iterable, or a function
    from the model to one. With *fair*, the action is weakly or strongly fair for each choice of its parameters by
    itself; `weak_fair` and `strong_fair` say it of an action as a whole. The method itself stays as it was.
    """
    if fair not in (None, "weak", "strong"):
        raise ValueError(f'fair is {fair!r}: it is "weak" or "strong"; no parameter may be called fair')
    return _marking(Kind.ACTION, method, domains, fair=fair)


@overload
def invariant(method: Predicate, /) -> Predicate: ...
@overload
def invariant(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def invariant(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method of a model as an invariant: it is true in every reachable state (TLA+: □P)."""
    return _marking(Kind.INVARIANT, method, domains)


@overload
def step_property(method: Predicate, /) -> Predicate: ...
@overload
def step_property(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def step_property(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as a property of steps: true of every state and the next, unless they are equal (□[A]_v).

    A third parameter called ``action`` is given the name of the action that was taken.
    """
    return _marking(Kind.STEP_PROPERTY, method, domains)


@overload
def sometimes(method: Predicate, /) -> Predicate: ...
@overload
def sometimes(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def sometimes(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as true in at least one reachable state, so that a pass is not vacuous."""
    return _marking(Kind.SOMETIMES, method, domains)


@overload
def eventually(method: Predicate, /) -> Predicate: ...
@overload
def eventually(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def eventually(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as true at some time in every fair behaviour (◇P)."""
    return _marking(Kind.EVENTUALLY, method, domains)


@overload
def always_eventually(method: Predicate, /) -> Predicate: ...
@overload
def always_eventually(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def always_eventually(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as true again and again, for ever, in every fair behaviour (□◇P)."""
    return _marking(Kind.ALWAYS_EVENTUALLY, method, domains)


@overload
def eventually_always(method: Predicate, /) -> Predicate: ...
@overload
def eventually_always(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def eventually_always(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as true from some time on in every fair behaviour (◇□P)."""
    return _marking(Kind.EVENTUALLY_ALWAYS, method, domains)


@overload
def leads_to(method: PairMethod, /) -> PairMethod: ...
@overload
def leads_to(**domains: Domain) -> Callable[[PairMethod], PairMethod]: ...
def leads_to(method: Callable[..., tuple[bool, bool]] | None = None, /, **domains: Domain) -> object:
    """Mark a method that returns ``premise, conclusion``: whenever the first is true, the second is then or later (P ~> Q)."""
    return _marking(Kind.LEADS_TO, method, domains)


@overload
def constraint(method: Predicate, /) -> Predicate: ...
@overload
def constraint(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def constraint(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as the bound of a search: states in which it is false are checked for invariants, and left there."""
    return _marking(Kind.CONSTRAINT, method, domains)


@overload
def step_constraint(method: Predicate, /) -> Predicate: ...
@overload
def step_constraint(**domains: Domain) -> Callable[[Predicate], Predicate]: ...
def step_constraint(method: Callable[..., bool] | None = None, /, **domains: Domain) -> object:
    """Mark a method as the bound of a search: a step for which it is false is not taken."""
    return _marking(Kind.STEP_CONSTRAINT, method, domains)


#: How many arguments a method takes before its parameters: the model, the state, the next state.
_BEFORE = {Kind.STEP_PROPERTY: 3, Kind.STEP_CONSTRAINT: 3}


def _marking(
    kind: Kind,
    method: Callable[..., object] | None,
    domains: dict[str, Domain],
    fair: Literal["weak", "strong"] | None = None,
) -> object:
    if method is None:
        return partial(_mark, kind=kind, domains=domains, fair=fair)
    return _mark(method, kind, {}, None)


def _mark(
    method: Method, kind: Kind, domains: dict[str, Domain], fair: Literal["weak", "strong"] | None
) -> Method:
    takes = list(inspect.signature(method).parameters.values())
    before = _BEFORE.get(kind, 2)
    name = f"{kind.value} {method.__name__}"
    if len(takes) < before:
        raise TypeError(f"{name} must take the state{' and the next one' if before == 3 else ''}")
    parameters = takes[before:]
    asks = kind is Kind.STEP_PROPERTY and "action" not in domains and "action" in (p.name for p in parameters)
    parameters = [parameter for parameter in parameters if not (asks and parameter.name == "action")]
    required = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    unknown = sorted(domains.keys() - {parameter.name for parameter in parameters})
    if unknown:
        raise TypeError(f"{name} has no parameter {', '.join(unknown)}")
    missing = sorted(required - domains.keys())
    if missing and kind is not Kind.ACTION and not domains:
        states = "the state and the next one" if before == 3 else "the state"
        raise TypeError(
            f"{name} must take {states}, and nothing else but parameters with a domain: {missing[0]}"
        )
    if missing:
        raise TypeError(f"{name} has no domain for its parameter {', '.join(missing)}")
    # An iterator among the domains would be empty at the second check.
    kept: dict[str, Domain] = {
        parameter: tuple(domain) if isinstance(domain, Iterable) else domain
        for parameter, domain in domains.items()
    }
    for parameter, domain in kept.items():
        if domain == ():
            raise ValueError(f"{name}: the domain of {parameter} is empty, so that it can never happen")
        if not isinstance(domain, tuple) and not callable(domain):
            raise TypeError(f"{name}: the domain of {parameter} is {domain!r}, which is not iterable")
    vars(method)[MARK] = Mark(kind, kept, fair, asks)
    return method


def mark_of(method: object) -> Mark | None:
    """Return the mark of a method, or None."""
    found = getattr(method, "__dict__", {}).get(MARK)
    return found if isinstance(found, Mark) else None
