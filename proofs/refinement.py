"""Evidence from exploring real code alongside its model."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import treadle.channels
from proofs.scenarios import Scenario, play, specification
from treadle.conform import Refinement, Specification, refines, replay
from treadle.conform.refine import Scenario as Program
from treadle.report import Evidence, Progress
from treadle.sched import Deadlock, check
from treadle.sched import replay as replay_program
from treadle.sched.check import SHRINK
from treadle.sched.faults import Fault
from treadle.sched.memory import Instrumentable
from treadle.sched.result import REPLAYS, Result
from treadle.verdict import Verdict

Proof: TypeAlias = Callable[[Progress], Evidence]


def bounded_and_whole(claim: Callable[..., Proof], *arguments: object) -> tuple[Proof, Proof]:
    """Make a claim that explores within one preemption, and the long one that explores the same without a bound."""
    return claim(*arguments, preemptions=1), claim(*arguments, long=True)


def channel_refines(
    scenario: Scenario, capacity: int | None, progress: Progress, preemptions: int | None = None
) -> Evidence:
    """Explore *scenario* on the real channel and hold every execution against the abstract channel."""
    program = play(scenario, capacity)
    return evidence(_explored(program, specification(capacity), (treadle.channels,), progress, preemptions))


def refines_specification(
    program: Program,
    model: Specification[Any],
    instrument: tuple[Instrumentable, ...],
    progress: Progress,
    preemptions: int | None = None,
) -> Evidence:
    """Explore any *program*, within a bound on preemptions if one is given, and hold every execution against *model*."""
    return evidence(_explored(program, model, instrument, progress, preemptions))


def _explored(
    program: Program,
    model: Specification[Any],
    instrument: tuple[Instrumentable, ...],
    progress: Progress,
    preemptions: int | None = None,
    shrink: int = SHRINK,
) -> Refinement:
    return refines(
        program,
        model,
        instrument=instrument,
        preemptions=preemptions,
        shrink=shrink,
        on_execution=lambda counts: progress(counts.executions),
    )


def evidence(found: Refinement) -> Evidence:
    """Turn a refinement's answer into a row of the ledger."""
    result = found.result
    return Evidence(result.verdict, result.executions, found.states, result.bound, str(result))


def must_die(
    program: Program, model: Specification[Any], mutant: Instrumentable, progress: Progress
) -> Evidence:
    """Explore *program* on a mutant: it must be violated, with a schedule that fails every time it is replayed."""
    found = _explored(program, model, (mutant,), progress, shrink=0)
    return _killed(
        found.result, found.states, lambda schedule: replay(program, model, schedule, instrument=(mutant,))
    )


def program_must_fail(
    program: Callable[[], object],
    instrument: tuple[Instrumentable, ...],
    progress: Progress,
    preemptions: int | None = None,
    faults: Sequence[Fault] = (),
) -> Evidence:
    """Explore a program that asserts what it promises on a mutant, with what may happen to it: as `must_die`."""
    result = check(
        program,
        instrument=instrument,
        preemptions=preemptions,
        faults=faults,
        shrink=0,
        on_execution=lambda counts: progress(counts.executions),
    )
    return _killed(
        result, None, lambda schedule: replay_program(program, schedule, instrument=instrument, faults=faults)
    )


def _killed(result: Result, states: int | None, replay: Callable[[str], object]) -> Evidence:
    """The check replayed the schedule and counted; here it is replayed once more, in a process prepared anew."""
    failure = result.failure
    if result.verdict is not Verdict.VIOLATED or failure is None:
        return Evidence(
            Verdict.VIOLATED, result.executions, states, result.bound, f"the mutant survived: {result}"
        )
    if failure.replays != REPLAYS:
        return Evidence(Verdict.VIOLATED, detail=f"replays {failure.replays}/{REPLAYS}:\n{failure}")
    try:
        replay(failure.schedule)
    except (AssertionError, Deadlock) as again:
        if str(again) != str(failure.error):
            return Evidence(Verdict.VIOLATED, detail=f"replayed anew it fails otherwise:\n{again}\n{failure}")
    else:
        return Evidence(Verdict.VIOLATED, detail=f"replayed anew it does not fail:\n{failure}")
    return Evidence(Verdict.HOLDS, result.executions, states, f"killed; replays {REPLAYS}/{REPLAYS}")


def explored(
    program: Callable[[], object],
    instrument: tuple[Instrumentable, ...],
    progress: Progress,
    preemptions: int | None = None,
    faults: Sequence[Fault] = (),
    deadlocks: int = 0,
) -> Evidence:
    """Explore a program that asserts what it promises, within a bound on preemptions if one is given.

    With *faults* it is explored with each of them, and exactly so many *deadlocks* must come of it.
    """
    result = check(
        program,
        instrument=instrument,
        preemptions=preemptions,
        faults=faults,
        allow_deadlock=deadlocks > 0,
        on_execution=lambda counts: progress(counts.executions),
    )
    verdict = result.verdict if result.deadlocked == deadlocks else Verdict.VIOLATED
    return Evidence(verdict, result.executions, None, result.bound, str(result))
