"""Shared memory as scheduling points: every way to touch it is seen, and instrumented code works as ever."""

# ruff: noqa: PLC3002, PLW0108, RUF015 - these forms are what is tested
import bisect
import calendar
import colorsys
import fractions
import functools
import gc
import heapq
import importlib
import itertools
import json
import json.decoder
import json.encoder
import json.scanner
import operator
import queue
import string
import sys
import textwrap
import threading
import types
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.sched.programs import Body, Box, check_and_replay, many, outcomes, together
from treadle.sched import Verdict, check
from treadle.sched.memory import instrumented
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.exhaustive import Exhaustive

HERE = sys.modules[__name__]

total = 0


class Slotted:
    __slots__ = ("x",)

    def __init__(self) -> None:
        self.x = 0


class Private:
    def __init__(self) -> None:
        self.__x = 0

    def set(self) -> None:
        self.__x = 1

    def get(self) -> int:
        return self.__x


class Derived(Private):
    def get(self) -> int:
        return super().get()


class Managed:
    def __init__(self) -> None:
        self._x = 0

    @property
    def x(self) -> int:
        return self._x

    @x.setter
    def x(self, value: int) -> None:
        self._x = value


class OnTheClass:
    x = 0
    none: ClassVar[int | None] = None


class Outer:
    class Inner:
        def __init__(self) -> None:
            self.x = 0

        def set(self) -> None:
            self.x = 1


class Bound:
    """Keeps bound methods of its container in attributes."""

    def __init__(self) -> None:
        self.items: deque[int] = deque()
        self.put = self.items.append
        self.count = self.items.__len__


class Truth:
    def __init__(self) -> None:
        self.x = 0

    def __bool__(self) -> bool:
        return self.x == 1

    def __len__(self) -> int:
        return self.x

    def __enter__(self) -> int:
        return self.x

    def __exit__(self, *error: object) -> None:
        return None


