"""What each step of an execution is, noted while it is made again to be shown."""

import sys
from collections.abc import Callable
from typing import NamedTuple

from treadle.sched import runtime
from treadle.sched.locks import Lock, RLock
from treadle.sched.operation import Operation
from treadle.sched.source import Line, line_of
from treadle.sched.stuck import waits
from treadle.sched.world import ControlledThread, World


class Row(NamedTuple):
    """One step of an execution, as shown."""

    thread: int
    line: Line | None
    operation: str
    remark: str | None  #: why the thread before did not go on


class Recorder:
    """Notes, while an execution is replayed, what each step is and where in the source it stands."""

    def __init__(
        self,
        leave_out: Callable[[ControlledThread], bool] = lambda thread: False,
        instrumented: frozenset[str] = frozenset(),
    ) -> None:
        self.rows: list[Row] = []
        self._leave_out = leave_out
        self._instrumented = instrumented
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
        line = line_of(
            sys._getframe(1) if runtime.current is thread else thread.greenlet.gr_frame, self._instrumented
        )
        if line is not None and not line.file:
            line = None
        why = _why_switched(self._shown, thread)
        self.rows.append(Row(thread.index, line, describe(operation, thread), why))
        self._shown = thread


def describe(operation: Operation, thread: ControlledThread) -> str:
    """Say what executing *operation* now will do."""
    expected = getattr(operation, "outlook", None)
    outlook = expected(thread) if expected is not None else _outlook(operation, thread)
    return str(operation) if outlook is None else f"{operation} {outlook}"


def _outlook(operation: Operation, thread: ControlledThread) -> str | None:
    target = operation.target
    if operation.timed:
        return "→ its time is up" if operation.deadline(thread) is not None else None
    if operation.kind == "try to acquire" and isinstance(target, (Lock, RLock)) and target.holder is not None:
        holder = target.holder
        return f"→ fails, held by {holder.label if isinstance(holder, ControlledThread) else holder}"
    return None


def _why_switched(last: ControlledThread | None, chosen: ControlledThread) -> str | None:
    if last is None or last is chosen:
        return None
    if last.ended:
        return f"{last.label} has ended"
    operation = last.pending
    if operation is not None and operation.enabled(last) and operation.deadline(last) is None:
        return f"{last.label} is preempted"
    return f"{last.label} {waits(last)}"
