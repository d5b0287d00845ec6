"""What may be a state: an immutable value.

The checker knows a state again by its hash and equality. A state that changes afterwards, or that is equal
to itself alone, makes every answer wrong without a sign of it, so such states are refused by name.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache

#: Types whose values have no parts, and are as they should be.
_ATOMS = {int, str, bool, bytes, type(None)}

#: Types whose values need no closer look.
_SOUND = {*_ATOMS, frozenset}


def record(value: object) -> Mapping[str, object]:
    """The fields of a state, a dataclass or a named tuple; of anything else, none."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: getattr(value, name) for name in value._fields}
    return {}


def require_value(state: object, origin: str) -> None:
    """Raise TypeError, naming the origin and the field, unless the state is an immutable value."""
    if _is_sound(state):
        return
    flaw = _flaw(state, "")
    if not flaw and type(state).__eq__ is object.__eq__ and not isinstance(state, Enum | None):
        flaw = f"{state!r} is equal to itself alone"
    if flaw:
        raise TypeError(f"{origin}: {flaw}; a state must be an immutable value")


def require_equal(one: object, other: object, origin: str) -> None:
    """Raise TypeError unless two states that were made alike are equal and hash alike."""
    for path, first, second in _pairs(one, other, ""):
        if first == second and hash(first) == hash(second):
            continue
        what = "hash alike" if first == second else "equal"
        raise TypeError(
            f"{origin}: made twice, {path or 'the state'} is {first!r} and {second!r}, which are not {what}: "
            "the model is not deterministic, or this is no value"
        )


def _pairs(one: object, other: object, path: str) -> list[tuple[str, object, object]]:
    """The innermost parts that differ, or else the two themselves."""
    first, second = _parts(one, path), _parts(other, path)
    if type(one) is type(other) and first.keys() == second.keys():
        for inner, part in first.items():
            if part is not second[inner] and (part != second[inner] or hash(part) != hash(second[inner])):
                return _pairs(part, second[inner], inner)
    return [(path, one, other)]


def _parts(value: object, path: str) -> dict[str, object]:
    named = record(value)
    if isinstance(value, tuple) and not named:
        return {f"{path}[{index}]": part for index, part in enumerate(value)}
    return {f"{path}.{name}" if path else name: part for name, part in named.items()}


def _is_sound(value: object) -> bool:
    """Whether the value is one of those that need no closer look: the short cut of `_flaw`."""
    if type(value) in _SOUND:
        return True
    if not isinstance(value, tuple) or not _is_plain(type(value)):
        return False
    return _SOUND.issuperset(map(type, value)) or all(map(_is_sound, value))


@lru_cache(maxsize=256)
def _is_plain(kind: type[tuple[object, ...]]) -> bool:
    """Whether the parts of such tuples are all there is to them."""
    return not hasattr(kind, "__dataclass_params__") and all(
        getattr(kind, name) is getattr(tuple, name) for name in ("__eq__", "__hash__", "__iter__")
    )


def _flaw(value: object, path: str) -> str | None:
    """What is wrong with the value, the innermost culprit first."""
    if type(value) in _ATOMS:
        return None
    for inner, part in _parts(value, path).items():
        if flaw := _flaw(part, inner):
            return flaw
    subject = f"{path or 'the state'} is a {type(value).__name__}"
    parameters = getattr(value, "__dataclass_params__", None)
    if parameters and not parameters.frozen:
        return f"{subject}, a dataclass that is not frozen"
    try:
        hash(value)
    except TypeError:
        return f"{subject}, which cannot be hashed"
    if isinstance(value, float) and value != value:  # noqa: PLR0124  # what makes it no value
        return f"{path or 'the state'} is {value!r}, which is not equal to itself"
    return None
