"""Dependence per item against brute force: random threads on one container give the same outcomes either way."""

import random
import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.sched import memory_acts
from tests.sched.memory_acts import MAKERS, Act, append_one, append_two, left_of, make_list, store, store_new
from tests.sched.programs import Body, many, outcomes, together
from treadle.sched.strategies.dfs import DepthFirst

#: Programs per kind of container; raise it for a longer hunt. Each version of Python takes others.
PROGRAMS = 12
FIRST = sys.version_info.minor * 1_000

#: How many acts each thread has.
SHAPES = [(1, 1), (2, 1), (2, 2), (1, 1, 1), (3, 1)]

#: Of kinds whose acts make several accesses each, likewise.
DEEP = {
    **dict.fromkeys(("attributes of two objects", "inside of others", "functions with caches"), SHAPES[:2]),
    **dict.fromkeys(
        ("a generator", "attributes that two objects share", "compared by code of their own"), SHAPES[:1]
    ),
}

#: Programs with more schedules than this are left out; most have fewer.
BUDGET = 600


def program_of(make: Callable[[], Any], threads: list[list[Act]]) -> Body:
    """Return a program whose outcome is all that each thread saw, and what is left."""

    def attempt(act: Act, state: Any) -> str:
        try:
            return repr(act(state))
        except (LookupError, ValueError, AttributeError, RuntimeError, TypeError, StopIteration) as error:
            return type(error).__name__

    def program() -> object:
        state = make()
        seen: list[list[str]] = [[] for _ in threads]

        def body(index: int) -> None:
            for act in threads[index]:
                seen[index].append(attempt(act, state))

        together(*(lambda index=index: body(index) for index in range(len(threads))))
        return (*map(tuple, seen), repr(left_of(state)))

    return program


@pytest.mark.parametrize("kind", MAKERS)
def test_outcomes_are_those_of_brute_force(kind: str) -> None:
    make, acts = MAKERS[kind]
    finished = 0
    with many(memory_acts) as process:
        for number in range(FIRST, FIRST + PROGRAMS):
            chance = random.Random(f"{kind} {number}")
            lengths = chance.choice(DEEP.get(kind, SHAPES))
            threads = [[chance.choice(acts) for _ in range(length)] for length in lengths]
            program = program_of(make, threads)
            everything = process.explored(program, DepthFirst(), most=BUDGET, every_access=True)
            if everything is not None:
                finished += 1
                assert process.explored(program) == everything, f"{kind} {number}"
    assert finished >= PROGRAMS // 3


def test_the_order_of_new_keys_is_explored() -> None:
    assert outcomes(program_of(dict, [[store], [store_new]]), instrument=[memory_acts]) == {
        (("None",), ("None",), "{'a': 1, 'c': 3}"),
        (("None",), ("None",), "{'c': 3, 'a': 1}"),
    }


def test_a_default_dictionary_makes_a_value_in_one_step_if_its_factory_is_in_c() -> None:
    def program() -> object:
        state: Any = defaultdict(list)
        together(lambda: append_one(state), lambda: append_two(state))
        return tuple(state["k"])

    assert outcomes(program, instrument=[memory_acts]) == {(1, 2), (2, 1)}
    assert outcomes(by_python_factory, instrument=[memory_acts]) == {(1, 2), (2, 1), (1,), (2,)}


def by_python_factory() -> object:
    state: Any = defaultdict(make_list)
    together(lambda: append_one(state), lambda: append_two(state))
    return tuple(state["k"])
