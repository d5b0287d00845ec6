"""What an execution shows from outside: which operations were called, and what they returned, in which order.

A return and a later call of another thread fix the order of the two operations in real time, so they are dependent
in the exploration; two calls are not, nor two returns.
"""

from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar

from treadle.sched import runtime
from treadle.sched.access import CALL, RETURN
from treadle.sched.errors import CheckError
from treadle.sched.operation import Operation, Place

T = TypeVar("T")


class _Mark(Operation):
    """A call or a return, which is shown as it stands."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.kind


class Call(NamedTuple):
    """A thread begins an operation."""

    thread: str
    operation: str
    arguments: tuple[Hashable, ...]

    def __str__(self) -> str:
        return f"{self.thread} calls {self.operation}({', '.join(map(str, self.arguments))})"


class Return(NamedTuple):
    """A thread's operation ends."""

    thread: str
    outcome: Hashable

    def __str__(self) -> str:
        return f"{self.thread} gets {self.outcome}"


Event = Call | Return


class History:
    """The calls and returns of one execution; made anew for each."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._place = Place("history")

    def record(
        self,
        operation: str,
        arguments: tuple[Hashable, ...],
        function: Callable[[], T],
        outcome_of: Callable[[T | None, BaseException | None], Hashable],
    ) -> T:
        """Call *function*, and record the operation that it performs.

        Args:
            operation: the operation's name in the specification.
            arguments: its arguments there.
            function: performs it on the real object.
            outcome_of: turns what *function* returned, or raised, into the specification's outcome.

        Returns:
            What *function* returned; what it raised is raised again.

        Raises:
            CheckError: called outside a controlled execution.
        """
        thread = runtime.running()
        if thread is None:
            raise CheckError("History.record works inside an execution that `refines` explores")
        call = Call(thread.label, operation, arguments)
        thread.announce(_Mark(f"call {operation}{_shown(arguments)}", self._place, CALL))
        self.events.append(call)
        try:
            value = function()
        except Exception as error:
            self._note_return(outcome_of(None, error))
            raise
        self._note_return(outcome_of(value, None))
        return value

    def _note_return(self, outcome: Hashable) -> None:
        thread = runtime.running()
        if thread is None or thread.world.over:
            return
        thread.announce(_Mark(f"return {outcome}", self._place, RETURN))
        self.events.append(Return(thread.label, outcome))

    def open_calls(self) -> list[Call]:
        """Return the calls that have not returned."""
        open_: dict[str, Call] = {}
        for event in self.events:
            if isinstance(event, Call):
                open_[event.thread] = event
            else:
                del open_[event.thread]
        return list(open_.values())


def _shown(arguments: tuple[Hashable, ...]) -> str:
    return f"({', '.join(map(str, arguments))})"
