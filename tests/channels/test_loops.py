"""Loops and the `try` round them: a signal handler's exception at the jump back must find the repair.

CPython runs signal handlers at a loop's jump back. 3.13 leaves the jump out of what a `try` round the loop covers, and
3.11 and 3.12 may take the instruction before the loop's beginning for the place of the exception (python/cpython#130279
and #108214). The exception table of the compiled code says what is covered.
"""

import dis
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

import treadle.channels

PACKAGE = Path(treadle.channels.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def uncovered_loops(code: CodeType) -> list[str]:
    """Name the loops whose jump back is handled otherwise than what it jumps to."""
    instructions = {instruction.offset: instruction for instruction in dis.get_instructions(code)}
    # What restores the variables of comprehensions and ends generators repairs nothing.
    table = [
        entry
        for entry in dis._parse_exception_table(code)  # type: ignore[attr-defined]
        if instructions[entry.target].opname == "PUSH_EXC_INFO"
    ]
    first_handler = min((entry.target for entry in table), default=0)

    def handlers(offset: int) -> set[int]:
        return {entry.target for entry in table if entry.start <= offset < entry.end}

    found = []
    for instruction in instructions.values() if table else ():
        begins = instruction.argval
        if "JUMP_BACKWARD" not in instruction.opname or begins < first_handler <= instruction.offset:
            continue  # the end of an `except` clause is no loop
        places = (instruction.offset, begins, begins - 2)
        if len({frozenset(handlers(place)) for place in places}) > 1:
            line = instruction.positions.lineno if instruction.positions else None
            found.append(f"{code.co_qualname}, the loop that goes on at line {line}")
    return found


@pytest.mark.statement("P1")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_repair_covers_the_jumps_of_its_loops(file: Path) -> None:
    module = compile(file.read_text(), file, "exec")
    assert [loop for code in codes(module) for loop in uncovered_loops(code)] == []


def repaired_loop(work: Callable[[], bool], repair: Callable[[], None]) -> None:
    try:
        while work():
            pass
    except BaseException:
        repair()
        raise


def loop_in_a_function_of_its_own(work: Callable[[], bool], repair: Callable[[], None]) -> None:
    def loop() -> None:
        while work():
            pass

    try:
        loop()
    except BaseException:
        repair()
        raise


def loop_round_the_repair(work: Callable[[], bool], repair: Callable[[], None]) -> None:
    while work():
        try:
            work()
        except BaseException:
            repair()
            raise


def uncovered_in(function: Callable[..., Any]) -> list[str]:
    module = compile(textwrap.dedent(inspect.getsource(function)), "f.py", "exec")
    return [loop for code in codes(module) for loop in uncovered_loops(code)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 covers this one")
def test_a_loop_in_a_repaired_block_is_found() -> None:
    assert len(uncovered_in(repaired_loop)) == 1


def test_a_loop_in_a_function_of_its_own_and_one_round_the_repair_are_let_be() -> None:
    assert uncovered_in(loop_in_a_function_of_its_own) == []
    assert uncovered_in(loop_round_the_repair) == []
