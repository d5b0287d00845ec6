"""Locks of modules that the program reaches are under control, wherever it reaches them from."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.sched.programs import outcomes, together

OTHER = """
import threading

import {name}_inner as inner

LOCK = threading.Lock()


def attempt(lock=None):
    lock = LOCK if lock is None else lock
    got = lock.acquire(False)
    if got:
        lock.release()
    return got


def through_inner():
    return attempt(inner.LOCK)


class Holding:
    lock = threading.Lock()

    def attempt(self):
        return attempt(LOCK)


class Table(dict):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class Row(list):
    __slots__ = ("lock",)

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


table, row, holding = Table(), Row(), Holding()
del threading
"""

INNER = "import threading\nLOCK = threading.Lock()\n"


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of the user's, which imports another."""
    name = "reached_module"
    (tmp_path / f"{name}.py").write_text(OTHER.format(name=name))
    (tmp_path / f"{name}_inner.py").write_text(INNER)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(name)
    for module in (name, f"{name}_inner"):
        del sys.modules[module]


#: How the program comes to the lock.
WAYS: list[Callable[[Any], Callable[[], bool]]] = [
    lambda other: other.attempt,
    lambda other: lambda: other.attempt(),  # noqa: PLW0108 - a global of the program's module, reached when it is called
    lambda other: other.through_inner,
    lambda other: other.Holding().attempt,
    lambda other: lambda: other.attempt(other.Holding.lock),
    lambda other: lambda: other.attempt(other.holding.lock),
    lambda other: lambda: other.attempt(other.table.lock),
    lambda other: lambda: other.attempt(other.row.lock),
]


@pytest.mark.parametrize("number", range(len(WAYS)))
def test_a_try_lock_fails_while_another_holds_the_lock(number: int, other: Any) -> None:
    attempt = WAYS[number](other)

    def program() -> object:
        got: list[bool] = []
        together(lambda: got.append(attempt()), lambda: got.append(attempt()))
        return tuple(sorted(got))

    before = other.LOCK, other.Holding.lock, other.table.lock, other.row.lock, other.inner.LOCK
    assert outcomes(program) == {(True, True), (False, True)}
    assert before == (other.LOCK, other.Holding.lock, other.table.lock, other.row.lock, other.inner.LOCK)
