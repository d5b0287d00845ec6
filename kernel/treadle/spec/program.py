"""What a search asks of one model: its steps, properties and fairness, every parameter chosen, parts included.

Rules: nothing here searches. What depends on a model's constants is refused here, with the name of the method.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import lru_cache, partial
from itertools import product
from typing import Any, Generic, Literal, TypeVar

from treadle.spec.marks import Domain, Kind, mark_of
from treadle.spec.model import Include, Model, methods
from treadle.spec.state import State

S = TypeVar("S")

#: What is asked of states, or of steps, while a search goes on, and what only the whole graph can answer.
TEMPORAL = (Kind.EVENTUALLY, Kind.ALWAYS_EVENTUALLY, Kind.EVENTUALLY_ALWAYS, Kind.LEADS_TO)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """An action of one model with its parameters chosen."""

    action: str  # the method's name, after those of the fields that lead to it
    name: str  # as printed: send(sender=0)
    successors: Callable[[S], Iterable[S]]
    method: Callable[..., Iterable[Any]]  # bound to the model that it belongs to
    arguments: Mapping[str, object]
    path: tuple[str, ...] = ()  # the fields that lead from the state to that of the method's model
    fair: Literal["weak", "strong"] | None = None


@dataclass(frozen=True, slots=True)
class Property(Generic[S]):
    """A property or a constraint of one model, with its parameters chosen."""

    kind: Kind
    name: str
    holds: Callable[
        ..., Any
    ]  # of a state, or of a state and the next: a bool, or for leads-to a pair of them
    takes_action: bool = False

    @property
    def title(self) -> str:
        """What it is, and its name."""
        return f"{self.kind.value} {self.name}"


@dataclass(frozen=True, slots=True)
class Fair:
    """A condition of fairness over steps, by their places among the program's."""

    kind: Literal["weak", "strong"]
    name: str
    steps: frozenset[int]


@dataclass(frozen=True, slots=True)
class Program(Generic[S]):
    """One model, taken apart."""

    model: Model[S]
    steps: tuple[Step[S], ...]
    properties: tuple[Property[S], ...]
    fairness: tuple[Fair, ...] = field(default=())

    def of(self, *kinds: Kind) -> tuple[Property[S], ...]:
        """Return the properties of these kinds."""
        return tuple(found for found in self.properties if found.kind in kinds)


