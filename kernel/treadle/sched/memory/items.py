"""Hooks for what is done to a value as a whole or to its items: truth, membership, iteration, subscripts, operators."""

import gc
import itertools
import operator
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, GeneratorType
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import READ, Accesses
from treadle.sched.memory import containers
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import perform, perform_all, perform_found
from treadle.sched.memory.attributes import class_of
from treadle.sched.memory.containers import CONTAINERS, INDEXED, KEYED, underlying
from treadle.sched.memory.families import (
    Family,
    How,
    class_attribute,
    family,
    implementation,
    is_python_class,
    slots_of,
)
from treadle.sched.memory.namespaces import namespace_of, note_namespace
from treadle.sched.memory.reach import inside, reach
from treadle.sched.memory.within import go_on, within
from treadle.sched.source import instrumented
from treadle.sched.values import peek
from treadle.sched.world import ControlledThread


def touch(value: Any) -> Any:
    """Announce that all of *value* is read, if it is a container; return it."""
    thread = runtime.running()
    if thread is not None and family(value) is not Family.ATOMIC:
        perform_found(thread, "read", lambda: _whole(thread, value, "__iter__"))
    return value


def show(value: Any) -> Any:
    """Announce that *value* is read, with all that is inside, to be turned into text; return it."""
    thread = runtime.running()
    if thread is not None and family(value) is not Family.ATOMIC:
        perform_found(thread, "read", lambda: class_of(thread, value) + reach((value,)))
    return value


def truth(value: Any) -> Any:
    """Announce that *value* is asked whether it is true; return it."""
    thread = runtime.running()
    if thread is not None and family(value) is not Family.ATOMIC:
        measure(thread, value, "__len__" if _lacks_bool(value) else "__bool__")
    return value


def _lacks_bool(value: Any) -> bool:
    return not hasattr(type(value), "__bool__")


def measure(thread: ControlledThread, value: Any, method: str) -> None:
    """Announce that *value* is asked how much it holds, by its special *method*."""
    container = underlying(value)
    if container is None:
        perform_found(thread, "read", lambda: _whole(thread, value, method))
    elif value is not container or implementation(type(value), method) is How.C:
        perform(thread, containers.size(container))
    else:
        perform_found(thread, "read", lambda: _whole(thread, value, method))


def _whole(thread: ControlledThread, value: Any, method: str, *, writes: bool = False) -> Accesses:
    """Return what the special *method* of *value* touches before any of its own code is seen."""
    kind = family(value)
    if kind is Family.TUPLE or kind is Family.ATOMIC:
        return ()
    how = implementation(type(value), method)
    own = class_of(thread, value) if kind is Family.OBJECT else ()
    if how is How.UNSEEN:
        return own + reach((value,), writes=writes, objects=True)
    if how is How.GENERATED:
        return own + reach((value,))
    if kind is Family.OPAQUE:
        return own + reach((value,), writes=writes)
    container = underlying(value)
    if container is None or (how is How.SEEN and container is value):
        return own
    if hasattr(type(container), "__next__"):
        return consuming(container)
    cells = memory.present.cells(container)
    return cells.writing if writes else cells.reading


