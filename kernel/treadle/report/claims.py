"""Claims: statements that a program recomputes, and the evidence it finds.

A proof file is a Python module with functions marked `@claim("…")`. Each is given a way to report progress and
returns its evidence. What raises is not proved: the ledger shows the exception.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from treadle.verdict import Verdict

#: Called with the number of executions, or states, so far.
Progress = Callable[[int], None]


class ProofFileError(Exception):
    """There is nothing to verify where the caller said."""


@dataclass(frozen=True)
class Evidence:
    """What recomputing a claim found."""

    verdict: Verdict
    interleavings: int | None = None  #: executions of real code, where the claim is about real code
    states: int | None = None  #: model states, where the claim is about a model
    bound: str | None = None  #: what limits the verdict; None where everything was covered
    detail: str = ""  #: shown in full when the claim does not hold


@dataclass(frozen=True)
class Claim:
    """A statement and the function that recomputes it."""

    statement: str
    module: str
    name: str
    prove: Callable[[Progress], Evidence]
    long: bool = False  #: recomputed only when asked for


_ATTRIBUTE = "__treadle_claim__"


def claim(
    statement: str, *, long: bool = False
) -> Callable[[Callable[[Progress], Evidence]], Callable[[Progress], Evidence]]:
    """Mark a function of a proof file as the recomputation of *statement*; one that is *long* waits to be asked for.

    Raises:
        TypeError: the statement is empty, or no text.
    """
    if callable(statement) or not statement:
        raise TypeError("a claim is stated in words: @claim('…')")

    def mark(prove: Callable[[Progress], Evidence]) -> Callable[[Progress], Evidence]:
        setattr(prove, _ATTRIBUTE, (statement, long))
        return prove

    return mark


def claims_of(module: ModuleType) -> list[Claim]:
    """Return the claims of a proof file, in the order of its lines."""
    found = []
    for name, value in vars(module).items():
        marked = getattr(value, _ATTRIBUTE, None)
        if marked is not None and value.__module__ == module.__name__:
            statement, long = marked
            found.append(Claim(statement, module.__name__, name, value, long))
    return found


def proof_files(paths: list[Path]) -> list[Path]:
    """Return the Python files that *paths*, files and folders, stand for.

    Raises:
        ProofFileError: a path does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.rglob("*.py") if "__pycache__" not in file.parts)
        elif path.exists():
            files.append(path)
        else:
            raise ProofFileError(f"no proof file or folder at {path}")
    return files


def load(path: Path) -> ModuleType:
    """Import a proof file, as part of its package where it is in one."""
    path = path.resolve()
    parts = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return importlib.import_module(name)
