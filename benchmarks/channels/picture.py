"""The picture: the matrix as a heat map, in SVG.

A row is a cell of the matrix, a column a contender, and what stands there how many times treadle's value the
contender's is: blue where treadle is faster, orange where it is slower, on a logarithmic scale.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import log2

from benchmarks.channels.results import OWN, Row

__all__ = ["draw"]

WIDTH, HEIGHT = 104, 22  # of a cell
LEFT, TOP = 205, 100  # where the first cell stands
STRONGEST = 5  # doublings at which a colour is at its full
FASTER, SLOWER, EMPTY = (33, 102, 172), (217, 95, 2), (246, 246, 246)


def draw(rows: Sequence[Row], names: Sequence[str], notes: Sequence[str]) -> str:
    """Write the picture."""
    width = LEFT + WIDTH * len(names) + 20
    height = TOP + HEIGHT * len(rows) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"',
        f' height="{height}" font-family="sans-serif" font-size="12" role="img">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(10, 22, "Contender ÷ treadle: above 1 (blue) treadle is faster", size=15, weight="bold"),
        *(_text(10, 40 + 15 * i, note, size=11, colour="#555555") for i, note in enumerate(notes)),
        *_heads(names),
    ]
    for number, row in enumerate(rows):
        parts.extend(_row(row, names, TOP + HEIGHT * number))
    return "\n".join([*parts, "</svg>", ""])


def _heads(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        yield _text(
            LEFT + WIDTH * number + WIDTH // 2,
            TOP - 8,
            name.removeprefix("queue."),
            anchor="middle",
            weight="bold",
        )


def _row(row: Row, names: Sequence[str], top: int) -> Iterator[str]:
    middle = top + HEIGHT // 2 + 4
    yield _text(LEFT - 8, middle, row.label, anchor="end")
    for number, name in enumerate(names):
        left = LEFT + WIDTH * number
        value, ratio = row.values.get(name), row.ratio(name)
        red, green, blue = _colour(None if name == OWN else ratio)
        yield (
            f'<rect x="{left + 1}" y="{top + 1}" width="{WIDTH - 2}" height="{HEIGHT - 2}"'
            f' fill="rgb({red},{green},{blue})"/>'
        )
        if value is None:
            continue
        text = f"{value:,.0f} {row.unit}" if name == OWN or ratio is None else _times(ratio)
        light = red + green + blue > 380
        yield _text(
            left + WIDTH // 2, middle, text, anchor="middle", colour="#222222" if light else "#ffffff"
        )


def _times(ratio: float) -> str:
    """Write a ratio in two digits, or more before the point."""
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _colour(ratio: float | None) -> tuple[int, int, int]:
    if ratio is None:
        return EMPTY
    strength = min(1.0, abs(log2(ratio)) / STRONGEST) if ratio > 0 else 1.0
    red, green, blue = FASTER if ratio >= 1 else SLOWER
    return _mixed(red, strength), _mixed(green, strength), _mixed(blue, strength)


def _mixed(part: int, strength: float) -> int:
    """Mix a part of a colour with white."""
    return round(255 + (part - 255) * strength)


def _text(
    x: int,
    y: int,
    text: str,
    *,
    size: int = 12,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = "#222222",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}"'
        f' fill="{colour}">{escape(text)}</text>'
    )
