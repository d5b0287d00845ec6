"""Hooks for calls: what is written in C, or is a library's, is announced before it is called."""

import builtins
import functools
import itertools
import operator
import re
import sys
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import READ, WRITE, Accesses, Mode
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import perform, perform_all, perform_found
from treadle.sched.memory.attributes import (
    announce_attribute,
    announce_store,
    class_of,
    load_attribute,
    take_globals,
)
from treadle.sched.memory.containers import CONTAINERS, READING, ContainerCall, defers, underlying
from treadle.sched.memory.families import (
    Family,
    How,
    class_attribute,
    family,
    how,
    is_python_class,
    of_library,
)
from treadle.sched.memory.files import announce_files
from treadle.sched.memory.items import consuming, contains, delete_item, load_item, measure, store_item
from treadle.sched.memory.lives import look, watching
from treadle.sched.memory.locations import name_of
from treadle.sched.memory.namespaces import note_namespace
from treadle.sched.memory.reach import reach
from treadle.sched.memory.within import go_on
from treadle.sched.source import instrumented
from treadle.sched.values import MISSING
from treadle.sched.world import ControlledThread

#: Containers whose bound methods no table below knows.
_ORDINARY = frozenset((list, dict, set, deque, bytearray))

#: Builtins that look at no container's contents.
_HARMLESS: frozenset[Any] = frozenset(
    (
        *(isinstance, issubclass, id, type, callable, property, staticmethod, classmethod, super, object),
        *(operator.is_, operator.is_not, functools.partial, slice, memoryview, hash, range, chr, ord),
    )
)
#: Builtins and types that read the containers they are given, with all that is inside, and change none.
_READERS: frozenset[Any] = frozenset(
    (
        *(list, tuple, set, frozenset, dict, deque, sorted, min, max, sum, any, all, repr, str, print, ascii),
        *(format, bytes, bytearray, reversed, int, float, complex, abs, round, divmod, pow),
        *(operator.length_hint, operator.eq, operator.ne, operator.lt, operator.le),
        *(operator.gt, operator.ge, operator.add, operator.concat, operator.countOf),
        *(operator.indexOf, operator.or_, operator.and_, operator.sub, operator.xor, operator.mul),
    )
)
#: Builtins that ask how much they are given holds, by its special method.
_SIZES: dict[Any, str] = {
    len: "__len__",
    bool: "__bool__",
    operator.truth: "__bool__",
    operator.not_: "__bool__",
}
#: Builtins that read their containers later, step by step.
_LAZY: frozenset[Any] = frozenset(
    (iter, enumerate, zip, map, filter, *(cls for cls in vars(itertools).values() if isinstance(cls, type)))
)

#: Builtins and types that call what they are given, by the place of the argument and its name as a keyword.
_CALLERS: dict[Any, tuple[int | None, str]] = {
    **dict.fromkeys(
        (map, filter, itertools.starmap, itertools.takewhile, itertools.dropwhile, itertools.filterfalse),
        (0, ""),
    ),
    functools.reduce: (0, "function"),
    itertools.accumulate: (1, "func"),
    itertools.groupby: (1, "key"),
    **dict.fromkeys((sorted, min, max), (None, "key")),
}

#: Functions that do what an expression or a statement does.
_ITEMS: dict[Any, Callable[..., Any]] = {
    operator.getitem: load_item,
    operator.setitem: lambda container, key, value: store_item(value, container, key),
    operator.delitem: delete_item,
    operator.contains: lambda container, value: contains(value, container),
}

#: Modules of the library whose functions change nothing that they are given.
_LOOKING = frozenset(("copy", "json", "pprint", "statistics", "dataclasses", "reprlib", "textwrap", "string"))


