"""The public functions: check a program, and replay a schedule."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from treadle.sched.engine import (
    Budget,
    Counts,
    Exploration,
    Laboratory,
    Monitor,
    Program,
    Settings,
    prepared,
)
from treadle.sched.errors import ScheduleError
from treadle.sched.explain import describe_loop, explain, follow
from treadle.sched.explain import show as show_schedule
from treadle.sched.faults import Fault, Plan, require_faults
from treadle.sched.instrument import named_elsewhere
from treadle.sched.memory import Instrumentable
from treadle.sched.parallel import explored, require_parallel
from treadle.sched.program import require_program, undecorated
from treadle.sched.result import Failure, Result
from treadle.sched.schedule import Schedule, decode
from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.follow import Follow
from treadle.sched.strategies.named import StrategyName, choose_strategy
from treadle.sched.world import Timeouts
from treadle.verdict import Verdict

#: Executions of a sampling strategy when no budget is given.
SAMPLES = 1_000

#: Said of an answer that may promise less than it seems to.
UNINSTRUMENTED = (
    "nothing is instrumented, so that threads were switched at locks and the like only, and not at accesses to shared "
    "memory; instrument=[…] names code whose accesses are scheduling points too"
)

#: Executions that may be made to shorten the schedule of a failure.
SHRINK = 1_000


def check(
    program: Program,
    *,
    strategy: StrategyName | Strategy = "exhaustive",
    instrument: Iterable[Instrumentable] = (),
    preemptions: int | None = None,
    max_executions: int | None = None,
    max_seconds: float | None = None,
    max_steps: int = 20_000,
    timeouts: Timeouts = "explore",
    faults: Sequence[Fault] = (),
    races: bool = False,
    allow_deadlock: bool = False,
    stop_on_failure: bool = True,
    seed: int | None = None,
    shrink: int = SHRINK,
    jobs: int = 1,
    monitor: Monitor | None = None,
    on_execution: Callable[[Counts], None] | None = None,
) -> Result:
    """Run *program* through every interleaving of its threads that can differ, and say whether one fails.

    The program is a callable without arguments that starts its own threads with `threading`. It is run once per
    execution, so it must make its state anew each time and depend on nothing that is not controlled. A failure is
    an exception that leaves any thread, or a deadlock: a thread that the program waits for and that can never run
    again. Non-daemon threads are waited for after the program returns, as Python does at exit.

    Args:
        program: what to check.
        strategy: "exhaustive" (one execution per Mazurkiewicz trace), "dfs" (every schedule), "iterative" (every
            schedule, those with fewer preemptions first); a sample: "random", "pct", "pos", "surw", "portfolio" (these in
            turn); or an object, as those of `treadle.sched.strategies`.
        instrument: modules, packages, classes and functions whose accesses to shared memory are scheduling points.
        preemptions: cover only schedules with at most so many preemptions; the answer is then within that bound.
        max_executions: stop after so many executions.
        max_seconds: stop after so many real seconds.
        max_steps: cut an execution after so many steps; the answer is then unknown, and names the loop.
        timeouts: "explore" lets a timed wait time out wherever it could, "idle" only when nothing else can run.
        faults: what may happen to threads at any point: `Interrupt`, `Handler`, `Finalizer`; each choice is explored.
        races: make it a failure, `DataRace`, when two threads touch one location of the memory of instrumented code, one
            writes, and no lock, start, join or the like orders the two; also where the outcome is right.
        allow_deadlock: count deadlocks instead of failing.
        stop_on_failure: stop at the first failing execution.
        seed: seed of what the program draws from `random`, and of a random strategy, where it is drawn, and said in
            the result, when not given.
        shrink: executions that may be made to shorten the schedule of a failure, beside those of the check; with 0 it
            stays as it was found.
        jobs: how many processes explore; the answer is the same for any number. With more than one, executions are
            made in forked processes, so what they leave behind there (printed text apart) is not seen here.
        monitor: looks at each execution when it has ended, and may object to it.
        on_execution: called after each execution with the counts so far.

    Returns:
        HOLDS when everything within the bound was explored and nothing failed, VIOLATED with a failure that replays,
        otherwise UNKNOWN.

    Raises:
        TypeError: the program is not a callable without arguments, or an argument has the wrong type.
        ValueError: an argument is out of its range.
        NondeterminismError: the same choices led to another operation; it is named.
        UncontrolledError: the program made a real blocking call, or ran on without reaching a scheduling point.
    """
    program, _ = undecorated(program)
    require_program(program)
    _require_limits(preemptions, max_executions, max_seconds, max_steps, shrink, jobs)
    if timeouts not in ("explore", "idle"):
        raise ValueError(f"timeouts is 'explore' or 'idle', not {timeouts!r}")
    _require_seed(seed)
    policy, name, sampled = choose_strategy(strategy, preemptions, seed)
    if not policy.exhaustive and max_executions is None and max_seconds is None:
        max_executions = SAMPLES
    subjects = _subjects(instrument) + named_elsewhere(program)
    _require_races(races, subjects)
    settings = Settings(
        subjects,
        timeouts,
        max_steps,
        allow_deadlock,
        monitor,
        seed or sampled or 0,
        require_faults(faults),
        races=races,
    )
    if jobs > 1:
        require_parallel(policy, settings)
    with explored(
        jobs,
        program,
        settings,
        policy,
        Budget(max_executions, max_seconds),
        stop_on_failure=stop_on_failure,
        on_execution=on_execution,
    ) as (laboratory, found):
        return summarize(laboratory, found, policy, name, sampled, shrink)


def summarize(
    laboratory: Laboratory, found: Exploration, strategy: Strategy, name: str, seed: int | None, shrink: int
) -> Result:
    """Turn what an exploration found into an answer; a failing execution is replayed to be shown."""
    bounds = [strategy.bound] if strategy.bound is not None else []
    notes: list[str] = []
    if found.unseen:
        bounds.append(
            f"what source text given to exec or eval touches is not seen ({', '.join(sorted(found.unseen))})"
        )
    if found.whole:
        bounds.append(
            f"single steps are made of what a library or code without source does ({', '.join(sorted(found.whole))})"
        )
    if found.spent is not None:
        bounds.append(found.spent)
    if found.limited is not None:
        bounds.append(f"max_steps={laboratory.settings.max_steps} reached")
        notes.append(describe_loop(laboratory, found.limited))
    failure = None
    if found.failing is not None and found.error is not None:
        failure = explain(laboratory, found.failing, found.error, shrink)
        verdict = Verdict.VIOLATED
    elif strategy.exhaustive and found.spent is None and found.limited is None:
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.UNKNOWN
    counts = found.counts
    if (
        verdict is Verdict.HOLDS
        and counts.executions == 1 < found.threads
        and not laboratory.settings.instrument
    ):
        notes.append(UNINSTRUMENTED)
    return Result(
        verdict,
        counts.executions,
        counts.complete,
        counts.deadlocked,
        counts.cut,
        name,
        "; ".join(bounds) or None,
        seed,
        failure,
        tuple(notes),
    )


def replay(
    program: Program,
    schedule: str,
    *,
    instrument: Iterable[Instrumentable] = (),
    faults: Sequence[Fault] = (),
    max_steps: int = 20_000,
    monitor: Monitor | None = None,
) -> None:
    """Run *program* once, under *schedule*, and raise what that execution raises.

    Args:
        program: the program that was checked.
        schedule: `Failure.schedule`.
        instrument: the same as for the check.
        faults: the same as for the check.
        max_steps: the same as for the check.
        monitor: the same as for the check.

    Raises:
        ScheduleError: *schedule* is no schedule, or does not fit the program.
        Deadlock: the execution deadlocked.
        Exception: whatever left a thread first.
    """
    wanted = decode(schedule)
    with _to_replay(program, wanted, instrument, max_steps, monitor, faults) as laboratory:
        strategy = Follow(wanted.runs)
        world = follow(laboratory, strategy, wanted.learned())
        error = laboratory.failure_of(world)
        doubt = strategy.doubt(world)
    if error is not None:
        raise error
    if doubt is not None:
        raise ScheduleError(doubt)


def show(
    program: Program,
    schedule: str,
    *,
    instrument: Iterable[Instrumentable] = (),
    faults: Sequence[Fault] = (),
    max_steps: int = 20_000,
) -> Failure | None:
    """Run *program* once, under *schedule*, and write down how it fails; None if it does not.

    Raises:
        ScheduleError: as for `replay`.
    """
    wanted = decode(schedule)
    with _to_replay(program, wanted, instrument, max_steps, None, faults) as laboratory:
        failure, doubt = show_schedule(laboratory, wanted, schedule)
    if doubt is not None:
        raise ScheduleError(doubt)
    return failure


def _to_replay(
    program: Program,
    wanted: Schedule,
    instrument: Iterable[Instrumentable],
    max_steps: int,
    monitor: Monitor | None,
    faults: Sequence[Fault],
) -> AbstractContextManager[Laboratory]:
    function, options = undecorated(program)
    require_program(function)
    subjects = _subjects(instrument) or _subjects(options.get("instrument", ()))
    return prepared(
        function,
        Settings(
            subjects + named_elsewhere(function),
            wanted.timeouts,
            max_steps,
            monitor=monitor,
            seed=wanted.seed,
            faults=_planned(require_faults(faults or options.get("faults", ())), wanted.plan),
            plan=wanted.plan,
            races=wanted.races,
        ),
    )


def _subjects(instrument: Iterable[Instrumentable]) -> tuple[Instrumentable, ...]:
    if not isinstance(instrument, Iterable):
        raise TypeError(
            f"instrument is a list, such as instrument=[{getattr(instrument, '__name__', instrument)}]"
        )
    return tuple(instrument)


def _planned(faults: tuple[Fault, ...], plan: Plan) -> tuple[Fault, ...]:
    """Return *faults*, which the schedule's *plan* must fit."""
    if any(injection.fault >= len(faults) for injection in plan):
        raise ScheduleError("the schedule has faults in it: pass the same faults=[…] as to the check")
    return faults


