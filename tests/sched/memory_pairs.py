"""Readers and writers of shared memory, one pair for each way Python code has to touch it.

Each function is one access to `state`, so that what two threads can see is what the two orders give.
"""

# ruff: noqa: C416, SIM118, RUF005, PERF102, B009, PLW0108, PLC0415, PLC3002, UP031, UP032 - these forms are what is tested
import array
import bisect
import collections
import copy
import dataclasses
import functools
import heapq
import io
import itertools
import json
import operator
import struct
import sys
import weakref
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

HERE = sys.modules[__name__]

State = Any

iadd: Any = operator.iadd


class Pair(NamedTuple):
    """A reader and a writer of one storage."""

    name: str
    make: Callable[[], State]
    read: Callable[[State], object]
    write: Callable[[State], object]


class Box:
    """Attributes."""

    shared = 0
    none: ClassVar[int | None] = None

    def __init__(self, value: Any = 0, other: Any = 0) -> None:
        self.x = value
        self.y = other

    def method(self) -> int:
        return 0


class Child(Box):
    """Inherits everything."""

    def method(self) -> int:
        return super().method() + super().shared


class Other(Box):
    """What a Box may become."""

    shared = 7

    def method(self) -> int:
        return 9


class Slots:
    __slots__ = ("x", "y")

    def __init__(self) -> None:
        self.x = 0
        self.y = 0


