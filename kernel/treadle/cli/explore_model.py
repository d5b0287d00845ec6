"""`treadle explore-model`: step through the behaviours of a model by hand."""

import argparse
import random
import sys
from typing import Any

from treadle.cli.model_file import ModelFileError, add_model, model_of
from treadle.spec.walk import Walk

SUMMARY = "step through the behaviours of a state model"
DESCRIPTION = (
    "Step through the behaviours of a state model: each state with the steps that can be taken from it. "
    "The answers are read from standard input, a line each."
)

HELP = """a number takes that step; b goes back; w says why the other steps are disabled; t shows the way here;
r takes a step at random; i begins anew; q ends"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    add_model(parser)


def run(options: argparse.Namespace) -> int:
    """Let the user walk until the end of input."""
    try:
        walk = Walk(model_of(options))
    except (ModelFileError, TypeError, ValueError) as error:
        print(f"treadle explore-model: {error}", file=sys.stderr)
        return 2
    print(HELP)
    _show(walk)
    while (line := _read()) not in (None, "q"):
        _do(walk, line or "")
    return 0


def _read() -> str | None:
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return None


def _do(walk: Walk[Any], line: str) -> None:
    """Do what one line says."""
    if line.isdecimal() and 1 <= int(line) <= len(walk.choices):
        walk.take(int(line) - 1)
        _show(walk)
    elif line == "r" and walk.choices:
        walk.take(random.randrange(len(walk.choices)))  # noqa: S311  # not for secrets
        _show(walk)
    elif line == "b" and not walk.back():
        print("this is where it begins")
    elif line in ("b", "i"):
        if line == "i":
            walk.restart()
        _show(walk)
    elif line in ("w", "t"):
        print(*(walk.disabled() if line == "w" else walk.way()), sep="\n")
    else:
        print(HELP)


def _show(walk: Walk[Any]) -> None:
    print(*walk.here(), sep="\n")
    for number, lines in enumerate(walk.offers(), start=1):
        print(f"{number:3} {lines}")
    if not walk.choices:
        print("no step can be taken")
