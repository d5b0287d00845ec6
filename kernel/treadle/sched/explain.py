"""A failing execution, shortened, made again with every access a step, proved to replay, and written down."""

from treadle.sched.columns import columns, plain, terminal_width
from treadle.sched.engine import Laboratory
from treadle.sched.errors import CheckError, ScheduleError
from treadle.sched.invocation import how_to_replay
from treadle.sched.result import REPLAYS, Failure
from treadle.sched.schedule import Schedule, decode, encode
from treadle.sched.shrink import STEPS, Effort, Short, Shrinker, same_failure
from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.expand import Expand
from treadle.sched.strategies.follow import Follow, Recorded, Taken, runs_of
from treadle.sched.strategies.replay import Replay
from treadle.sched.trace import Recorder, Row
from treadle.sched.values import text_of
from treadle.sched.world import Learned, Outcome, World


def explain(laboratory: Laboratory, failing: World, error: BaseException, budget: int) -> Failure:
    """Write down the failing execution, or a shorter one that fails in the same way."""
    shrinker = Shrinker(laboratory, failing, error, budget)
    short = shrinker.shorten()
    learned = shrinker.learned
    learned.everything = True
    world, taken, rows, again = _expanded(laboratory, short, learned, error)
    settings = laboratory.settings
    runs = runs_of(taken)
    schedule = encode(
        Schedule(
            runs,
            settings.timeouts,
            learned.ends,
            learned.clock,
            settings.seed,
            settings.races,
            laboratory.plan,
        )
    )
    replays = _replays(laboratory, decode(schedule), again)
    summary = _summary(short, shrinker.effort, replays)
    trace = _written(laboratory, world, rows, again, summary, schedule)
    return Failure(again, schedule, trace, _label(world), short.preemptions, shrinker.effort.tries, replays)


def _expanded(
    laboratory: Laboratory, short: Short, learned: Learned, error: BaseException
) -> tuple[World, list[Taken], list[Row], BaseException]:
    """Make the failing execution again with every access a step: interrupting nobody for it, or just as it was."""
    for eager in (False, True):
        expand = Expand(short.steps, short.shared, eager=eager)
        recorded, recorder = Recorded(expand), Recorder(expand.is_free, laboratory.files)
        try:
            world = laboratory.execute(recorded, learned, recorder)
        except ScheduleError:
            continue
        again = laboratory.failure_of(world)
        if again is not None and same_failure(again, error):
            return world, recorded.taken, recorder.rows, again
    raise CheckError(
        f"[treadle internal error] a failing execution did not fail when it was made again ({error!r}); "
        "please report the program"
    )


def show(laboratory: Laboratory, schedule: Schedule, text: str) -> tuple[Failure | None, str | None]:
    """Follow a schedule, and write down what failed; or say why nothing could, if there is a reason."""
    learned, strategy = schedule.learned(), Follow(schedule.runs)
    recorded = Recorded(strategy)
    recorder = Recorder(lambda thread: Expand([], learned.shared).is_free(thread), laboratory.files)
    world = follow(laboratory, recorded, learned, recorder)
    error = laboratory.failure_of(world)
    if error is None:
        return None, strategy.doubt(world)
    preemptions = sum(step.preempts for step in recorded.taken)
    summary = f"{preemptions or 'no'} preemption{'s' * (preemptions != 1)}"
    trace = _written(laboratory, world, recorder.rows, error, summary, text)
    return Failure(error, text, trace, _label(world), preemptions), None


def follow(
    laboratory: Laboratory, strategy: Strategy, learned: Learned, recorder: Recorder | None = None
) -> World:
    """Make the execution that a schedule describes; what it learns on the way is no reason to stop."""
    world = laboratory.execute(strategy, learned, recorder)
    while world.outcome is Outcome.RELEARN:
        world = laboratory.execute(strategy, learned, recorder)
    return world


def _replays(laboratory: Laboratory, schedule: Schedule, error: BaseException) -> int:
    """Replay a schedule, and count how often that fails in the same way."""
    learned, alike = schedule.learned(), 0
    for _ in range(REPLAYS):
        try:
            world = follow(laboratory, Follow(schedule.runs), learned)
        except CheckError:
            continue
        again = laboratory.failure_of(world)
        alike += again is not None and same_failure(again, error)
        world.dispose()
    return alike


def _label(world: World) -> str:
    return world.failed.label if world.failed is not None else ""


def _summary(short: Short, effort: Effort, replays: int) -> str:
    """Say how short the schedule is, how that is known, and whether it replays."""
    count, tries = short.preemptions, f"{effort.tries} execution{'s' * (effort.tries != 1)}"
    text = f"{count or 'no'} preemption{'s' * (count != 1)}"
    if effort.budget == 0:
        text += ", as it was found (shrink=0)"
    elif effort.stopped is not None:
        text += f", after {tries} to shorten it, until one could not be made: {plain(effort.stopped)}"
    elif not effort.left and not effort.fewest:
        spent = (
            f"shrink={effort.budget}" if effort.tries >= effort.budget else f"the limit of {STEPS:,} steps"
        )
        text += f", after {tries} to shorten it, which is all that {spent} allows"
    elif effort.fewest and count:
        text += f", the fewest with which it fails so, after {tries} to shorten it"
    elif effort.tries:
        text += f", after {tries} to shorten it"
    return f"{text}; replays {replays}/{REPLAYS}"


def _written(
    laboratory: Laboratory,
    world: World,
    rows: list[Row],
    error: BaseException,
    summary: str,
    schedule: str,
) -> str:
    """Return the interleaving in columns, what went wrong, and how to replay it."""
    labels = {thread.index: thread.label for thread in world.threads}
    lines = [*columns(rows, labels, terminal_width()), ""] if rows else []
    lines += [_what_failed(world, error), "", summary]
    ways = how_to_replay(laboratory.program, laboratory.settings, schedule)
    lines += [
        f"{word:>9}: {way}" for word, way in zip(["to replay", *["or"] * len(ways)], ways, strict=False)
    ]
    return "\n".join(lines)


def _what_failed(world: World, error: BaseException) -> str:
    if world.outcome is Outcome.DEADLOCKED and world.failed is None:
        return str(error)
    return f"{world.failed.label} raised {text_of(error)}" if world.failed is not None else text_of(error)


def describe_loop(laboratory: Laboratory, limited: World) -> str:
    """Say which thread was going round where when the step limit was reached."""
    recorder = Recorder(instrumented=laboratory.files)
    world = laboratory.execute(Replay(limited.steps), limited.learned, recorder)
    last = recorder.rows[-min(len(recorder.rows), 60) :]
    loops: dict[int, dict[str, None]] = {}
    for row in last:
        loops.setdefault(row.thread, {})[str(row.line) if row.line else row.operation] = None
    described = "; ".join(
        f"{world.threads[thread].label} at {', '.join(places)}" for thread, places in loops.items()
    )
    return f"an execution reached {laboratory.settings.max_steps} steps without ending; its last steps: {described}"
