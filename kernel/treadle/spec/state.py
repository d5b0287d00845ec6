"""States that are as fast as tuples: typed fields, and `evolve` for the next state.

A class that derives from `State` is a tuple of its fields underneath, so that making, hashing and comparing one
costs what a tuple costs. Behind its fields each carries the mark of its class: two states of different classes
are never equal, whatever their fields are.

Rules: nothing here knows models; what type checkers see is a frozen dataclass.
"""

from inspect import get_annotations
from typing import ClassVar, Self, TypeVar, dataclass_transform
from zlib import crc32

C = TypeVar("C")

#: Which class bears a mark. A mark is a number made from the name, so that hashes are the same in each process.
_marked: dict[int, str] = {}

_SAME = type("_Same", (), {"__repr__": lambda _: "unchanged", "__slots__": ()})()


@dataclass_transform(frozen_default=True)
class StateType(type):
    """The metaclass of `State`: it turns annotated fields into a tuple class."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> "StateType":
        """Make the class: the fields of its bases first, then its own in their order."""
        if not bases:
            return super().__new__(cls, name, (tuple,), {**namespace, "__slots__": ()})
        own = [field for field in _annotated(namespace) if not _is_class_variable(namespace, field)]
        defaults = {field: namespace.pop(field) for field in own if field in namespace}
        for field, default in defaults.items():
            _require_hashable(f"{name}.{field}", default)
        inherited = next((base for base in bases if isinstance(base, StateType)), None)
        fields = tuple(dict.fromkeys((*getattr(inherited, "_fields", ()), *own)))
        made = super().__new__(cls, name, bases, {**namespace, "__slots__": ()})
        _equip(made, fields, {**getattr(inherited, "_defaults", {}), **defaults})
        return made


class State(metaclass=StateType):
    """The base of a state: a frozen value with typed fields, as fast as a tuple.

    Fields are annotated as in a dataclass, with defaults where wanted. A subclass adds fields to its base's.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, object]] = {}
    _mark: ClassVar[int] = 0

    def evolve(self, **changes: object) -> Self:
        """Return the state with some fields changed.

        Raises:
            TypeError: there is no field of that name.
        """
        raise NotImplementedError  # every subclass has its own, made for its fields

    def __repr__(self) -> str:
        """The class with its fields, as a dataclass prints them."""
        shown = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"{type(self).__qualname__}({shown})"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the fields; the mark comes from the class."""
        return type(self), tuple(getattr(self, field) for field in self._fields)


@dataclass_transform(frozen_default=True)
def state(cls: type[C]) -> type[C]:
    """Turn a class with annotated fields into a state; a class that derives from `State` is one already.

    Type checkers know ``evolve`` of classes that derive from `State` only.
    """
    if isinstance(cls, StateType):
        return cls
    if cls.__bases__ != (object,):
        raise TypeError(f"state {cls.__name__} has other bases: derive it from State instead")
    namespace = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    return StateType(cls.__name__, (State,), namespace)  # type: ignore[return-value]  # the same fields, another base


def _annotated(namespace: dict[str, object]) -> dict[str, object]:
    """The annotations of a class body, whichever way this version of Python keeps them."""
    found = namespace.get("__annotations__")
    if isinstance(found, dict):
        return found
    probe = type(
        "probe",
        (),
        {key: namespace[key] for key in ("__annotate__", "__annotate_func__") if key in namespace},
    )
    return get_annotations(probe)


def _is_class_variable(namespace: dict[str, object], field: str) -> bool:
    return "ClassVar" in str(_annotated(namespace)[field])


def _require_hashable(field: str, default: object) -> None:
    try:
        hash(default)
    except TypeError:
        kind = type(default).__name__
        raise TypeError(
            f"the default of {field} is a {kind}, which cannot be hashed: use a tuple or frozenset"
        ) from None


def _equip(made: StateType, fields: tuple[str, ...], defaults: dict[str, object]) -> None:
    """Give the class its constructor, its fields and its evolve."""
    first_default = next((place for place, field in enumerate(fields) if field in defaults), len(fields))
    odd = [field for field in fields if field.startswith("_") or field == "evolve"]
    taken = [name for name in (*fields, "evolve", "__new__", "__init__") if name in vars(made)]
    if taken:
        raise TypeError(f"{made.__name__}.{taken[0]} is made by State, and cannot be defined as well")
    if odd:
        raise TypeError(
            f"{made.__name__}.{odd[0]}: a field's name may not be evolve, nor begin with an underscore"
        )
    late = [field for field in fields[first_default:] if field not in defaults]
    if late:
        raise TypeError(f"{made.__name__}.{late[0]} has no default, and stands after a field that has one")
    mark = _mark_of(f"{made.__module__}.{made.__qualname__}")
    scope: dict[str, object] = {"_new": tuple.__new__, "_mark": mark, "_same": _SAME, "_defaults": defaults}
    given = ", ".join(f"{field}=_defaults[{field!r}]" if field in defaults else field for field in fields)
    changed = ", ".join(f"{field}=_same" for field in fields)
    kept = "".join(f"_self[{place}] if {field} is _same else {field}, " for place, field in enumerate(fields))
    source = (
        f"def __new__(_cls, {given}): return _new(_cls, ({''.join(f'{field}, ' for field in fields)}_mark))\n"
        f"def evolve(_self{', *, ' if fields else ''}{changed}): return _new(_self.__class__, ({kept}_mark))\n"
    )
    exec(source, scope)  # noqa: S102  # as the standard library makes dataclasses and named tuples
    for name in ("__new__", "evolve"):
        function = scope[name]
        function.__qualname__ = f"{made.__qualname__}.{name}"  # type: ignore[attr-defined]  # a function
        setattr(made, name, function)
    for place, field in enumerate(fields):
        setattr(made, field, _reader(place, field))
    made._fields = fields  # type: ignore[attr-defined]  # of State
    setattr(made, "__match_args__", fields)  # noqa: B010  # mypy does not know that it may be set
    made._defaults = defaults  # type: ignore[attr-defined]  # of State
    made._mark = mark  # type: ignore[attr-defined]  # of State


def is_plain(cls: StateType) -> bool:
    """Whether reading a field of the class, and unpacking it, are what they are for a tuple."""
    return all(getattr(cls, name) is getattr(tuple, name) for name in ("__getattribute__", "__iter__"))


def compares_as_tuple(cls: type) -> bool:
    """Whether states of the class and those below it are equal to what their tuples are equal to."""
    below: list[type] = type.__subclasses__(cls)
    own = all(getattr(cls, name) is getattr(tuple, name) for name in ("__eq__", "__hash__"))
    return own and all(map(compares_as_tuple, below))


def _reader(place: int, field: str) -> object:
    from collections import _tuplegetter  # type: ignore[attr-defined]  # noqa: PLC0415  # what named tuples use

    return _tuplegetter(place, f"The field {field}.")


def _mark_of(name: str) -> int:
    """The number of a class: made from its name, and never that of another name."""
    mark = crc32(name.encode())
    while _marked.setdefault(mark, name) != name:
        mark += 1
    return mark
