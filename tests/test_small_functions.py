"""A kernel that can be read in one sitting: no function of the channels is long."""

import ast
from pathlib import Path

import pytest

import treadle.channels

PACKAGE = Path(treadle.channels.__file__).parent
LINES = 40


@pytest.mark.parametrize(
    "file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix()
)
def test_no_function_of_the_channels_is_long(file: Path) -> None:
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LINES} == {}
