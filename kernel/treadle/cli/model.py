"""`treadle model`: check a model and print what was found."""

import argparse
import sys
from pathlib import Path
from typing import Any

from treadle.cli.arguments import count
from treadle.cli.model_file import ModelFileError, add_model, constants_of, made, model_of
from treadle.spec import Model, Progress, Result, check, guard_coverage, simulate, state_graph
from treadle.verdict import Verdict

SUMMARY = "check a state model"
DESCRIPTION = (
    "Check a state model, and print the verdict, the counts, what each action did, and a counterexample. "
    "Exit code 0 if it holds, 1 if it is violated, 2 if a limit left it unknown or it could not be checked."
)

EXIT = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    add_model(parser)
    parser.add_argument("--max-states", type=count, metavar="N", help="stop at so many distinct states")
    parser.add_argument("--max-seconds", type=float, metavar="S", help="stop after so much time")
    parser.add_argument("--max-memory", type=count, metavar="BYTES", help="stop when the process is so large")
    parser.add_argument("--depth-first", action="store_true", help="search depth first")
    parser.add_argument(
        "--symmetry",
        nargs="*",
        metavar="NAME=VALUE",
        help="search one state of each orbit; prove the symmetry on the instance with these constants instead",
    )
    parser.add_argument("--compact", action="store_true", help="remember 64 bits of each state")
    parser.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="keep a search that a limit or Ctrl-C ends, or that is killed, and go on from there",
    )
    parser.add_argument(
        "--simulate", type=count, metavar="N", help="follow N random behaviours instead of searching"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of --simulate")
    parser.add_argument("--guards", action="store_true", help="count how often each guard was true and false")
    parser.add_argument("--dot", type=Path, metavar="PATH", help="write the state graph for Graphviz")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the state graph as JSON")


def run(options: argparse.Namespace) -> int:
    """Check the model; the exit code is the verdict's."""
    try:
        model = model_of(options)
        result = _checked(model, options)
        print(result)
        _more(model, options)
    except (ModelFileError, TypeError, ValueError) as error:
        print(f"treadle model: {error}", file=sys.stderr)
        return 2
    return EXIT[result.verdict]


def _checked(model: Model[Any], options: argparse.Namespace) -> Result[Any]:
    if options.simulate:
        return simulate(
            model, behaviours=options.simulate, seed=options.seed, max_seconds=options.max_seconds
        )
    small: bool | Model[Any] = options.symmetry is not None
    if options.symmetry:
        small = made(type(model), constants_of(options.symmetry))
    line = _Line()
    try:
        return check(
            model,
            max_states=options.max_states,
            max_seconds=options.max_seconds,
            max_memory=options.max_memory,
            search="depth" if options.depth_first else "breadth",
            symmetry=small,
            compact=options.compact,
            checkpoint=options.checkpoint,
            progress=line.show if sys.stderr.isatty() else None,
        )
    finally:
        line.clear()


def _more(model: Model[Any], options: argparse.Namespace) -> None:
    if options.guards:
        print(*guard_coverage(model), sep="\n")
    if options.dot or options.json:
        graph = state_graph(model)
        if options.dot:
            options.dot.write_text(graph.dot(), encoding="utf-8")
        if options.json:
            options.json.write_text(graph.json(), encoding="utf-8")


class _Line:
    """One line of a terminal that is written again and again."""

    def __init__(self) -> None:
        self._width = 0

    def show(self, progress: Progress) -> None:
        text = str(progress)
        print(f"\r{text:{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def clear(self) -> None:
        if self._width:
            print(f"\r{'':{self._width}}\r", end="", file=sys.stderr, flush=True)