class Setting:
    """Sets attributes by its own code."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> object:
        return 0


class Guarded:
    """Touches attributes by what it inherits, also where it is only asked for its class."""

    def __init__(self) -> None:
        self.x = 0

    def __getattribute__(self, name: str) -> object:
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)


class Meta(type):
    """Gives its classes an attribute that is kept in their namespace."""

    @property
    def kept(cls) -> object:
        return cls.__dict__.get("_kept", 0)

    @kept.setter
    def kept(cls, value: object) -> None:
        type.__setattr__(cls, "_kept", value)


class Sharing:
    """All have their attributes in common."""

    common: ClassVar[dict[str, object]] = {}

    def __init__(self) -> None:
        self.__dict__ = self.common
        self.x = 0


class Making(dict[str, int]):
    """Makes what is missing by its own code."""

    def __missing__(self, key: str) -> int:
        self[key] = value = len(self)
        return value


class Described:
    """A data descriptor."""

    def __get__(self, holder: Any, owner: type | None = None) -> Any:
        return holder.hidden

    def __set__(self, holder: Any, value: Any) -> None:
        holder.hidden = value


class Describing:
    x = Described()

    def __init__(self) -> None:
        self.hidden = 0


class Private:
    def __init__(self) -> None:
        self.__x = 0

    def get(self) -> int:
        return self.__x

    def put(self) -> None:
        self.__x = 1


@dataclasses.dataclass
class Point:
    x: int = 0
    y: int = 0


class Line(list[int]):
    """A list with a length of its own."""

    def __len__(self) -> int:
        return super().__len__() * 2


total = 0
table: dict[str, int] = {}
callback: Callable[[], int] = int


def reset() -> None:
    """Bring what all executions share back to its beginning."""
    global total, callback
    total = 0
    callback = int
    table.clear()
    Box.shared = 0
    Box.none = None
    Box.method = _box_method  # type: ignore[method-assign]
    for name in ("late",):
        if name in globals():
            del globals()[name]
    if "shared" in vars(Child):
        del Child.shared


_box_method = Box.method


def two() -> int:
    return 2


# -- attributes -----------------------------------------------------------------------------------------------------


def pair_of_sharing() -> tuple[Sharing, Sharing]:
    return Sharing(), Sharing()


def boxed_with_proxy() -> tuple[Box, Box]:
    box = Box()
    return box, weakref.proxy(box)


def listed_with_proxy() -> tuple[Line, Line]:
    line = Line()
    return line, weakref.proxy(line)


def method_x(s: State) -> Any:
    return getattr(s().f, "x", 0)


def function_x(s: State) -> None:
    s.f.x = 1


def get_x(s: State) -> Any:
    return s.x


def set_x(s: State) -> None:
    s.x = 1


def get_y(s: State) -> Any:
    return s.y


def set_y(s: State) -> None:
    s.y = 1


def try_x(s: State) -> Any:
    try:
        return s.x
    except AttributeError:
        return "none"


def delete_x(s: State) -> None:
    del s.x


def global_total(s: State) -> int:
    return total


def set_total(s: State) -> None:
    global total
    total = 1


def set_total_of_module(s: State) -> None:
    HERE.total = 1  # type: ignore[attr-defined]


def set_total_by_name(s: State) -> None:
    globals()["total"] = 1


def set_callback(s: State) -> None:
    global callback
    callback = two


def swap_class(s: State) -> None:
    s.__class__ = Other


def set_on_class(s: State) -> None:
    Box.shared = 1


def set_on_child(s: State) -> None:
    Child.shared = 1


def patch_method(s: State) -> None:
    Box.method = lambda self: 5  # type: ignore[method-assign]


def shadow_method(s: State) -> None:
    s.method = lambda: 5


def vars_update(s: State) -> None:
    namespace: Any = vars(s)
    namespace.update(x=1)


def walrus_into_total(s: State) -> None:
    global total
    _ = (total := 1)


def define_total(s: State) -> None:
    global total

    def total() -> int:
        return 1


def import_total(s: State) -> None:
    global total
    import sys as total


def delete_late(s: State) -> Any:
    return "late" in globals()


def set_late(s: State) -> None:
    globals()["late"] = 1


def in_class_body(s: State) -> Any:
    class Made:
        value = s.x

    return Made.value


def unpack(s: State) -> Any:
    first, *_ = s
    return first


def match_list(s: State) -> Any:
    match s:
        case [0, *_]:
            return "zero"
        case _:
            return "other"


def match_mapping(s: State) -> Any:
    match s:
        case {"a": 0}:
            return "zero"
        case _:
            return "other"


def match_class(s: State) -> Any:
    match s:
        case Box(x=0):
            return "zero"
        case _:
            return "other"


def star(*values: Any) -> Any:
    return values


def stars(**values: Any) -> Any:
    return values


def or_in_place(s: State) -> None:
    s |= {"a": 1}


def or_set(s: State) -> None:
    s |= {1}


def add_in_place(s: State) -> None:
    s += [1]


def set_slice(s: State) -> None:
    s[:] = [1, 1, 1]


def delete_slice(s: State) -> None:
    del s[1:]


def delete_first(s: State) -> None:
    del s[0]


def set_first(s: State) -> None:
    s[0] = 1


def set_last(s: State) -> None:
    s[-1] = 1


def set_a(s: State) -> None:
    s["a"] = 1


def set_b(s: State) -> None:
    s["b"] = 1


def set_c(s: State) -> None:
    s["c"] = 1


def delete_a(s: State) -> None:
    del s["a"]


def loop(s: State) -> Any:
    for value in s:
        return value
    return "empty"


def loop_items(s: State) -> Any:
    for _, value in s.items():
        return value
    return "empty"


def format_it(s: State) -> str:
    return f"{s}"


def format_spec(s: State) -> str:
    return f"{s.x!r:>4}"


def numbers() -> Any:
    yield from range(3)


def yield_from(s: State) -> Any:
    def inner() -> Any:
        yield from s

    return list(inner())


def lists() -> list[int]:
    return [0, 0, 0]


def dicts() -> dict[str, int]:
    return {"a": 0, "b": 0}


def nested() -> list[list[int]]:
    return [[0]]


def inner_append(s: State) -> None:
    s[0].append(1)


def clear(s: State) -> None:
    s.clear()


def kept(s: State) -> None:
    s.x(1)


def bound_append() -> Box:
    values: list[int] = []
    return Box(values.append, values)


def has_new(s: State) -> bool:
    return hasattr(s, "new")


def put_new(s: State) -> None:
    s.__dict__["new"] = 1


class Bare:
    """Has no attribute yet."""


def second_bare() -> Bare:
    first = Bare()
    first.__dict__.clear()  # what is known of one object's namespace is not known of another's
    return Bare()


ATTRIBUTES = [
    Pair("attribute", Box, get_x, set_x),
    Pair("delete an attribute", Box, try_x, delete_x),
    Pair("slot", Slots, get_x, set_x),
    Pair("descriptor", Describing, get_x, set_x),
    Pair("__setattr__ of its own", Setting, try_x, set_x),
    Pair("mangled", Private, lambda s: s.get(), lambda s: s.put()),
    Pair("getattr", Box, lambda s: getattr(s, "x"), set_x),
    Pair("setattr", Box, get_x, lambda s: setattr(s, "x", 1)),
    Pair("delattr", Box, try_x, lambda s: delattr(s, "x")),
    Pair("hasattr", Box, lambda s: hasattr(s, "x"), delete_x),
    Pair("object.__setattr__", Box, get_x, lambda s: object.__setattr__(s, "x", 1)),
    Pair("a __dict__ that objects share", pair_of_sharing, lambda s: s[0].x, lambda s: set_x(s[1])),
    Pair("attribute by str.format", Box, lambda s: "{.x}".format(s), set_x),
    Pair("a weak proxy", boxed_with_proxy, lambda s: s[0].x, lambda s: set_x(s[1])),
    Pair("a weak proxy of a container", listed_with_proxy, lambda s: len(s[0]), lambda s: s[1].append(1)),
    Pair("a function by a method", lambda: type("", (Box,), {"f": lambda s: 0}), method_x, function_x),
    Pair("a __dict__ that is shared, itself", Sharing, get_x, lambda s: s.common.update(x=1)),
    Pair("super().__getattribute__ and __setattr__", Guarded, get_x, set_x),
    Pair("type.__setattr__", lambda: type("", (), {"x": 0}), get_x, lambda s: type.__setattr__(s, "x", 1)),
    Pair("__dict__ of a class", lambda: type("", (), {"x": 0}), lambda s: s.__dict__.get("x"), set_x),
    Pair("property of a class", lambda: Meta("", (), {}), lambda s: s.kept, lambda s: setattr(s, "kept", 1)),
    Pair("object.__getattribute__", Box, lambda s: object.__getattribute__(s, "x"), set_x),
    Pair("object.__delattr__", Box, try_x, lambda s: object.__delattr__(s, "x")),
    Pair("__dict__ read", Box, lambda s: s.__dict__["x"], set_x),
    Pair("__dict__ written", Box, get_x, lambda s: s.__dict__.update(x=1)),
    Pair("__dict__ item", Box, get_x, lambda s: operator.setitem(s.__dict__, "x", 1)),
    Pair("__dict__ of a second object", second_bare, put_new, has_new),
    Pair("__dict__ replaced", Box, get_x, lambda s: setattr(s, "__dict__", {"x": 1})),
    Pair("vars", Box, lambda s: dict(vars(s)), set_x),
    Pair("vars written", Box, get_x, vars_update),
    Pair("len of vars", Box, lambda s: len(vars(s)), lambda s: setattr(s, "new", 1)),
    Pair("attrgetter", Box, lambda s: operator.attrgetter("x")(s), set_x),
    Pair("class attribute", Box, lambda s: s.shared, set_on_class),
    Pair("class attribute of a class", Box, lambda s: Box.shared, set_on_class),
    Pair("class attribute inherited", Child, lambda s: Child.shared, set_on_class),
    Pair("class attribute overridden", Child, lambda s: s.shared, set_on_child),
    Pair("class attribute shadowed", Box, lambda s: s.shared, lambda s: setattr(s, "shared", 1)),
    Pair("class attribute None", Box, lambda s: s.none, lambda s: setattr(Box, "none", 1)),
    Pair("class attribute by super", Child, lambda s: s.method(), set_on_class),
    Pair("vars of a class", Box, lambda s: vars(Box)["shared"], set_on_class),
    Pair("method patched", Box, lambda s: s.method(), patch_method),
    Pair("method shadowed", Box, lambda s: s.method(), shadow_method),
    Pair("__class__", Box, lambda s: s.method(), swap_class),
    Pair("__class__ attribute", Box, lambda s: s.shared, swap_class),
    Pair("__class__ isinstance", Box, lambda s: isinstance(s, Other), swap_class),
    Pair("__class__ type", Box, lambda s: type(s).__name__, swap_class),
    Pair("global", Box, global_total, set_total),
    Pair("global of a module", Box, global_total, set_total_of_module),
    Pair("module attribute", Box, lambda s: HERE.total, set_total),
    Pair("global by name", Box, global_total, set_total_by_name),
    Pair("globals() read", Box, lambda s: globals()["total"], set_total),
    Pair("globals() as a whole", Box, delete_late, set_late),
    Pair("global function", Box, lambda s: callback(), set_callback),
    Pair("global by walrus", Box, global_total, walrus_into_total),
    Pair("global by def", Box, lambda s: callable(total), define_total),
    Pair("global by import", Box, lambda s: isinstance(total, int), import_total),
    Pair("global container", Box, lambda s: table.get("a"), lambda s: table.update(a=1)),
    Pair("class body", Box, in_class_body, set_x),
    Pair("f-string", Box, format_spec, set_x),
    Pair("match a class", Box, match_class, set_x),
    Pair("dataclass ==", Point, lambda s: s == Point(0, 0), set_x),
    Pair("dataclass repr", Point, lambda s: repr(s), set_x),
    Pair("dataclass f-string", Point, format_it, set_x),
    Pair("dataclass asdict", Point, lambda s: dataclasses.asdict(s), set_x),
    Pair("dataclass replace", Point, lambda s: dataclasses.replace(s, y=2), set_x),
    Pair("copy of an object", Box, lambda s: copy.copy(s).x, set_x),
    Pair("deepcopy of an object", Box, lambda s: copy.deepcopy(s).x, set_x),
    Pair("two lambdas on a line", Box, *(lambda s: s.x, lambda s: setattr(s, "x", 1))),
    Pair("comprehension", Box, lambda s: [s.x for _ in (1,)], set_x),
    Pair("generator expression", Box, lambda s: next(s.x for _ in (1,)), set_x),
    Pair("default argument", Box, lambda s: (lambda v=s.x: v)(), set_x),
    Pair("bound method of C", bound_append, lambda s: len(s.y), kept),
]

LISTS = [
    Pair("list index", lists, lambda s: s[0], set_first),
    Pair("list negative index", lists, lambda s: s[2], set_last),
    Pair("list negative index read", lists, lambda s: s[-1], lambda s: s.append(5)),
    Pair("list index out of range", list, lambda s: s[0:1] or "none", lambda s: s.append(1)),
    Pair("list len", list, lambda s: len(s), lambda s: s.append(1)),
    Pair("list truth", list, lambda s: "yes" if s else "no", lambda s: s.append(1)),
    Pair("list not", list, lambda s: not s, lambda s: s.append(1)),
    Pair("list bool", list, lambda s: bool(s), lambda s: s.append(1)),
    Pair("list and", list, lambda s: len(s and [1]), lambda s: s.append(1)),
    Pair("list in", list, lambda s: 1 in s, lambda s: s.append(1)),
    Pair("list not in", list, lambda s: 1 not in s, lambda s: s.append(1)),
    Pair("list ==", list, lambda s: s == [1], lambda s: s.append(1)),
    Pair("list <", list, lambda s: s < [1, 2], lambda s: s.extend([3])),
    Pair("list chained ==", list, lambda s: [] == s == [], lambda s: s.append(1)),
    Pair("list +", list, lambda s: s + [0], lambda s: s.append(1)),
    Pair("list *", list, lambda s: s * 2, lambda s: s.append(1)),
    Pair("list +=", list, lambda s: len(s), add_in_place),
    Pair("list iteration", lists, loop, set_first),
    Pair("list iteration to the end", list, loop, lambda s: s.append(1)),
    Pair("list unpacking", lists, unpack, set_first),
    Pair("list star", list, lambda s: [*s], lambda s: s.append(1)),
    Pair("list star-args", list, lambda s: star(*s), lambda s: s.append(1)),
    Pair("list slice", lists, lambda s: s[:2], set_first),
    Pair("list slice set", lists, lambda s: s[2], set_slice),
    Pair("list slice deleted", lists, lambda s: len(s), delete_slice),
    Pair("list del", lambda: [0, 1, 2], lambda s: s[1], delete_first),
    Pair("list insert", lambda: [0, 1, 2], lambda s: s[1], lambda s: s.insert(0, 5)),
    Pair("list pop", lists, lambda s: len(s), lambda s: s.pop()),
    Pair("list pop first", lambda: [0, 1, 2], lambda s: s[1], lambda s: s.pop(0)),
    Pair("list remove", lambda: [0, 1, 2], lambda s: s[1], lambda s: s.remove(0)),
    Pair("list sort", lambda: [2, 1], lambda s: s[0], lambda s: s.sort()),
    Pair("list reverse", lambda: [2, 1], lambda s: s[0], lambda s: s.reverse()),
    Pair("list extend", list, lambda s: s.count(1), lambda s: s.extend([1])),
    Pair("list index()", lists, lambda s: s.index(0), set_first),
    Pair("list copy", lists, lambda s: s.copy(), set_first),
    Pair("list clear", lists, lambda s: len(s), clear),
    Pair("list comprehension", lists, lambda s: [v for v in s], set_last),
    Pair("list set comprehension", lists, lambda s: sorted({v for v in s}), set_last),
    Pair("list match", lists, match_list, set_first),
    Pair("list f-string", lists, format_it, set_first),
    Pair("list sum", lists, lambda s: sum(s), set_last),
    Pair("list sorted", lists, lambda s: sorted(s), set_last),
    Pair("list max with key", lists, lambda s: max(s, key=lambda v: v), set_last),
    Pair("list enumerate", lists, lambda s: list(enumerate(s)), set_last),
    Pair("list zip", lists, lambda s: list(zip(s, s, strict=True)), set_last),
    Pair("list map", lists, lambda s: list(map(str, s)), set_last),
    Pair("list iter next", lists, lambda s: next(iter(s)), set_first),
    Pair("list reversed", lists, lambda s: list(reversed(s)), set_last),
    Pair("list any", lists, lambda s: any(s), set_last),
    Pair("list tuple()", lists, lambda s: tuple(s), set_last),
    Pair("list join", lambda: ["a", "b"], lambda s: "".join(s), lambda s: s.append("c")),
    Pair("list format", lists, lambda s: "{}".format(s), set_first),
    Pair("list %", lists, lambda s: "%s" % s, set_first),
    Pair("list str", lists, lambda s: str(s), set_first),
    Pair("list chain", lists, lambda s: list(itertools.chain(s, s)), set_last),
    Pair("list reduce", lists, lambda s: functools.reduce(operator.add, s), set_last),
    Pair("list itemgetter", lists, lambda s: operator.itemgetter(0)(s), set_first),
    Pair("list operator.setitem", lists, lambda s: s[0], lambda s: operator.setitem(s, 0, 1)),
    Pair("list operator.getitem", lists, lambda s: operator.getitem(s, 0), set_first),
    Pair("list operator.iadd", list, lambda s: len(s), lambda s: iadd(s, [1])),
    Pair("list method of the class", list, lambda s: list.__len__(s), lambda s: list.append(s, 1)),
    Pair("list __setitem__", lists, lambda s: s.__getitem__(0), lambda s: s.__setitem__(0, 1)),
    Pair("list yield from", lists, yield_from, set_last),
    Pair("list subclass", Line, lambda s: len(s), lambda s: s.append(1)),
    Pair("list heapq", lambda: [3, 4], lambda s: s[0], lambda s: heapq.heappush(s, 1)),
    Pair("list bisect", lambda: [3, 4], lambda s: bisect.bisect(s, 3), lambda s: s.insert(0, 1)),
    Pair("list insort", lambda: [3, 4], lambda s: s[0], lambda s: bisect.insort(s, 1)),
    Pair("list json", lists, lambda s: json.dumps(s), set_last),
    Pair("list copy.copy", lists, lambda s: copy.copy(s), set_last),
    Pair("nested list ==", nested, lambda s: s == [[0]], inner_append),
    Pair("nested list repr", nested, lambda s: repr(s), inner_append),
    Pair("nested list in", nested, lambda s: [0] in s, inner_append),
    Pair("nested list json", nested, lambda s: json.dumps(s), inner_append),
    Pair("nested list deepcopy", nested, lambda s: copy.deepcopy(s), inner_append),
    Pair("nested in a tuple ==", lambda: ([0],), lambda s: s == ([0],), inner_append),
    Pair("nested in a tuple f-string", lambda: ([0],), format_it, inner_append),
    Pair("nested list max", nested, lambda s: max(s), inner_append),
    Pair("nested list count", nested, lambda s: s.count([0]), inner_append),
]

DICTS = [
    Pair("dict item", dicts, lambda s: s["a"], set_a),
    Pair("dict that makes what is missing", Making, lambda s: s["a"], lambda s: s.update(b=1)),
    Pair("dict get", dicts, lambda s: s.get("a"), set_a),
    Pair("dict get missing", dicts, lambda s: s.get("c"), set_c),
    Pair("dict in", dicts, lambda s: "c" in s, set_c),
    Pair("dict len", dicts, lambda s: len(s), set_c),
    Pair("dict truth", dict, lambda s: "yes" if s else "no", set_c),
    Pair("dict ==", dicts, lambda s: s == {"a": 0, "b": 0}, set_a),
    Pair("dict keys", dict, lambda s: list(s.keys()), set_a),
    Pair("dict values", dicts, lambda s: list(s.values()), set_a),
    Pair("dict items", dicts, loop_items, set_a),
    Pair("dict view in", dicts, lambda s: "c" in s.keys(), set_c),
    Pair("dict values in", dicts, lambda s: 1 in s.values(), set_a),
    Pair("dict view len", dicts, lambda s: len(s.keys()), set_c),
    Pair("dict double star", dicts, lambda s: {**s}, set_a),
    Pair("dict star-args", dicts, lambda s: stars(**s), set_a),
    Pair("dict |", dicts, lambda s: s | {}, set_a),
    Pair("dict |=", dicts, lambda s: s["a"], or_in_place),
    Pair("dict update", dicts, lambda s: s["a"], lambda s: s.update(a=1)),
    Pair("dict setdefault", dict, lambda s: s.get("a"), lambda s: s.setdefault("a", 1)),
    Pair("dict pop", dicts, lambda s: "a" in s, lambda s: s.pop("a")),
    Pair("dict popitem", dicts, lambda s: len(s), lambda s: s.popitem()),
    Pair("dict del", dicts, lambda s: "a" in s, delete_a),
    Pair("dict clear", dicts, lambda s: "a" in s, clear),
    Pair("dict match", dicts, match_mapping, set_a),
    Pair("dict f-string", dicts, format_it, set_a),
    Pair("dict copy", dicts, lambda s: s.copy(), set_a),
    Pair("dict dict()", dicts, lambda s: dict(s), set_a),
    Pair("dict sorted", dicts, lambda s: sorted(s), set_c),
    Pair("dict comprehension", dicts, lambda s: {k: v for k, v in s.items()}, set_a),
    Pair("dict format_map", dicts, lambda s: "{a}".format_map(s), set_a),
    Pair("dict % mapping", dicts, lambda s: "%(a)s" % s, set_a),
    Pair("dict json", dicts, lambda s: json.dumps(s), set_a),
    Pair("dict equal keys", lambda: {1: 0}, lambda s: s[1], lambda s: operator.setitem(s, True, 1)),
    Pair("dict equal float key", lambda: {1: 0}, lambda s: s[1.0], lambda s: s.update({1: 1})),
    Pair("dict tuple key", lambda: {(1, 2): 0}, lambda s: s[1, 2], lambda s: s.update({(1, 2): 1})),
    Pair("dict object key", lambda: {Box: 0}, lambda s: s[Box], lambda s: s.__setitem__(Box, 1)),
    Pair(
        "dict key with __eq__", lambda: {Key(1): 0}, lambda s: s[Key(1)], lambda s: s.__setitem__(Key(1), 1)
    ),
    Pair("defaultdict", lambda: defaultdict(int), lambda s: "a" in s, lambda s: s["a"]),
    Pair("defaultdict += ", lambda: defaultdict(int), lambda s: s["a"], set_a),
    Pair("Counter", Counter, lambda s: s["a"], lambda s: s.update("a")),
    Pair("Counter item", Counter, lambda s: s["a"], set_a),
    Pair("Counter most_common", Counter, lambda s: s.most_common(), set_a),
    Pair("Counter total", Counter, lambda s: s.total(), set_a),
    Pair("Counter of a list", lists, lambda s: Counter(s), set_first),
    Pair("OrderedDict", lambda: OrderedDict(a=0, b=0), lambda s: list(s), lambda s: s.move_to_end("a")),
    Pair("UserDict", lambda: UserDict(a=0), lambda s: s["a"], set_a),
    Pair("UserDict in", UserDict, lambda s: "a" in s, set_a),
    Pair("UserDict len", UserDict, lambda s: len(s), set_a),
    Pair("UserDict truth", UserDict, lambda s: "yes" if s else "no", set_a),
    Pair("UserDict ==", lambda: UserDict(a=0), lambda s: s == {"a": 0}, set_a),
    Pair("UserDict get", lambda: UserDict(a=0), lambda s: s.get("a"), set_a),
    Pair("UserList", lambda: UserList([0]), lambda s: s[0], set_first),
    Pair("UserList append", UserList, lambda s: len(s), lambda s: s.append(1)),
    Pair("ChainMap", lambda: ChainMap({"a": 0}), lambda s: s["a"], set_a),
    Pair("ChainMap of a dict", dicts, lambda s: ChainMap(s)["a"], set_a),
    Pair("mappingproxy", dicts, lambda s: types_proxy(s)["a"], set_a),
]


class Key:
    """Equal to others of the same number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)


