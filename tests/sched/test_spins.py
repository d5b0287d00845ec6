"""Loops that wait by looking again and again: they end, nothing is lost, and those that never can end are named."""

import queue
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tests.sched.programs import check_and_replay, holds, outcomes, together
from treadle.sched import Livelock, Verdict, check

Timeouts = Literal["explore", "idle"]


class Shared:
    def __init__(self) -> None:
        self.x = self.y = self.z = 0
        self.flags = [False, False]
        self.turn = self.ticket = self.serving = self.inside = 0

    @property
    def ready(self) -> bool:
        return self.x == 1

    def is_ready(self) -> bool:
        return self.x == 1


def peterson(announces: bool = True) -> int:
    shared = Shared()

    def body(me: int) -> None:
        other = 1 - me
        if announces:
            shared.flags[me] = True
        shared.turn = other
        while shared.flags[other] and shared.turn == other:
            pass
        shared.inside += 1
        assert shared.inside == 1, "two threads inside"
        shared.inside -= 1
        shared.x += 1
        shared.flags[me] = False

    together(lambda: body(0), lambda: body(1))
    return shared.x


def ticket_lock(atomic: bool = True) -> tuple[int, ...]:
    shared, lock = Shared(), threading.Lock()
    order: list[int] = []

    def body(me: int) -> None:
        if atomic:
            with lock:
                mine = shared.ticket
                shared.ticket = mine + 1
        else:
            mine = shared.ticket
            shared.ticket = mine + 1
        while shared.serving != mine:
            pass
        shared.inside += 1
        assert shared.inside == 1, "two threads inside"
        order.append(me)
        shared.inside -= 1
        shared.serving += 1

    together(lambda: body(0), lambda: body(1))
    return tuple(order)


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
def test_peterson_excludes_and_ends(timeouts: Timeouts) -> None:
    assert outcomes(peterson, instrument=[peterson, Shared], timeouts=timeouts) == {2}
    check_and_replay(lambda: peterson(announces=False), AssertionError, instrument=[peterson, Shared])


def test_a_ticket_lock_serves_in_either_order() -> None:
    assert outcomes(ticket_lock, instrument=[ticket_lock, Shared]) == {(0, 1), (1, 0)}
    found = check(lambda: ticket_lock(atomic=False), instrument=[ticket_lock, Shared])
    assert found.verdict is Verdict.VIOLATED


def flag() -> bool:
    shared = Shared()

    def wait() -> None:
        while not shared.x:
            pass

    def release() -> None:
        shared.x = 1

    together(wait, release)
    return True


def flag_asleep() -> bool:
    shared = Shared()

    def wait() -> None:
        while not shared.x:
            time.sleep(0.1)

    def release() -> None:
        shared.x = 1

    together(wait, release)
    return True


def event() -> bool:
    event = threading.Event()

    def wait() -> None:
        while not event.is_set():
            pass

    together(wait, event.set)
    return True


def event_in_time() -> bool:
    event = threading.Event()

    def wait() -> None:
        while not event.wait(0.1):
            pass

    together(wait, event.set)
    return True


def polled_queue() -> bool:
    numbers: queue.Queue[int] = queue.Queue()
    got: list[int] = []

    def poll() -> None:
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                continue
            got.append(number)
            break

    together(poll, lambda: numbers.put(1))
    return got == [1]


def polled_simple_queue() -> bool:
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()

    def poll() -> None:
        while numbers.empty():
            time.sleep(0)

    together(poll, lambda: numbers.put(1))
    return True


def tried_lock() -> bool:
    lock = threading.Lock()

    def body() -> None:
        while not lock.acquire(blocking=False):
            time.sleep(0.01)
        lock.release()

    together(body, body)
    return True


def looked_at_lock() -> bool:
    shared, lock = Shared(), threading.Lock()

    def wait() -> None:
        done = False
        while not done:
            with lock:
                if shared.x == 1:
                    done = True

    def release() -> None:
        with lock:
            shared.x = 1

    together(wait, release)
    return True


def looked_at_locks() -> bool:
    """Two poll under one lock: what either does to the lock is undone, and no reason for the other to look again."""
    shared, lock = Shared(), threading.Lock()

    def wait() -> None:
        while True:
            with lock:
                if shared.x == 1:
                    break

    def release() -> None:
        with lock:
            shared.x = 1

    together(wait, wait, release)
    return True


def looked_at_locks_asleep() -> bool:
    shared, lock = Shared(), threading.RLock()

    def wait() -> None:
        done = False
        while not done:
            with lock:
                done = shared.x == 1
            time.sleep(0.1)

    def release() -> None:
        with lock:
            shared.x = 1

    together(wait, wait, release)
    return True


