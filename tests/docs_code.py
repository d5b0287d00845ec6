"""Runs the Python of a page of documentation, as it stands: `python -m tests.docs_code PAGE`.

All blocks of a page are one program. What a statement prints, and the value of an expression, is what the
comments beside and below it show:

    rx.recv()  # -> 1
    rx.try_recv()  # -> raises Empty
    for message in rx:
        print(message)
    # -> 2
    # -> 3

An ellipsis, …, stands for any text within a line. A value need not be shown; output and exceptions must.
"""

import ast
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType

LONG = 30.0  # seconds within which the threads of a page end


def run(page: Path) -> None:
    """Run the page, and compare what it gives with what it shows."""
    module = sys.modules["documentation"] = ModuleType("documentation")
    before = set(threading.enumerate())
    text = page.read_text(encoding="utf-8")
    for statement, expected in statements(text):
        printed, value = outcome(statement, page.name, vars(module))
        wanted = "\n".join(expected)
        given = printed + value if expected else printed
        if not re.fullmatch(re.escape(wanted).replace("…", ".*"), given.removesuffix("\n")):
            raise AssertionError(f"{page.name}:{statement.lineno} gives\n{given}\nand not\n{wanted}")
    for thread in set(threading.enumerate()) - before:
        thread.join(LONG)
        assert not thread.is_alive(), f"{thread.name} has not ended"


def code(text: str) -> str:
    """Give the program that the blocks of a page are."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def statements(text: str) -> Iterator[tuple[ast.stmt, list[str]]]:
    """Give the statements of the blocks of a page, numbered as its lines are, each with what it shows."""
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        offset = text.count("\n", 0, block.start(1))
        lines = block[1].splitlines()
        body = ast.parse(block[1]).body
        starts = [statement.lineno - 1 for statement in body]
        for statement, start, end in zip(body, starts, [*starts[1:], len(lines)], strict=True):
            shown = [match[1] for line in lines[start:end] if (match := re.search(r"# -> (.*)$", line))]
            yield ast.increment_lineno(statement, offset), shown


def outcome(statement: ast.stmt, name: str, namespace: dict[str, object]) -> tuple[str, str]:
    """Give what the statement prints, with the name of what it raises, and its value."""
    printed = StringIO()
    value: object = None
    with redirect_stdout(printed):
        try:
            if isinstance(statement, ast.Expr):
                code = compile(ast.Expression(statement.value), name, "eval")
                value = eval(code, namespace)  # noqa: S307 - our own page
            else:
                exec(compile(ast.Module([statement], []), name, "exec"), namespace)  # noqa: S102 - as above
        except Exception as error:
            print(f"raises {type(error).__name__}")
    return printed.getvalue(), "" if value is None else repr(value)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
