"""Random small threaded programs, and everything an exploration of one finds.

An exploration is described twice: by the outcomes that the program's user can see, and by the Mazurkiewicz traces
it covered. Equal outcomes show that nothing was missed because two operations were wrongly taken for independent;
equal traces show that the reduction explored what it promised, whether or not an outcome depends on it.
"""

import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.sched import steps
from tests.sched.programs import Impatient
from tests.sched.steps import KINDS, MENTIONED, STEPS, Log, Shared, Step, make_shared
from treadle.sched.engine import Budget, Laboratory, Settings, explore, prepared
from treadle.sched.strategies.base import Strategy
from treadle.sched.world import Outcome, Timeouts, World

#: One step: whose, named by who started whom, and which of its steps.
Name = tuple[str, int]

#: Of each thread, which steps of others each of its steps directly depends on.
Trace = frozenset[tuple[str, tuple[frozenset[Name], ...]]]

Ending = Literal["join", "join in time", "leave", "look"]
ENDINGS: tuple[Ending, ...] = ("join", "join in time", "leave", "look")


#: Steps that wait or not, depending on memory that they read under a lock, and those that write it without that lock.
_UNSEEN: tuple[tuple[frozenset[Step], frozenset[Step]], ...] = (
    (
        frozenset({steps.wait, steps.wait_for}),
        frozenset({steps.try_recursive, steps.copy_y, steps.swap, steps.delete_y}),
    ),
    # A condition's list of those that wait, once somebody else has released its lock.
    (
        frozenset({steps.wait, steps.wait_for, steps.wait_for_ever, steps.notify, steps.notify_all}),
        frozenset({steps.release_other}),
    ),
)


@dataclass(frozen=True)
class Script:
    """A random program: what each thread does, which threads are daemons, and how the main thread ends."""

    threads: tuple[tuple[Step, ...], ...]
    daemons: tuple[bool, ...]
    ending: Ending

    def __str__(self) -> str:
        threads = [
            f"{'daemon ' if daemon else ''}[{', '.join(step.__name__ for step in line)}]"
            for line, daemon in zip(self.threads, self.daemons, strict=True)
        ]
        return f"{' ∥ '.join(threads)}, then {self.ending}"

    def mentioned(self) -> frozenset[str]:
        """Return the names that its steps mention."""
        return frozenset().union(*[MENTIONED[step] for line in self.threads for step in line])

    def is_decided_unseen(self) -> bool:
        """Say whether a race on memory decides which operations come next: without `instrument` that can't be seen."""
        for deciding, changing in _UNSEEN:
            decides = {index for index, line in enumerate(self.threads) if deciding & {*line}}
            changes = {index for index, line in enumerate(self.threads) if changing & {*line}}
            if decides and changes and len(decides | changes) > 1:
                return True
        return False

    def smaller(self) -> Iterator["Script"]:
        """Yield the scripts with one thing less, to shrink a difference."""
        for index, line in enumerate(self.threads):
            rest = self.threads[:index], self.threads[index + 1 :]
            if len(self.threads) > 1:
                yield Script(rest[0] + rest[1], self.daemons[:index] + self.daemons[index + 1 :], self.ending)
            for gone in range(len(line)):
                if len(line) > 1:
                    yield Script(
                        (*rest[0], line[:gone] + line[gone + 1 :], *rest[1]), self.daemons, self.ending
                    )
            if self.daemons[index]:
                daemons = (*self.daemons[:index], False, *self.daemons[index + 1 :])
                yield Script(self.threads, daemons, self.ending)
        if self.ending != "join":
            yield Script(self.threads, self.daemons, "join")


def random_script(seed: int, kind: str, *, threads: int, length: int) -> Script:
    """Return the script that *seed* stands for, of steps of *kind* or, mostly, of "mixed" ones."""
    chance = random.Random(f"{seed} {kind} {threads} {length}")
    pool = KINDS[kind] if kind != "mixed" else chance.sample(STEPS, 5)
    plain = chance.random() < 0.7
    return Script(
        tuple(tuple(chance.choice(pool) for _ in range(chance.randint(1, length))) for _ in range(threads)),
        tuple(not plain and chance.random() < 0.4 for _ in range(threads)),
        "join" if plain else chance.choice(ENDINGS),
    )