def twice_polled_queue() -> bool:
    numbers: queue.Queue[int] = queue.Queue()
    got: list[int] = []

    def poll() -> None:
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                continue
            got.append(number)
            break

    def put() -> None:
        numbers.put(1)
        numbers.put(2)

    together(poll, poll, put)
    return sorted(got) == [1, 2]


def awaited_thread() -> bool:
    thread = threading.Thread(target=time.sleep, args=(0,))
    thread.start()
    while thread.is_alive():
        pass
    return True


def through_a_method() -> bool:
    shared = Shared()

    def wait() -> None:
        while not shared.is_ready():
            time.sleep(0)

    def release() -> None:
        shared.x = 1

    together(wait, release)
    return True


def in_a_counted_loop() -> bool:
    shared = Shared()

    def body(me: int) -> None:
        for round_number in range(2):
            while shared.turn % 2 != me:
                pass
            shared.z = round_number
            shared.turn += 1

    together(lambda: body(0), lambda: body(1))
    return shared.turn == 4


WAITING: list[Callable[[], bool]] = [
    flag,
    flag_asleep,
    event,
    event_in_time,
    polled_queue,
    polled_simple_queue,
    tried_lock,
    looked_at_lock,
    looked_at_locks,
    looked_at_locks_asleep,
    twice_polled_queue,
    awaited_thread,
    through_a_method,
    in_a_counted_loop,
]


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("program", WAITING)
def test_waiting_loops_end(program: Callable[[], bool], timeouts: Timeouts) -> None:
    assert outcomes(program, instrument=[program, Shared], timeouts=timeouts, max_steps=200) == {True}


@pytest.mark.parametrize("program", [flag, tried_lock, polled_queue])
@pytest.mark.parametrize(
    "options", [{"strategy": "dfs"}, {"strategy": "random", "seed": 3, "max_executions": 20}]
)
def test_other_strategies_wait_too(program: Callable[[], bool], options: dict[str, Any]) -> None:
    result = check(program, instrument=[program, Shared], max_steps=200, **options)
    assert result.verdict is (Verdict.HOLDS if options["strategy"] == "dfs" else Verdict.UNKNOWN)
    assert result.cut == 0


def counted_polls() -> bool:
    """Each turn leaves something behind."""
    numbers: queue.Queue[int] = queue.Queue()
    tries: list[int] = []

    def poll() -> None:
        while len(tries) < 3:
            try:
                numbers.get_nowait()
            except queue.Empty:
                tries.append(1)

    together(poll)
    return len(tries) == 3


def test_a_loop_is_judged_apart_from_others_that_make_the_same_calls() -> None:
    assert outcomes(counted_polls, instrument=[counted_polls], max_steps=200) == {True}
    assert outcomes(polled_queue, instrument=[polled_queue], max_steps=200) == {True}


def test_memory_that_is_not_instrumented_is_looked_at_again_at_the_end() -> None:
    assert holds(flag_asleep).executions >= 1


def nobody_sets() -> None:
    shared = Shared()

    def wait() -> None:
        while not shared.x:
            pass

    together(wait)


def each_waits_for_the_other() -> None:
    shared = Shared()

    def one() -> None:
        while not shared.x:
            time.sleep(1)
        shared.y = 1

    def other() -> None:
        while not shared.y:
            time.sleep(1)
        shared.x = 1

    together(one, other)


def nobody_sets_what_two_poll() -> None:
    shared, lock = Shared(), threading.Lock()

    def wait() -> None:
        done = False
        while not done:
            with lock:
                done = shared.x == 1
            time.sleep(1)

    together(wait, wait)


def never_released() -> None:
    lock = threading.Lock()
    lock.acquire()
    while not lock.acquire(blocking=False):
        pass


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize(
    ("program", "words"),
    [
        (nobody_sets, "while not shared.x"),
        (each_waits_for_the_other, "while not shared.x"),
        (nobody_sets_what_two_poll, "with lock"),
        (never_released, "while not lock.acquire"),
    ],
)
def test_a_livelock_is_a_failure_that_names_the_loop(
    program: Callable[[], None], words: str, timeouts: Timeouts
) -> None:
    instrument = [program, Shared]
    result, error = check_and_replay(
        program, Livelock, instrument=instrument, timeouts=timeouts, max_steps=500
    )
    assert "goes round" in str(error)
    assert words in str(error) or "time.sleep(1)" in str(error)
    allowed = check(program, instrument=instrument, timeouts=timeouts, allow_deadlock=True)
    assert (allowed.verdict, allowed.complete) == (Verdict.HOLDS, 0)
    assert result.executions >= 1


