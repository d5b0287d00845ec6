"""Stands in for what `functools.lru_cache` makes: its cache is memory that threads share, and is seen here.

A call looks up and, if there is nothing, computes and stores; between these steps other threads have their turns, so
that a value can be computed twice, as in reality.
"""

import functools
import types
from collections.abc import Callable
from typing import Any, Self

from treadle.sched import runtime
from treadle.sched.access import CHANGE, READ, WRITE, Accesses
from treadle.sched.memory import containers
from treadle.sched.memory import locations as memory
from treadle.sched.memory.announcing import perform_found
from treadle.sched.memory.calls import call
from treadle.sched.patching import class_stand_in

real: Any = functools._lru_cache_wrapper


#: Stands before the keywords of a key.
_KEYWORDS = object()


class cache(dict[Any, Any]):  # noqa: N801 - as it is called where an execution is shown
    """The values by what a function was called with, the one first that was not asked for longest."""


class CachedFunction:
    """A function with a cache."""

    def __init__(self, function: Callable[..., Any], maxsize: int | None, typed: bool, info: Any) -> None:
        self._function = function
        self._maxsize = maxsize
        self._typed = typed
        self._info = info
        self._cache = cache()
        self._hits = self._misses = 0

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        key = self._key(arguments, keywords)
        _announce("look up", lambda: self._looking_up(key))
        if key in self._cache:
            self._hits += 1
            if self._maxsize is not None:
                self._cache[key] = self._cache.pop(key)
            return self._cache[key]
        self._misses += 1
        value = call(self._function, *arguments, **keywords)
        if self._maxsize != 0:
            _announce("store", lambda: self._storing(key))
            self._store(key, value)
        return value

    def __get__(self, holder: object, owner: type | None = None) -> Any:
        return self if holder is None else types.MethodType(self, holder)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def cache_info(self) -> Any:
        """Return how often a value was found, and was not, and how many there may be, and are."""
        statistics = memory.present.of(self, "statistics")
        _announce("count", lambda: ((statistics, READ), *memory.present.cells(self._cache).measuring))
        return self._info(self._hits, self._misses, self._maxsize, len(self._cache))

    def cache_clear(self) -> None:
        """Forget all."""
        statistics = memory.present.of(self, "statistics")
        _announce("clear", lambda: (*memory.present.cells(self._cache).writing, (statistics, WRITE)))
        self.begin()

    def begin(self) -> None:
        """Be as in a new process."""
        self._cache.clear()
        self._hits = self._misses = 0

    def _key(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if len(arguments) == 1 and not keywords and not self._typed and type(arguments[0]) in (int, str):
            return arguments[0]
        key: tuple[Any, ...] = arguments
        if keywords:
            key += (_KEYWORDS, *keywords.items())
        if self._typed:
            key += (*map(type, arguments), *map(type, keywords.values()))
        return key

    def _looking_up(self, key: Any) -> Accesses:
        found = containers.item_accesses("read", self._cache, key)
        return (*found, *self._ordering(), (memory.present.of(self, "statistics"), CHANGE))

    def _storing(self, key: Any) -> Accesses:
        if self._maxsize is None or len(self._cache) < self._maxsize or key in self._cache:
            found = containers.item_accesses("write", self._cache, key)
        else:
            found = memory.present.cells(self._cache).writing
        return (*found, *self._ordering())

    def _ordering(self) -> Accesses:
        """Return what is touched because the value that was not asked for longest is the first to be forgotten."""
        matters = self._maxsize is not None and memory.present.learned.evicting
        return ((memory.present.of(self, "order"), WRITE),) if matters else ()

    def _store(self, key: Any, value: Any) -> None:
        if self._maxsize is None:
            self._cache[key] = value
        elif key not in self._cache:
            if len(self._cache) >= self._maxsize:
                memory.present.learn_evicting()
                del self._cache[next(iter(self._cache))]
            self._cache[key] = value


def _announce(kind: str, find: Callable[[], Accesses]) -> None:
    thread = runtime.running()
    if thread is not None:
        perform_found(thread, kind, find)


def copied(existing: Any) -> CachedFunction:
    """Return what stands in for *existing*, with nothing in its cache."""
    parameters = existing.cache_parameters()
    function = existing.__wrapped__
    made = CachedFunction(function, parameters["maxsize"], parameters["typed"], functools._CacheInfo)
    made.cache_parameters = existing.cache_parameters  # type: ignore[attr-defined]
    functools.update_wrapper(made, function)
    return made


def _make(function: Callable[..., Any], maxsize: int | None, typed: bool, info: Any) -> Any:
    made = real if runtime.running() is None else CachedFunction
    return made(function, maxsize, typed, info)


#: Stands in for the class that `functools.lru_cache` calls.
stand_in = class_stand_in("_lru_cache_wrapper", _make, real, CachedFunction)
