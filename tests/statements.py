"""The statements of the contract, and the tests that are marked with them.

The page says what is promised; the tests say what they prove: `@pytest.mark.statement("S14", "S15")`. Both are read
as text, so that neither pytest nor the channels need to run.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
CONTRACT = TESTS.parent / "docs" / "contract.md"
MARKER = "pytest.mark.statement"

_STATEMENT = re.compile(
    r"^- \*\*(?P<number>[SGP]\d+)\*\* \((?P<status>[a-z ]+)\) .*\n(?:  .*\n)*", re.MULTILINE
)


class Statement(NamedTuple):
    """One item of the page."""

    number: str
    status: str
    text: str  # as it stands on the page


class Mark(NamedTuple):
    """A marked test and its statements; the test as pytest is asked for it."""

    test: str
    numbers: tuple[str, ...]


def statements(page: str) -> list[Statement]:
    """Give the statements of the page in its order."""
    return [Statement(found["number"], found["status"], found[0]) for found in _STATEMENT.finditer(page)]


def with_tests(page: str, tests: Mapping[str, Iterable[str]]) -> str:
    """Write below each statement of the page its tests."""

    def complete(found: re.Match[str]) -> str:
        return found[0] + "".join(f"  - `{test}`\n" for test in tests.get(found["number"], ()))

    return _STATEMENT.sub(complete, page)


def marked_by_statement() -> dict[str, list[str]]:
    """Give for each statement the tests that are marked with it."""
    found: dict[str, list[str]] = {}
    for test, numbers in marks():
        for number in numbers:
            found.setdefault(number, []).append(test)
    return found


def marks() -> Iterator[Mark]:
    """Give every marked test of the tree."""
    for file in sorted(TESTS.rglob("*.py")):
        yield from marks_in(file.read_text(encoding="utf-8"), file.relative_to(TESTS.parent).as_posix())


def marks_in(source: str, file: str) -> Iterator[Mark]:
    """Give every marked test of one file.

    Raises:
        ValueError: a marker is where no test is, or names its statements by anything but plain texts.
    """
    tree = ast.parse(source)
    astray = {call for call in ast.walk(tree) if _is_marker(call)}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        markers = [decorator for decorator in node.decorator_list if _is_marker(decorator)]
        if markers and _is_test(node):
            astray.difference_update(markers)
            yield Mark(f"{file}::{node.name}", tuple(n for marker in markers for n in _numbers(marker, file)))
    for call in astray:
        raise ValueError(f"{file}: this marker decorates no test: {ast.unparse(call)}")


def _is_marker(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == MARKER


def _is_test(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Say whether pytest runs it; a state machine runs as the TestCase made of it."""
    if isinstance(node, ast.FunctionDef):
        return node.name.startswith("test")
    return node.name.startswith("Test") or any(ast.unparse(b) == "RuleBasedStateMachine" for b in node.bases)


def _numbers(marker: ast.expr, file: str) -> Iterator[str]:
    assert isinstance(marker, ast.Call)
    if not marker.args:
        raise ValueError(f"{file}: this marker names no statement: {ast.unparse(marker)}")
    for argument in marker.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise ValueError(f"{file}: a statement is named by a plain text: {ast.unparse(marker)}")
        yield argument.value
