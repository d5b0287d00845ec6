"""The failing interleaving, as a person reads it: one column per thread."""

import linecache
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from treadle.sched import runtime
from treadle.sched.locks import Lock, RLock
from treadle.sched.operation import Operation
from treadle.sched.world import ControlledThread, Outcome, World

_PACKAGE = Path(__file__).parent.parent

#: Whose lines are never the program's: the scheduler, what records histories, and the simulated primitives' users.
_HIDDEN = (str(_PACKAGE / "sched"), str(_PACKAGE / "conform"), threading.__file__, "<frozen")
_WIDEST = 52


class Line(NamedTuple):
    """A place in the source."""

    file: str
    number: int
    function: str
    text: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.number}"


class Row(NamedTuple):
    """One step of an execution, as shown."""

    thread: int
    line: Line | None
    operation: str
    remark: str | None  #: why the thread before did not go on


class Recorder:
    """Notes, while an execution is replayed, what each step is and where in the source it stands."""

    def __init__(self, leave_out: Callable[[ControlledThread], bool] = lambda thread: False) -> None:
        self.rows: list[Row] = []
        self._leave_out = leave_out
        self._shown: ControlledThread | None = None  # who executed the last step that is shown

    def attach(self, world: World) -> None:
        """Record the steps of *world*, which is about to run."""
        self.rows.clear()
        self._shown = None
        world.observer = self._note

    def _note(self, thread: ControlledThread, operation: Operation) -> None:
        if self._leave_out(thread):
            return
        # No frame is kept in a variable here: a frame that refers to itself keeps its callers' variables alive, and
        # when these go is behaviour.
        line = _line_of(sys._getframe(1) if runtime.current is thread else thread.greenlet.gr_frame)
        text = describe(operation, thread)
        self.rows.append(Row(thread.index, line, text, _why_switched(self._shown, thread)))
        self._shown = thread


def describe(operation: Operation, thread: ControlledThread) -> str:
    """Say what executing *operation* now will do."""
    text = str(operation)
    expected = getattr(operation, "outlook", None)
    outlook = expected(thread) if expected is not None else None
    return text if outlook is None else f"{text} {outlook}"


def _why_switched(last: ControlledThread | None, chosen: ControlledThread) -> str | None:
    if last is None or last is chosen:
        return None
    if last.ended:
        return f"{last.label} has ended"
    if last.pending is not None and last.pending.enabled(last):
        return f"{last.label} is preempted"
    return f"{last.label} {waits(last)}"


def waits(thread: ControlledThread) -> str:
    """Say what *thread* waits for, and who could end the wait."""
    if thread.waits_for is not None:
        return f"waits for the end of {thread.waits_for.label}"
    operation = thread.pending
    if operation is None:
        return "is running"
    target = operation.target
    if isinstance(target, (Lock, RLock)):
        holder = target.holder
        if holder is thread:
            return f"waits for {target.name}, which it holds itself"
        if isinstance(holder, ControlledThread):
            ended = ", which has ended" if holder.ended else ""
            return f"waits for {target.name}, held by {holder.label}{ended}"
        return (
            f"waits for {target.name}, held by {holder}" if holder else f"is about to acquire {target.name}"
        )
    return f"waits to {operation}"


def who_waits(world: World) -> str:
    """Describe a deadlock: each thread that has not ended, what it waits for, and where."""
    lines = ["deadlock: no thread can go on"]
    for thread, wait, line in world.stuck:
        place = f" at {line}: {line.text}" if isinstance(line, Line) else ""
        lines.append(f"  {thread.label} {wait}{place}")
    return "\n".join(lines)


def note_stuck(world: World) -> None:
    """Note who waits for what, before the threads are unwound."""
    world.stuck = [
        (thread, waits(thread), _line_of(thread.greenlet.gr_frame))
        for thread in world.threads
        if not thread.ended and not thread.greenlet.dead
    ]


def _line_of(frame: FrameType | None) -> Line | None:
    """Return the innermost line of the program's own."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_HIDDEN):
            return Line(
                file,
                frame.f_lineno,
                frame.f_code.co_qualname,
                linecache.getline(file, frame.f_lineno).strip(),
            )
        frame = frame.f_back
    return None


def render(world: World, rows: list[Row], error: BaseException, schedule: str) -> str:
    """Return the interleaving in columns, what went wrong, and how to replay it."""
    shown = sorted({row.thread for row in rows})
    labels = {thread.index: thread.label for thread in world.threads}
    files = {row.line.file for row in rows if row.line is not None}
    cells = [_cell(row, name_file=len(files) > 1) for row in rows]
    widths = {index: len(labels[index]) for index in shown}
    for row, cell in zip(rows, cells, strict=True):
        widths[row.thread] = max(widths[row.thread], *(len(text) for text in cell))
    margin = " " * (len(str(len(rows))) + 1)
    if not rows:
        return f"{_verdict(world, error)}\n\nto replay: replay(program, {schedule!r})"
    lines = [f"in {Path(file).name}" for file in files if len(files) == 1]
    lines.append(f"{margin}  {'  '.join(labels[index].ljust(widths[index]) for index in shown)}".rstrip())
    lines.append(f"{margin}  {'  '.join('─' * widths[index] for index in shown)}")
    for number, (row, cell) in enumerate(zip(rows, cells, strict=True), start=1):
        if row.remark:
            lines.append(f"{margin}  ╌╌ {row.remark}")
        indent = "".join("  " + " " * widths[index] for index in shown if index < row.thread)
        heads = [str(number).rjust(len(margin)), *(margin for _ in cell[1:])]
        lines += [f"{head}{indent}  {text}".rstrip() for head, text in zip(heads, cell, strict=True)]
    lines += ["", _verdict(world, error), "", f"to replay: replay(program, {schedule!r})"]
    return "\n".join(lines)


def _cell(row: Row, *, name_file: bool) -> list[str]:
    if row.line is None:
        return [_shortened(row.operation)]
    place = str(row.line) if name_file else f":{row.line.number}"
    return [_shortened(f"{place}  {row.line.text}"), _shortened(f"  {row.operation}")]


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _verdict(world: World, error: BaseException) -> str:
    if world.outcome is Outcome.DEADLOCKED and world.failed is None:
        return str(error)
    name = type(error).__name__
    text = f"{name}: {error}" if str(error) else name
    return f"{world.failed.label} raised {text}" if world.failed is not None else text
