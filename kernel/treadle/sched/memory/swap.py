"""Exchanging the code of live functions for instrumented code, and back.

Functions, classes and modules keep their identity: only `__code__` is replaced, on every live function that has a
code object of the source in question, closures included. The new code is found by qualified name and first line,
and by column where two functions share these.
"""

import functools
import inspect
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import compress
from operator import attrgetter
from types import CodeType, FunctionType, ModuleType

from treadle.sched import source
from treadle.sched.memory.hooks import HOOKS
from treadle.sched.memory.live import LiveFunctions
from treadle.sched.memory.rewrite import MARK, changed_names, rewrite

#: What can be instrumented; a callable stands for a function.
Instrumentable = ModuleType | type | Callable[..., object]

#: The parts of the checker that run while a program does.
_OURS = ("treadle.sched.", "treadle.conform.")

#: Where a code object stands in its source.
_Key = tuple[str, int, int]

#: By its id, a code object and the one to put in its place. Codes of two files may be equal, as those of a copy are.
_Exchange = dict[int, tuple[CodeType, CodeType]]


@contextmanager
def instrumented(subjects: tuple[Instrumentable, ...], *, signals: bool = False) -> Iterator[None]:
    """Make the shared accesses of *subjects* scheduling points until the block is left.

    With *signals* the points at which CPython runs signal handlers are known, too.

    Raises:
        TypeError: a subject is no module, class or function.
        ValueError: a subject's source is not to be had, or has changed since it was imported.
    """
    if not subjects:
        yield
        return
    live = LiveFunctions()
    exchange: _Exchange = {}
    swapped: list[weakref.ref[FunctionType]] = []
    try:
        functions = _of_files(
            live.all(), {getattr(module, "__file__", None) for module in modules_of(subjects)}
        )
        exchange = _exchange_for(subjects, functions, signals)
        swapped += map(weakref.ref, _swap(functions, exchange))
        del functions
        source.instrumented.update(id(new) for _, new in exchange.values())
        yield
    finally:
        source.instrumented.clear()
        back = {id(new): (new, old) for old, new in exchange.values()}
        _swap([function for known in swapped if (function := known()) is not None], back)
        _swap(live.new(), back)


def modules_of(subjects: tuple[Instrumentable, ...]) -> list[ModuleType]:
    """Return the modules that *subjects* are or belong to; a package brings its imported modules along."""
    found: dict[str, ModuleType] = {}
    for subject in subjects:
        name = subject.__name__ if isinstance(subject, ModuleType) else getattr(subject, "__module__", None)
        if isinstance(name, str) and f"{name}.".startswith(_OURS):
            raise ValueError(f"{subject!r} cannot be instrumented: the checker does not check itself")
        if isinstance(subject, ModuleType):
            for module in _with_submodules(subject):
                found[module.__name__] = module
        elif isinstance(subject, (type, FunctionType)):
            home = sys.modules.get(subject.__module__ or "")
            if home is None:
                raise ValueError(f"{subject!r} cannot be instrumented: its source is not to be had")
            found[home.__name__] = home
        else:
            raise TypeError(
                f"instrument takes modules, packages, classes and functions, not {type(subject).__name__}: {subject!r}"
            )
    return list(found.values())


def _with_submodules(module: ModuleType) -> list[ModuleType]:
    prefix = module.__name__ + "."
    inner = [other for name, other in list(sys.modules.items()) if name.startswith(prefix)]
    return [module, *inner]


def _exchange_for(
    subjects: tuple[Instrumentable, ...], functions: list[FunctionType], signals: bool
) -> _Exchange:
    """Return the live code objects of *subjects*, each with its instrumented form."""
    modules = modules_of(subjects)
    sources = {module: _source(module) for module in modules}
    whole = {
        module.__name__
        for subject in subjects
        if isinstance(subject, ModuleType)
        for module in modules_of((subject,))
    }
    parts = {
        (subject.__module__, subject.__qualname__)
        for subject in subjects
        if not isinstance(subject, ModuleType)
    }
    variable: frozenset[str] = frozenset().union(*(changed_names(source) for source in sources.values()))
    live = _live_codes(functions, {module.__file__: module for module in modules})
    new: dict[ModuleType, dict[_Key, CodeType]] = {}
    exchange: _Exchange = {}
    for code, module in live.values():
        if module.__name__ not in whole and not _is_part_of(code, module, parts):
            continue
        if module not in new:  # asked for once a module, and not for each of hundreds of functions
            file = module.__file__ or "<unknown>"
            new[module] = _instrumented_codes(sources[module], file, variable, signals)
        exchange[id(code)] = code, _corresponding(code, _key(code), new[module], module)
    _require_all_found(subjects, exchange)
    return exchange


