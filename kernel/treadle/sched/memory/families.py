"""What kind of thing a value is: whether using it touches shared memory, and where.

A class whose objects cannot change, or whose code is the program's own and seen where it runs, needs no announcement.
Everything written in C that is not known to be immutable is a container; everything of a library's that is written in
Python is *opaque*: its code is not instrumented, so that what it does is not seen.
"""

import array
import datetime as dt
import decimal
import enum
import functools
import operator
import re
import sys
import sysconfig
import types
import weakref
from collections import deque
from types import CodeType
from typing import Any

from treadle.sched.source import instrumented
from treadle.sched.values import MISSING


class Family(enum.IntEnum):  # and no Enum, whose members are hashed in Python
    """How the objects of a class are touched."""

    ATOMIC = enum.auto()  #: immutable, or guarded by steps of its own
    TUPLE = enum.auto()  #: immutable, but what it holds may not be
    DICT = enum.auto()
    SET = enum.auto()
    LIST = enum.auto()  #: items by index
    BYTES = enum.auto()  #: items by index, none of which is an object
    WHOLE = enum.auto()  #: another container in C, which is one location
    VIEW = enum.auto()  #: what looks at a container whenever it is looked at
    OPAQUE = enum.auto()  #: a library's object
    OBJECT = enum.auto()  #: an object of the program's own classes


#: Attributes that hold code, and so seldom change.
CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.GetSetDescriptorType,
    types.MethodType,
    types.ModuleType,
    staticmethod,
    classmethod,
    property,
    type,
)

_CODE = frozenset(CODE)


def is_code(value: object) -> bool:
    """Say whether *value*, an attribute of a class or a module, is code, and so seldom changes."""
    return type(value) in _CODE or issubclass(type(value), CODE)


_ATOMIC: tuple[type, ...] = (
    *(int, float, complex, str, bytes, range, type, type(None), type(Ellipsis), type(NotImplemented)),
    *(CodeType, BaseException, types.FrameType, types.TracebackType, re.Pattern, re.Match),
    *(decimal.Decimal, dt.date, dt.time, dt.timedelta, dt.tzinfo),
    *(functools.partial, weakref.ref, operator.attrgetter, operator.itemgetter, operator.methodcaller),
    *(types.GenericAlias, types.UnionType, types.CellType, super),
    *CODE,
)

_VIEWS: tuple[type, ...] = (
    *(type({}.keys()), type({}.values()), type({}.items()), types.MappingProxyType, memoryview),
)

#: Libraries whose objects are guarded by steps of their own, or hold nothing of the program's.
_GUARDED = frozenset(
    (
        *(
            "threading",
            "queue",
            "concurrent",
            "logging",
            "contextlib",
            "contextvars",
            "enum",
            "typing",
            "abc",
        ),
        *("asyncio", "unittest", "pytest", "_pytest", "hypothesis", "importlib", "warnings", "traceback"),
        *("treadle", "_thread", "_queue", "_contextvars", "_threading_local", "greenlet", "random", "time"),
        *(
            "numbers",
            "fractions",
            "uuid",
            "pathlib",
            "functools",
            "types",
            "inspect",
            "dis",
            "ast",
            "tokenize",
        ),
    )
)

#: The parts of the checker that run while a program does.
_OURS = ("treadle.sched", "treadle.conform")

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})

_families: dict[type, Family] = {}


def family(value: object) -> Family:
    """Return the family of *value*."""
    found = _families.get(type(value))
    if found is None:
        found = _families[type(value)] = _family(type(value))
    return found


#: How many classes were known when the execution before began.
_known = 0


def forget() -> None:
    """Forget what may be otherwise in the next execution, and all classes if the program makes new ones in each."""
    global _known
    _implementations.clear()
    known = len(_families) + len(_python_classes)
    if known > _known > 0:
        _families.clear()
        _python_classes.clear()
        known = 0
    _known = known