def types_proxy(s: State) -> Any:
    return (
        type.__new__(type, "Made", (), {}).__dict__ if s is None else __import__("types").MappingProxyType(s)
    )


def pack(s: State) -> None:
    struct.pack_into("b", s, 0, 1)


def through_view(s: State) -> None:
    memoryview(s)[0] = 1


OTHERS = [
    Pair("set in", set, lambda s: 1 in s, lambda s: s.add(1)),
    Pair("set len", set, lambda s: len(s), lambda s: s.add(1)),
    Pair("set truth", set, lambda s: not s, lambda s: s.add(1)),
    Pair("set |=", set, lambda s: 1 in s, or_set),
    Pair("set discard", lambda: {1}, lambda s: 1 in s, lambda s: s.discard(1)),
    Pair("set remove", lambda: {1}, lambda s: 1 in s, lambda s: s.remove(1)),
    Pair("set pop", lambda: {1}, lambda s: 1 in s, lambda s: s.pop()),
    Pair("set update", set, lambda s: 1 in s, lambda s: s.update([1])),
    Pair("set issubset", set, lambda s: s.issubset({2}), lambda s: s.add(1)),
    Pair("set frozenset()", set, lambda s: frozenset(s), lambda s: s.add(1)),
    Pair("set <=", set, lambda s: s <= {2}, lambda s: s.add(1)),
    Pair("deque append", deque, lambda s: len(s), lambda s: s.append(1)),
    Pair("deque popleft", lambda: deque([1]), lambda s: 1 in s, lambda s: s.popleft()),
    Pair("deque index", lambda: deque([0]), lambda s: s[0], set_first),
    Pair("deque rotate", lambda: deque([0, 1]), lambda s: s[0], lambda s: s.rotate()),
    Pair("bytearray", lambda: bytearray(2), lambda s: s[0], set_first),
    Pair("bytearray len", bytearray, lambda s: len(s), lambda s: s.append(1)),
    Pair("bytearray bytes()", lambda: bytearray(2), lambda s: bytes(s), set_first),
    Pair("bytearray pack_into", lambda: bytearray(2), lambda s: s[0], pack),
    Pair("bytearray memoryview", lambda: bytearray(2), lambda s: s[0], through_view),
    Pair("bytearray memoryview read", lambda: bytearray(2), lambda s: memoryview(s)[0], set_first),
    Pair("bytearray slice", lambda: bytearray(3), lambda s: s[2], set_slice),
    Pair("array", lambda: array.array("i", [0, 0]), lambda s: s[0], set_first),
    Pair("array append", lambda: array.array("i"), lambda s: len(s), lambda s: s.append(1)),
    Pair("array tolist", lambda: array.array("i", [0]), lambda s: s.tolist(), set_first),
    Pair("array iteration", lambda: array.array("i", [0]), loop, set_first),
    Pair("StringIO", io.StringIO, lambda s: s.getvalue(), lambda s: s.write("x")),
    Pair("BytesIO", io.BytesIO, lambda s: s.getvalue(), lambda s: s.write(b"x")),
    Pair("iterator next", lambda: iter([1, 2]), lambda s: next(s), lambda s: next(s)),
    Pair("iterator __next__", lambda: iter([1, 2]), lambda s: s.__next__(), lambda s: next(s)),
    Pair("iterator for", lambda: iter([1, 2]), loop, lambda s: next(s)),
    Pair("iterator list", lambda: iter([1, 2]), lambda s: list(s), lambda s: next(s)),
    Pair("iterator unpacked", lambda: iter([1, 2]), lambda s: [*s], lambda s: next(s)),
    Pair("count", itertools.count, lambda s: next(s), lambda s: next(s)),
    Pair(
        "iterator of a list", lambda: _with_iterator([0, 0]), lambda s: next(s[1]), lambda s: set_first(s[0])
    ),
    Pair("namedtuple of lists", lambda: Held([0]), lambda s: s.values == [0], lambda s: s.values.append(1)),
    Pair(
        "collections.deque maxlen", lambda: collections.deque([0], 1), lambda s: s[0], lambda s: s.append(1)
    ),
]


