"""Dependence is per location: what conflicts is explored in both orders, what does not in one execution."""

from collections.abc import Callable

import pytest

from tests.sched import memory_pairs
from tests.sched.memory_pairs import INDEPENDENT, PAIRS, SEVERAL, Pair, reset
from tests.sched.programs import holds, outcomes, together


def shown(function: Callable[[object], object], state: object) -> str:
    """Return what *function* gives, as it can be compared: an exception is an outcome too."""
    try:
        found = function(state)
    except Exception as error:
        return type(error).__name__
    return repr(sorted(found)) if isinstance(found, (set, frozenset)) else repr(found)


def one_after_the_other(pair: Pair, *, reader_first: bool) -> tuple[str, str]:
    """Return what the two give in one order."""
    reset()
    state = pair.make()
    if reader_first:
        seen = shown(pair.read, state)
        return seen, shown(pair.write, state)
    written = shown(pair.write, state)
    return shown(pair.read, state), written


def concurrently(pair: Pair) -> Callable[[], tuple[str, str]]:
    """Return the program in which each has a thread."""

    def program() -> tuple[str, str]:
        reset()
        state = pair.make()
        seen: list[str] = []
        written: list[str] = []
        together(
            lambda: seen.append(shown(pair.read, state)), lambda: written.append(shown(pair.write, state))
        )
        return seen[0], written[0]

    return program


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_both_orders_of_a_conflict_are_explored(pair: Pair) -> None:
    expected = {
        one_after_the_other(pair, reader_first=True),
        one_after_the_other(pair, reader_first=False),
    }
    assert len(expected) == 2, "the pair is none: its order cannot be seen"
    assert outcomes(concurrently(pair), instrument=[memory_pairs]) == expected
    reset()


@pytest.mark.parametrize("pair", SEVERAL, ids=lambda pair: pair.name)
def test_what_takes_several_steps_is_explored_in_both_orders_and_between(pair: Pair) -> None:
    expected = {
        one_after_the_other(pair, reader_first=True),
        one_after_the_other(pair, reader_first=False),
    }
    assert outcomes(concurrently(pair), instrument=[memory_pairs]) > expected
    reset()


@pytest.mark.parametrize("pair", INDEPENDENT, ids=lambda pair: pair.name)
def test_independent_accesses_are_one_execution(pair: Pair) -> None:
    expected = one_after_the_other(pair, reader_first=True)
    assert one_after_the_other(pair, reader_first=False) == expected
    assert holds(concurrently(pair), instrument=[memory_pairs]).executions == 1
    reset()
