"""The steps of one execution, in the order in which they were made.

That is all a strategy that samples asks for; what else they are ordered by is kept by `causality`.
"""

from collections.abc import Iterable, Iterator
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

    # Set where causality is kept, and only there.
    before: Clock  #: the thread's clock when it announced the step
    clock: Clock  #: the step's own clock, itself included
    seen: int  #: the steps that came before the announcement, as bits
    past: int  #: the steps that come before it, itself included, as bits
    dependencies: list[int]  #: the earlier steps it directly depends on
    rivals: list[int]  #: the earlier steps it could have come before

    def __init__(self, thread: int, operation: "Operation", accesses: Accesses) -> None:
        self.thread = thread
        self.operation = operation
        self.accesses = accesses  #: what it touched


class History:
    """The steps of one execution with at most *width* threads."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.steps: list[Step] = []
        self.pending: list[Step] = []  #: operations announced and never executed, where causality is kept
        self.now: list[Clock] = []  #: the clock of each thread, where causality is kept
        self._changes: dict[Location, list[int]] = {}  #: the positions of the steps that changed it
        self._noted = 0  #: how many steps these are found in
        #: Of the steps of turns that were in vain, from where to where the turn changed each location, and undid it.
        self._vain: dict[int, dict[Location, range]] = {}
        #: Who goes round once more although nothing has changed, and since when: that is no change for now.
        self.trial: tuple[int, int] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.steps.clear()
        self.pending.clear()
        self._changes.clear()
        self._vain.clear()

    def spawned(self, parent: int, child: int) -> None:
        """Note that *parent* started *child*."""

    def joined(self, joiner: int, target: int) -> None:
        """Note that *joiner* has seen the end of *target*."""

    def step(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, barrier: bool
    ) -> None:
        """Note a step; a *barrier* comes after everything before it, and before everything after it."""
        self.steps.append(Step(thread, operation, accesses))

    def left(
        self, thread: int, operation: "Operation", accesses: Accesses, *, waits: bool, blocked: bool
    ) -> None:
        """Note an operation that was announced and never executed."""

    def changed_since(self, locations: Iterable[Location], position: int) -> bool:
        """Say whether the steps from *position* on changed one of *locations*.

        A turn that was in vain has changed nothing, seen from before it.
        """
        return any(
            span is None or span.start < position
            for location in locations
            for _, span in self._changes_since(location, position)
        )

    def is_disturbed(self, turn: range, thread: int) -> bool:
        """Say whether others have changed, since *turn* began, what the steps of *thread* in it touched.

        A turn of theirs that was in vain is no change, unless one of the steps saw it half done.
        """
        touched: dict[Location, list[int]] = {}
        for position in turn:
            if self.steps[position].thread == thread:
                for location, _ in self.steps[position].accesses:
                    touched.setdefault(location, []).append(position)
        return any(
            span is None or any(position in span for position in positions)
            for location, positions in touched.items()
            for changed, span in self._changes_since(location, turn.start)
            if self.steps[changed].thread != thread
        )

    def was_in_vain(self, turn: list[int]) -> None:
        """Note that the steps at the positions *turn* have, together, changed nothing."""
        spans: dict[Location, range] = {}
        for position in turn:
            self._vain[position] = spans
            for location, mode in self.steps[position].accesses:
                if mode is not READ:
                    first = spans.get(location, range(position, position)).start
                    spans[location] = range(first, position + 1)

    def end_trial(self, thread: int | None = None) -> bool:
        """Let what *thread*, or anybody, changed as it went round once more be a change; say whether that is news."""
        if self.trial is None or (thread is not None and thread != self.trial[0]):
            return False
        self.trial = None
        return True

    def progressed_since(self, position: int) -> bool:
        """Say whether a step from *position* on was not in vain."""
        return any(made not in self._vain for made in range(position, len(self.steps)))

    def _changes_since(self, location: Location, position: int) -> Iterator[tuple[int, range | None]]:
        """Yield the changes of *location* from *position* on, each with its turn's, if that was in vain."""
        self._note_changes()
        for changed in reversed(self._changes.get(location, ())):
            if changed < position:
                break
            if self.trial and changed >= self.trial[1] and self.steps[changed].thread == self.trial[0]:
                continue
            yield changed, self._vain.get(changed, {}).get(location)

    def _note_changes(self) -> None:
        for position in range(self._noted, len(self.steps)):
            for location, mode in self.steps[position].accesses:
                if mode is not READ:
                    self._changes.setdefault(location, []).append(position)
        self._noted = len(self.steps)
