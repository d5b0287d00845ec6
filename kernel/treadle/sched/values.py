"""Values as short texts, for executions that are shown.

Rules: no code of the program's runs here, because it could touch what is being watched, raise, or never end; there
is no address in any text, because texts are the same every time; and every text is short.
"""

import functools
import inspect
import types
from collections import deque
from typing import Any

#: Stands for an attribute or a variable that is not there.
MISSING: Any = object()

_LONGEST = 30
_BRACKETS: dict[type, tuple[str, str]] = {
    tuple: ("(", ")"),
    list: ("[", "]"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}
_FEW = 4
_NAMED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
)


def short(value: Any, depth: int = 2) -> str:
    """Return a short text for *value*."""
    kind = type(value)
    if value is MISSING:
        return "nothing there"
    if value is None or kind is bool:
        return str(value)
    if kind in (int, float, complex):
        return _number(value)
    if kind in (str, bytes):
        return _cut(repr(value[: _LONGEST + 1]))
    # Not isinstance: it asks an object for its __class__, and so runs code.
    if issubclass(kind, type):
        return _cut(_name_of(value))
    if kind in _NAMED:
        return _cut(str(value.__name__))
    if kind is functools.partial:
        return f"a partial of {short(value.func, depth)}"
    if kind in _BRACKETS or kind is dict:
        return _container(value, kind, depth)
    return f"a {_name_of(kind)}"


def _number(value: complex) -> str:
    # The text of a number of many digits is refused from some length on, and slow before it.
    if type(value) is int and value.bit_length() > 256:
        return f"an int of {value.bit_length()} bits"
    return _cut(repr(value))


def _container(value: Any, kind: type, depth: int) -> str:
    if not value and kind in (set, frozenset):
        return f"{kind.__name__}()"
    if len(value) > _FEW or depth == 0:
        return f"{kind.__name__} of {len(value)}"
    if kind is dict:
        items = ", ".join(f"{short(key, depth - 1)}: {short(item, depth - 1)}" for key, item in value.items())
        return f"{{{items}}}"
    texts = [short(item, depth - 1) for item in list(value)]
    if kind in (set, frozenset):
        texts.sort()
    opening, closing = _BRACKETS[kind]
    comma = "," if kind is tuple and len(texts) == 1 else ""
    return f"{opening}{', '.join(texts)}{comma}{closing}"


def _name_of(kind: type) -> str:
    """Return the name of a class without asking its metaclass."""
    return str(type.__getattribute__(kind, "__name__"))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def peek(holder: Any, name: str) -> Any:
    """Return the value of attribute *name* of *holder*, or MISSING, without running `__getattr__` or a descriptor."""
    try:
        if issubclass(type(holder), (type, types.ModuleType)):
            return inspect.getattr_static(holder, name)
        raw = next((vars(base)[name] for base in type(holder).__mro__ if name in vars(base)), MISSING)
        if hasattr(type(raw), "__get__") and type(raw) is not types.MemberDescriptorType:
            absent = MISSING if type(raw) is functools.cached_property else raw
            return object.__getattribute__(holder, "__dict__").get(name, absent)
        return object.__getattribute__(holder, name)
    except Exception:
        return MISSING


def text_of(error: BaseException) -> str:
    """Return the name and the message of *error*, whose `__str__` may be anything."""
    name = _name_of(type(error))
    try:
        text = str(error)
    except Exception as failed:
        return f"{name}, whose message can't be shown: str() raised {_name_of(type(failed))}"
    return f"{name}: {text}" if text else name
