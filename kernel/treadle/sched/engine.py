"""The loop over executions: prepares the process, makes one execution after the other, and sums up."""

import contextlib
import functools
import gc
import inspect
import sys
import threading
from _thread import get_ident
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from types import ModuleType
from typing import Any, Protocol, cast

from treadle.sched import patching, runtime, spins
from treadle.sched.adopt import Adopted
from treadle.sched.carriers import Carriers
from treadle.sched.causality import Causality
from treadle.sched.errors import CheckError, Deadlock, Livelock, NondeterminismError
from treadle.sched.faults import Fault, Faults, Plan, Plans
from treadle.sched.history import History
from treadle.sched.loggers import Loggers
from treadle.sched.memory import Instrumentable, caches, hooks, instrumented, modules_of
from treadle.sched.patching import Patches, fresh, patched
from treadle.sched.racing import Watching
from treadle.sched.strategies.base import WHERE_TO_LOOK, Strategy
from treadle.sched.stuck import note_stuck, who_waits
from treadle.sched.threads import IDENTS, run_main
from treadle.sched.trace import Recorder
from treadle.sched.watchdog import watching
from treadle.sched.world import Learned, Outcome, Timeouts, World

Program = Callable[[], object]

#: Executions between two collections of the garbage that executions leave; the collector is off during each.
_COLLECT_EVERY = 256

#: Beginnings that budgets let pass: an exploration is soon done with finding out what a program shares.
PATIENT_RELEARNING = 50

#: How many times more steps an execution may have when every access is one.
_DETAIL = 100


class Monitor(Protocol):
    """Something that looks at every execution and may object to it."""

    def begin(self) -> None:
        """A new execution begins."""

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        """Return what is wrong with the execution that has ended; *failure* is what the scheduler found."""


@dataclass
class Settings:
    """How executions are made; the same for exploring and for replaying."""

    instrument: tuple[Instrumentable, ...] = ()
    timeouts: Timeouts = "explore"
    max_steps: int = 100_000
    allow_deadlock: bool = False
    monitor: Monitor | None = None
    seed: int = 0  #: of the numbers that the program draws
    faults: tuple[Fault, ...] = ()  #: what may happen to threads on top of what they do
    plan: Plan = ()  #: of these, what happens where, when a schedule is followed
    races: bool = False  #: two accesses that nothing orders are a failure
    every_access: bool = (
        False  #: make race-free accesses steps too, as the oracle does that checks the reduction
    )


def _cannot_be_known() -> None:
    """Return None, as an estimate does that cannot be made."""


@dataclass
class Counts:
    """Executions so far."""

    complete: int = 0
    deadlocked: int = 0
    cut: int = 0
    estimate: Callable[[], int | None] = field(
        default=_cannot_be_known, compare=False
    )  #: guesses how many there will be in all

    @property
    def executions(self) -> int:
        return self.complete + self.deadlocked + self.cut

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.complete + other.complete, self.deadlocked + other.deadlocked, self.cut + other.cut
        )

    def add(self, outcome: Outcome) -> None:
        """Count one execution."""
        if outcome is Outcome.COMPLETE:
            self.complete += 1
        elif outcome is Outcome.DEADLOCKED:
            self.deadlocked += 1
        else:
            self.cut += 1