def test_daemons_that_poll_for_ever_are_left_over() -> None:
    def program() -> None:
        def beat() -> None:
            while True:
                time.sleep(1)

        threading.Thread(target=beat, daemon=True).start()

    holds(program, max_steps=200)


# -- loops that do something go on ----------------------------------------------------------------------------------


def stop_after(turns: int) -> Callable[[Callable[[Shared], bool]], Callable[[], None]]:
    """Make a program whose thread looks at shared memory until what it counts reaches *turns*."""

    def decorate(counts: Callable[[Shared], bool]) -> Callable[[], None]:
        def program() -> None:
            shared = Shared()
            shared.z = turns
            together(lambda: counts(shared))

        program.__name__ = counts.__name__
        return program

    return decorate


LOG: list[int] = []
TOTAL = 0


@stop_after(5)
def a_local(shared: Shared) -> bool:
    count = 0
    while not shared.x and count < 5:
        count += 1
    return True


@stop_after(5)
def a_list(shared: Shared) -> bool:
    seen: list[int] = []
    while not shared.x:
        seen.append(1)
        if len(seen) == 5:
            break
    return True


@stop_after(5)
def a_list_made_anew(shared: Shared) -> bool:
    seen: list[int] = []
    while not shared.x and len(seen) < 5:
        seen = [*seen, 1]
    return True


@stop_after(5)
def an_iterator(shared: Shared) -> bool:
    turns = iter(range(5))
    while not shared.x:
        if next(turns, None) is None:
            break
    return True


@stop_after(5)
def a_repeated_object(shared: Shared) -> bool:
    for _ in [None] * 5:
        while shared.x:
            pass
        time.sleep(0)
    return True


@stop_after(5)
def a_closure(shared: Shared) -> bool:
    count = 0

    def tick() -> bool:
        nonlocal count
        count += 1
        return count < 5

    while not shared.x and tick():
        pass
    return True


@stop_after(5)
def a_global(shared: Shared) -> bool:
    global TOTAL
    TOTAL = 0
    while not shared.x and TOTAL < 5:
        TOTAL += 1
    return True


@stop_after(5)
def an_attribute(shared: Shared) -> bool:
    while not shared.x and shared.y < 5:
        shared.y += 1
    return True


@stop_after(5)
def a_generator(shared: Shared) -> bool:
    def turns() -> Any:
        for _ in range(5):
            yield shared.x

    while next(TURNS.setdefault(0, turns()), True) == 0:
        time.sleep(0)
    TURNS.clear()
    return True


TURNS: dict[int, Any] = {}


@stop_after(5)
def the_clock(shared: Shared) -> bool:
    end = time.monotonic() + 5
    while not shared.x and time.monotonic() < end:
        time.sleep(1)
    return True


@stop_after(5)
def a_random_number(shared: Shared) -> bool:
    while not shared.x and random.random() < 0.9:
        time.sleep(0)
    return True


@stop_after(5)
def a_call_in_c(shared: Shared) -> bool:
    def wait(_: object) -> bool:
        while shared.x:
            pass
        return True

    return len(list(map(wait, [None] * 5))) == 5


@stop_after(5)
def a_function_called_again(shared: Shared) -> bool:
    log: list[int] = []

    def wait() -> None:
        while shared.x:
            pass

    def outer() -> None:
        wait()

    for _ in [None] * 5:
        outer()
        log.append(1)
    return len(log) == 5


COUNTING: list[Callable[[], None]] = [
    a_local,
    a_list,
    a_list_made_anew,
    an_iterator,
    a_repeated_object,
    a_closure,
    a_global,
    an_attribute,
    a_generator,
    the_clock,
    a_random_number,
    a_call_in_c,
    a_function_called_again,
]


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("instrumented", [True, False])
@pytest.mark.parametrize("program", COUNTING, ids=[program.__name__ for program in COUNTING])
def test_loops_that_count_go_on(program: Callable[[], None], instrumented: bool, timeouts: Timeouts) -> None:
    """A loop that were parked here would be a livelock."""
    import tests.sched.test_spins as here  # noqa: PLC0415, PLW0406 - the module as it is instrumented

    instrument = [here] if instrumented else []
    holds(program, instrument=instrument, timeouts=timeouts, max_steps=500)


def test_an_endless_loop_that_counts_is_unknown_and_named() -> None:
    def program() -> None:
        shared, count = Shared(), 0
        while not shared.x:
            count += 1

    result = check(program, instrument=[test_an_endless_loop_that_counts_is_unknown_and_named], max_steps=50)
    assert result.verdict is Verdict.UNKNOWN
    assert "while not shared.x" in str(result)


