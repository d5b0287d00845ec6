"""The shortest schedule of a failure that was found: fewest preemptions first, then fewest steps.

Two things are done, both by running the program again. Pieces of the failing schedule are left out as long as what
remains fails in the same way, by halves, quarters, and at last single runs. Then every schedule with fewer
preemptions is tried, from none on: the first that fails has the fewest there can be. The same way means the same
type of exception from the same line, or a deadlock.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from treadle.sched.engine import Laboratory
from treadle.sched.errors import CheckError
from treadle.sched.schedule import Run
from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.follow import Follow, Recorded, Taken, runs_of
from treadle.sched.strategies.replay import Replay
from treadle.sched.world import Learned, Outcome, World

#: Steps that all tries may make together.
STEPS = 200_000


@dataclass
class Short:
    """A failing execution, and how it compares."""

    taken: list[Taken]  #: its steps, up to the failure
    steps: list[int]  #: whose they are
    shared: frozenset[object]  #: kinds of memory whose accesses are steps

    @property
    def preemptions(self) -> int:
        return sum(step.preempts for step in self.taken)

    @property
    def runs(self) -> tuple[Run, ...]:
        return runs_of(self.taken)

    @property
    def size(self) -> tuple[int, int, int]:
        return self.preemptions, len(self.taken), len(self.runs)


@dataclass
class Effort:
    """What shortening took."""

    budget: int  #: executions that could be made
    tries: int = 0  #: executions that were
    steps: int = 0
    fewest: bool = False  #: every schedule with fewer preemptions was tried
    cut: bool = False  #: some tries became much longer than the failure, and were stopped
    stopped: str | None = None  #: why it came to an early end

    @property
    def left(self) -> bool:
        """Whether there is anything left of the budget."""
        return self.tries < self.budget and self.steps < STEPS


class Shrinker:
    """Shortens one failure of the program in a laboratory."""

    def __init__(self, laboratory: Laboratory, failing: World, error: BaseException, budget: int) -> None:
        self._laboratory = laboratory
        self.learned = _copy(failing.learned)
        self._error = error
        self._limit = 4 * len(failing.steps) + 100
        self.effort = Effort(budget)
        recorded = Recorded(Replay(failing.steps))
        world = laboratory.execute(recorded, self.learned)
        self.best = _short(recorded, world, laboratory.failure_of(world))

    def shorten(self) -> Short:
        """Return the shortest failing execution that the budget allows to find."""
        if self.effort.budget:
            try:
                self._leave_out()
                self._try_fewer_preemptions()
            except CheckError as error:  # what was found is worth more than why it can't be shortened
                self.effort.stopped = str(error)
        return self.best

    def _leave_out(self) -> None:
        """Leave out runs as long as that helps: many at a time first, then one by one."""
        size = max(len(self.best.runs) // 2, 1)
        while self.effort.left:
            improved = self._pass(size)
            if size == 1 and not improved:
                return
            size = max(size // 2, 1)

    def _pass(self, size: int) -> bool:
        """Try once at each place to leave *size* runs out."""
        position, before, runs = 0, self.best, self.best.runs
        while position < len(runs) and self.effort.left:
            if any(self._improves(candidate) for candidate in _candidates(runs, position, size)):
                runs = self.best.runs
            else:
                position += size
        return self.best is not before

    def _improves(self, runs: tuple[Run, ...]) -> bool:
        return self.effort.left and self._attempt(Follow(runs, strict=False))[0]

    def _try_fewer_preemptions(self) -> None:
        """Try every schedule with no preemption, with one …, up to what is known to do."""
        for bound in range(self.best.preemptions):
            found = self._search(DepthFirst(bound))
            if found:
                self._leave_out()
                break
            if found is None:
                return
        self.effort.fewest = not self.effort.cut

    def _search(self, policy: Strategy) -> bool | None:
        """Say whether an execution of *policy* fails in the same way; None when the budget did not suffice."""
        while self.effort.left:
            found, more = self._attempt(policy)
            if found or not more:
                return found
        return None

    def _attempt(self, policy: Strategy) -> tuple[bool, bool]:
        """Make one execution and take it if it fails in the same way and is shorter; say too if there are more."""
        recorded = Recorded(policy, self._limit)
        world = self._execute(recorded)
        while world.outcome is Outcome.RELEARN and self.effort.left:
            policy.restart()
            world = self._execute(recorded)
        self.effort.cut |= recorded.cut
        error = self._laboratory.failure_of(world)
        if error is not None and same_failure(error, self._error):
            found = _short(recorded, world, error)
            if found.size < self.best.size:
                self.best = found
                return True, False
        more = policy.more(world)
        world.dispose()
        return False, more

    def _execute(self, policy: Strategy) -> World:
        world = self._laboratory.execute(policy, self.learned)
        self.effort.tries += 1
        self.effort.steps += len(world.steps)
        return world


def _candidates(runs: tuple[Run, ...], position: int, size: int) -> Iterator[tuple[Run, ...]]:
    """Give what remains of *runs* when some are left out, or when one goes on as far as it can."""
    before, after = runs[:position], runs[position + size :]
    yield before + after
    if size == 1 and runs[position].operation is not None:
        yield (*before, Run(runs[position].thread), *after)


def _short(recorded: Recorded, world: World, error: BaseException | None) -> Short:
    length = world.failed_after if error is not None and error is world.failure else len(world.steps)
    return Short(recorded.taken[:length], world.steps[:length], world.shared)


def same_failure(first: BaseException, second: BaseException) -> bool:
    """Say whether two failures are of one type and come from the same line."""
    return type(first) is type(second) and _place(first) == _place(second)


def _place(error: BaseException) -> tuple[str, int] | None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)


def _copy(learned: Learned) -> Learned:
    """Return what tries may add to."""
    copied = copy.copy(learned)
    copied.shared = set(learned.shared)
    copied.namespaces = set(learned.namespaces)
    copied.watched = set(learned.watched)
    return copied
