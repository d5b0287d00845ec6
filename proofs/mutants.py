"""Copies of the channels with a planted bug.

A mutant is the package's own source with one passage replaced, so that it cannot fall behind the kernel: when the
passage is no longer there, making the mutant is an error that says so.
"""

import importlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import treadle.channels


@dataclass(frozen=True)
class Mutation:
    """One passage of one file of the package, and what stands there instead."""

    name: str  #: also the name of the mutant's package
    file: str
    passage: str
    instead: str


class StaleMutationError(Exception):
    """The passage that a mutation replaces does not stand exactly once in the kernel."""


def make(mutation: Mutation) -> ModuleType:
    """Import a copy of `treadle.channels` with *mutation* applied; made once in a process."""
    if mutation.name in sys.modules:
        return sys.modules[mutation.name]
    original = Path(next(iter(treadle.channels.__path__)))
    if not (original / mutation.file).is_file():
        raise StaleMutationError(
            f"the mutation {mutation.name} is of {mutation.file}, which is not in the kernel"
        )
    folder = Path(tempfile.mkdtemp(prefix="treadle-mutant-"))
    package = folder / mutation.name
    shutil.copytree(original, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in package.rglob("*.py"):
        source = file.read_text()
        if file.relative_to(package) == Path(mutation.file):
            source = _mutated(source, mutation)
        file.write_text(source.replace("treadle.channels", mutation.name))
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(mutation.name)
    finally:
        sys.path.remove(str(folder))


def _mutated(source: str, mutation: Mutation) -> str:
    count = source.count(mutation.passage)
    if count != 1:
        raise StaleMutationError(
            f"the mutation {mutation.name} replaces a passage that stands {count} times in {mutation.file}: "
            f"{mutation.passage!r}. The kernel has changed; bring the mutation in line."
        )
    return source.replace(mutation.passage, mutation.instead)
