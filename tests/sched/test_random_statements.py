"""Random statements: real threads that are switched at any bytecode see nothing that was not explored."""

import sys
from pathlib import Path

from tests.sched import shared_state
from tests.sched.opcodes import Schedule
from tests.sched.programs import many, together
from tests.sched.random_statements import STATEMENTS, RandomStatements

#: Programs, and schedules of each; raise them for a longer hunt. Each version of Python takes others.
PROGRAMS = 40
SCHEDULES = 20
FIRST = sys.version_info.minor * 1_000

#: Programs with more executions than this are left out.
BUDGET = 600


def test_random_threads_see_what_was_explored(tmp_path: Path) -> None:
    made = RandomStatements(tmp_path, FIRST, PROGRAMS)
    files = frozenset((str(made.module.__file__), shared_state.__file__))
    with many(made.module, shared_state) as process:
        explored = [
            process.explored(made.program(number, together), most=BUDGET) for number in range(PROGRAMS)
        ]
    assert sum(outcomes is not None for outcomes in explored) > PROGRAMS // 2
    missed = {}
    for number, outcomes in enumerate(explored):
        if outcomes is not None:
            program = made.program(number, Schedule(files, f"{FIRST} {number}").together)
            found: set[object] = {program() for _ in range(SCHEDULES)}
            missed[str(made.statements[number])] = found - outcomes
    del sys.modules[made.module.__name__]
    assert {statements: outcomes for statements, outcomes in missed.items() if outcomes} == {}


def test_every_statement_is_one() -> None:
    assert len(STATEMENTS) == len(set(STATEMENTS)) > 100
    for statement in STATEMENTS:
        compile(statement, statement, "exec")
