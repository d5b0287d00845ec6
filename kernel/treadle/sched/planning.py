"""Exploring a program with faults: each plan of faults in turn, and for each all that the strategy explores."""

import copy
from collections.abc import Callable

from treadle.sched.engine import Budget, Counts, Exploration, Laboratory, explore
from treadle.sched.strategies.base import Strategy
from treadle.sched.world import Learned


def explore_plans(
    laboratory: Laboratory,
    strategy: Strategy,
    budget: Budget,
    *,
    stop_on_failure: bool,
    on_execution: Callable[[Counts], None] | None = None,
) -> Exploration:
    """Explore the program without faults, then with each choice of faults; a sampling strategy takes them in turn."""
    if not laboratory.settings.faults or not strategy.exhaustive:
        laboratory.rotating = bool(laboratory.settings.faults)
        found = explore(
            laboratory, strategy, budget, stop_on_failure=stop_on_failure, on_execution=on_execution
        )
        laboratory.rotating = False
    else:
        found = _one_by_one(laboratory, strategy, budget, stop_on_failure, on_execution)
    shown = found.failing or found.limited
    if shown is not None and shown.faults is not None:
        laboratory.plan = shown.faults.plan
    return found


def _one_by_one(
    laboratory: Laboratory,
    strategy: Strategy,
    budget: Budget,
    stop_on_failure: bool,
    on_execution: Callable[[Counts], None] | None,
) -> Exploration:
    total, learned = Exploration(Counts()), Learned()
    for plan in laboratory.plans:
        made = total.counts.executions
        total.spent = budget.spent(made) if made else None
        if total.spent is not None:
            break
        laboratory.plan = plan
        strategy.restart()
        rest = copy.copy(budget)
        rest.executions = None if budget.executions is None else budget.executions - made
        before = copy.copy(total.counts)

        def progress(counts: Counts, before: Counts = before) -> None:
            if on_execution is not None:
                on_execution(before + counts)

        found = explore(
            laboratory,
            strategy,
            rest,
            stop_on_failure=stop_on_failure,
            on_execution=progress,
            learned=learned,
            trusted=made > 0,
        )
        total.counts = before + found.counts
        if found.failing is not None and total.failing is None:
            total.failing, total.error = found.failing, found.error
        total.limited = total.limited or found.limited
        total.unseen |= found.unseen
        total.whole |= found.whole
        if found.spent is not None:
            total.spent = budget.spent(total.counts.executions)
            break
        if total.failing is not None and stop_on_failure:
            break
    return total
