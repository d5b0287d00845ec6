"""The steps of one execution, in the order in which they were made.

That is all a strategy that samples asks for; what else they are ordered by is kept by `causality`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from treadle.sched.access import READ, Accesses, Location

if TYPE_CHECKING:
    from treadle.sched.operation import Operation

#: How many things each thread has done that come before something.
Clock = list[int]


class Step:
    """What is known of one step."""

    __slots__ = (
        "accesses",
        "before",
        "clock",
        "dependencies",
        "operation",
        "past",
        "rivals",
        "seen",
        "thread",
    )

    def __init__(self, thread: int, operation: "Operation", accesses: Accesses) -> None:
        self.thread = thread
        self.operation = operation
        self.accesses = accesses  #: what it touched
        # What follows is set where causality is kept, and only there.
        self.before: Clock  #: the thread's clock when it announced the step
        self.clock: Clock  #: the step's own clock, itself included
        self.seen: int  #: the steps that came before the announcement, as bits
        self.past: int  #: the steps that come before it, itself included, as bits
        self.dependencies: list[int]  #: the earlier steps it directly depends on
        self.rivals: list[int]  #: the earlier steps it could have come before


class History:
    """The steps of one execution with at most *width* threads."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.steps: list[Step] = []
        self.pending: list[Step] = []  #: operations announced and never executed, where causality is kept
        self.now: list[Clock] = []  #: the clock of each thread, where causality is kept
        self._changed: dict[Location, int] = {}  #: the position of the last step that changed it

    def clear(self) -> None:
        """Forget everything."""
        self.steps.clear()
        self.pending.clear()
        self._changed.clear()

    def spawned(self, parent: int, child: int) -> None:
        """Note that *parent* started *child*."""

    def joined(self, joiner: int, target: int) -> None:
        """Note that *joiner* has seen the end of *target*."""

    def step(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, barrier: bool
    ) -> None:
        """Note a step; a *barrier* comes after everything before it, and before everything after it."""
        for location, mode in accesses:
            if mode is not READ:
                self._changed[location] = len(self.steps)
        self.steps.append(Step(thread, operation, accesses))

    def left(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, blocked: bool
    ) -> None:
        """Note an operation that was announced and never executed."""

    def changed_since(self, locations: Iterable[Location], position: int) -> bool:
        """Say whether a step from *position* on changed one of *locations*."""
        changed = self._changed
        return any(changed.get(location, -1) >= position for location in locations)
