"""Dependence is per location: what conflicts is explored in both orders, what does not in one execution."""

from collections.abc import Callable

from tests.sched import memory_pairs
from tests.sched.memory_pairs import INDEPENDENT, PAIRS, SEVERAL, Pair, reset
from tests.sched.programs import many, together


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


def both_ways(pair: Pair) -> set[object]:
    """Return what the two give in either order."""
    return {one_after_the_other(pair, reader_first=first) for first in (True, False)}


def explored(pairs: list[Pair]) -> dict[str, set[object] | None]:
    """Return by name what the two give when each has a thread."""
    with many(memory_pairs) as process:
        found = {pair.name: process.explored(concurrently(pair)) for pair in pairs}
    reset()
    assert len(found) == len(pairs), "two pairs of one name"
    return found


def test_both_orders_of_a_conflict_are_explored() -> None:
    expected = {pair.name: both_ways(pair) for pair in PAIRS}
    none = [name for name, either in expected.items() if len(either) != 2]
    assert not none, "these are no pairs: their order cannot be seen"
    assert explored(PAIRS) == expected


def test_what_takes_several_steps_is_explored_in_both_orders_and_between() -> None:
    found = explored(SEVERAL)
    assert [pair.name for pair in SEVERAL if not (found[pair.name] or set()) > both_ways(pair)] == []


def test_independent_accesses_are_one_execution() -> None:
    assert [pair.name for pair in INDEPENDENT if len(both_ways(pair)) != 1] == []
    executions = {}
    with many(memory_pairs) as process:
        for pair in INDEPENDENT:
            process.explored(concurrently(pair))
            executions[pair.name] = process.executions
    reset()
    assert executions == dict.fromkeys(executions, 1)
