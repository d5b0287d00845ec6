"""`threading.local` under control: the data of each controlled thread, in objects made in C.

Such an object keeps its attributes apart for each operating-system thread, and all controlled threads are one. So
the attributes are exchanged whenever a controlled thread touches an object that another one has touched last. A
class's own methods, properties and `__init__`, which runs anew for each thread, work as ever.
"""

import functools
import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any, cast

from treadle.sched import runtime
from treadle.sched.locks import is_foreign
from treadle.sched.world import ControlledThread

real_local: Any = threading.local


class _Data:
    """The attributes of one object."""

    def __init__(self, holder: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.reference = weakref.ref(holder, functools.partial(_forget, id(holder)))
        self.arguments = arguments
        self.keywords = keywords
        self.owner = (
            runtime.running()
        )  #: whose attributes the object has now; None for what was before the check
        self.others: dict[ControlledThread | None, dict[str, Any]] = {}  #: attributes of everyone else


_all: dict[int, _Data] = {}


def _forget(key: int, _: object) -> None:
    _all.pop(key, None)


def _of(holder: Any) -> _Data:
    data = _all.get(id(holder))
    if data is None:
        referents = gc.get_referents(holder)
        dicts = [found for found in referents if type(found) is dict]
        arguments = next((found for found in referents if type(found) is tuple), ())
        data = _all[id(holder)] = _Data(holder, arguments, dicts[0] if len(dicts) > 1 else {})
        _attributes(holder)  # what this operating-system thread has in it is made now, if it was not yet
        data.owner = None
    return data


def _end_with(data: _Data, thread: ControlledThread) -> None:
    """See to it that what *thread* has in an object goes when the thread ends."""

    def end(ended: ControlledThread) -> None:
        holder = data.reference()
        if holder is not None and data.owner is ended:
            _give_back(holder, data)
        data.others.pop(ended, None)

    thread.locals.append(end)


def _give_back(holder: Any, data: _Data) -> None:
    """Let *holder* have what it had before the check."""
    attributes = _attributes(holder)
    gone = attributes.copy()
    data.owner = None
    attributes.clear()
    attributes.update(data.others.get(None, {}))
    del gone  # and what it alone refers to, when all is consistent


def _attributes(holder: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", real_local.__getattribute__(holder, "__dict__"))


def exchange(holder: Any) -> None:
    """Let *holder* have the attributes of the thread that calls."""
    if is_foreign():
        return
    thread = runtime.running()
    data = _of(holder)
    if data.owner is thread:
        return
    attributes = _attributes(holder)
    data.others[data.owner] = attributes.copy()
    attributes.clear()
    data.owner = thread
    mine = data.others.pop(thread, None)
    if mine is not None:
        attributes.update(mine)
        return
    if thread is not None:
        _end_with(data, thread)
        if thread.index == 0 and None in data.others:
            attributes.update(data.others[None])
            return
    if type(holder).__init__ is not object.__init__:
        type(holder).__init__(holder, *data.arguments, **data.keywords)


class _Type(type):
    """The class of the stand-in: objects of the real class, and of its other subclasses, are instances of it too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, real_local) if cls is Local else type.__instancecheck__(cls, instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, real_local) if cls is Local else type.__subclasscheck__(cls, subclass)


def _hooked(own: Any) -> Any:
    def hook(self: Any, *arguments: Any) -> Any:
        exchange(self)
        return own(self, *arguments)

    return hook


def _maker(own: Any) -> Any:
    def make(cls: Any, /, *arguments: Any, **keywords: Any) -> Any:
        made = own(cls, *arguments, **keywords)
        if isinstance(made, real_local):
            data = _all[id(made)] = _Data(made, arguments, keywords)
            if data.owner is not None:
                _end_with(data, data.owner)
        return made

    return make


class Local(real_local, metaclass=_Type):  # type: ignore[misc]
    """Stands in for `threading.local`."""

    __new__ = _maker(real_local.__new__)
    __getattribute__ = _hooked(real_local.__getattribute__)
    __setattr__ = _hooked(real_local.__setattr__)
    __delattr__ = _hooked(real_local.__delattr__)


def copied(existing: Any) -> Any:
    """Return what stands in for *existing*, an object of the real class itself."""
    made = Local()
    made.__dict__.update(existing.__dict__)
    return made


def hooks() -> Iterator[tuple[type, str, Any]]:
    """Give (class, name, replacement) for the methods of each subclass that exists already."""
    for cls in real_local.__subclasses__():
        if cls is not Local:
            for name in ("__getattribute__", "__setattr__", "__delattr__"):
                yield cls, name, _hooked(getattr(cls, name))
            yield cls, "__new__", staticmethod(_maker(cls.__new__))


def reset() -> None:
    """Let each object have what it had before the check."""
    for data in list(_all.values()) if _all else ():
        holder = data.reference()
        if holder is not None and data.owner is not None:
            _give_back(holder, data)
        data.others.clear()