def _require_all_found(subjects: tuple[Instrumentable, ...], exchange: _Exchange) -> None:
    """Refuse a class or function of which no code was found in its module's file: nothing of it would be seen."""
    found = {(code.co_filename, code.co_qualname) for code, _ in exchange.values()}
    for subject in subjects:
        if isinstance(subject, FunctionType):
            there = id(subject.__code__) in exchange
        elif isinstance(subject, type):
            functions = [value for value in vars(subject).values() if isinstance(value, FunctionType)]
            own = [value for value in functions if value.__qualname__.startswith(f"{subject.__qualname__}.")]
            there = not own or any((value.__code__.co_filename, value.__qualname__) in found for value in own)
        else:
            there = True
        if not there:
            raise ValueError(f"{subject!r} cannot be instrumented: its source is not to be had")


def _is_part_of(code: CodeType, module: ModuleType, parts: set[tuple[str, str]]) -> bool:
    """Say whether *code* is, or is inside, one of the classes and functions *parts*."""
    names = code.co_qualname.split(".")
    return any((module.__name__, ".".join(names[:end])) in parts for end in range(1, len(names) + 1))


def _corresponding(code: CodeType, key: _Key, new: dict[_Key, CodeType], module: ModuleType) -> CodeType:
    found = new.get(key)
    if found is None:
        same = [candidate for (name, line, _), candidate in new.items() if (name, line) == key[:2]]
        found = same[0] if len(same) == 1 else None
    if found is None or found.co_freevars != code.co_freevars or found.co_argcount != code.co_argcount:
        raise ValueError(
            f"{module.__name__} cannot be instrumented: {code.co_qualname} at line {code.co_firstlineno} is not what "
            f"{code.co_filename} says now. Has the file changed since it was imported?"
        )
    return found


def _source(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        raise ValueError(f"{module.__name__} cannot be instrumented: its source is not to be had") from None


@functools.lru_cache(maxsize=256)
def _instrumented_codes(
    source: str, file: str, variable: frozenset[str], signals: bool
) -> dict[_Key, CodeType]:
    tree = rewrite(source, file, variable, signals=signals)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "'str' object is not callable": the hooks' stand-ins
        return _codes(compile(tree, file, "exec", dont_inherit=True))


def _codes(code: CodeType) -> dict[_Key, CodeType]:
    """Return all code objects inside *code*, hooks in place, by where they stand."""
    found: dict[_Key, CodeType] = {}

    def install(code: CodeType) -> CodeType:
        constants = tuple(
            install(constant) if isinstance(constant, CodeType) else _constant(constant)
            for constant in code.co_consts
        )
        new = code.replace(co_consts=constants)
        found[_key(code)] = new
        return new

    install(code)
    return found


def _constant(constant: object) -> object:
    if isinstance(constant, str) and constant.startswith(MARK):
        return HOOKS[constant.removeprefix(MARK)]
    return constant


#: Where code objects stand, by their ids; they are kept alive. To compare codes would take long.
_keys: dict[int, tuple[CodeType, _Key]] = {}


def _key(code: CodeType) -> _Key:
    known = _keys.get(id(code))
    if known is None:
        # Column 0 is where the compiler puts what belongs to no expression.
        columns = [
            column for line, _, column, _ in code.co_positions() if line == code.co_firstlineno and column
        ]
        key = code.co_qualname, code.co_firstlineno, min(columns, default=0)
        known = _keys[id(code)] = code, key
    return known[1]


def _live_codes(
    functions: list[FunctionType], modules: dict[str | None, ModuleType]
) -> dict[int, tuple[CodeType, ModuleType]]:
    """Return the code of the *functions* of *modules*, by file, with everything nested in it."""
    found: dict[int, tuple[CodeType, ModuleType]] = {}
    for function in functions:
        module = modules.get(function.__code__.co_filename)
        if module is not None:
            _collect(function.__code__, module, found)
    return found


def _collect(code: CodeType, module: ModuleType, found: dict[int, tuple[CodeType, ModuleType]]) -> None:
    if id(code) not in found:
        found[id(code)] = code, module
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                _collect(constant, module, found)


def _of_files(functions: list[FunctionType], files: set[str | None]) -> list[FunctionType]:
    """Return those whose code is of *files*."""
    # In C, for there may be a hundred thousand in a process, and a check is to begin at once.
    return list(
        compress(functions, map(files.__contains__, map(attrgetter("__code__.co_filename"), functions)))
    )


def _swap(functions: list[FunctionType], exchange: _Exchange) -> list[FunctionType]:
    """Exchange the code of those of the *functions* that have one of *exchange*; return them."""
    found = compress(functions, map(exchange.__contains__, map(id, map(attrgetter("__code__"), functions))))
    swapped = {id(function): function for function in found}  # one may be listed twice
    for function in swapped.values():
        function.__code__ = exchange[id(function.__code__)][1]
    return list(swapped.values())