def _require_races(races: object, subjects: tuple[Instrumentable, ...]) -> None:
    if not isinstance(races, bool):
        raise TypeError(f"races is True or False, not {races!r}")
    if races and not subjects:
        raise ValueError("races=True needs instrument=[…]: only what instrumented code touches is seen")


def _require_seed(seed: object) -> None:
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise TypeError(f"seed is an int, not {type(seed).__name__}")


def _require_limits(
    preemptions: int | None,
    max_executions: int | None,
    max_seconds: object,
    max_steps: int | None,
    shrink: int,
    jobs: int,
) -> None:
    for name, value, least in (
        ("preemptions", preemptions, 0),
        ("max_executions", max_executions, 1),
        ("max_steps", max_steps, 1),
        ("shrink", shrink, 0),
        ("jobs", jobs, 1),
    ):
        if value is None and name not in ("max_steps", "shrink", "jobs"):
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is an int, not {type(value).__name__}")
        if value < least:
            raise ValueError(f"{name} is at least {least}, not {value}")
    if max_seconds is not None:
        if not isinstance(max_seconds, (int, float)) or isinstance(max_seconds, bool):
            raise TypeError(f"max_seconds is a number, not {type(max_seconds).__name__}")
        if math.isnan(max_seconds) or max_seconds <= 0:
            raise ValueError(f"max_seconds is greater than 0, not {max_seconds}")