def _family(cls: type) -> Family:
    root = _root(cls)
    for found, bases in (
        (Family.DICT, (dict,)),
        (Family.SET, (set,)),
        (Family.LIST, (list,)),
        (Family.BYTES, (bytearray, array.array)),
        (Family.WHOLE, (deque,)),
        (Family.VIEW, _VIEWS),
    ):
        if issubclass(cls, bases):
            return found
    if issubclass(cls, (tuple, frozenset)):
        return Family.TUPLE
    if issubclass(cls, _ATOMIC) and root != "python":
        return Family.ATOMIC
    if _is_ours(cls) or of_guarded(cls.__module__):
        return Family.ATOMIC
    if root == "python":
        return Family.OPAQUE if of_library(cls.__module__) else Family.OBJECT
    return Family.OBJECT if cls is object else Family.WHOLE


def _is_ours(cls: type) -> bool:
    """Say whether *cls* is the checker's own, and was not made by the program in a call that a hook performed."""
    if not cls.__module__.startswith(_OURS):
        return False
    first, _, inner = cls.__qualname__.partition(".")
    found = getattr(sys.modules.get(cls.__module__), first, None)
    return found is cls or (bool(inner) and found is not None)


def _root(cls: type) -> str:
    """Say whether *cls* was made by a class statement."""
    return "python" if is_python_class(cls) else "c"


_python_classes: dict[type, bool] = {}


def is_python_class(cls: type) -> bool:
    """Say whether *cls* was made by a class statement, and not in C."""
    if not cls.__flags__ & _HEAP_TYPE:
        return False
    found = _python_classes.get(cls)
    if found is None:
        found = _python_classes[cls] = _is_python_class(cls)
    return found


def _is_python_class(cls: type) -> bool:
    return any(
        "__slots__" in vars(base) or isinstance(vars(base).get("__weakref__"), types.GetSetDescriptorType)
        for base in cls.__mro__[:-1]
    )


#: Set in the flags of a class that was made by a class statement (and of many others).
_HEAP_TYPE = 1 << 9


def of_guarded(name: str) -> bool:
    """Say whether the module *name* is one of those whose objects are guarded by steps of their own."""
    package = name.partition(".")[0]
    return package in _GUARDED and package != "treadle"


@functools.cache
def of_library(name: str | None) -> bool:
    """Say whether the module *name* is the standard library's or an installed package's."""
    if name is None or name.partition(".")[0] in _GUARDED:
        return False
    if name in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and file.startswith(_LIBRARIES)


class How(enum.Enum):
    """Where a class gets a special method from."""

    C = enum.auto()  #: from C, or nowhere
    SEEN = enum.auto()  #: from Python code whose accesses are seen, or that the user left out
    GENERATED = enum.auto()  #: from code without source, as dataclasses have
    UNSEEN = enum.auto()  #: from a library's Python code


_implementations: dict[tuple[type, str], How] = {}


def implementation(cls: type, name: str) -> How:
    """Say where *cls* gets the special method *name* from."""
    found = _implementations.get((cls, name))
    if found is None:
        found = _implementations[cls, name] = how(class_attribute(cls, name)[1])
    return found


def how(function: Any) -> How:
    """Say what is known of *function*, or of what a descriptor of one holds."""
    if isinstance(function, (staticmethod, classmethod)):
        function = function.__func__
    if not isinstance(function, types.FunctionType):
        return How.C
    code = function.__code__
    if id(code) in instrumented:
        return How.SEEN
    if code.co_filename.startswith("<") and not code.co_filename.startswith("<frozen "):
        return How.GENERATED
    return How.UNSEEN if of_library(function.__module__) else How.SEEN


def class_attribute(cls: type, name: str) -> tuple[type, Any]:
    """Return the class that defines *name* and the raw value there, or *cls* and `MISSING`."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base, base.__dict__[name]
    return cls, MISSING


def slots_of(cls: type) -> list[str]:
    """Return the names of the slots of *cls*."""
    return [
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, types.MemberDescriptorType)
    ]
