"""The command line: one file a command, and the table of them.

A command is a module with a SUMMARY, a DESCRIPTION, `add_arguments` and `run`. What needs the checker's extra it
imports in `run`, so that help and version work without it.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Protocol, cast

from treadle.cli import explore, explore_model, model, verify

__all__ = ["main"]


class Command(Protocol):
    """What a command's module has."""

    SUMMARY: str
    DESCRIPTION: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command line may hold."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


COMMANDS: dict[str, Command] = {
    "explore": cast("Command", explore),
    "verify": cast("Command", verify),
    "model": cast("Command", model),
    "explore-model": cast("Command", explore_model),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 only if everything asked for holds.

    An exit code of 1 says that something does not hold, 2 that there is no answer, or that the command could not be
    carried out.
    """
    options = _parser().parse_args(arguments)
    try:
        return COMMANDS[options.command].run(options)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("greenlet", "rich", "crosshair"):
            raise
        print(f"treadle {options.command} needs {error.name}: pip install 'treadle[check]'", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="treadle", description="Channels for threads, and the checker that proves them."
    )
    parser.add_argument("--version", action="version", version=f"treadle {version('treadle')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.add_arguments(
            commands.add_parser(name, help=command.SUMMARY, description=command.DESCRIPTION)
        )
    return parser