def program(model: Model[S]) -> Program[S]:
    """Take a model apart.

    Raises:
        TypeError: it has no action, or something in it is not well formed.
        ValueError: a domain is empty, or a fairness condition chooses a value that its parameter never has.
    """
    if not isinstance(model, Model):
        raise TypeError(f"a check needs an instance of a Model, not {model!r}")
    parts = list(_parts(model, (), frozenset()))
    steps = tuple(step for part in parts for step in _steps(part))
    if not steps:
        raise TypeError(f"{type(model).__name__} has no actions: decorate methods with @action")
    properties = tuple(found for part in parts for found in _properties(part))
    return Program(model, steps, properties, tuple(_fairness(parts, steps)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A model within the whole, and how to get to it."""

    model: Model[Any]
    path: tuple[str, ...]
    without: frozenset[str]


def _parts(model: Model[Any], path: tuple[str, ...], without: frozenset[str]) -> Iterator[_Part]:
    yield _Part(model, path, without)
    if len(path) > 20:
        raise ValueError(f"{type(model).__name__} is included in itself: {'.'.join(path)}")
    for part in model.includes():
        if not isinstance(part, Include):
            raise TypeError(f"{type(model).__name__}.includes gave {part!r}: use include(model, field)")
        prefix = f"{part.field}."
        deeper = {name.removeprefix(prefix) for name in without if name.startswith(prefix)}
        yield from _parts(part.model, (*path, part.field), part.without | deeper)


def _steps(part: _Part) -> Iterator[Step[Any]]:
    for name in methods(type(part.model), Kind.ACTION):
        if name in part.without:
            continue
        method: Callable[..., Iterable[Any]] = getattr(part.model, name)
        mark = mark_of(getattr(type(part.model), name))
        full = ".".join((*part.path, name))
        for arguments, printed in _choices(part.model, name, f"action {full}"):
            chosen = _with_chosen(method, arguments)
            successors = _lifted(chosen, part.path) if part.path else chosen
            yield Step(
                full, full + printed, successors, method, arguments, part.path, mark.fair if mark else None
            )


def _with_chosen(
    method: Callable[..., Iterable[Any]], arguments: Mapping[str, object]
) -> Callable[[Any], Iterable[Any]]:
    """The method as a function of the state alone."""
    if not arguments:
        return method
    code = getattr(getattr(method, "__func__", None), "__code__", None)
    if code and code.co_varnames[2 : code.co_argcount] == tuple(arguments) and len(arguments) == 1:
        return _with_one(method, *arguments.values())
    return _chooser(tuple(arguments))(method, *arguments.values())


def _with_one(method: Callable[..., Iterable[Any]], value: object) -> Callable[[Any], Iterable[Any]]:
    return lambda state: method(state, value)


@lru_cache(maxsize=1024)
def _chooser(names: tuple[str, ...]) -> Callable[..., Callable[[Any], Iterable[Any]]]:
    """What `partial` does with keywords, in a third of its time; it is called for each step and state."""
    values = [f"value{place}" for place in range(len(names))]
    chosen = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    source = f"lambda method, {', '.join(values)}: lambda state: method(state, {chosen})"
    made: Callable[..., Callable[[Any], Iterable[Any]]] = eval(source)  # noqa: S307  # names of parameters alone
    return made


def _properties(part: _Part) -> Iterator[Property[Any]]:
    kinds = [kind for kind in Kind if kind is not Kind.ACTION]
    for name in methods(type(part.model), *kinds):
        mark = mark_of(getattr(type(part.model), name))
        assert mark
        full = ".".join((*part.path, name))
        for arguments, printed in _choices(part.model, name, f"{mark.kind.value} {full}"):
            method: Callable[..., Any] = getattr(part.model, name)
            holds = partial(method, **arguments) if arguments else method
            seen = _seen(holds, part.path) if part.path else holds
            yield Property(mark.kind, full + printed, seen, mark.takes_action)


def _choices(model: Model[Any], name: str, title: str) -> Iterator[tuple[dict[str, object], str]]:
    """Every choice of the parameters, with how it is printed."""
    mark = mark_of(getattr(type(model), name))
    domains = mark.domains if mark else {}
    values = [_values(model, title, parameter, domain) for parameter, domain in domains.items()]
    for chosen in product(*values):
        arguments = dict(zip(domains, chosen, strict=True))
        printed = ", ".join(f"{parameter}={value!r}" for parameter, value in arguments.items())
        yield arguments, f"({printed})" if printed else ""


def _values(model: Model[Any], title: str, parameter: str, domain: Domain) -> tuple[object, ...]:
    found = domain if isinstance(domain, Iterable) else domain(model)
    if not isinstance(found, Iterable):
        raise TypeError(f"{title}: the domain of {parameter} is {found!r}, which is not iterable")
    values = tuple(found)
    if not values:
        raise ValueError(f"{title}: the domain of {parameter} is empty, so that it can never happen")
    return values


# --- parts ---


def _lifted(
    successors: Callable[[Any], Iterable[Any]], path: tuple[str, ...]
) -> Callable[[Any], Iterable[Any]]:
    """The steps of a part as steps of the whole."""

    def steps(state: Any) -> Iterator[Any]:
        for after in successors(part_of(state, path)):
            yield _with_part(state, path, after)

    return steps


def _seen(holds: Callable[..., Any], path: tuple[str, ...]) -> Callable[..., Any]:
    """A property of a part as one of the whole."""

    def of_whole(*arguments: Any, **more: Any) -> Any:
        return holds(*(part_of(state, path) for state in arguments), **more)

    return of_whole


def part_of(state: Any, path: tuple[str, ...]) -> Any:
    """Return the field within a field that the path leads to."""
    for name in path:
        state = getattr(state, name)
    return state


def _with_part(state: Any, path: tuple[str, ...], part: object) -> Any:
    name, rest = path[0], path[1:]
    value = _with_part(getattr(state, name), rest, part) if rest else part
    if isinstance(state, State):
        return state.evolve(**{name: value})
    if is_dataclass(state) and not isinstance(state, type):
        return replace(state, **{name: value})
    if hasattr(state, "_replace"):
        return state._replace(**{name: value})
    raise TypeError(
        f"a state with an included part must be a State, a dataclass or a named tuple, not {state!r}"
    )


# --- fairness ---


def _fairness(parts: list[_Part], steps: tuple[Step[Any], ...]) -> Iterator[Fair]:
    for place, step in enumerate(steps):
        if step.fair:
            yield Fair(step.fair, f"{'WF' if step.fair == 'weak' else 'SF'}({step.name})", frozenset({place}))
    for part in parts:
        prefix = "".join(f"{name}." for name in part.path)
        excluded = {prefix + name for name in part.without}
        for condition in part.model.fairness.conditions:
            wanted = {prefix + name for name in condition.actions}
            known = Counter(step.action for step in steps)
            where = f"{type(part.model).__name__}.fairness: {condition}"
            for name in sorted(wanted - known.keys() - excluded):
                raise TypeError(f"{where} names no action {name}; there is {', '.join(known)}")
            chosen = dict(condition.parameters)
            places = frozenset(
                place
                for place, step in enumerate(steps)
                if step.action in wanted and chosen.items() <= dict(step.arguments).items()
            )
            if places:
                yield Fair(condition.kind, prefix + str(condition), places)
            elif not wanted <= excluded:
                raise ValueError(f"{where} is never met: no step has these values")