def decorated(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrapper(state: Any) -> Any:
        return function(state)

    return wrapper


@decorated
def read_decorated(state: Any) -> Any:
    return state.x


def with_default(state: Any, *, names: tuple[str, ...] = ("x",)) -> Any:
    return [getattr(state, name) for name in names][0]


def set_x(state: Any) -> None:
    state.x = 1


def get_x(state: Any) -> Any:
    return state.x


def add_to_x(state: Any) -> None:
    state.x += 1


def delete_x(state: Any) -> None:
    del state.x


def has_x(state: Any) -> bool:
    try:
        return bool(state.x == 0)
    except AttributeError:
        return False


def unpack_into_x(state: Any) -> None:
    state.x, *state.z = 1, 2


def loop_into_x(state: Any) -> None:
    for state.x in (1,):
        pass


def with_into_x(state: Any) -> None:
    with suppressing() as state.x:
        pass


@contextmanager
def suppressing() -> Iterator[int]:
    with suppress(ValueError):
        yield 1


def set_class(state: Any) -> None:
    OnTheClass.x = 1


def set_class_none(state: Any) -> None:
    OnTheClass.none = 1


def get_class_none(state: Any) -> Any:
    return state.none


def set_total(state: Any) -> None:
    global total
    total = 1


def get_total(state: Any) -> int:
    return total


def generated(state: Any) -> list[int]:
    def numbers() -> Generator[int, None, None]:
        yield state.x

    return list(numbers())


def fresh_class() -> OnTheClass:
    OnTheClass.x = 0
    OnTheClass.none = None
    return OnTheClass()


def fresh_total() -> None:
    global total
    total = 0


def boxed(value: Any) -> Callable[[], Box]:
    def make() -> Box:
        box = Box()
        box.data = value()
        return box

    return make


def unpacked(state: Any) -> Any:
    [item] = state.data
    return item


def starred(state: Any) -> Any:
    return max(-1, -1, *state.data)


def items_of(state: Any) -> list[Any]:
    return [item for item in state.data]  # noqa: C416 - an iteration, not a copy


def changed_meanwhile(state: Any) -> str:
    """Say between which two steps the container changed: an iterator minds it from its making on."""
    iterator = iter(state.data)
    seen = len(state.data)
    try:
        next(iterator, None)
    except RuntimeError:
        return "after the making, before the look" if seen else "after the look"
    return "before the making" if seen else "later"


def append_one(state: Any) -> None:
    state.data.append(1)


def set_first(state: Any) -> None:
    state.data[0] = 1


def add_in_place(state: Any) -> None:
    items = state.data
    items += [1]


def with_value(state: Any) -> Any:
    with state as value:
        return value


first_lambda, second_lambda = (lambda state: state.x), (lambda state: state.x + 10)  # fmt: skip

ACCESSES: dict[str, tuple[Callable[[], Any], Callable[[Any], object], Callable[[Any], Any], set[Any]]] = {
    "attribute": (Box, set_x, get_x, {0, 1}),
    "augmented": (Box, add_to_x, get_x, {0, 1}),
    "deleted": (Box, delete_x, has_x, {True, False}),
    "unpacked into": (Box, unpack_into_x, get_x, {0, 1}),
    "for target": (Box, loop_into_x, get_x, {0, 1}),
    "with target": (Box, with_into_x, get_x, {0, 1}),
    "slot": (Slotted, set_x, get_x, {0, 1}),
    "private": (Private, lambda state: state.set(), lambda state: state.get(), {0, 1}),
    "super": (Derived, lambda state: state.set(), lambda state: state.get(), {0, 1}),
    "property": (Managed, set_x, get_x, {0, 1}),
    "class attribute": (fresh_class, set_class, get_x, {0, 1}),
    "class attribute that was None": (fresh_class, set_class_none, get_class_none, {None, 1}),
    "nested class": (Outer.Inner, lambda state: state.set(), get_x, {0, 1}),
    "decorated": (Box, set_x, read_decorated, {0, 1}),
    "default": (Box, set_x, with_default, {0, 1}),
    "lambda": (Box, set_x, first_lambda, {0, 1}),
    "second lambda of a line": (Box, set_x, second_lambda, {10, 11}),
    "comprehension": (Box, set_x, lambda state: [state.x for _ in range(1)][0], {0, 1}),
    "generator": (Box, set_x, lambda state: generated(state)[0], {0, 1}),
    "getattr": (Box, set_x, lambda state: getattr(state, "x"), {0, 1}),  # noqa: B009 - this is what is tested
    "setattr": (Box, lambda state: setattr(state, "x", 1), get_x, {0, 1}),
    "delattr": (Box, lambda state: delattr(state, "x"), lambda state: hasattr(state, "x"), {True, False}),
    "attrgetter": (Box, set_x, lambda state: operator.attrgetter("x")(state), {0, 1}),
    "vars": (Box, set_x, lambda state: vars(state)["x"], {0, 1}),
    "global": (fresh_total, set_total, get_total, {0, 1}),
    "truth": (Truth, set_x, lambda state: not state, {True, False}),
    "length by method": (Truth, set_x, lambda state: len(state), {0, 1}),
    "context": (Truth, set_x, with_value, {0, 1}),
    "item": (boxed(lambda: [0]), set_first, lambda state: state.data[0], {0, 1}),
    "slice": (boxed(lambda: [0]), set_first, lambda state: tuple(state.data[:1]), {(0,), (1,)}),
    "negative item": (boxed(lambda: [0]), set_first, lambda state: state.data[-1], {0, 1}),
    "key": (boxed(lambda: {0: 0}), set_first, lambda state: state.data.get(0), {0, 1}),
    "deleted key": (boxed(lambda: {0: 0}), lambda state: state.data.pop(0), lambda state: 0 in state.data, {True, False}),
    "in": (boxed(list), append_one, lambda state: 1 in state.data, {True, False}),
    "not in": (boxed(list), append_one, lambda state: 1 not in state.data, {True, False}),
    "len": (boxed(list), append_one, lambda state: len(state.data), {0, 1}),
    "truth of a list": (boxed(list), append_one, lambda state: "yes" if state.data else "no", {"yes", "no"}),
    "not a list": (boxed(list), append_one, lambda state: not state.data, {True, False}),
    "and": (boxed(list), append_one, lambda state: bool(state.data and True), {True, False}),
    "iteration": (boxed(list), append_one, lambda state: len(items_of(state)), {0, 1}),
    "making of an iterator": (boxed(deque), append_one, changed_meanwhile, {
        "before the making", "after the making, before the look", "after the look", "later",
    }),
    "equality": (boxed(list), append_one, lambda state: state.data == [1], {True, False}),
    "concatenation": (boxed(list), append_one, lambda state: len(state.data + []), {0, 1}),  # noqa: RUF005
    "display": (boxed(list), append_one, lambda state: len([*state.data]), {0, 1}),
    "f-string": (boxed(list), append_one, lambda state: f"{state.data}", {"[]", "[1]"}),
    "sorted": (boxed(list), append_one, lambda state: len(sorted(state.data)), {0, 1}),
    "sum": (boxed(list), append_one, lambda state: sum(state.data), {0, 1}),
    "join": (boxed(lambda: ["a"]), lambda state: state.data.append("b"), lambda state: "".join(state.data), {"a", "ab"}),
    "starred": (boxed(list), append_one, starred, {-1, 1}),
    "unpacking": (boxed(lambda: [0]), set_first, unpacked, {0, 1}),
    "in place": (boxed(list), add_in_place, lambda state: len(state.data), {0, 1}),
    "set": (boxed(set), lambda state: state.data.add(1), lambda state: len(state.data), {0, 1}),
    "deque": (boxed(deque), lambda state: state.data.appendleft(1), lambda state: len(state.data), {0, 1}),
    "bytearray": (boxed(bytearray), append_one, lambda state: len(state.data), {0, 1}),
    "heap": (boxed(list), lambda state: heapq.heappush(state.data, 1), lambda state: len(state.data), {0, 1}),
    "bisect": (boxed(list), lambda state: bisect.insort(state.data, 1), lambda state: len(state.data), {0, 1}),
    "bound method": (Bound, lambda state: state.put(1), lambda state: state.count(), {0, 1}),
    "unbound method": (boxed(list), lambda state: list.append(state.data, 1), lambda state: list.__len__(state.data), {0, 1}),
}  # fmt: skip


def test_an_access_is_a_scheduling_point() -> None:
    """What one thread does is seen by the other, or not yet."""

    def racing(make: Callable[[], Any], write: Callable[[Any], object], read: Callable[[Any], Any]) -> Body:
        def program() -> object:
            state = make()
            seen: list[object] = []
            together(lambda: write(state), lambda: seen.append(read(state)))
            return seen[0]

        return program

    with many(HERE) as process:
        for strategy in (Exhaustive, DepthFirst):
            assert {
                name: process.explored(racing(make, write, read), strategy())
                for name, (make, write, read, _) in ACCESSES.items()
            } == {name: expected for name, (*_, expected) in ACCESSES.items()}


def closures() -> tuple[int, int]:
    count = 0
    seen: list[int] = []

    def add() -> None:
        nonlocal count
        count += 1

    together(add, lambda: seen.append(count), add)
    return seen[0], count


def test_variables_of_closures_are_shared() -> None:
    assert outcomes(closures, instrument=[closures]) == {(0, 1), (1, 1), (0, 2), (1, 2), (2, 2)}


def test_only_what_is_named_is_instrumented() -> None:
    """A function, a class, or a whole module."""

    def racing() -> None:
        box = Box()
        together(lambda: add_to_x(box), lambda: add_to_x(box))
        if box.x != 2:
            raise AssertionError("an increment is lost")

    assert check(racing).failure is None
    assert check(racing, instrument=NAMED).failure is None
    check_and_replay(racing, AssertionError, instrument=[add_to_x])
    check_and_replay(racing, AssertionError, instrument=[HERE])


#: Not the function that races.
NAMED: list[Any] = [set_x, Private]


def codes() -> dict[types.FunctionType, types.CodeType]:
    return {found: found.__code__ for found in gc.get_objects() if type(found) is types.FunctionType}


def test_code_is_exchanged_and_put_back() -> None:
    """Functions keep their identity; what was changed is as before, also after an exception."""
    before = codes()
    with suppress(ZeroDivisionError), instrumented((HERE, textwrap, Private)):
        assert set_x.__code__ is not before[set_x]  # type: ignore[index]
        assert textwrap.wrap.__code__ is not before[textwrap.wrap]  # type: ignore[index]
        raise ZeroDivisionError
    after = codes()
    assert all(after[function] is code for function, code in before.items() if function in after)


def make_adder(box: Box) -> Callable[[], None]:
    """Give a new function each time, of one code."""

    def add() -> None:
        box.x += 1

    return add


def test_functions_that_were_made_meanwhile_are_put_back_too() -> None:
    code = make_adder(Box()).__code__
    with instrumented((HERE,)):
        made = make_adder(Box())
        assert made.__code__ is not code
    assert made.__code__ == code


def freeze_and_thaw() -> None:
    gc.freeze()
    gc.unfreeze()


AGEING: dict[str, Callable[[], object]] = {
    "young": lambda: None,
    "older": lambda: gc.collect(0),
    "old": lambda: gc.collect(1),
    "frozen": gc.freeze,
    "thawed": freeze_and_thaw,
}


@pytest.mark.parametrize("meanwhile", AGEING)
@pytest.mark.parametrize("before", ["young", "old", "frozen"])
def test_functions_of_any_age_are_found(before: str, meanwhile: str) -> None:
    """Also those made since the last check, and during it: most of the others are known from then."""
    code = make_adder(Box()).__code__
    with instrumented((HERE,)):
        made = [make_adder(Box())]
        AGEING[before]()
        made.append(make_adder(Box()))
    AGEING[meanwhile]()
    made.append(make_adder(Box()))
    for _ in range(2):
        assert all(add.__code__ == code for add in made)
        with instrumented((HERE,)):
            assert all(add.__code__ != code for add in made)
        AGEING[meanwhile]()


def use_json() -> list[object]:
    value = {"a": [1, 2.5, None, True, {"b": "text\\n\u00e9"}], "c": {"d": []}}
    text = json.dumps(value, indent=2, sort_keys=True)
    pure = json.decoder.JSONDecoder()
    pure.parse_string = json.decoder.py_scanstring  # type: ignore[attr-defined]
    pure.scan_once = json.scanner.py_make_scanner(pure)  # type: ignore[attr-defined]
    encoder = json.encoder.JSONEncoder(indent=1, default=str)
    errors = []
    for bad in ("[1,", '{"a" 1}', "nul", '"\\x"'):
        try:
            pure.decode(bad)
        except json.JSONDecodeError as error:
            errors.append((error.msg, error.pos, error.lineno))
    return [text, pure.decode(text), json.loads(text), encoder.encode([{1, 2}, object]), errors]


def use_textwrap() -> list[object]:
    text = "The quick brown fox-like animal  jumped over\n\tthe lazy dog's   hyphen-ated back. " * 3
    return [
        textwrap.wrap(text, 20),
        textwrap.fill(text, 30, initial_indent="* ", subsequent_indent="  "),
        textwrap.dedent("  a\n   b\n\n  c\n"),
        textwrap.shorten(text, 25, placeholder="…"),
        textwrap.indent("a\n\nb\n", "> "),
    ]


def use_fractions() -> list[object]:
    half, third = fractions.Fraction(1, 2), fractions.Fraction("0.333").limit_denominator(10)
    return [
        half + third,
        half**3,
        divmod(half, third),
        str(third),
        f"{float(half):.3f}",
        half < third,
        hash(half),
    ]


def use_calendar() -> list[object]:
    return [
        calendar.month(2024, 2),
        calendar.HTMLCalendar().formatmonth(2023, 5),
        calendar.monthrange(2100, 2),
    ]


def use_string() -> list[object]:
    template = string.Template("$a ${b} $$ $missing")
    return [
        template.safe_substitute(a=1, b=2),
        string.Formatter().format("{0:>{width}} {name!r}", 1, width=5, name="x"),
        string.capwords("some words here"),
    ]


def use_colorsys() -> list[object]:
    return [colorsys.rgb_to_hls(0.1, 0.7, 0.3), colorsys.hsv_to_rgb(0.4, 0.5, 0.6)]


def use_queue_and_threading() -> list[object]:
    numbers: queue.PriorityQueue[int] = queue.PriorityQueue(3)
    barrier = threading.Barrier(2)
    done = threading.Event()
    results: list[object] = []

    def body() -> None:
        barrier.wait()
        for number in (3, 1, 2):
            numbers.put(number)
        done.set()

    thread = threading.Thread(target=body)
    thread.start()
    barrier.wait()
    done.wait()
    thread.join()
    results += [numbers.get(), numbers.get(), numbers.get(), numbers.empty(), thread.is_alive()]
    condition = threading.Condition()
    with condition as held:
        results.append(held)
    return results


def use_this_module() -> list[object]:
    results: list[object] = []
    for name, (make, write, read, _) in ACCESSES.items():
        state = make()
        results += [name, read(state), write(state), read(state)]
    return results


MODULES: list[tuple[Callable[[], list[object]], tuple[str, ...]]] = [
    (use_json, ("json", "json.decoder", "json.encoder", "json.scanner")),
    (use_textwrap, ("textwrap",)),
    (use_fractions, ("fractions",)),
    (use_calendar, ("calendar",)),
    (use_string, ("string",)),
    (use_colorsys, ("colorsys",)),
    (use_queue_and_threading, ("queue", "threading")),
    (use_this_module, (__name__,)),
]


@pytest.mark.parametrize(("use", "names"), MODULES, ids=[use.__name__ for use, _ in MODULES])
def test_instrumented_modules_work_as_ever(use: Callable[[], list[object]], names: tuple[str, ...]) -> None:
    """Outside an execution and inside one, the results are those of the plain module."""
    modules = [importlib.import_module(name) for name in names]
    plain = use()
    with instrumented(tuple(modules)):
        outside = use()
    inside: list[object] = []

    def program() -> None:
        inside[:] = use()

    check(program, instrument=modules, max_executions=3)
    assert outside == plain
    assert inside == plain


def shapes(box: Box) -> object:
    """Statements of every form, whose order of evaluation shows in the result."""
    order: list[object] = []

    def note(value: Any) -> Any:
        order.append(value)
        return value

    note(box).x = note(1)
    note(box.__dict__)["y"] = note(2)
    box.data = note([1, 2, 3])
    box.data[note(0)] += note(5)
    box.data[note(0) : note(2)], (box.z, *rest) = note([7]), note((8, 9, 10))
    first = second = box.x = note(4)
    del box.data[note(-1)]
    for box.x, (box.y, *_) in [(1, (2, 3)), (4, (5,))]:
        order.append((box.x, box.y))
    matrix = {(a, b): a * b for a in range(box.z) if a % 2 for b in (1, box.y) if b}
    chained = 0 < box.x < box.z and box.x in (4, 5)
    text = f"{box.x!r:>{box.z}}{box.data=}"
    try:
        _ = box.missing  # type: ignore[attr-defined]
    except AttributeError as error:
        order.append(str(error))
    match box.data:
        case [value]:
            order.append(value)
        case _:
            order.append("other")
    while (popped := box.data and box.data.pop()) and note(popped):
        pass
    pick = (lambda *args, **kw: (args, kw))(*[box.x], box.y, k=box.z)
    return (
        [repr(item) if not isinstance(item, Box) else "box" for item in order],
        first,
        second,
        rest,
        matrix,
        chained,
        text,
        pick,
    )


def test_statements_of_every_form_work_as_ever() -> None:
    plain = shapes(Box())
    subjects: tuple[Any, ...] = (shapes,)
    with instrumented(subjects):
        outside = shapes(Box())
    seen: list[object] = []
    check(lambda: seen.append(shapes(Box())), instrument=subjects)
    assert outside == plain
    assert seen  # an entry an execution; there is one more when the program was seen to use a namespace
    assert all(value == plain for value in seen)


CALLED_FROM_C: dict[str, Callable[[dict[str, int]], object]] = {
    "map": lambda table: list(map(dict.pop, [table], ["m"], [0]))[0],
    "map, bound": lambda table: list(map(table.pop, ["m"], [0]))[0],
    "starmap": lambda table: next(itertools.starmap(table.pop, [("m", 0)])),
    "filter": lambda table: len(list(filter(table.pop, ["m"]))) if "m" in table else 0,
    "reduce": lambda table: functools.reduce(table.pop, ["m", 0]),  # type: ignore[arg-type]
    "key": lambda table: table.get("m", 0) and sorted([("m")], key=table.pop) and 1,
    "partial": lambda table: functools.partial(table.pop, "m", 0)(),
    "partial of partial": lambda table: functools.partial(functools.partial(dict.pop, table), "m")(0),
}


@pytest.mark.parametrize("take", CALLED_FROM_C.values(), ids=CALLED_FROM_C)
def test_what_a_c_function_calls_is_seen(take: Callable[[dict[str, int]], object]) -> None:
    """The other thread may have taken it before; both orders are explored."""

    def program() -> tuple[object, ...]:
        table = {"m": 1}
        found: list[object] = []
        together(lambda: found.append(take(table)), lambda: table.pop("m", 0))
        return tuple(found)

    instrumented: list[Any] = [test_what_a_c_function_calls_is_seen, *CALLED_FROM_C.values()]
    seen: set[object] = set()
    with suppress(KeyError):
        check(lambda: seen.add(program()), instrument=instrumented, stop_on_failure=False)
    assert seen >= {(0,), (1,)}


LAZY: list[Callable[[deque[int]], Iterator[object]]] = [
    iter,
    enumerate,
    lambda values: map(str, values),
    lambda values: zip(values, strict=False),
]


@pytest.mark.parametrize("lazy", LAZY)
def test_an_iterator_begins_where_it_is_made(lazy: Callable[[deque[int]], Iterator[object]]) -> None:
    """That of a deque notices whatever happens after it was made, also if all is as before in the end."""
    seen = set()

    def program() -> None:
        values: deque[int] = deque()
        found: list[object] = []

        def look() -> None:
            iterator = lazy(values)
            found.append(len(values))
            try:
                found.append("one" if next(iterator, None) else "none")
            except RuntimeError:
                found.append("changed")

        def change() -> None:
            values.append(1)
            values.popleft()

        together(look, change)
        seen.add(tuple(found))

    assert (
        check(program, instrument=[test_an_iterator_begins_where_it_is_made, *LAZY[2:]]).verdict
        is Verdict.HOLDS
    )
    assert seen == {(0, "none"), (0, "changed"), (1, "changed"), (1, "one")}


def test_a_copy_of_a_module_is_instrumented_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its functions have equal codes; what it leaves behind must not be taken for the copy's."""
    for name in ("twin_one", "twin_two"):
        (tmp_path / f"{name}.py").write_text("def add(box):\n    box.x += 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    one, two = importlib.import_module("twin_one"), importlib.import_module("twin_two")
    for twin in (one, two, one):

        def program(add: Callable[[Box], None] = twin.add) -> int:
            box = Box()
            together(lambda: add(box), lambda: add(box))
            return box.x

        assert outcomes(program, instrument=[twin]) == {1, 2}
        assert one.add.__code__.co_filename != two.add.__code__.co_filename
