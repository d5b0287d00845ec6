"""`treadle verify`: recompute claims and print the ledger."""

import argparse
import sys
from pathlib import Path

from treadle.cli.arguments import count

SUMMARY = "recompute claims and print the ledger"
DESCRIPTION = (
    "Recompute the claims of proof files and print the ledger. Exit code 0 only if all of them hold."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    parser.add_argument(
        "paths",
        nargs="*",
        default=["proofs"],
        metavar="PATH",
        help="proof files or folders (default: proofs)",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only the claims that contain TEXT")
    parser.add_argument(
        "--long",
        action="store_true",
        help="also the long claims, which are otherwise left out, and named as such",
    )
    parser.add_argument(
        "--jobs", type=count, default=None, metavar="N", help="processes (default: one a core)"
    )


def run(options: argparse.Namespace) -> int:
    """Recompute the claims; 0 only if all of them hold."""
    from treadle.report import ProofFileError, verify  # noqa: PLC0415 - help and version work without the extra
    from treadle.verdict import Verdict  # noqa: PLC0415

    try:
        paths = [Path(path) for path in options.paths]
        entries = verify(paths, only=options.only, long=options.long, jobs=options.jobs)
    except ProofFileError as error:
        print(f"treadle verify: {error}", file=sys.stderr)
        return 2
    return 0 if all(entry.evidence.verdict is Verdict.HOLDS for entry in entries) else 1
