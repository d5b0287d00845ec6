"""Which threads are blocked on which channel right now: help with a deadlock.

Nothing is recorded for this while operations run. `blocked` walks the stacks of all threads to the frame in
which an operation sleeps, and reads there in which lines it stands. The waiter is looked at last: while a wait
is not over its thread stays where it is, so a row was true at that instant.

Rule: only the frames of `sleep` and `_Task.wait` are asked for their variables. Before CPython 3.13 a frame
keeps what it answered until it ends; these end with the wait, and leave no exception behind that keeps them.

No lock is taken, so that a signal handler may do this: `threading.enumerate` takes one, which the thread that
was interrupted may hold.
"""

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias

from treadle.channels import operations
from treadle.channels._primitives import monotonic
from treadle.channels.core import State
from treadle.channels.flavours.timer import Timer
from treadle.channels.threads import _Task

if TYPE_CHECKING:
    from treadle.channels.waiting import Entry, Waiter

__all__ = ["Blocked", "BlockedThreads", "blocked", "dump_blocked"]

_OURS: Final = __name__.rpartition(".")[0]
_VERBS: Final = {"recv": "to receive on", "send": "to send on", "join": "for the end of"}

# The operations, and what each is on.
What: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Blocked:
    """A thread that is blocked, and where: plain values, which keep nothing alive."""

    #: The name of the thread.
    thread: str
    #: Its identifier, as `threading.get_ident()` gives it.
    ident: int
    #: Each is "recv" or "send", of which a select has several, or "join" for a join or the end of a scope.
    operations: tuple[str, ...]
    #: The channel that each of these is on, as text, or the name of the thread that is joined.
    on: tuple[str, ...]
    #: The file of the code that called the operation.
    file: str
    #: The line there.
    line: int
    #: The function there.
    function: str
    #: The seconds until it gives up; None if it never does.
    left: float | None


