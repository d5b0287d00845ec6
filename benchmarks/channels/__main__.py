"""The command: `python -m benchmarks.channels [--quick] [--only spsc,seq] [--capacity 64,unbounded] [...]`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.channels.contenders import Contender, Lacks, installed
from benchmarks.channels.measures import blocked, memory
from benchmarks.channels.picture import draw
from benchmarks.channels.report import line, verdicts
from benchmarks.channels.results import Row, conditions
from benchmarks.channels.scenarios import SCENARIOS, cells
from benchmarks.channels.timing import FULL, QUICK, Effort, compare

CAPACITIES = (("0", 0), ("64", 64), ("unbounded", None))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.channels", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--only", type=_names, default=[], help=f"of {', '.join(SCENARIOS)}, memory, blocked")
    parser.add_argument("--capacity", type=_names, default=[], help="of 0, 1, 64, n, unbounded")
    parser.add_argument("--contenders", type=_names, default=[], help="treadle, queue.Queue, …")
    parser.add_argument("--picture", type=Path, help="where to draw the matrix")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


def timed(
    only: list[str], capacities: list[str], chosen: Sequence[Contender[Any]], effort: Effort
) -> Iterator[Row]:
    for cell in cells(only, capacities):
        yield Row(str(cell), "ns", compare(cell, chosen, effort))


def measured(only: list[str], chosen: Sequence[Contender[Any]]) -> Iterator[Row]:
    if not only or "memory" in only:
        for label, capacity in CAPACITIES:
            yield Row(
                f"memory · {label}",
                "B",
                {each.name: memory(each, capacity) for each in able(chosen, capacity)},
            )
    if not only or "blocked" in only:
        found = {each.name: blocked(each, None) for each in able(chosen, None)}
        cpu = {name: cpu for name, (cpu, _) in found.items()}
        woken = {name: woken for name, (_, woken) in found.items()}
        yield Row("CPU of a blocked recv", "ms/s", cpu, comparable=False)
        yield Row("wake-ups of a blocked recv", "/s", woken, comparable=False)


def able(chosen: Sequence[Contender[Any]], capacity: int | None) -> Iterator[Contender[Any]]:
    """Give those that can make such a channel."""
    for contender in chosen:
        try:
            contender.new(capacity)
        except Lacks:
            continue
        yield contender


def main() -> int:
    """Measure, print each row as it is there, then the goals; draw the picture if asked to."""
    options = arguments()
    chosen = [each for each in installed() if not options.contenders or each.name in options.contenders]
    names = [each.name for each in chosen]
    notes = conditions(chosen)
    print(*notes, "value (its ratio to treadle's); ns per message, best of repeats in turn", sep="\n")
    print(f"\n{'':32}{''.join(f'{name:>{max(17, len(name) + 2)}}' for name in names)}")
    rows: list[Row] = []
    effort = QUICK if options.quick else FULL
    for source in (timed(options.only, options.capacity, chosen, effort), measured(options.only, chosen)):
        for row in source:
            rows.append(row)
            print(line(row, names), flush=True)
    print("\ngoals", *verdicts(rows), sep="\n")
    if options.picture:
        options.picture.write_text(draw([row for row in rows if row.values], names, notes), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