@dataclass
class Found:
    """Everything one exploration saw."""

    outcomes: set[tuple[object, ...]] = field(default_factory=set)
    traces: set[Trace] = field(default_factory=set)
    ended: int = 0  #: executions that completed or deadlocked
    executions: int = 0
    learned: tuple[int, ...] = ()  #: what had to become a step: ends of threads, the clock, …
    finished: bool = False  #: the strategy had no more executions to make


class Watcher:
    """Runs the program of a script, and collects what every execution that was not cut short did."""

    def __init__(self) -> None:
        self.script = Script((), (), "join")
        self.found = Found()
        self.shared: Shared | None = None
        self.logs: list[Log] = []

    def begin(self) -> None:
        self.shared, self.logs = None, []

    def program(self) -> None:
        """Run the script, as the program under test."""
        script = self.script
        self.shared = shared = make_shared(script.mentioned())
        self.logs = logs = [Log() for _ in range(len(script.threads) + 1)]

        def body(index: int) -> None:
            for step in script.threads[index]:
                step(shared, logs[index])

        for index, daemon in enumerate(script.daemons):
            thread = threading.Thread(target=body, args=(index,), name=f"T{index}", daemon=daemon)
            shared.peers.append(thread)
        for thread in shared.peers:
            thread.start()
        for thread in shared.peers:
            if script.ending == "join":
                thread.join()
            elif script.ending == "join in time":
                thread.join(timeout=2)
            elif script.ending == "look":
                logs[-1].note(thread.is_alive())

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        found = self.found
        seen = world.learned
        learned = (seen.ends, seen.clock, seen.foreign, seen.width, len(seen.shared))
        if learned != found.learned:  # the exploration began anew, with more operations
            found.learned = learned
            found.outcomes.clear()
            found.traces.clear()
        shared = self.shared
        if shared is not None and world.outcome in (Outcome.COMPLETE, Outcome.DEADLOCKED):
            stuck = tuple(label for label, _, _ in world.stuck)
            memory = (vars(shared.box), shared.items, shared.table, shared.names)
            logs = tuple(repr(log.seen) for log in self.logs)
            found.outcomes.add((world.outcome.value, stuck, repr(failure), repr(memory), *logs))
            found.traces.add(trace_of(world))
        return None


def trace_of(world: World) -> Trace:
    """Return the Mazurkiewicz trace of an execution.

    The program's exit is left out: it is a step only while a daemon lives, and what it decides shows in the others.
    """
    paths = [thread.path for thread in world.threads]
    names: list[Name] = []
    lines: dict[str, list[frozenset[Name]]] = {}
    for step in world.history.steps:
        path = paths[step.thread]
        line = lines.setdefault(path, [])
        names.append((path, len(line)))
        others = [names[before] for before in step.dependencies]
        line.append(frozenset(name for name in others if name[0] != path and name[0] != "exit"))
    lines.pop("exit", None)
    return frozenset((path, tuple(line)) for path, line in lines.items())


class Bench:
    """A process prepared once for the programs of many scripts."""

    def __init__(self, laboratory: Laboratory, watcher: Watcher) -> None:
        self.laboratory = laboratory
        self.watcher = watcher

    def run(
        self,
        script: Script,
        strategy: Strategy,
        *,
        timeouts: Timeouts,
        budget: int,
        every_access: bool = True,
        patient: bool = True,
    ) -> Found:
        """Explore the program of *script*, for at most *budget* executions, or fewer where these will hardly do."""
        settings = self.laboratory.settings
        settings.timeouts, settings.every_access = timeouts, every_access
        self.watcher.script = script
        found = self.watcher.found = Found()
        allowed = Budget(budget) if patient else Impatient(budget, strategy)
        exploration = explore(self.laboratory, strategy, allowed, stop_on_failure=False)
        assert exploration.limited is None, f"a loop: {script}"
        found.finished = exploration.spent is None
        found.executions = exploration.counts.executions
        found.ended = exploration.counts.complete + exploration.counts.deadlocked
        return found


@contextlib.contextmanager
def bench(*, instrument: bool) -> Iterator[Bench]:
    """Prepare the process for random programs."""
    watcher = Watcher()
    subjects = (steps,) if instrument else ()
    settings = Settings(subjects, max_steps=2_000, allow_deadlock=True, monitor=watcher)
    with prepared(watcher.program, settings) as laboratory:
        yield Bench(laboratory, watcher)
