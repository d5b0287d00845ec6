"""Expected results: one line for each configuration of a model, and what makes a model a program."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from treadle.spec import Model, Verdict, check


class Expected(NamedTuple):
    """What the check of one configuration must answer, counts included."""

    model: Model[Any]  # a table has models of several state types
    verdict: Verdict
    distinct: int
    depth: int  # of a violated model, the length of the shortest counterexample
    reason: str = ""  # of the violation


def run(table: Iterable[Expected]) -> bool:
    """Check every configuration, print what was found, and say whether it is what was expected."""
    answers = [_as_expected(line) for line in table]
    return all(answers)


def _as_expected(line: Expected) -> bool:
    result = check(line.model)
    print(result, end="\n\n")
    found = (result.verdict, result.distinct, result.depth)
    reason = result.counterexample.reason if result.counterexample else ""
    if (*found, reason) == line[1:]:
        return True
    print(f"EXPECTED {line.verdict}, {line.distinct:,} distinct states, depth {line.depth} {line.reason}\n")
    return False
