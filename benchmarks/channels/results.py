"""The results of one run: rows of values by contender, and what they were measured with."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.channels.contenders import Contender

__all__ = ["OWN", "Row", "conditions"]

OWN = "treadle"


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of each contender that can do it; smaller is better."""

    label: str
    unit: str
    values: dict[str, float]
    comparable: bool = True  # or about nothing, so that ratios mean nothing

    def ratio(self, name: str) -> float | None:
        """Give how many times treadle's value a contender's is."""
        if not self.comparable or name not in self.values or not self.values.get(OWN):
            return None
        return self.values[name] / self.values[OWN]


def conditions(contenders: Sequence[Contender[Any]]) -> list[str]:
    """Give the lines that a record of the run needs: commit, interpreter, machine, versions."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    peers = [f"{each.package} {version(each.package)}" for each in contenders if each.package]
    today = datetime.now(tz=UTC).strftime("%B %Y")
    return [f"treadle {_commit()}, {python}, {machine}, {today}", ", ".join(peers)]


def _commit() -> str:
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    result = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return result.stdout.strip() or "unknown"
