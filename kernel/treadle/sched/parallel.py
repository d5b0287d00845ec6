"""Exploring over several processes, with the same answer as one process, and the same for any number of them.

The exploration is cut into parts (`strategies.partition`), which stand in one queue. Whoever explores a part sets it
aside after some executions; what is left is cut further or goes to the end of the queue. Reports are taken in the order
of the queue, whenever they come: which parts there are, what each of them finds, and which failure is the first,
depends on the program alone.

The first part is explored by the process itself: most explorations end with it. When an execution shows that more of
what the program does has to become an operation, all parts are given up, as one process begins anew then.
"""

import contextlib
import copy
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from treadle.sched.engine import (
    PATIENT_RELEARNING,
    Budget,
    Counts,
    Exploration,
    Laboratory,
    Program,
    Settings,
    explore,
    prepared,
)
from treadle.sched.errors import NondeterminismError
from treadle.sched.planning import explore_plans
from treadle.sched.strategies.base import WHERE_TO_LOOK, Strategy
from treadle.sched.strategies.exhaustive import Exhaustive, Reversal
from treadle.sched.strategies.partition import Share, split
from treadle.sched.strategies.replay import Replay
from treadle.sched.strategies.subtree import Frozen, Part, Relearned, Subtree
from treadle.sched.workers import Worker, crew, first_to_report
from treadle.sched.world import Learned, World

Progress = Callable[[Counts], None]


@dataclass
class Sizes:
    """How the work is shared out; the answer does not depend on it."""

    first: int = 200  #: executions that one process makes before others are started
    part: int = 300  #: executions after which a part is set aside
    parts: int = 48  #: how many parts there should be
    split: int = 4  #: into how many more a part is cut when there are fewer


SIZES = Sizes()


class Order(NamedTuple):
    """A part to explore."""

    part: Part
    learned: Learned
    executions: int
    seconds: float | None = None


class Report(NamedTuple):
    """What exploring a part came to."""

    learned: Learned
    anew: bool = False  #: everything has to be explored anew
    counts: Counts = Counts()
    failing: list[int] | None = None  #: the steps of the first execution that fails
    limited: list[int] | None = None  #: of the first that reached the step limit
    threads: int = 0
    reversals: list[Reversal] = []  # noqa: RUF012 - of a report that is never changed
    rest: tuple[Frozen, ...] = ()  #: what is left of the part


def carry_out(laboratory: Laboratory, order: Order, *, stop_on_failure: bool) -> Report:
    """Explore a part until it ends, its share of the budget is spent, or an execution fails."""
    try:
        strategy, found = _explore(laboratory, order, stop_on_failure, None)
    except Relearned:
        return Report(order.learned, anew=True)
    return _report(order.learned, strategy, found)


def _explore(
    laboratory: Laboratory, order: Order, stop_on_failure: bool, on_execution: Progress | None
) -> tuple[Subtree, Exploration]:
    strategy, budget = Subtree(order.part), Budget(order.executions, order.seconds)
    found = explore(
        laboratory,
        strategy,
        budget,
        stop_on_failure=stop_on_failure,
        on_execution=on_execution,
        learned=order.learned,
    )
    return strategy, found


def _report(learned: Learned, strategy: Subtree, found: Exploration) -> Report:
    rest: tuple[Frozen, ...] = ()
    if found.spent is not None:
        rest = strategy.rest()
        if not rest:  # before the first execution had all its operations
            return Report(learned, anew=True)
    return Report(
        learned,
        False,
        Counts() + found.counts,  # without its estimate
        None if found.failing is None else found.failing.steps,
        None if found.limited is None else found.limited.steps,
        found.threads,
        strategy.outside,
        rest,
    )