class Laboratory:
    """A process prepared for controlled executions of one program; made by `prepared`."""

    def __init__(
        self, program: Program, settings: Settings, patches: Patches, modules: list[ModuleType]
    ) -> None:
        self.settings = settings
        self.program = program
        #: Of the code whose accesses are scheduling points.
        self.files = frozenset(
            file for module in modules_of(settings.instrument) if (file := getattr(module, "__file__", None))
        )
        self.adopted = Adopted(patches, modules, memory=bool(settings.instrument))
        self.adopted.search(program)
        self._loggers = Loggers(patches, self.adopted)
        patches.add(self.adopted.reset)
        patches.add(self._loggers.put_back)
        self._carriers = Carriers()
        patches.add(self._carriers.release)
        self._ident, self._label = get_ident(), threading.current_thread().name
        self.plan: Plan = settings.plan  #: the faults of the executions that are made
        self.plans = Plans(settings.faults)
        self.rotating = False  #: each execution takes the next of the plans
        self.made = 0  #: executions made, for the watchdog
        self.world: World | None = None

    def progress(self) -> tuple[int, int]:
        """Return something that changes as long as executions go on."""
        return self.made, 0 if self.world is None else len(self.world.steps)

    def unraisable(self, report: Callable[[Any], object]) -> Callable[[Any], None]:
        """Return a hook that is silent of what a fault raised in a finalizer, and has *report* told of the rest."""

        def hook(unraisable: Any) -> None:
            if self.world is None or not any(unraisable.exc_value is error for error in self.world.injected):
                report(unraisable)

        return hook

    def execute(self, strategy: Strategy, learned: Learned, recorder: Recorder | None = None) -> World:
        """Make one execution.

        Raises:
            CheckError: the check cannot go on.
        """
        settings = self.settings
        limit = settings.max_steps * (_DETAIL if learned.everything else 1)
        # Without reduction only memory asks for clocks: whether accesses to it race.
        ordered = strategy.exhaustive or settings.instrument or settings.faults
        world = World(
            strategy,
            timeouts=settings.timeouts,
            max_steps=limit,
            learned=learned,
            seed=settings.seed,
            carriers=self._carriers,
            reducing=strategy.exhaustive,
            history=Causality if ordered else History,
        )
        self.world = world
        runtime.give_up = world.refuse
        self.made += 1
        if self.rotating:
            self.plan = self.plans.next()
        if settings.faults:
            world.faults = Faults(settings.faults, self.plan)
        else:  # a fault may happen in any turn of a loop
            world.look, world.wake_one = spins.look, spins.wake_one
        if settings.races:
            watching_races = Watching(learned.width, world, self.files)
            world.history, world.on_access = watching_races, watching_races.touch

        world.on_stop = self._note_stuck
        if recorder is not None:
            recorder.attach(world)
        if settings.instrument:
            world.on_settle = hooks.begin(world, recording=recorder is not None).release_pins
        self.adopted.reset()
        self._loggers.reset()
        fresh()
        if settings.monitor is not None:
            settings.monitor.begin()
        world.run(lambda: run_main(self.program), self._label, self._ident)
        if world.faults is not None:
            self.plans.learn(self.plan, world.faults.open)
        if self.made % _COLLECT_EVERY == 0:
            gc.collect(1)
        if world.interrupt is not None:
            raise world.interrupt
        if world.error is not None:
            raise world.error
        return world

    def _note_stuck(self) -> None:
        assert self.world is not None
        note_stuck(self.world, self.files)
        self.world.livelock = spins.who_spins(self.world) if spins.sleepers(self.world.threads) else ""

    def failure_of(self, world: World) -> BaseException | None:
        """Return what is wrong with the execution *world*, if anything is."""
        found = world.failure
        if world.outcome is Outcome.CUT:
            return None
        if found is None and world.outcome is Outcome.DEADLOCKED and not self.settings.allow_deadlock:
            found = Livelock(world.livelock) if world.livelock else Deadlock(who_waits(world))
        if self.settings.monitor is not None:
            found = self.settings.monitor.judge(world, found)
        return found


@contextlib.contextmanager
def prepared(program: Program, settings: Settings) -> Iterator[Laboratory]:
    """Prepare the process for controlled executions of *program*; put everything back at the end."""
    if runtime.owner:
        nested = CheckError(
            "a check is running already, and checks do not nest: one of them patches what the other uses"
        )
        thread = runtime.running()
        if thread is not None:
            thread.world.abort(nested)
        raise nested
    modules = _modules_under_test(program, settings.instrument)
    runtime.owner = get_ident()
    active = cast("Any", threading)._active
    threads_before = dict(active)
    try:
        with instrumented(settings.instrument, signals=bool(settings.faults)), patched(modules) as patches:
            laboratory = Laboratory(program, settings, patches, modules)
            patches.set_attribute(patching, "on_import", laboratory.adopted.add_module)
            if settings.instrument:
                patches.set_item(vars(functools), "_lru_cache_wrapper", caches.stand_in)
            if settings.faults:
                patches.set_attribute(sys, "unraisablehook", laboratory.unraisable(sys.unraisablehook))
            with watching(laboratory.progress), _collector_off():
                yield laboratory
    finally:
        runtime.owner = 0
        runtime.give_up = None
        for ident in [ident for ident in active if ident not in threads_before and ident < 2 * IDENTS]:
            del active[ident]


