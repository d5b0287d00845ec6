"""Follows a tutorial word by word: saves its files, runs its commands, and compares what they print.

A block of Python that begins with a comment naming a file, `# account.py`, is saved as that file, without the
comment. In a block of `console` a line that begins with `$ ` is a command, and what follows is what it prints. An
ellipsis, …, stands for any text within a line, and alone on a line for any lines.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# (\w+\.py)\n")


class Command(NamedTuple):
    """A command, and what the page shows that it prints."""

    words: list[str]
    shown: str
    line: int


def follow(page: Path, folder: Path) -> int:
    """Do in *folder* what the page says, and return how many commands that was."""
    done = 0
    for block in steps(page.read_text(encoding="utf-8")):
        if isinstance(block, Command):
            printed = _run(block.words, folder)
            assert matches(printed, block.shown), (
                f"{page.name}:{block.line}: {shlex.join(block.words)} prints\n{printed}\nand not\n{block.shown}"
            )
            done += 1
        else:
            name, text = block
            (folder / name).write_text(text, encoding="utf-8")
    return done


def steps(text: str) -> Iterator[tuple[str, str] | Command]:
    """Give the files and the commands of a page, in order."""
    for block in _BLOCK.finditer(text):
        language, body = block.groups()
        if language == "console":
            yield from _commands(body, text.count("\n", 0, block.start(2)) + 1)
            continue
        name = _FILE.match(body)
        if name is not None:
            yield name[1], body[name.end() :]


def _commands(body: str, first: int) -> Iterator[Command]:
    starts = [match.start() for match in re.finditer(r"^\$ ", body, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        command, _, shown = body[start + 2 : end].partition("\n")
        yield Command(shlex.split(command), shown, first + body.count("\n", 0, start))


def matches(printed: str, shown: str) -> bool:
    """Say whether a text is what a page shows."""
    pattern = ""
    for line in shown.strip("\n").split("\n"):
        pattern += "(?:.*\n)*?" if line == "…" else f"{re.escape(line).replace('…', '.*')}\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


def _run(words: list[str], folder: Path) -> str:
    plugin = [] if entry_points(group="pytest11", name="treadle") else ["-p", "treadle.pytest_plugin"]
    environment = {
        **os.environ,
        "COLUMNS": "110",
        "PYTHONIOENCODING": "utf-8",
        "PYTEST_ADDOPTS": shlex.join(
            ["--rootdir=.", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *plugin]
        ),
    }
    result = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.stderr == "", result.stderr
    return result.stdout
