"""Random small threaded programs, and the set of outcomes an exploration of one finds."""

import random
import threading
from collections.abc import Callable

from treadle.sched.engine import Budget, Settings, explore, prepared
from treadle.sched.strategies.base import Strategy
from treadle.sched.world import Outcome, Timeouts, World

Outcomes = set[tuple[object, ...]]


class Box:
    """Shared attributes."""

    def __init__(self) -> None:
        self.x = 0
        self.y = 0


class Shared:
    """What the threads of one random program share."""

    def __init__(self) -> None:
        self.locks = [threading.Lock(), threading.Lock()]
        self.rlock = threading.RLock()
        self.condition = threading.Condition(self.locks[1])
        self.semaphore = threading.Semaphore(1)
        self.event = threading.Event()
        self.box = Box()
        self.items: list[int] = []


Step = Callable[[Shared, list[object]], None]


def locked(index: int) -> Step:
    def step(shared: Shared, log: list[object]) -> None:
        with shared.locks[index]:
            shared.box.x = shared.box.x * 2 + 1

    return step


def nested(first: int) -> Step:
    def step(shared: Shared, log: list[object]) -> None:
        with shared.locks[first], shared.locks[1 - first]:
            log.append("both")

    return step


def try_lock(shared: Shared, log: list[object]) -> None:
    if shared.locks[0].acquire(blocking=False):
        log.append("got")
        shared.locks[0].release()
    else:
        log.append("busy")


def timed_lock(shared: Shared, log: list[object]) -> None:
    if shared.locks[0].acquire(timeout=1):
        log.append("in time")
        shared.locks[0].release()
    else:
        log.append("late")


def look(shared: Shared, log: list[object]) -> None:
    log.append(shared.locks[0].locked())


def recursive(shared: Shared, log: list[object]) -> None:
    with shared.rlock, shared.rlock:
        log.append(shared.box.y)


def wait(shared: Shared, log: list[object]) -> None:
    with shared.condition:
        if shared.box.y == 0:
            log.append(shared.condition.wait(timeout=2))


def notify(shared: Shared, log: list[object]) -> None:
    with shared.condition:
        shared.box.y = 1
        shared.condition.notify()


def semaphore(shared: Shared, log: list[object]) -> None:
    with shared.semaphore:
        log.append(shared.box.x)


def set_event(shared: Shared, log: list[object]) -> None:
    shared.event.set()


def await_event(shared: Shared, log: list[object]) -> None:
    log.append(shared.event.wait(timeout=1))


def add_x(shared: Shared, log: list[object]) -> None:
    shared.box.x += 1


def copy_y(shared: Shared, log: list[object]) -> None:
    shared.box.y = shared.box.x


def read_x(shared: Shared, log: list[object]) -> None:
    log.append(shared.box.x)


def append(shared: Shared, log: list[object]) -> None:
    shared.items.append(len(log))


def take(shared: Shared, log: list[object]) -> None:
    try:
        log.append(shared.items.pop())
    except IndexError:
        log.append("empty")


LOCKS: list[Step] = [locked(0), locked(1), nested(0), nested(1), try_lock, timed_lock, look, recursive]
MEMORY: list[Step] = [add_x, copy_y, read_x, append, take, locked(0), try_lock]
WAITING: list[Step] = [wait, notify, semaphore, set_event, await_event, timed_lock]


def random_threads(seed: int, steps: list[Step], threads: int, length: int) -> list[list[Step]]:
    """Return what each of *threads* threads does."""
    chance = random.Random(seed)
    return [[chance.choice(steps) for _ in range(chance.randint(1, length))] for _ in range(threads)]


class Watcher:
    """Collects the outcome of every execution that was not cut short."""

    def __init__(self) -> None:
        self.outcomes: Outcomes = set()
        self.shared: Shared
        self.logs: list[list[object]] = []

    def begin(self) -> None:
        self.logs = []

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        if world.outcome in (Outcome.COMPLETE, Outcome.DEADLOCKED):
            stuck = tuple(thread.label for thread, _, _ in world.stuck)
            state = (self.shared.box.x, self.shared.box.y, tuple(self.shared.items))
            self.outcomes.add(
                (world.outcome.value, stuck, repr(failure), state, *(tuple(log) for log in self.logs))
            )
        return None


def outcomes_of(
    threads: list[list[Step]],
    strategy: Strategy,
    *,
    instrument: bool,
    timeouts: Timeouts,
    budget: int = 20_000,
) -> tuple[Outcomes, int, int] | None:
    """Return all outcomes, the number of executions and of complete or deadlocked ones; None over the budget."""
    watcher = Watcher()

    def program() -> None:
        watcher.shared = shared = Shared()
        watcher.logs = logs = [[] for _ in threads]

        def body(index: int) -> None:
            for step in threads[index]:
                step(shared, logs[index])

        started = [
            threading.Thread(target=body, args=(index,), name=f"T{index}") for index in range(len(threads))
        ]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    import sys

    module = sys.modules[__name__]
    subjects = tuple(value for value in vars(module).values() if getattr(value, "__module__", "") == __name__)
    steps = tuple(step for step in {*LOCKS, *MEMORY, *WAITING} if step.__qualname__.count("<locals>") == 0)
    del subjects
    settings = Settings(
        (*steps, locked, Box) if instrument else (), timeouts, allow_deadlock=True, monitor=watcher
    )
    with prepared(program, settings) as laboratory:
        found = explore(laboratory, strategy, Budget(budget), stop_on_failure=False)
    if found.spent is not None:
        return None
    assert found.limited is None
    return watcher.outcomes, found.counts.executions, found.counts.complete + found.counts.deadlocked