def _modules_under_test(program: Program, instrument: tuple[Instrumentable, ...]) -> list[ModuleType]:
    modules = modules_of(instrument)
    own = sys.modules.get(getattr(inspect.unwrap(program), "__module__", None) or type(program).__module__)
    if own is not None and own not in modules:
        modules.append(own)
    return modules


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """Keep the automatic collector off: when it runs depends on what ran before. `execute` collects in between."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass
class Budget:
    """When to stop although there is more to explore."""

    executions: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        self._end = None if self.seconds is None else monotonic() + self.seconds

    def spent(self, executions: int) -> str | None:
        """Return which budget is spent, in words, or None."""
        if self.executions is not None and executions >= self.executions:
            return f"stopped after max_executions={self.executions}"
        if self._end is not None and monotonic() >= self._end:
            return f"stopped after max_seconds={self.seconds:g}"
        return None

    def left(self) -> float | None:
        """Return how many seconds are left, at least 0; None where they are not limited."""
        return None if self._end is None else max(0.0, self._end - monotonic())


def _require_determinism(laboratory: Laboratory, strategy: Strategy, learned: Learned, first: World) -> None:
    """Make the first execution again: a program with but one would otherwise never be compared with itself."""
    if not strategy.rewind():
        return
    again = laboratory.execute(strategy, learned)
    if again.steps != first.steps:
        raise NondeterminismError(
            f"the program is not deterministic: its first execution had {len(first.steps)} steps, and "
            f"{len(again.steps)} when it was made again. {WHERE_TO_LOOK}"
        )
    again.dispose()


@dataclass
class Exploration:
    """What exploring found out."""

    counts: Counts
    failing: World | None = None  #: the first failing execution
    error: BaseException | None = None  #: what was wrong with it
    spent: str | None = None  #: the budget that ended the exploration
    limited: World | None = None  #: an execution that reached the step limit
    threads: int = 0  #: how many there were at most
    unseen: set[str] = field(default_factory=set)  #: where the program does what is not seen
    whole: set[str] = field(default_factory=set)  #: code whose own steps are not seen


def explore(
    laboratory: Laboratory,
    strategy: Strategy,
    budget: Budget,
    *,
    stop_on_failure: bool,
    on_execution: Callable[[Counts], None] | None = None,
    learned: Learned | None = None,
    trusted: bool = False,
) -> Exploration:
    """Make executions until the strategy has no more, a budget is spent, or one fails.

    What is *learned* of the program is added to what is known already. The first execution is made twice, unless the
    program is *trusted*, because that was done before.
    """
    relearned = 0
    learned = Learned() if learned is None else learned
    learned.everything = laboratory.settings.every_access
    found = Exploration(Counts(estimate=strategy.estimate), unseen=learned.unseen, whole=learned.whole)
    while True:
        world = laboratory.execute(strategy, learned)
        if world.outcome is Outcome.RELEARN:
            world.dispose()
            strategy.restart()
            found = Exploration(
                Counts(estimate=strategy.estimate), unseen=learned.unseen, whole=learned.whole
            )
            relearned += 1
            found.spent = budget.spent(relearned) if relearned > PATIENT_RELEARNING else None
            if found.spent is not None:
                return found
            continue
        found.counts.add(world.outcome)
        found.threads = max(found.threads, len(world.threads))
        if world.outcome is Outcome.LIMIT:
            found.limited = found.limited or world
        error = laboratory.failure_of(world)
        if error is not None and found.failing is None:
            found.failing, found.error = world, error
        if on_execution is not None:
            on_execution(found.counts)
        if found.failing is not None and stop_on_failure:
            return found
        if found.counts.executions == 1 and not trusted:
            _require_determinism(laboratory, strategy, learned, world)
        more = strategy.more(world)
        world.dispose()
        if not more:
            return found
        found.spent = budget.spent(found.counts.executions)
        if found.spent is not None:
            return found