class Search:
    """The parts, in order, and what is known of them."""

    def __init__(self, budget: Budget, *, stop_on_failure: bool) -> None:
        self._budget = budget
        self._stop_on_failure = stop_on_failure
        self._next = self._added = self._taken = 0  #: numbers: to be ordered, to be added, to be reported
        self._beginnings = 0
        self._begin(Learned())

    def _begin(self, learned: Learned) -> None:
        self.learned = learned
        self.counts = Counts()
        self.failing: list[int] | None = None
        self.limited: list[int] | None = None
        self.threads = 0
        self.spent: str | None = None
        self._waiting = deque([Share()])  #: parts that have no share of the budget yet
        self._given = 0  #: executions that are allowed to the parts below
        self._queue: dict[int, tuple[Share, int]] = {}  #: those whose report has not been taken
        self._next = self._taken = self._added
        self._beginnings += 1
        if self._beginnings > PATIENT_RELEARNING:
            self.spent = self._budget.spent(self._beginnings)
        self._admit()

    def _admit(self) -> None:
        """Give the parts that wait their shares of the budget, as long as there is any."""
        most = self._budget.executions
        while self._waiting:
            size = SIZES.part if self._added else SIZES.first
            if most is not None:
                size = min(size, most - self.counts.executions - self._given)
            if size <= 0:
                return
            self._queue[self._added] = self._waiting.popleft(), size
            self._added += 1
            self._given += size

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to explore, or no reason to."""
        return self.spent is not None or self._stops() or not self._queue

    def _stops(self) -> bool:
        return self.failing is not None and self._stop_on_failure

    def next_order(self) -> tuple[int, Order] | None:
        """Return the next part to be explored, and its number; None if one has to be reported first."""
        late = self._budget.left() == 0 and self._next != self._taken
        if late or self._next == self._added:
            return None
        number = self._next
        self._next += 1
        share, size = self._queue[number]
        return number, Order(share.part(), copy.deepcopy(self.learned), size, self._budget.left())

    @property
    def awaited(self) -> int:
        """The number of the part whose report is the next to be taken."""
        return self._taken

    def take(self, report: Report) -> None:
        """Take the report on the part *awaited*."""
        if report.anew:
            self._begin(report.learned)
            return
        share, size = self._queue.pop(self._taken)
        self._taken += 1
        self._given -= size
        report.learned.unseen |= self.learned.unseen
        report.learned.whole |= self.learned.whole
        self.learned = report.learned
        self.counts += report.counts
        self.failing = self.failing or report.failing
        self.limited = self.limited or report.limited
        self.threads = max(self.threads, report.threads)
        if report.rest:
            if len(self._queue) + len(self._waiting) < SIZES.parts:
                self._waiting += split(share, report.rest, SIZES.split)
            else:
                self._waiting.append(share._replace(own=report.rest))
        self._waiting += share.hand_back(report.reversals)
        self._admit()
        if (self._queue or self._waiting) and self._next == self._taken:
            self.spent = self._budget.spent(self.counts.executions)


def _share_out(search: Search, workers: list[Worker[Order, Report]], on_execution: Progress | None) -> None:
    """Let *workers* explore the parts."""
    idle, busy = workers[::-1], {}
    reports: dict[int, Report | Exception] = {}
    while not search.ended:
        while idle and (following := search.next_order()) is not None:
            number, order = following
            worker = idle.pop()
            worker.order(order)
            busy[worker] = number
        for worker in first_to_report(list(busy)):
            idle.append(worker)
            reports[busy.pop(worker)] = worker.report()
        while search.awaited in reports and not search.ended:
            report = reports.pop(search.awaited)
            if isinstance(report, Exception):
                raise report
            search.take(report)
            if on_execution is not None and not report.anew:
                on_execution(search.counts)


def _exploration(laboratory: Laboratory, search: Search) -> Exploration:
    """Return what was found, with the executions that are to be shown made again in this process."""
    found = Exploration(
        search.counts,
        spent=search.spent,
        threads=search.threads,
        unseen=search.learned.unseen,
        whole=search.learned.whole,
    )
    if search.limited is not None:
        found.limited = _made_again(laboratory, search.limited, search.learned)
    if search.failing is not None:
        found.failing = _made_again(laboratory, search.failing, search.learned)
        found.error = laboratory.failure_of(found.failing)
        if found.error is None:
            raise NondeterminismError(
                "the program is not deterministic: an execution failed in one process, and did not in another. "
                f"{WHERE_TO_LOOK}"
            )
    return found


def _made_again(laboratory: Laboratory, steps: list[int], learned: Learned) -> World:
    return laboratory.execute(Replay(steps), copy.deepcopy(learned))


def _explore_first(
    laboratory: Laboratory, search: Search, stop_on_failure: bool, on_execution: Progress | None
) -> Exploration:
    following = search.next_order()
    assert following is not None
    _, order = following
    strategy, found = _explore(laboratory, order, stop_on_failure, on_execution)
    search.take(_report(order.learned, strategy, found))
    found.spent = search.spent
    return found


def require_parallel(strategy: Strategy, settings: Settings) -> None:
    """Refuse what one process alone can explore.

    Raises:
        ValueError: it is so.
    """
    if type(strategy) is not Exhaustive:
        raise ValueError("jobs above 1 needs the strategy 'exhaustive', without preemptions=…")
    if settings.faults:
        raise ValueError("faults=[…] are explored by one process: jobs is 1 with them")
    if not hasattr(os, "fork"):
        raise ValueError("jobs above 1 needs processes that are forked, which this system has not")


@contextlib.contextmanager
def explored(
    jobs: int,
    program: Program,
    settings: Settings,
    strategy: Strategy,
    budget: Budget,
    *,
    stop_on_failure: bool,
    on_execution: Progress | None,
) -> Iterator[tuple[Laboratory, Exploration]]:
    """Explore the program over *jobs* processes; what is found comes with a laboratory to look at it.

    With more than one, all traces are explored, whatever the *strategy*.
    """
    search = Search(budget, stop_on_failure=stop_on_failure)
    with prepared(program, settings) as laboratory:
        if jobs == 1:
            found = explore_plans(
                laboratory, strategy, budget, stop_on_failure=stop_on_failure, on_execution=on_execution
            )
        else:
            found = _explore_first(laboratory, search, stop_on_failure, on_execution)
        if jobs == 1 or search.ended:
            yield laboratory, found
            return

    @contextlib.contextmanager
    def prepare() -> Iterator[Callable[[Order], Report]]:
        with prepared(program, settings) as laboratory:
            yield lambda order: carry_out(laboratory, order, stop_on_failure=stop_on_failure)

    with crew(jobs, prepare) as workers:
        _share_out(search, workers, on_execution)
    with prepared(program, settings) as laboratory:
        yield laboratory, _exploration(laboratory, search)