def run_text(text: Any) -> Any:
    """Note that the caller gives *text* to `exec` or `eval`, unless it is seen or names nothing; return it."""
    if runtime.running() is not None and not _names_nothing(text):
        frame = sys._getframe(1)
        memory.present.learned.unseen.add(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
    return text


def _names_nothing(text: Any) -> bool:
    try:
        code = compile(text, "<text>", "exec") if isinstance(text, (str, bytes)) else text
    except (SyntaxError, ValueError):
        return True
    return type(code) is CodeType and _is_closed(code)


def _is_closed(code: CodeType) -> bool:
    """Say whether *code* and the functions in it name nothing outside, or are instrumented."""
    if id(code) in instrumented:
        return True
    inner = [constant for constant in code.co_consts if type(constant) is CodeType]
    return not code.co_names and not code.co_freevars and all(map(_is_closed, inner))


def touch_in_place(value: Any, operand: Any = None) -> Any:
    """Announce that *value*, if it is a container, is changed in place, with *operand*; return it."""
    thread = runtime.running()
    if thread is not None:
        mine = family(value)

        def find() -> Accesses:
            changed: Accesses = ()
            if mine in CONTAINERS:
                changed = memory.present.cells(value).writing
            elif mine is Family.OPAQUE:
                changed = reach((value,), writes=True)
            return changed + reach((operand,))

        perform_found(thread, "change", find)
    return value


def binary(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Perform *operation* on two values; what is inside them is read in one step."""
    thread = runtime.running()
    if thread is not None and (family(left) is not Family.ATOMIC or family(right) is not Family.ATOMIC):

        def find() -> Accesses:
            return class_of(thread, left) + class_of(thread, right) + reach((left, right))

        perform_found(thread, "read", find)
        return within(thread, find, operation, left, right)
    return operation(left, right)


def touch_deeply(value: Any, depth: int) -> Any:
    """Announce, as one operation, that *value* is taken apart by patterns of so many levels; return it."""
    thread = runtime.running()
    if thread is not None:
        perform_found(thread, "match", lambda: tuple(_taken_apart(thread, value, depth)))
    return value


def _taken_apart(thread: ControlledThread, value: Any, depth: int) -> Iterator[Any]:
    container = underlying(value)
    if container is not None:
        yield from memory.present.cells(container).reading
        parts: Iterable[Any] = inside(container)
    elif family(value) is Family.TUPLE:
        parts = value
    elif family(value) in (Family.OBJECT, Family.OPAQUE):
        yield from class_of(thread, value)
        namespace = note_namespace(value)  # an attribute that is not there is looked for, too
        if namespace is not None:
            yield from namespace.reading
        names = [*(namespace_of(value) or ()), *slots_of(type(value))]
        for name in names:
            yield memory.present.of(value, name), READ
        parts = [peek(value, name) for name in names]
    else:
        return
    if depth > 1:
        for part in list(parts):
            yield from _taken_apart(thread, part, depth - 1)


# -- iteration ----------------------------------------------------------------------------------------------------


def iterate(values: Any) -> Any:
    """Return an iterator over *values* that announces each step if they are a container."""
    thread = runtime.running()
    if thread is None:
        return values
    kind = family(values)
    if kind is Family.OPAQUE or implementation(type(values), "__iter__") is How.UNSEEN:
        perform_found(thread, "iterate", lambda: _whole(thread, values, "__iter__", writes=True))
        return _announcing(lambda: _whole_if_running(values), iter(values))
    container = underlying(values)
    if container is None or implementation(type(values), "__iter__") is How.SEEN:
        return values
    if container is values and kind in INDEXED:
        return _by_index(values)
    if hasattr(type(values), "__next__"):
        return _announcing(lambda: consume(values), iter(values))
    step = _step_of(values, container)
    step()  # from its making on the iterator minds any change
    return _announcing(step, iter(values))


def _whole_if_running(values: Any) -> None:
    thread = runtime.running()
    if thread is not None:
        perform_found(thread, "iterate", lambda: _whole(thread, values, "__iter__", writes=True))


def delegate(values: Any) -> Any:
    """Return what `yield from` takes the values from: what announces that the generator gives way with each."""
    if runtime.running() is None:
        return values
    if _is_seen(values):
        consume(values)
        return values
    return _relay(iter(values if hasattr(type(values), "__next__") else iterate(values)))


def _relay(values: Any) -> Generator[Any, Any, Any]:
    """Give what *values* give, and pass on what the generator round it is sent, as `yield from` does (PEP 380)."""
    try:
        value = next(values)
        while True:
            pause(None, frame=sys._getframe(1))
            try:
                sent = yield value
            except GeneratorExit:
                if hasattr(values, "close"):
                    values.close()
                raise
            except BaseException as error:
                if not hasattr(values, "throw"):
                    raise
                value = values.throw(error)
            else:
                value = next(values) if sent is None else values.send(sent)
    except StopIteration as end:
        return end.value


def consume(iterator: Any) -> None:
    """Announce that *iterator*, which is written in C, is asked for what comes next."""
    thread = runtime.running()
    if thread is not None:
        perform_found(thread, "next", lambda: consuming(iterator))


def pause(value: Any, *, frame: FrameType | None = None) -> Any:
    """Announce that the generator which calls has run until here, and gives *value*; return it.

    Until then it is an error to ask it for what comes next, as another thread may.
    """
    thread = runtime.running()
    if thread is not None:
        perform_all(thread, "pause", memory.present.pausing(frame or sys._getframe(1)))
        go_on()
    return value


def consuming(iterator: Any) -> Accesses:
    """Return what asking *iterator* for what comes next touches: itself, and what it goes over."""
    found = _asked(iterator)
    todo = [iterator]
    while todo:
        outer = todo.pop()
        if isinstance(outer, GeneratorType):
            continue
        for inner in gc.get_referents(outer):
            if hasattr(type(inner), "__next__"):
                found += _asked(inner)
                todo.append(inner)
            elif family(inner) in CONTAINERS:
                found += memory.present.cells(inner).reading
            elif type(inner) is tuple or type(inner) is _TEED:
                todo.append(inner)
    return found


#: What the iterators of one `tee` have in common.
_TEED: Any = itertools._tee_dataobject  # type: ignore[attr-defined]


def _asked(iterator: Any) -> Accesses:
    """Return what is written of *iterator* itself, and of the generators from which it yields."""
    found: Accesses = memory.present.cells(iterator).writing
    while type(iterator) is GeneratorType:
        memory.present.note_generator(iterator)
        iterator = iterator.gi_yieldfrom
        if _is_seen(iterator):
            found += memory.present.cells(iterator).writing
    return found


def _is_seen(values: Any) -> bool:
    """Say whether *values* is a generator whose code is instrumented."""
    return type(values) is GeneratorType and id(values.gi_code) in instrumented


def _step_of(values: Any, container: Any) -> Callable[[], None]:
    """Return what announces one step of an iterator over *values*, which are, or are a view of, *container*."""
    keys_alone = family(container) in KEYED and not isinstance(values, _WITH_VALUES)

    def step() -> None:
        thread = runtime.running()
        if thread is None:
            return
        if keys_alone:
            perform(thread, containers.size(container))
        else:
            perform(thread, containers.whole(container, writes=False, name="read"))

    return step


_WITH_VALUES: tuple[type, ...] = (type({}.values()), type({}.items()))


def _announcing(step: Callable[[], None], iterator: Iterator[Any]) -> Generator[Any, None, None]:
    while True:
        step()
        try:
            value = next(iterator)
        except StopIteration:
            return
        yield value


def _by_index(values: Any) -> Generator[Any, None, None]:
    iterator, index = iter(values), 0
    while True:
        thread = runtime.running()
        if thread is not None:
            containers.touch_item(thread, "read", values, index)
        try:
            value = next(iterator)
        except StopIteration:
            return
        index += 1
        yield value


# -- subscripts and membership ------------------------------------------------------------------------------------


def contains(value: Any, container: Any) -> bool:
    """Perform `value in container`."""
    thread = runtime.running()
    if thread is None or family(container) is Family.ATOMIC:
        return value in container
    _announce_contains(thread, value, container)
    found: bool = within(thread, lambda: reach((container, value)), operator.contains, container, value)
    return found


def _announce_contains(thread: ControlledThread, value: Any, container: Any) -> None:
    inner = underlying(container)
    if implementation(type(container), "__contains__") is not How.C:
        perform_found(thread, "read", lambda: _whole(thread, container, "__contains__"))
    elif inner is not None and family(inner) in KEYED and not isinstance(container, _WITH_VALUES):
        containers.touch_item(thread, "read", inner, value)
    else:
        perform_found(
            thread, "read", lambda: _whole(thread, container, "__iter__") + reach((container, value))
        )


def load_item(container: Any, key: Any) -> Any:
    """Perform `container[key]`."""
    thread = runtime.running()
    if thread is not None:
        kind = family(container)
        if kind in CONTAINERS or kind is Family.VIEW:
            if issubclass(type(container), dict) and _is_missing(container, key):
                return _load_missing(thread, container, key)
            _one(thread, "read", container, key, "__getitem__")
        elif kind is Family.OPAQUE or kind is Family.OBJECT:
            perform_found(thread, "read", lambda: _whole(thread, container, "__getitem__", writes=True))
        if kind in KEYED and not containers.plain(key):
            return within(thread, lambda: reach((container,)), operator.getitem, container, key)
    return container[key]


def _one(
    thread: ControlledThread, verb: str, container: Any, key: Any, method: str, value: Any = None
) -> None:
    how = implementation(type(container), method)
    inner = underlying(container)
    if how is How.C and inner is not None:
        containers.touch_item(thread, verb, inner, key, value)
    elif how is not How.C:
        perform_found(thread, verb, lambda: _whole(thread, container, method, writes=True))


def _is_missing(container: dict[Any, Any], key: Any) -> bool:
    """Say whether *container* makes up for a missing *key*."""
    return (
        hasattr(type(container), "__missing__")
        and containers.plain(key)
        and (not dict.__contains__(container, key))
    )


def _is_atomic(factory: Any) -> bool:
    """Say whether calling *factory* runs no Python code, so that a default dictionary's lookup is one step."""
    if isinstance(factory, type):
        return not is_python_class(factory)
    return isinstance(factory, BuiltinFunctionType)


def _load_missing(thread: ControlledThread, container: dict[Any, Any], key: Any) -> Any:
    """Perform `container[key]` where the key is not there, or was not just now: look, make, and store."""
    if isinstance(container, defaultdict) and _is_atomic(container.default_factory):
        perform(thread, containers.ContainerCall(container, "setdefault", (key, None)))
        return container[key]
    containers.touch_item(thread, "read", container, key)
    if dict.__contains__(container, key):
        return container[key]
    if implementation(type(container), "__missing__") is not How.C or not isinstance(container, defaultdict):
        unseen = implementation(type(container), "__missing__") is How.UNSEEN
        if unseen and class_attribute(type(container), "__missing__")[0] is not Counter:
            perform_found(thread, "read", lambda: reach((container,)))
        return container[key]
    if container.default_factory is None:
        return container[key]
    value = container.default_factory()
    containers.touch_item(thread, "write", container, key, value)
    dict.__setitem__(container, key, value)
    return value


def store_item(value: Any, container: Any, key: Any) -> None:
    """Perform `container[key] = value`."""
    thread = runtime.running()
    if thread is not None:
        _store(thread, "write", container, key, value)
        if family(container) in KEYED and not containers.plain(key):
            within(thread, lambda: reach((container,), writes=True), operator.setitem, container, key, value)
            return
    container[key] = value


def delete_item(container: Any, key: Any) -> None:
    """Perform `del container[key]`."""
    thread = runtime.running()
    if thread is not None:
        _store(thread, "delete", container, key)
        if family(container) in KEYED and not containers.plain(key):
            within(thread, lambda: reach((container,), writes=True), operator.delitem, container, key)
            return
    del container[key]


def _store(thread: ControlledThread, verb: str, container: Any, key: Any, value: Any = None) -> None:
    method = "__setitem__" if verb == "write" else "__delitem__"
    kind = family(container)
    if kind in CONTAINERS or kind is Family.VIEW:
        if issubclass(type(key), slice) and implementation(type(container), method) is How.C:
            inner = underlying(container)
            perform_found(thread, verb, lambda: memory.present.cells(inner).writing + reach((value,)))
        else:
            _one(thread, verb, container, key, method, value)
    elif kind is Family.OPAQUE or kind is Family.OBJECT:
        perform_found(thread, verb, lambda: _whole(thread, container, method, writes=True))
