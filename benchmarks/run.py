"""Runs every benchmark, one after the other: `make bench`."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    ("channels", "--picture", "benchmarks/channels.svg"),
    ("exploration",),
    ("exploration_memory",),
    ("jobs",),
    ("spec",),
)


def main() -> int:
    """Run the benchmarks and return the first exit code that is not 0."""
    root = Path(__file__).parent.parent
    for name, *options in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *options]
        code = subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - our own commands
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
