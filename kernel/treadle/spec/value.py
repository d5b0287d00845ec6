"""What may be a state: an immutable value.

The checker knows a state again by its hash and equality. A state that changes afterwards, or that is equal
to itself alone, makes every answer wrong without a sign of it, so such states are refused by name.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum


def record(value: object) -> Mapping[str, object]:
    """The fields of a dataclass or a named tuple; of anything else, none."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    return {}


def require_value(state: object, origin: str) -> None:
    """Raise TypeError, naming the origin and the field, unless the state is an immutable value."""
    flaw = _flaw(state, "")
    if not flaw and type(state).__eq__ is object.__eq__ and not isinstance(state, Enum | None):
        flaw = f"{state!r} is equal to itself alone"
    if flaw:
        raise TypeError(f"{origin}: {flaw}; a state must be an immutable value")


def _flaw(value: object, path: str) -> str | None:
    """What is wrong with the value, the innermost culprit first."""
    named = record(value)
    parts = {f"{path}.{name}" if path else name: part for name, part in named.items()}
    if isinstance(value, tuple) and not named:
        parts = {f"{path}[{index}]": part for index, part in enumerate(value)}
    for inner, part in parts.items():
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
    return None
