"""Models: initial states, named actions, properties, and what a model includes of another.

A model reads like a TLA+ specification. Constants are the constructor's arguments. An action is a
generator method: guards are its ``if``s, each ``yield`` is a next state. Its parameters range over
domains, so that one method stands for many actions: ``send(sender=0)``, ``send(sender=1)``.

Rules: nothing here knows how states are searched; a mistake in a model's definition is reported where it
is made, with the name of the method.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from treadle.spec.fairness import Fairness
from treadle.spec.marks import Kind, mark_of

S = TypeVar("S")


class Model(ABC, Generic[S]):
    """The base of every model; ``S`` is the type of its states, which are immutable values."""

    #: Conditions of fairness beside those of the actions themselves: `weak_fair` and `strong_fair`, joined by ``&``.
    fairness: Fairness = Fairness()

    @abstractmethod
    def init(self) -> Iterable[S]:
        """Every state in which a behaviour may begin."""

    def terminal(self, state: S, /) -> bool:
        """Whether a behaviour may end in this state; one that has to end elsewhere is a deadlock."""
        return False

    def includes(self) -> "Iterable[Include]":
        """Each model that is part of this one, made by `include`."""
        return ()

    def columns(self, state: S, /) -> Mapping[str, object]:
        """What belongs to each process in a state, by its name: a column each where a behaviour is printed."""
        return {}

    def permuted(self, state: S, order: tuple[int, ...], /) -> S:
        """Return the state in which place *i* is taken by the process that was in place ``order[i]``.

        A model that defines it declares that its processes are interchangeable; see ``symmetry`` of `check`; `columns` tells the processes apart.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how to permute its processes")

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse an override that lost its decorator: what it replaced would silently leave the model."""
        super().__init_subclass__(**kwargs)
        for name, method in vars(cls).items():
            before, now = mark_of(getattr(super(cls, cls), name, None)), mark_of(method)
            if before and (now is None or now.kind is not before.kind):
                kind = before.kind.value
                article = "an" if kind[0] in "aei" else "a"
                raise TypeError(f"{cls.__name__}.{name} replaces {article} {kind}: decorate it with @{kind}")
        if not isinstance(cls.fairness, property):
            _require_known(cls)

    def __repr__(self) -> str:
        """The model with its constants, which are its public attributes."""
        public = {
            name: value
            for name, value in vars(self).items()
            if not name.startswith("_") and name != "fairness"
        }
        constants = ", ".join(f"{name}={value!r}" for name, value in public.items())
        return f"{type(self).__name__}({constants})"


@dataclass(frozen=True, slots=True)
class Include:
    """A model that is part of another; made by `include`."""

    model: Model[Any]  # a model has parts of several state types
    field: str
    without: frozenset[str]


def include(model: Model[Any], field: str, *, without: Iterable[str] = ()) -> Include:
    """Make a model part of another: its state is the field *field* of the other's.

    Its actions, properties and fairness become those of the whole, under names such as ``field.send``. The actions
    in *without* do not: the whole takes these steps itself, together with its own. Its `init` and `terminal`
    are for the whole to ask.

    Raises:
        TypeError: it is no model, or it has no such action.
    """
    if not isinstance(model, Model):
        raise TypeError(f"include needs an instance of a Model, not {model!r}")
    excluded = frozenset([without] if isinstance(without, str) else without)
    unknown = sorted(excluded - {name.partition(".")[0] for name in methods(type(model), Kind.ACTION)})
    if unknown:
        raise TypeError(f"include: {type(model).__name__} has no action {', '.join(unknown)}")
    return Include(model, field, excluded)


def methods(cls: type, *kinds: Kind) -> list[str]:
    """Names of the methods that are of one of these kinds; an override keeps the place of what it replaces."""
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    found = ((name, mark_of(getattr(cls, name, None))) for name in names)
    return [name for name, mark in found if mark and mark.kind in kinds]


def _require_known(cls: type[Model[Any]]) -> None:
    """Refuse a condition that names what is no action; names of included models are known later."""
    if not isinstance(cls.fairness, Fairness):
        raise TypeError(
            f"{cls.__name__}.fairness is {cls.fairness!r}: use weak_fair and strong_fair, joined by &"
        )
    known = methods(cls, Kind.ACTION)
    for condition in cls.fairness.conditions:
        for name in condition.actions:
            if "." in name:
                continue
            if name not in known:
                there = ", ".join(known)
                raise TypeError(
                    f"{cls.__name__}.fairness: {condition} names no action {name}; there is {there}"
                )
            mark = mark_of(getattr(cls, name))
            for parameter, _ in condition.parameters:
                if mark is None or parameter not in mark.domains:
                    raise TypeError(f"{cls.__name__}.fairness: action {name} has no parameter {parameter}")
