"""The live functions of the process, found without looking through all of its objects each time.

The collector keeps objects by age, and moves all of one age on together. So as long as a mark is among the young,
whatever was made after it is too, and the rest is known from the last look.
"""

import gc
from itertools import compress, repeat
from operator import call, is_
from types import FunctionType
from typing import ClassVar, cast
from weakref import ref


class LiveFunctions:
    """All functions there are, while a block is left alone by the collector, and those that came into being in it."""

    _known: ClassVar[list[ref[FunctionType]]] = []
    _made: ClassVar[list[ref[FunctionType]]] = []  #: those made in the last block, which may be young still
    _mark: object = None
    _first: object = None

    def __init__(self) -> None:
        gc.unfreeze()  # there may be functions among what the program froze

    def all(self) -> list[FunctionType]:
        """Return all live functions; what is made from here on is new."""
        known = LiveFunctions._known
        young = gc.get_objects(0) + gc.get_objects(1)
        if _holds(young, LiveFunctions._mark):
            found = _alive(known)
            made = _alive(LiveFunctions._made)
            seen = set(map(id, made))
            made += [function for function in _functions_of(young) if id(function) not in seen]
            if 2 * len(found) < len(known):
                known[:] = map(ref, found)
        else:
            found, made = [], _functions_of(gc.get_objects())
            known.clear()
        # References are made for what is new alone: there may be many times as many others.
        known += map(ref, made)
        gc.freeze()
        self._first = []
        return found + made

    def new(self) -> list[FunctionType]:
        """Return those made since `all`, and let the collector go on as before."""
        LiveFunctions._mark = []
        objects = gc.get_objects()
        if not _holds(objects, self._first):  # the program froze it, and more
            gc.unfreeze()
            objects = gc.get_objects()
            LiveFunctions._known.clear()
        found = _functions_of(objects)
        LiveFunctions._made = list(map(ref, found))
        gc.unfreeze()
        return found


def _alive(references: list[ref[FunctionType]]) -> list[FunctionType]:
    return list(filter(None, map(call, references)))


def _holds(objects: list[object], mark: object) -> bool:
    return any(map(is_, objects, repeat(mark)))


def _functions_of(objects: list[object]) -> list[FunctionType]:
    functions = compress(objects, map(is_, map(type, objects), repeat(FunctionType)))
    return cast("list[FunctionType]", list(functions))
