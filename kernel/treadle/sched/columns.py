"""The failing interleaving, as a person reads it: one column per thread, as wide as the terminal."""

import shutil
from collections.abc import Iterator
from itertools import accumulate, groupby
from pathlib import Path

from rich.cells import cell_len, chop_cells

from treadle.sched.trace import Row

#: Columns where there is no terminal.
WIDTH = 120
_NARROWEST = 60
_WIDEST_CELL = 52
#: Of a run of one thread that is longer than this, only the beginning and the end are shown.
_LONG_RUN = 12
_KEPT = 4
#: Of an interleaving with more rows than this, only the beginning and the end are shown.
_LONG = 200

#: A row of the table with its number, or a line that stands for rows that are left out.
_Shown = tuple[int, Row] | str


def terminal_width() -> int:
    """Return how many columns there are to write in."""
    return max(shutil.get_terminal_size((WIDTH, 40)).columns, _NARROWEST)


def columns(rows: list[Row], labels: dict[int, str], width: int) -> list[str]:
    """Return the lines of the table of *rows*, in which no line is wider than *width*."""
    files = {row.line.file for row in rows if row.line is not None}
    threads = sorted({row.thread for row in rows})
    margin = " " * (len(str(len(rows))) + 1)
    table = _Table(
        rows, {index: plain(labels[index]) for index in threads}, width - len(margin), len(files) > 1
    )
    lines = [f"in {plain(Path(file).name)}" for file in files if len(files) == 1]
    lines += [margin + text for text in table.head()]
    for shown in _without_long(list(_folded(rows, labels))):
        if isinstance(shown, str):
            lines.append(cut(f"{margin}  {shown}", width))
            continue
        number, row = shown
        if row.remark:
            lines.append(cut(f"{margin}  ╌╌ {plain(row.remark)}", width))
        first, *more = table.cell(row)
        lines += [f"{number:>{len(margin)}}{first}", *(margin + text for text in more)]
    return lines


class _Table:
    """Where each thread's column begins, and how wide it is.

    There is one cell in a row, so that it may run on under the headings of the columns beside it: where columns do
    not fit they begin closer to each other, and the last is left room to be read.
    """

    def __init__(self, rows: list[Row], labels: dict[int, str], width: int, name_files: bool) -> None:
        self._labels = labels
        self._width = width
        self._name_files = name_files
        natural = {index: cell_len(label) for index, label in labels.items()}
        for row in rows:
            natural[row.thread] = max(natural[row.thread], *map(cell_len, self._texts(row)))
        widths = [min(natural[index], _WIDEST_CELL) for index in labels]
        self._fits = sum(widths) + 2 * len(widths) <= width
        if not self._fits:
            room = max(width // 2, width - 2 - widths[-1])
            step = max((width - room) // max(len(widths) - 1, 1), 4)
            widths[:-1] = [min(own, step - 2) for own in widths[:-1]]
        self._widths = dict(zip(labels, widths, strict=True))
        starts = accumulate((own + 2 for own in widths), initial=0)
        self._starts = dict(zip(labels, starts, strict=False))

    def head(self) -> list[str]:
        """The names of the threads, underlined."""
        names = [(cut(self._labels[index], own), own) for index, own in self._widths.items()]
        lines = [
            "".join(f"  {name}{' ' * (own - cell_len(name))}" for name, own in names),
            "".join(f"  {'─' * own}" for _, own in names),
        ]
        return [cut(line.rstrip(), self._width) for line in lines]

    def cell(self, row: Row) -> list[str]:
        """The lines of one step, in its thread's column."""
        start, widest = self._starts[row.thread], self._widths[row.thread]
        if not self._fits:  # where there are too many threads for the width, the last ones share their place
            start, widest = min(start, self._width // 2), _WIDEST_CELL
        limit = min(widest, self._width - start - 2)
        return [f"{' ' * start}  {cut(text, limit)}".rstrip() for text in self._texts(row)]

    def _texts(self, row: Row) -> list[str]:
        if row.line is None:
            return [plain(row.operation)]
        place = plain(row.line.place) if self._name_files else f":{row.line.number}"
        return [f"{place}  {plain(row.line.text)}", f"  {plain(row.operation)}"]


def _folded(rows: list[Row], labels: dict[int, str]) -> Iterator[_Shown]:
    """Give the rows with their numbers; of a long run of one thread only the beginning and the end."""
    for thread, group in groupby(enumerate(rows, start=1), lambda pair: pair[1].thread):
        run = list(group)
        if len(run) <= _LONG_RUN:
            yield from run
            continue
        yield from run[:_KEPT]
        yield f"⋯ {len(run) - 2 * _KEPT} more steps of {plain(labels[thread])}"
        yield from run[-_KEPT:]


def _without_long(shown: list[_Shown]) -> list[_Shown]:
    if len(shown) <= _LONG:
        return shown
    return [*shown[: _LONG // 2], f"⋯ {len(shown) - _LONG} more rows", *shown[-_LONG // 2 :]]


def plain(text: str) -> str:
    """Return *text* in one line, with whatever can't be printed written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def cut(text: str, width: int) -> str:
    """Return as much of *text* as *width* columns hold, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    if width < 2:
        return "…" if width == 1 else ""
    return f"{chop_cells(text[:width], width - 1)[0]}…"