# -- the oracle -----------------------------------------------------------------------------------------------------


class Spinning:
    """A random program in which threads wait for what others write, by going round or by blocking."""

    kinds: tuple[str, ...] = ("set", "add", "wait", "both", "log")

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.scripts = [
            [(chance.choice(self.kinds), chance.choice("xy")) for _ in range(chance.randint(1, length))]
            for length in self.lengths(chance)
        ]

    def lengths(self, chance: random.Random) -> tuple[int, ...]:
        """Return how many steps each thread has at most."""
        return 2, 2

    def run(self, spin: bool) -> tuple[object, ...]:
        self.shared, self.lock = Shared(), threading.Lock()
        self.condition = threading.Condition(self.lock)
        self.logs: list[list[object]] = [[] for _ in self.scripts]

        def body(number: int) -> None:
            for step in range(len(self.scripts[number])):
                if spin:
                    self.going_round(number, step)
                else:
                    self.blocking(number, step)

        together(*[lambda number=number: body(number) for number in range(len(self.scripts))])
        return (self.shared.x, self.shared.y, self.shared.z, *map(tuple, self.logs))

    def going_round(self, number: int, step: int) -> None:
        shared = self.shared
        kind, name = self.scripts[number][step]
        if kind == "wait":
            while getattr(shared, name) == 0:
                pass
        elif kind == "both":
            while shared.x == 0 or shared.y == 0:
                pass
        else:
            self.step(kind, name, self.logs[number])

    def blocking(self, number: int, step: int) -> None:
        """Do the same with the blocking wait that the loop stands for."""
        kind, name = self.scripts[number][step]
        with self.condition:
            if kind == "wait":
                self.condition.wait_for(lambda: getattr(self.shared, name) != 0)
            elif kind == "both":
                self.condition.wait_for(lambda: self.shared.x != 0 and self.shared.y != 0)
        if kind not in ("wait", "both"):
            self.step(kind, name, self.logs[number])
            with self.condition:
                self.condition.notify_all()

    def step(self, kind: str, name: str, log: list[object]) -> None:
        if kind == "set":
            setattr(self.shared, name, 1)
        elif kind == "add":
            setattr(self.shared, name, getattr(self.shared, name) + 1)
        else:
            log.append((name, getattr(self.shared, name)))


class Polling(Spinning):
    """The same with a lock: threads poll under it, asleep in between or not, or try to acquire it over and over."""

    kinds = ("set", "add", "wait", "wait asleep", "try", "log")

    def lengths(self, chance: random.Random) -> tuple[int, ...]:
        return chance.choice([(2, 2), (1, 1, 1), (1, 1, 1)])

    def going_round(self, number: int, step: int) -> None:
        kind, name = self.scripts[number][step]
        lock, log = self.lock, self.logs[number]
        if kind == "wait":
            while True:
                with lock:
                    if getattr(self.shared, name):
                        break
        elif kind == "wait asleep":
            done = False
            while not done:
                with lock:
                    done = bool(getattr(self.shared, name))
                time.sleep(0.01)
        elif kind == "try":
            while not lock.acquire(blocking=False):
                pass
            self.step("add", "z", log)
            lock.release()
        else:
            with lock:
                self.step(kind, name, log)

    def blocking(self, number: int, step: int) -> None:
        kind, name = self.scripts[number][step]
        with self.condition:
            if kind in ("wait", "wait asleep"):
                self.condition.wait_for(lambda: getattr(self.shared, name))
            elif kind == "try":
                self.step("add", "z", self.logs[number])
            else:
                self.step(kind, name, self.logs[number])
                self.condition.notify_all()


def found(program: Callable[[], object], **options: Any) -> tuple[set[object], bool]:
    """Return what *program* may return, and whether it may be stuck."""
    seen: set[object] = set()

    def noted() -> None:
        seen.add(program())

    result = check(noted, instrument=[Spinning], allow_deadlock=True, max_steps=400, **options)
    assert result.verdict is Verdict.HOLDS, str(result)
    return seen, result.deadlocked > 0


#: How many random programs are tried. Each version of Python takes others.
PROGRAMS = 6
FIRST = sys.version_info.minor * 1_000


@pytest.mark.parametrize("kind", [Spinning, Polling])
@pytest.mark.parametrize("seed", range(FIRST, FIRST + PROGRAMS))
def test_going_round_is_blocking(kind: type[Spinning], seed: int) -> None:
    """The outcomes, and whether there is a way to be stuck, are those of the program that blocks."""
    program = kind(seed)
    round_and_round = found(lambda: program.run(spin=True))
    assert round_and_round == found(lambda: program.run(spin=False)), program.scripts
