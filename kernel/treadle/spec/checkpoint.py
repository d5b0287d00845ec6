"""Checkpoints: a search is kept in a file, now and then and where it ends early, and goes on from there.

An interrupt comes anywhere, in the midst of a state's expansion too. What is kept then is the search as it was between
two batches of states: states known are entered in order, so that what came later can be taken back.

Rules: a file of another model, of other constants or of other source is refused, not used. A file is replaced
whole or not at all.
"""

import hashlib
import inspect
import os
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from treadle.spec.batches import Tally
from treadle.spec.calls import Violation
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import Property
from treadle.spec.search import Search

S = TypeVar("S")

#: Seconds between two checkpoints at least, and how many times what the last one took.
_EVERY, _TIMES = 60.0, 10

_FIELDS = ("parents", "level", "next", "depth", "place", "tallies", "cut")
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Mark(Generic[S]):
    """A search between two batches: what is needed to come back to it."""

    known: int
    level: list[S]
    next: list[S]
    found: int  # of the next level
    depth: int
    place: int
    tallies: tuple[Tally, ...]
    cut: int
    awaited: tuple[Property[S], ...]
    pending: Violation[S] | None


class Keeper(Generic[S]):
    """Keeps one search in a file."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._due = clock() + _EVERY
        self._mark: _Mark[S] | None = None

    def __call__(self, search: Search[S]) -> None:
        """Remember where the search is between two batches, and write it down if it is time."""
        self._mark = _Mark(
            len(search.parents),
            search.level,
            search.next,
            len(search.next),
            search.depth,
            search.place,
            tuple(Tally(tally.transitions, tally.distinct) for tally in search.tallies),
            search.cut,
            tuple(search.awaited),
            search.pending,
        )
        began = self._clock()
        if began >= self._due:
            save(search, self.path)
            ended = self._clock()
            self._due = ended + max(_EVERY, _TIMES * (ended - began))

    def interrupted(self, search: Search[S]) -> None:
        """Take back what came after the last batch, and write down the rest; before the first there is nothing to keep."""
        mark = self._mark
        if mark is None:
            return
        while len(search.parents) > mark.known:
            search.parents.popitem()
        del mark.next[mark.found :]
        search.level, search.next, search.depth, search.place = mark.level, mark.next, mark.depth, mark.place
        search.tallies, search.cut, search.pending = list(mark.tallies), mark.cut, mark.pending
        search.awaited, search.before = list(mark.awaited), []
        save(search, self.path)


def save(search: Search[S], path: Path) -> None:
    """Write a search to a file."""
    kept = {name: getattr(search, name) for name in _FIELDS}
    kept |= {
        "awaited": [asked.name for asked in search.awaited],
        "known_by": (search.canonical, search.key),
        "pending": search.pending,
    }
    if search.before and search.place < len(search.level):  # which is expanded again, from the beginning
        kept["cut"], *transitions = search.before
        pairs = zip(search.tallies, transitions, strict=True)
        kept["tallies"] = [Tally(count, tally.distinct) for tally, count in pairs]
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as file:
        pickle.dump((_FORMAT, identity(search.program.model), kept), file, pickle.HIGHEST_PROTOCOL)
    os.replace(beside, path)  # noqa: PTH105  # the one that replaces


def load(search: Search[S], path: Path) -> None:
    """Go on with the search that is in a file.

    Only a file that this user's own checks wrote may be read: it is a pickle, which can run anything.

    Raises:
        ValueError: the file is no checkpoint of this model, as it is now.
    """
    try:
        with path.open("rb") as file:
            found, model, kept = pickle.load(file)  # noqa: S301  # see the docstring
    except (pickle.UnpicklingError, EOFError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise ValueError(f"{path} is no checkpoint: {error}") from error
    if (found, model) != (_FORMAT, identity(search.program.model)):
        raise ValueError(
            f"{path} is the checkpoint of another search, or the model has changed since: remove it to begin anew"
        )
    canonical, key = kept["known_by"]
    if (canonical is None, key is None) != (search.canonical is None, search.key is None):
        raise ValueError(f"{path} is the checkpoint of a search with another symmetry or compaction")
    for name in _FIELDS:
        setattr(search, name, kept[name])
    search.canonical, search.key, search.pending = canonical, key, kept["pending"]
    search.awaited = [asked for asked in search.program.of(Kind.SOMETIMES) if asked.name in kept["awaited"]]
    search.prepare()


def identity(model: Model[S]) -> str:
    """Return what tells one model from another: its name, its constants, and the source it comes from."""
    classes = [
        cls
        for cls in type(model).__mro__
        if not cls.__module__.startswith(("treadle.spec", "builtins", "abc", "typing"))
    ]
    digest = hashlib.sha256()
    for name in sorted({inspect.getsourcefile(cls) or "" for cls in classes} - {""}):
        digest.update(Path(name).read_bytes())
    return f"{type(model).__module__}.{type(model).__qualname__} {model!r} {digest.hexdigest()}"