class BlockedThreads(list[Blocked]):
    """The blocked threads of the process, a list; as text it is a table with what is plain to see in it."""

    def __init__(self, rows: list[Blocked], running: int, /) -> None:
        super().__init__(rows)
        #: How many threads are not blocked on a channel or in a join.
        self.running = running

    def __str__(self) -> str:
        """Give the table."""
        if not self:
            return "no thread is blocked on a channel"
        cells = [line for row in self for line in _lines(row)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
        return "\n".join([f"{_count(len(self), 'thread')} blocked", *table, *self._remarks()])

    def _remarks(self) -> list[str]:
        """Give sentences that say what the table shows."""
        lasting = [row for row in self if row.left is None]
        remarks = []
        if len(waits := _waits(lasting)) > 1:
            remarks.append(f"{' while '.join(waits)}.")
        if (
            len(lasting) == len(self)
            and not self.running
            and not any("due in" in on for row in self for on in row.on)
        ):
            remarks.append("Every thread is blocked and none has a deadline: this is a deadlock.")
        return remarks


def blocked() -> BlockedThreads:
    """List the threads that are blocked in an operation on a channel, in a join or at the end of a scope.

    The list is of plain values: it keeps no handle alive, and shows no message. As text it is a table; the same
    channel has the same number in all its rows. This takes no lock, and may be called in a signal handler: the
    thread that runs the handler is listed with the operation that was interrupted. It costs operations nothing.

    Threads that `treadle.sched.check` runs are not seen: it reports their deadlocks itself.
    """
    frames = sys._current_frames()
    try:
        return _blocked(frames)
    finally:
        frames.clear()  # the frame of this call is among them, and would keep itself alive


def dump_blocked(file: TextIO | None = None) -> None:
    """Write the table of `blocked` to a file, by default `sys.stderr`; a file that cannot be written is let be.

    It is made for signal handlers: `signal.signal(signal.SIGUSR1, lambda *_: dump_blocked())`. A file with a
    descriptor is written to directly, past its buffer, which the interrupted code may be writing to.
    """
    file = sys.stderr if file is None else file
    text = f"{blocked()}\n"
    try:
        descriptor = file.fileno()
    except (AttributeError, OSError, ValueError):  # none, or not a real file
        with suppress(AttributeError, OSError, ValueError):
            file.write(text)
        return
    with suppress(OSError):
        os.write(descriptor, text.encode(errors="backslashreplace"))


class _Channels:
    """The channels of a report: numbered as they are met, and described once."""

    def __init__(self) -> None:
        self._texts: dict[State, str] = {}

    def text(self, state: State) -> str:
        known = self._texts.get(state)
        if known is None:
            known = f"channel #{len(self._texts) + 1} ({', '.join(_traits(state))})"
            self._texts[state] = known
        return known


def _blocked(frames: dict[int, FrameType]) -> BlockedThreads:
    known: dict[int, threading.Thread] = vars(threading)["_active"]
    names = {}
    for ident in frames:
        thread = known.get(ident)
        names[ident] = f"thread {ident}" if thread is None else thread.name
    channels = _Channels()
    rows = []
    for ident in sorted(frames, key=lambda ident: (names[ident], ident)):
        row = _row(names[ident], ident, frames[ident], channels)
        if row is not None:
            rows.append(row)
    return BlockedThreads(rows, len(frames) - len(rows))


def _row(name: str, ident: int, top: FrameType, channels: _Channels) -> Blocked | None:
    """Describe the wait that the thread is in, if it is in one."""
    readers = {operations.sleep.__code__: _operation, _Task.wait.__code__: _join}
    frame: FrameType | None = top
    while frame is not None and frame.f_code not in readers:
        frame = frame.f_back
    if frame is None:
        return None
    caller = _caller(frame)
    file, line, function = caller.f_code.co_filename, caller.f_lineno, caller.f_code.co_name
    variables = frame.f_locals
    deadline: float | None = variables["deadline"]
    what = readers[frame.f_code](variables, channels)
    if what is None:
        return None
    left = None if deadline is None else max(deadline - monotonic(), 0.0)
    return Blocked(name, ident, *what, file, line, function, left)


def _operation(variables: Mapping[str, Any], channels: _Channels) -> What | None:
    """Say what an operation on channels waits for, from the variables of `sleep`."""
    entries: list[Entry] = variables["entries"]
    waiter: Waiter = variables["waiter"]
    kinds = tuple("recv" if entry.side is entry.state.receivers else "send" for entry in entries)
    on = tuple([channels.text(entry.state) for entry in entries])
    return None if waiter.is_over() else (kinds, on)


def _join(variables: Mapping[str, Any], channels: _Channels) -> What | None:
    """Say which thread a join waits for, from the variables of `_Task.wait`."""
    task: _Task[object] = variables["self"]
    return None if task.done else (("join",), (task.thread.name,))


def _caller(frame: FrameType) -> FrameType:
    """Find the frame that called the library, or the first of the library in a thread that runs nothing else."""
    while (outer := frame.f_back) is not None and outer.f_code is not _Task.__call__.__code__:
        module = str(outer.f_globals.get("__name__"))
        if not module.startswith(_OURS):
            return frame if module == "threading" else outer
        frame = outer
    return frame


def _traits(state: State) -> list[str]:
    """Describe a channel; what time makes has no senders."""
    kind = type(state).__name__.lower()
    readers = _count(len(state.receivers.seats), "receiver")
    if isinstance(state, Timer):
        due = state.due()
        return [
            kind,
            "nothing comes" if due is None else f"due in {max(due - monotonic(), 0.0):.3f} s",
            readers,
        ]
    capacity = [] if state.capacity is None else [f"capacity {state.capacity}"]
    senders = _count(len(state.senders.seats), "sender")
    return [kind, *capacity, f"holds {state.count()}", senders, readers]


def _lines(row: Blocked) -> list[tuple[str, ...]]:
    """Give the lines of the table that a row takes: one for each operation."""
    place = f"{os.path.basename(row.file)}:{row.line} in {row.function}"  # noqa: PTH119 - pathlib imports much
    limit = "" if row.left is None else f"{row.left:.3f} s left"
    first, *more = zip(row.operations, row.on, strict=True) if row.on else [("select", "nothing")]
    return [(f"  {row.thread}", *first, place, limit), *[("", *other, "", "") for other in more]]


def _waits(rows: list[Blocked]) -> list[str]:
    """Say who waits for what, those that wait for the same together; a select waits for nothing in particular."""
    names: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if len(row.on) == 1:
            (kind,), (what,) = row.operations, row.on
            short = what if kind == "join" else what.partition(" (")[0]
            names.setdefault((_VERBS[kind], short), []).append(row.thread)
    return [
        f"{_and(threads)} {'waits' if len(threads) == 1 else 'wait'} {verb} {what}"
        for (verb, what), threads in names.items()
    ]


def _and(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
