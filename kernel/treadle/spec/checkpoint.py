"""Checkpoints: a search that came to a limit is kept in a file, and goes on from there.

Rules: a file of another model, of other constants or of other source is refused, not used. A file is replaced
whole or not at all.
"""

import hashlib
import inspect
import os
import pickle
from pathlib import Path
from typing import TypeVar

from treadle.spec.batches import Tally
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.search import Search

S = TypeVar("S")

_FIELDS = ("parents", "level", "next", "depth", "place", "tallies", "cut")
_FORMAT = 1


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
