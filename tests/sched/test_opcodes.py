"""Outcomes of real threads that are switched at any bytecode are among those that were explored."""

import random
import sys

import pytest

from tests.sched import memory_acts, memory_pairs, test_memory_pairs, test_memory_random
from tests.sched.memory_acts import MAKERS
from tests.sched.memory_pairs import INDEPENDENT, PAIRS, SEVERAL, reset
from tests.sched.opcodes import Schedule
from tests.sched.programs import Body, many

#: Programs of each kind, and schedules of each program; raise them for a longer hunt.
PROGRAMS = 6
SCHEDULES = 20
FIRST = sys.version_info.minor * 1_000

#: How many acts each thread has.
SHAPES = [(1, 1), (2, 1), (2, 2)]

#: Programs with more executions than this are left out.
BUDGET = 1_000


def unexplored(
    program: Body, explored: set[object], schedule: Schedule, monkeypatch: pytest.MonkeyPatch, module: object
) -> set[object]:
    """Return what *program* gives on real threads that is not among what was *explored*."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "together", schedule.together)
        return {program() for _ in range(SCHEDULES)} - explored


@pytest.mark.parametrize("kind", MAKERS)
def test_random_threads_give_what_was_explored(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, acts = MAKERS[kind]
    programs: dict[str, tuple[Body, set[object]]] = {}
    with many(memory_acts) as process:
        for number in range(FIRST, FIRST + PROGRAMS):
            chance = random.Random(f"{kind} {number}")
            lengths = chance.choice(SHAPES)
            threads = [[chance.choice(acts) for _ in range(length)] for length in lengths]
            program = test_memory_random.program_of(make, threads)
            explored = process.explored(program, most=BUDGET)
            if explored is not None:
                programs[f"{kind} {number}"] = program, explored
    assert len(programs) > PROGRAMS // 2
    files = frozenset((memory_acts.__file__,))
    missed = {
        name: unexplored(program, explored, Schedule(files, name), monkeypatch, test_memory_random)
        for name, (program, explored) in programs.items()
    }
    assert {name: outcomes for name, outcomes in missed.items() if outcomes} == {}


def test_pairs_of_accesses_give_what_was_explored(monkeypatch: pytest.MonkeyPatch) -> None:
    """With each version of Python another third of them."""
    pairs = [*PAIRS, *SEVERAL, *INDEPENDENT][sys.version_info.minor % 3 :: 3]
    explored = test_memory_pairs.explored(pairs)
    files = frozenset((memory_pairs.__file__,))
    missed = {}
    for pair in pairs:
        program = test_memory_pairs.concurrently(pair)
        found = explored[pair.name]
        assert found is not None
        missed[pair.name] = unexplored(
            program, found, Schedule(files, pair.name), monkeypatch, test_memory_pairs
        )
    reset()
    assert {name: outcomes for name, outcomes in missed.items() if outcomes} == {}


def test_a_switch_between_two_bytecodes_loses_an_update() -> None:
    """Otherwise nothing could be missed."""
    found = set()
    schedule = Schedule(frozenset((__file__,)), "an update")
    for _ in range(SCHEDULES):
        table = {"x": 0}

        def add(table: dict[str, int] = table) -> None:
            table["x"] += 1

        schedule.together(add, add)
        found.add(table["x"])
    assert found == {1, 2}


def test_an_error_of_a_thread_is_raised() -> None:
    schedule = Schedule(frozenset(), "errors")
    with pytest.raises(ZeroDivisionError):
        schedule.together(lambda: 1 // 0, lambda: None)
