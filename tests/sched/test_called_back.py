"""C code that calls the program's code in between: another thread has its turn there, and finds it half done."""

# ruff: noqa: PLW0108, C420 - these forms are what is tested
import bisect
import functools
import heapq
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.sched.programs import holds, outcomes, together

HERE = sys.modules[__name__]


@functools.total_ordering
class Item:
    """Is compared by code of its own, which touches nothing that changes."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def __lt__(self, other: Any) -> bool:
        return bool(self.rank < other.rank)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and self.rank == other.rank

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return str(self.rank)


def twice(number: int) -> int:
    return 2 * number


def outcomes_of(act: Callable[[Any], object], other: Callable[[Any], object], *ranks: int) -> set[Any]:
    """Return what may be left of a list after two threads have changed it, or how one of them failed."""

    def program() -> object:
        items = [Item(rank) for rank in ranks]
        errors: list[str] = []

        def attempt(change: Callable[[Any], object]) -> None:
            try:
                change(items)
            except (ValueError, RuntimeError) as error:
                errors.append(str(error))

        together(lambda: attempt(act), lambda: attempt(other))
        return str(items), *errors

    return outcomes(program, instrument=[HERE])


def test_a_heap_that_is_changed_while_it_compares() -> None:
    found = outcomes_of(lambda s: heapq.heappush(s, Item(1)), lambda s: heapq.heappush(s, Item(2)), 5)
    assert ("[1, 5, 2]",) in found
    assert any("list changed size during iteration" in outcome for outcome in found), found


def test_a_place_is_found_and_no_longer_right() -> None:
    found = outcomes_of(lambda s: bisect.insort(s, Item(2)), lambda s: s.insert(0, Item(1)), 3)
    assert found == {("[1, 2, 3]",), ("[2, 1, 3]",)}


def test_a_list_is_changed_while_it_is_sorted() -> None:
    found = outcomes_of(lambda s: s.sort(), lambda s: s.append(Item(1)), 3, 2)
    assert ("[1, 2, 3]",) in found
    assert ("[2, 3, 1]",) in found
    assert any("list modified during sort" in outcome for outcome in found), found


def test_another_element_is_removed_than_was_found() -> None:
    found = outcomes_of(lambda s: s.remove(Item(2)), lambda s: s.insert(0, Item(0)), 1, 2)
    assert found == {("[0, 1]",), ("[0, 2]",)}


def test_a_list_is_extended_by_what_a_function_gives() -> None:
    found = outcomes_of(lambda s: s.extend(map(twice, [1, 2])), lambda s: s.extend(map(twice, [3, 4])))
    assert {("[2, 4, 6, 8]",), ("[6, 8, 2, 4]",), ("[2, 6, 4, 8]",)} < found


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.index(Item(2)),
        lambda s: s.count(Item(2)),
        lambda s: Item(2) in s,
        lambda s: s == [Item(1), Item(2)],
        lambda s: sorted(s),
        lambda s: max(s),
        lambda s: list(map(repr, s)),
        lambda s: {item: 1 for item in s}[Item(2)],
    ],
)
def test_what_only_reads_is_one_execution_beside_its_like(act: Callable[[Any], object]) -> None:
    def program() -> None:
        items = [Item(1), Item(2)]
        together(lambda: act(items), lambda: act(items))

    assert holds(program, instrument=[HERE]).executions == 1


def test_keys_that_are_compared_by_the_program_s_code() -> None:
    def program() -> object:
        table = {Item(1): 0}

        def add() -> None:
            table[Item(1)] += 1

        together(add, add)
        return table[Item(1)], len(table)

    assert outcomes(program, instrument=[HERE]) == {(1, 1), (2, 1)}