class Held(NamedTuple):
    values: list[int]


def _with_iterator(values: list[int]) -> Any:
    return values, values.__iter__()


#: Pairs of which one is more than one step: a loop that finds its container changed, a generator that runs.
SEVERAL = [
    Pair("dict iteration", dict, loop, set_a),
    Pair("UserDict iteration", UserDict, loop, set_a),
    Pair("set iteration", set, loop, lambda s: s.add(1)),
    Pair("deque iteration", deque, loop, lambda s: s.append(1)),
    Pair("generator next", numbers, lambda s: next(s), lambda s: next(s)),
    Pair("generator for", numbers, loop, lambda s: next(s)),
    Pair("generator send", numbers, lambda s: s.send(None), lambda s: next(s)),
    Pair("generator list", numbers, lambda s: list(s), lambda s: next(s)),
]

PAIRS = ATTRIBUTES + LISTS + DICTS + OTHERS

INDEPENDENT = [
    Pair("two attributes", Box, get_x, set_y),
    Pair("two slots", Slots, get_x, set_y),
    Pair("writes of two attributes", Box, set_x, set_y),
    Pair("attribute and class attribute", Box, get_x, lambda s: setattr(Box, "none", 1)),
    Pair("two items of a list", lists, lambda s: s[0], lambda s: operator.setitem(s, 1, 1)),
    Pair("writes of two items of a list", lists, set_first, lambda s: s.__setitem__(1, 1)),
    Pair("an item of a list and an append", lists, lambda s: s[0], lambda s: s.append(1)),
    Pair("an item of a list and a pop", lists, lambda s: s[0], lambda s: s.pop()),
    Pair("len of a list and an item", lists, lambda s: len(s), set_first),
    Pair("truth of a list and an item", lists, lambda s: not s, set_first),
    Pair("two keys of a dict", dicts, lambda s: s["a"], set_b),
    Pair("writes of two keys", dicts, set_a, set_b),
    Pair("a key and another that is new", dicts, lambda s: s["a"], set_c),
    Pair("a write and a new key", dicts, set_a, set_c),
    Pair("deletions of two keys", dicts, delete_a, lambda s: s.pop("b")),
    Pair("membership of one, a new one", dicts, lambda s: "z" in s, set_c),
    Pair("len of a dict and a value", dicts, lambda s: len(s), set_a),
    Pair("iteration over keys and a value", dicts, lambda s: sorted(s), lambda s: None),
    Pair("keys and a value", dicts, loop, set_a),
    Pair("two reads of everything", dicts, lambda s: dict(s), lambda s: list(s.values())),
    Pair("reads of one list", lists, lambda s: sum(s), lambda s: s[0]),
    Pair("a view that is only made", dicts, lambda s: s.keys() and None, set_a),
    Pair("membership in a set", set, lambda s: 2 in s, lambda s: s.add(1)),
    Pair("an element there already", lambda: {1}, lambda s: s.add(1), lambda s: 1 in s),
    Pair("a failing discard", set, lambda s: s.discard(1), lambda s: 1 in s),
    Pair("setdefault that finds", dicts, lambda s: s.setdefault("a", 5), lambda s: s["a"]),
    Pair("two items of a bytearray", lambda: bytearray(3), lambda s: s[0], set_last),
    Pair("two items of an array", lambda: array.array("i", [0, 0]), lambda s: s[0], set_last),
    Pair("two keys of a Counter", Counter, lambda s: s["a"], set_b),
    Pair("object keys", lambda: {Box: 0, Slots: 0}, lambda s: s[Box], lambda s: s.__setitem__(Slots, 1)),
    Pair("two globals", Box, global_total, set_callback),
    Pair("tuple", lambda: (0, 1), lambda s: s[0], lambda s: s[1]),
]