def call(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `function(*arguments, **keywords)`."""
    thread = runtime.running()
    if thread is None:
        return function(*arguments, **keywords)
    kind = type(function)
    if kind is types.FunctionType or kind is types.MethodType:
        _announce_unseen(thread, function, arguments, keywords)
        return function(*arguments, **keywords)
    if kind is type and is_python_class(function):
        _announce_making(thread, function, arguments, keywords)
        made = function(*arguments, **keywords)
        return _placed(made) if issubclass(function, type) else made
    if kind is types.BuiltinMethodType and type(function.__self__) in _ORDINARY:
        arguments, keywords = _announce_call(thread, function, arguments, keywords)
        return _perform(thread, function, arguments, keywords)
    if kind is weakref.ref and not arguments and not keywords:
        return look(thread, function)
    if function is weakref.ref and not keywords and arguments:
        return watching(*arguments)
    if kind is functools.partial:
        return call(function.func, *function.args, *arguments, **{**function.keywords, **keywords})
    if is_builtin(function) and function in _CALLERS:
        arguments, keywords = _announcing(function, arguments, keywords)
    if function is globals:
        return take_globals()
    if kind is types.BuiltinFunctionType and function in _ITEMS and not keywords:
        return _ITEMS[function](*arguments)
    announce_files(thread, function, arguments, keywords)
    if not _touches_by_name(thread, function, arguments):
        arguments, keywords = _announce_call(thread, function, arguments, keywords)
    return _placed(_perform(thread, function, arguments, keywords))


def _perform(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """Perform a call of what may be written in C, and call the program's code in between."""
    before, thread.within = thread.within, lambda: _touched_meanwhile(function, arguments, keywords)
    try:
        return function(*arguments, **keywords)
    finally:
        thread.within = before


def _touched_meanwhile(function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Accesses:
    """Return what *function* goes on with when it has called the program's code."""
    given = (*arguments, *keywords.values())
    owner, name, rest = _method_in_c(function, arguments)
    if name is None:
        reads = is_builtin(function) and (function in _READERS or function in _LAZY)
        return reach(given, writes=not reads) + _consumed(given)
    container = underlying(owner)
    if container is None:
        return reach((owner, *rest))
    cells = memory.present.cells(container)
    given = (*rest, *keywords.values())
    return (cells.reading if name in READING else cells.writing) + reach(given) + _consumed(given)


def _placed(made: Any) -> Any:
    """Return *made*; a class that a hook has made, because it called for the program, is of the program's module."""
    if issubclass(type(made), type) and made.__module__ == __name__:
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
            frame = frame.f_back
        made.__module__ = frame.f_globals.get("__name__", __name__)
    return made


def call_method(holder: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
    """Perform `holder.name(*arguments, **keywords)`."""
    return call(load_attribute(holder, name), *arguments, **keywords)


def _announce_call(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Announce what calling *function*, which may be written in C, touches; return what to call it with."""
    owner, name, rest = _method_in_c(function, arguments)
    if name is not None:
        _announce_method(thread, owner, name, rest, keywords)
        given = (*rest, *keywords.values())
        inner = _watched(lambda: _accesses_of(owner), given)
        if inner is not None:
            arguments = (*arguments[: len(arguments) - len(rest)], *inner[: len(rest)])
            keywords = dict(zip(keywords, inner[len(rest) :], strict=True))
    elif issubclass(type(function), type) and is_python_class(function):
        _announce_making(thread, function, arguments, keywords)
    elif not isinstance(class_attribute(type(function), "__call__")[1], types.FunctionType):
        return _announce_arguments(thread, function, arguments, keywords)
    return arguments, keywords


def _announce_making(
    thread: ControlledThread, cls: type, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    """Announce what making an object of *cls*, which is written in Python, touches."""
    unseen = (
        of_library(cls.__module__)
        or how(class_attribute(cls, "__init__")[1]) is How.UNSEEN
        or how(class_attribute(cls, "__new__")[1]) is How.UNSEEN
    )
    if unseen:

        def find() -> Accesses:
            memory.present.crossed.add(".".join(name_of(cls)))
            return reach((*arguments, *keywords.values()), writes=True)

        perform_found(thread, "call", find)


# -- Python code that is not seen -----------------------------------------------------------------------------------


def _announce_unseen(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    """Announce what a library's function in Python may touch, since its own accesses are not seen."""
    plain = function.__func__ if type(function) is types.MethodType else function
    if type(plain) is types.FunctionType and id(plain.__code__) in instrumented:
        return
    announce_files(thread, function, arguments, keywords)
    found = how(plain)
    if found is How.SEEN or found is How.C:
        return
    given: tuple[Any, ...] = (*arguments, *keywords.values())
    if issubclass(type(function), types.MethodType):
        given = (function.__self__, *given)
    looks = found is How.GENERATED or (plain.__module__ or "").partition(".")[0] in _LOOKING

    def find() -> Accesses:
        memory.present.crossed.add(f"{plain.__module__}.{plain.__qualname__}")
        return reach(given, writes=not looks, objects=found is not How.GENERATED)

    perform_found(thread, "call", find)


# -- methods in C ---------------------------------------------------------------------------------------------------


def _method_in_c(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, str | None, tuple[Any, ...]]:
    """Return the object, the method's name and its arguments if *function* is a method in C of what can change."""
    if issubclass(type(function), (types.BuiltinMethodType, types.MethodWrapperType)):
        owner = function.__self__
        if owner is not None and _can_change(owner, function.__name__):
            return owner, function.__name__, arguments
    elif (
        issubclass(type(function), (types.MethodDescriptorType, types.WrapperDescriptorType))
        and arguments
        and _can_change(arguments[0], function.__name__)
    ):
        return arguments[0], function.__name__, arguments[1:]
    return None, None, ()


#: Methods by which attributes are touched, those of classes and modules too.
_ATTRIBUTES = frozenset(("__getattribute__", "__setattr__", "__delattr__"))


def _can_change(owner: Any, method: str) -> bool:
    """Say whether *method* of *owner*, which is written in C, may touch what can change."""
    if issubclass(type(owner), (types.ModuleType, type)):
        return method in _ATTRIBUTES
    kind = family(owner)
    return kind in CONTAINERS or kind in (Family.VIEW, Family.OBJECT, Family.OPAQUE, Family.TUPLE)


#: Methods that compare what is inside, which may be containers again, or show it.
_COMPARING = frozenset(
    (
        *("count", "index", "remove", "sort", "join", "__contains__", "__eq__", "__ne__", "__lt__", "__le__"),
        *("__gt__", "__ge__", "__repr__", "__str__", "__format__"),
    )
)


def _announce_method(
    thread: ControlledThread, owner: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    given = (*arguments, *keywords.values(), *((owner,) if name in _COMPARING else ()))
    kind = family(owner)
    container = underlying(owner)
    if kind in (Family.OBJECT, Family.OPAQUE) or name in _ATTRIBUTES:
        _announce_object_method(thread, owner, name, arguments)
    elif container is None:  # a tuple
        perform_found(thread, name, lambda: reach((owner, *given)))
    elif container is not owner:
        perform_found(thread, name, lambda: memory.present.cells(container).reading + reach(given))
    elif name == "__next__" or name in ("send", "throw", "close"):
        perform_found(thread, name, lambda: consuming(owner) + reach(given))
    elif not defers(name):
        perform(thread, ContainerCall(container, name, arguments, lambda: reach(given)))


def _announce_object_method(
    thread: ControlledThread, owner: Any, name: str, arguments: tuple[Any, ...]
) -> None:
    """Announce what a method that the program's class has from C does, such as `object.__setattr__`."""
    if name == "__getattribute__" and arguments:
        announce_attribute(thread, owner, arguments[0])
    elif name in ("__setattr__", "__delattr__") and arguments:
        announce_store(thread, owner, arguments[0], arguments[1] if len(arguments) > 1 else MISSING)
    elif not hasattr(object, name):
        perform_found(thread, name, lambda: memory.present.cells(owner).writing + reach(arguments))


def _accesses_of(owner: Any) -> Accesses:
    container = underlying(owner)
    return () if container is None else memory.present.cells(container).writing


def _watched(find: Callable[[], Accesses], arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return *arguments* so that what *find* finds is announced after each of their own steps; None for no need.

    What is written in C goes on with its container after it has called the program's code, or taken a value from one
    of its generators, in which other threads may have had their turns.
    """
    if not any(_calls_back(argument) for argument in arguments):
        return None

    def again() -> None:
        _go_on_with(find)

    return tuple(
        _with_announcement(argument, again) if _calls_back(argument) else argument for argument in arguments
    )


def _calls_back(argument: Any) -> bool:
    return type(argument) in (types.GeneratorType, types.FunctionType, types.MethodType)


def _with_announcement(argument: Any, again: Callable[[], None]) -> Any:
    if isinstance(argument, types.GeneratorType):
        return _each(argument, again)

    @functools.wraps(argument)
    def called(*arguments: Any, **keywords: Any) -> Any:
        try:
            return argument(*arguments, **keywords)
        finally:
            again()
            go_on()

    return called


def _each_watched(argument: Any, find: Callable[[], Accesses]) -> Any:
    """Return *argument* so that, if it is a generator, what *find* finds is announced after each of its values."""
    if not isinstance(argument, types.GeneratorType):
        return argument
    return _each(argument, lambda: _go_on_with(find))


def _go_on_with(find: Callable[[], Accesses]) -> None:
    """Announce what *find* finds, for whichever thread it is that takes the next value."""
    thread = runtime.running()
    if thread is not None:
        perform_found(thread, "go on", find)


def _each(values: Iterator[Any], again: Callable[[], None]) -> Iterator[Any]:
    for value in values:
        again()
        yield value
    again()


# -- builtins -------------------------------------------------------------------------------------------------------


def is_builtin(function: Any) -> bool:
    """Say whether *function* can be looked up in the tables of this file."""
    return isinstance(function, (types.BuiltinFunctionType, type))


def _announce_arguments(
    thread: ControlledThread, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    known = is_builtin(function)
    given = (*arguments, *keywords.values())
    if known and function in _HARMLESS:
        more = tuple(access for argument in arguments[:1] for access in class_of(thread, argument))
        perform_all(thread, "look at", more if function in (isinstance, type) else ())
    elif known and function in _SIZES and len(arguments) == 1:
        method = _SIZES[function]
        measure(thread, arguments[0], method if hasattr(type(arguments[0]), method) else "__len__")
    elif known and function in _LAZY:
        perform_found(thread, function.__name__, lambda: reach(arguments))  # an iterator may note the state
        given = arguments
        return tuple(_each_watched(one, lambda: reach(given)) for one in given), keywords
    else:
        formats = _formats_parts(function)
        reads = formats or (known and function in _READERS)

        def find() -> Accesses:
            return reach(given, writes=not reads, objects=formats) + _consumed(given)

        perform_found(thread, getattr(function, "__name__", "call"), find)
        watched = _watched(find, given)
        if watched is not None:
            return watched[: len(arguments)], dict(zip(keywords, watched[len(arguments) :], strict=True))
    return arguments, keywords


def _formats_parts(function: Any) -> bool:
    """Say whether *function* is the `format` of a text that names attributes or items of what it is given."""
    text = getattr(function, "__self__", None) if type(function) is types.BuiltinMethodType else None
    if type(text) is not str or function.__name__ not in ("format", "format_map"):
        return False
    return any(character in field for field in re.findall(r"{([^{}:!]*)", text) for character in ".[")


def _consumed(given: tuple[Any, ...]) -> Accesses:
    """Return what is touched by taking all values of those iterators in C among *given*."""
    return tuple(
        access
        for value in given
        if family(value) is Family.WHOLE and hasattr(type(value), "__next__")
        for access in consuming(value)
    )


def _announcing(
    function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Have what *function* will call from C announce what it touches, if it is in C too."""
    place, name = _CALLERS[function]
    if place is not None and len(arguments) > place:
        called = _announced(arguments[place])
        return (*arguments[:place], called, *arguments[place + 1 :]), keywords
    if name in keywords:
        return arguments, {**keywords, name: _announced(keywords[name])}
    return arguments, keywords


def _announced(function: Any) -> Any:
    if function is None or (isinstance(function, type) and is_python_class(function)):
        return function
    if type(function) not in (types.FunctionType, types.MethodType):
        function = functools.partial(call, function)
    return _with_announcement(function, _nothing_more)


def _nothing_more() -> None:
    """Announce nothing but that C code goes on."""


def _touches_by_name(thread: ControlledThread, function: Any, arguments: tuple[Any, ...]) -> bool:
    """Announce what a builtin that is given an attribute's name touches; say whether *function* is one."""
    if function is vars and len(arguments) == 1:
        note_namespace(arguments[0])
    elif type(function) is operator.attrgetter and arguments:
        for path in function.__reduce__()[1]:
            holder = arguments[0]
            for part in path.split("."):
                announce_attribute(thread, holder, part)
                holder = getattr(holder, part, None)
    elif type(function) is operator.itemgetter and arguments:
        perform_found(thread, "read", lambda: reach(arguments[:1]))
    elif type(function) is operator.methodcaller and arguments:
        perform_found(thread, "call", lambda: reach(arguments[:1], writes=True))
    elif type(function) is types.BuiltinFunctionType and function in _BY_NAME and len(arguments) > 1:
        _touch_named(thread, _BY_NAME[function], arguments)
    else:
        return False
    return True


def _touch_named(thread: ControlledThread, mode: Mode, arguments: tuple[Any, ...]) -> None:
    holder, name = arguments[:2]
    if not isinstance(name, str):
        return
    if name == "__dict__" and mode is READ:
        note_namespace(holder)
    elif mode is READ:
        announce_attribute(thread, holder, name)
    elif not isinstance(class_attribute(type(holder), name)[1], property):
        announce_store(thread, holder, name, arguments[2] if len(arguments) > 2 else MISSING)


_BY_NAME: dict[Any, Mode] = {
    builtins.getattr: READ,
    builtins.hasattr: READ,
    builtins.setattr: WRITE,
    builtins.delattr: WRITE,
}
