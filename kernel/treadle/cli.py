"""The command line: `treadle verify`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 only if everything asked for holds."""
    options = _parser().parse_args(arguments)
    try:
        from treadle.report import ProofFileError, verify  # noqa: PLC0415 - help and version work without the extra
        from treadle.verdict import Verdict  # noqa: PLC0415
    except ModuleNotFoundError as error:
        print(f"treadle verify needs {error.name}: pip install 'treadle[check]'", file=sys.stderr)
        return 2
    try:
        entries = verify([Path(path) for path in options.paths], only=options.only, jobs=options.jobs)
    except ProofFileError as error:
        print(f"treadle verify: {error}", file=sys.stderr)
        return 2
    return 0 if all(entry.evidence.verdict is Verdict.HOLDS for entry in entries) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="treadle", description="Channels for threads, and the checker that proves them."
    )
    parser.add_argument("--version", action="version", version=f"treadle {version('treadle')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="recompute claims and print the ledger",
        description="Recompute the claims of proof files and print the ledger. Exit code 0 only if all of them hold.",
    )
    verify.add_argument(
        "paths",
        nargs="*",
        default=["proofs"],
        metavar="PATH",
        help="proof files or folders (default: proofs)",
    )
    verify.add_argument("--only", default="", metavar="TEXT", help="only the claims that contain TEXT")
    verify.add_argument(
        "--jobs", type=_jobs, default=None, metavar="N", help="processes (default: one a core)"
    )
    return parser


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
