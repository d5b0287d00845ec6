"""Models: initial states, named actions, invariants.

A model reads like a TLA+ specification. Constants are the constructor's arguments. An action is a
generator method: guards are its ``if``s, each ``yield`` is a next state. Its parameters range over
domains, so that one method stands for many actions: ``send(sender=0)``, ``send(sender=1)``.

Rules: nothing here knows how states are searched; a mistake in a model's definition is reported where it
is made, with the name of the action.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar, overload

S = TypeVar("S")
ActionMethod = TypeVar("ActionMethod", bound=Callable[..., Iterable[object]])
InvariantMethod = TypeVar("InvariantMethod", bound=Callable[..., bool])

# A function of the model gets its argument before the model's class exists, hence Any.
Domain: TypeAlias = Iterable[object] | Callable[[Any], Iterable[object]]

_DOMAINS = "_treadle_domains"
_INVARIANT = "_treadle_invariant"


@overload
def action(method: ActionMethod, /) -> ActionMethod: ...
@overload
def action(**domains: Domain) -> Callable[[ActionMethod], ActionMethod]: ...
def action(method: Callable[..., Iterable[object]] | None = None, /, **domains: Domain) -> object:
    """Mark a method of a model as an action: from a state, it yields each state that may come next.

    Each parameter after the state ranges over the domain given under its name: an iterable, or a function
    from the model to one. The method itself stays as it was.
    """
    if method is None:
        return partial(_mark_action, domains=domains)
    return _mark_action(method, {})


def invariant(method: InvariantMethod) -> InvariantMethod:
    """Mark a method of a model as an invariant: it is true in every reachable state."""
    if len(inspect.signature(method).parameters) != 2:
        raise TypeError(f"invariant {method.__name__} must take the state, and nothing else")
    vars(method)[_INVARIANT] = True
    return method


class Model(ABC, Generic[S]):
    """The base of every model; ``S`` is the type of its states, which are immutable values."""

    @abstractmethod
    def init(self) -> Iterable[S]:
        """Every state in which a behaviour may begin."""

    def terminal(self, state: S, /) -> bool:
        """Whether a behaviour may end in this state; one that has to end elsewhere is a deadlock."""
        return False

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse an override that lost its decorator: what it replaced would silently leave the model."""
        super().__init_subclass__(**kwargs)
        for name, method in vars(cls).items():
            for mark, decorator in ((_DOMAINS, "@action"), (_INVARIANT, "@invariant")):
                if not _marked(method, mark) and _marked(getattr(super(cls, cls), name, None), mark):
                    raise TypeError(
                        f"{cls.__name__}.{name} replaces an {decorator[1:]}: decorate it with {decorator}"
                    )

    def __repr__(self) -> str:
        """The model with its constants, which are its public attributes."""
        public = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        constants = ", ".join(f"{name}={value!r}" for name, value in public.items())
        return f"{type(self).__name__}({constants})"


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """An action of one model with its parameters chosen."""

    action: str  # the method's name
    name: str  # as printed: send(sender=0)
    successors: Callable[[S], Iterable[S]]


@dataclass(frozen=True, slots=True)
class Invariant(Generic[S]):
    """An invariant of one model."""

    name: str
    holds: Callable[[S], bool]


def steps(model: Model[S]) -> tuple[Step[S], ...]:
    """Every action of the model with every choice of its parameters, in the order of their definition."""
    found = tuple(step for name in _methods(model, _DOMAINS) for step in _instances(model, name))
    if not found:
        raise TypeError(f"{type(model).__name__} has no actions: decorate methods with @action")
    return found


def invariants(model: Model[S]) -> tuple[Invariant[S], ...]:
    """Every invariant of the model, in the order of their definition."""
    return tuple(Invariant(name, getattr(model, name)) for name in _methods(model, _INVARIANT))


def _mark_action(method: ActionMethod, domains: dict[str, Domain]) -> ActionMethod:
    takes = list(inspect.signature(method).parameters.values())
    if len(takes) < 2:
        raise TypeError(f"action {method.__name__} must take the state")
    parameters = takes[2:]
    required = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    unknown = sorted(domains.keys() - {parameter.name for parameter in parameters})
    if unknown:
        raise TypeError(f"action {method.__name__} has no parameter {', '.join(unknown)}")
    missing = sorted(required - domains.keys())
    if missing:
        raise TypeError(f"action {method.__name__} has no domain for its parameter {', '.join(missing)}")
    # An iterator among the domains would be empty at the second check.
    vars(method)[_DOMAINS] = {
        name: tuple(domain) if isinstance(domain, Iterable) else domain for name, domain in domains.items()
    }
    return method


def _marked(method: object, mark: str) -> bool:
    return mark in getattr(method, "__dict__", {})


def _methods(model: Model[S], mark: str) -> list[str]:
    """Names of the methods that bear the mark; an override keeps the place of what it replaces."""
    names = dict.fromkeys(name for cls in reversed(type(model).__mro__) for name in vars(cls))
    return [name for name in names if _marked(getattr(type(model), name, None), mark)]


def _instances(model: Model[S], name: str) -> Iterable[Step[S]]:
    method: Callable[..., Iterable[S]] = getattr(model, name)
    domains: dict[str, Domain] = vars(getattr(type(model), name))[_DOMAINS]
    values = [_values(model, name, parameter, domain) for parameter, domain in domains.items()]
    for chosen in product(*values):
        arguments = dict(zip(domains, chosen, strict=True))
        printed = ", ".join(f"{parameter}={value!r}" for parameter, value in arguments.items())
        yield Step(
            name,
            f"{name}({printed})" if printed else name,
            partial(method, **arguments) if arguments else method,
        )


def _values(model: Model[S], name: str, parameter: str, domain: Domain) -> tuple[object, ...]:
    found = domain if isinstance(domain, Iterable) else domain(model)
    if not isinstance(found, Iterable):
        raise TypeError(f"action {name}: the domain of {parameter} is {found!r}, which is not iterable")
    values = tuple(found)
    if not values:
        raise ValueError(f"action {name}: the domain of {parameter} is empty, so that it can never happen")
    return values
