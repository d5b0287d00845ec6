"""The attributes of an object as the items of its `__dict__`.

A program that touches attributes through `__dict__`, or has code that is not seen touch all of them, is learned about by
class: its attributes are then items of a container as well.
"""

import types
from typing import Any

from treadle.sched.memory import locations as memory
from treadle.sched.memory.containers import underlying
from treadle.sched.memory.locations import Cells, name_of


def namespace_of(holder: Any) -> Any:
    """Return the `__dict__` of *holder*, or None; no code of the program's runs."""
    try:
        if issubclass(type(holder), type):
            return type.__dict__["__dict__"].__get__(holder)
        return object.__getattribute__(holder, "__dict__")
    except AttributeError:
        return None


def namespace_key(holder: Any) -> tuple[str, str]:
    """Return what names those whose `__dict__` is like that of *holder*, in every execution."""
    if issubclass(type(holder), type):
        return ("class", "{}.{}".format(*name_of(holder)))
    if issubclass(type(holder), types.ModuleType):
        return ("module", holder.__name__)
    return name_of(type(holder))


def note_namespace(holder: Any) -> Cells | None:
    """Note that the attributes of *holder* can be touched through its `__dict__`; return what that is made of."""
    real = underlying(namespace_of(holder))
    if real is None:
        return None
    memory.present.learn_namespace(namespace_key(holder))
    return memory.present.namespace(holder, real)
