"""The lives of objects: a location for each object whose end can be seen.

Whoever lets go of an object last runs its finalizer, and a weak reference tells whether it is still there. So letting go
is a write of its life, and calling a weak reference is a read. Seen are `del` of a variable and of an attribute, a store
over an attribute, and an attribute of what only the expression refers to; not the end of a function, and nothing that
containers let go of.
"""

import types
import weakref
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import perform_all
from treadle.sched.memory.families import class_attribute
from treadle.sched.memory.locations import MemoryLocation, name_of
from treadle.sched.memory.namespaces import namespace_of
from treadle.sched.values import MISSING
from treadle.sched.world import ControlledThread

#: Classes whose objects have no finalizer, and that weak references can't refer to.
_UNSEEN_ENDS = frozenset((type(None), bool, int, float, complex, str, bytes, tuple, list, dict, range))


def let_go(value: Any) -> None:
    """Announce that the caller is about to delete a variable that has *value*."""
    thread = runtime.running()
    if thread is not None:
        perform_all(thread, "let go", letting_go(value))


def letting_go(value: Any) -> Accesses:
    """Return what letting go of *value* touches."""
    if type(value) in _UNSEEN_ENDS or issubclass(type(value), (type, types.ModuleType)):
        return ()
    if not _end_can_be_seen(value):
        return ()
    return ((_life(value), WRITE),)


def letting_go_of(holder: Any, name: str, *, slot: bool) -> Accesses:
    """Return what a store over attribute *name* of *holder*, a *slot* or not, or its deletion, lets go of."""
    if not slot:
        return letting_go((namespace_of(holder) or {}).get(name))
    try:
        return letting_go(object.__getattribute__(holder, name))
    except AttributeError:
        return ()


def looking(reference: "weakref.ref[Any]") -> Accesses:
    """Return what calling a weak reference touches."""
    value = reference()
    lives = memory.present.lives
    if value is None:
        known = lives.get(id(reference))
        return () if known is None else ((known[1], READ),)
    return ((_watched(value, reference), READ),)


def _watched(value: Any, reference: "weakref.ref[Any]") -> MemoryLocation:
    life = _life(value)
    memory.present.learn_watched(type(value))
    # The reference is kept, so that no other gets its identity; one with a callback would be called back for that.
    if reference.__callback__ is None:
        memory.present.lives[id(reference)] = reference, life
    return life


def watching(*arguments: Any) -> "weakref.ref[Any]":
    """Make a weak reference, and note which life it looks at."""
    made = weakref.ref(*arguments)
    _watched(arguments[0], made)
    return made


def look(thread: ControlledThread, reference: "weakref.ref[Any]") -> Any:
    """Perform `reference()`."""
    perform_all(thread, "look", looking(reference))
    return reference()


def _life(value: Any) -> MemoryLocation:
    return memory.present.of(value, memory.LIFE)


def _end_can_be_seen(value: Any) -> bool:
    cls = type(value)
    if class_attribute(cls, "__del__")[1] is not MISSING or name_of(cls) in memory.present.learned.watched:
        return True
    if weakref.getweakrefcount(value) > memory.present.watches(value):
        memory.present.learn_watched(cls)  # others of its class may be watched later than they are let go of
        return True
    return False
