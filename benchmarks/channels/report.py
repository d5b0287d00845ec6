"""The report: a table of ratios, and the goals that are met."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.channels.results import OWN, Row

__all__ = ["GOALS", "Goal", "line", "verdicts"]


def line(row: Row, names: Sequence[str]) -> str:
    """Write treadle's value, its ratio to SimpleQueue's, and how many times treadle's each other's is."""
    cells = []
    for name in names:
        value, ratio = row.values.get(name), row.ratio(name)
        if value is None:
            text = ""
        elif name == OWN or ratio is None:
            text = f"{value:,.0f}"
        else:
            text = f"{value:,.0f} {f'({ratio:.2f})':>7}"
        cells.append(f"{text:>{max(17, len(name) + 2)}}")
    return f"{row.label + ', ' + row.unit:32}{''.join(cells)}"


@dataclass(frozen=True, slots=True)
class Goal:
    """In the rows whose labels are named treadle takes at most `most` times what the contender takes."""

    text: str
    labels: tuple[str, ...]
    against: tuple[str, ...]
    most: float

    def verdict(self, rows: Sequence[Row]) -> str:
        """Write the goal, whether it is met, and the row that is the worst."""
        found = [
            (1 / ratio, f"{row.label} {1 / ratio:.2f}× {name}")
            for row in rows
            if row.label in self.labels
            for name in self.against
            if (ratio := row.ratio(name))
        ]
        if not found:
            return f"  not measured  {self.text}"
        _, where = max(found)
        missed = sum(ratio > self.most for ratio, _ in found)
        state = f"missed {missed}/{len(found)}" if missed else "met"
        return f"{state:>14}  {self.text}: at worst {where}"


FREE = ("seq · unbounded", "spsc · unbounded", "mpsc · unbounded")
BOUNDED = tuple(
    f"{scenario} · {capacity}"
    for scenario in ("seq", "inout", "spsc", "mpsc", "mpmc")
    for capacity in (1, 64, "n")
)
MATRIX = tuple(
    f"{scenario} · {capacity}"
    for scenario in ("seq", "spsc", "mpsc", "mpmc", "select_rx", "select_both")
    for capacity in (0, 1, "n", "unbounded")
)
PURE = ("queue.Queue", "culsans", "janus", "aiologic", "pychan")
PING_PONG = ("ping-pong · unbounded",)
BATCH = ("batch seq · unbounded", "batch spsc · unbounded")
# What is measured of a process in which nothing happens: the thread that measures wakes once.
BLOCKED = {"CPU of a blocked recv": 1.0, "wake-ups of a blocked recv": 1.0}
GOALS = (
    Goal("unbounded ≤ 1.5 × SimpleQueue", FREE, ("queue.SimpleQueue",), 1.5),
    Goal("unbounded ≤ 1/8 queue.Queue", FREE, ("queue.Queue",), 1 / 8),
    Goal("bounded ≤ 1/4 queue.Queue", BOUNDED, ("queue.Queue",), 1 / 4),
    Goal("bounded faster than pure Python", BOUNDED, PURE, 1),
    Goal("every cell of the matrix faster than pure Python", MATRIX, PURE, 1),
    Goal("batch ≤ 1/4 SimpleQueue", BATCH, ("queue.SimpleQueue",), 1 / 4),
    Goal("ping-pong ≤ 1.3 × SimpleQueue", PING_PONG, ("queue.SimpleQueue",), 1.3),
)


def verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """Write whether each goal is met."""
    for goal in GOALS:
        yield goal.verdict(rows)
    yield _idle([row for row in rows if row.label in BLOCKED])


def _idle(rows: Sequence[Row]) -> str:
    """Write whether a blocked receiver costs nothing that can be measured."""
    text = "a blocked receiver uses no CPU and is never woken"
    if not rows:
        return f"  not measured  {text}"
    found = {row.label: row.values[OWN] for row in rows}
    missed = any(value > BLOCKED[label] for label, value in found.items())
    shown = ", ".join(f"{row.label} {row.values[OWN]:.2f} {row.unit}" for row in rows)
    return f"{'missed' if missed else 'met':>14}  {text}: {shown}"
