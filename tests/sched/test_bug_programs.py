"""Small programs with one known bug each, after SCTBench (Thomson, Donaldson, Betts, PPoPP 2014) and others.

For each, the number of traces and how many of them show the bug are known exactly, and the failure replays.
"""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.sched.programs import Box, check_and_replay, together
from treadle.sched import Deadlock, check
from treadle.sched.world import World


def account() -> None:
    """The check asserts a balance that is wrong whenever both movements came first."""
    lock, box = threading.Lock(), Box(x=10)

    def deposit() -> None:
        with lock:
            box.x += 5
            box.y += 1

    def withdraw() -> None:
        with lock:
            box.x -= 3
            box.y += 1

    def audit() -> None:
        with lock:
            assert box.y < 2 or box.x == 10

    together(deposit, withdraw, audit)


def lazy() -> None:
    """The third thread does not expect both others to have added."""
    lock, box = threading.Lock(), Box()

    def add(amount: int) -> None:
        with lock:
            box.x += amount

    def look() -> None:
        with lock:
            assert box.x < 3

    together(lambda: add(1), lambda: add(2), look)


def opposite_orders() -> None:
    """Two locks taken in opposite orders."""
    left, right = threading.Lock(), threading.Lock()

    def there() -> None:
        with left, right:
            pass

    def back() -> None:
        with right, left:
            pass

    together(there, back)


def first_in_locks() -> None:
    """The first of each group takes a lock while it holds the counters' lock (carter01)."""
    counters, room = threading.Lock(), threading.Lock()

    def visit() -> None:
        with counters:
            room.acquire()
        with counters:
            room.release()

    together(visit, visit)


def token_ring() -> None:
    """The last block takes it that the others ran in the order of the ring."""
    lock, box = threading.Lock(), Box(x=1, y=2, z=3)

    def first() -> None:
        with lock:
            box.x = (box.z + 1) % 4

    def second() -> None:
        with lock:
            box.y = box.x

    def third() -> None:
        with lock:
            box.z = box.y

    def final() -> None:
        with lock:
            assert not box.x == box.y == box.z

    together(first, second, third, final)


def two_stages(writers: int) -> Callable[[], None]:
    """Two locks taken one after the other: the reader sees the first stage new and the second old."""

    def program() -> None:
        first, second, box = threading.Lock(), threading.Lock(), Box()

        def write() -> None:
            with first:
                box.x = 1
            with second:
                box.y = box.x + 1

        def read() -> None:
            with first:
                if box.x == 0:
                    return
                seen = box.x
            with second:
                assert box.y == seen + 1

        together(*[write] * writers, read)

    return program


def reordered(setters: int) -> Callable[[], None]:
    """Two values set without a lock: the checker sees the first and not the second."""

    def program() -> None:
        box = Box()

        def write() -> None:
            box.x = 1
            box.y = -1

        def read() -> None:
            assert (box.x == 0 and box.y == 0) or (box.x == 1 and box.y == -1)

        together(*[write] * setters, read)

    return program


def wrong_lock(first: int, second: int) -> Callable[[], None]:
    """Two groups protect one variable with two locks."""

    def program() -> None:
        one, other, box = threading.Lock(), threading.Lock(), Box()

        def careful() -> None:
            with one:
                before = box.x
                box.x += 1
                assert box.x == before + 1

        def careless() -> None:
            with other:
                box.x += 1

        together(*[careful] * first, *[careless] * second)

    return program


def stopped_driver() -> None:
    """The stop flag is tested first and the work counted after: it may be stopped in between (bluetooth)."""
    lock, box = threading.Lock(), Box(z=1)

    def leave() -> None:
        with lock:
            box.z -= 1
            last = box.z == 0
        if last:
            box.data = "stopped"

    def work() -> None:
        if box.x == 0:
            with lock:
                box.z += 1
            assert box.data is None
            leave()

    def stop() -> None:
        box.x = 1
        leave()

    together(work, stop)


def string_buffer() -> None:
    """The length is read in one locked call and the characters in another; erased in between."""
    lock, box = threading.Lock(), Box(x=3)

    def append() -> None:
        with lock:
            length = box.x
        with lock:
            assert length <= box.x

    def erase() -> None:
        with lock:
            box.x = 0

    together(append, erase)


def lost_wakeup() -> None:
    """The flag is tested outside the lock: the notification may come before the wait."""
    ready, box = threading.Condition(), Box()

    def wait() -> None:
        if box.x == 0:
            with ready:
                ready.wait()

    def signal() -> None:
        box.x = 1
        with ready:
            ready.notify()

    together(wait, signal)


def racy_counter() -> None:
    """Two increments, of which one is lost."""
    box = Box()

    def increment() -> None:
        box.x += 1

    together(increment, increment)
    assert box.x == 2


def check_then_act() -> None:
    """Each makes what it finds missing."""
    box = Box()

    def make() -> None:
        if box.data is None:
            box.data = object()
            box.x += 1

    together(make, make)
    assert box.x < 2


def two_locked_steps() -> None:
    """A balance tested in one locked step and reduced in the next."""
    lock, box = threading.Lock(), Box(x=1)

    def withdraw() -> None:
        with lock:
            enough = box.x >= 1
        if enough:
            with lock:
                box.x -= 1

    together(withdraw, withdraw)
    assert box.x >= 0


def early_flag() -> None:
    """The flag is set before the value it announces."""
    box = Box()

    def publish() -> None:
        box.x = 1
        box.y = 42

    def read() -> None:
        if box.x == 1:
            assert box.y == 42

    together(publish, read)


def if_instead_of_while() -> None:
    """A consumer woken for an item that another has taken."""
    condition = threading.Condition()
    items: list[int] = []

    def produce() -> None:
        for number in range(2):
            with condition:
                items.append(number)
                condition.notify()

    def consume() -> None:
        with condition:
            if not items:
                condition.wait()
            items.pop()

    together(produce, consume, consume)


class Expected(NamedTuple):
    """What is known of a program."""

    program: Callable[[], None]
    error: type[BaseException]
    buggy: int | None  #: None where the numbers depend on how the program is written down
    traces: int | None
    factory: Any


def known(
    program: Callable[[], None],
    error: type[BaseException],
    buggy: int | None = None,
    traces: int | None = None,
) -> Expected:
    return Expected(program, error, buggy, traces, program)


PROGRAMS = [
    known(account, AssertionError, 2, 6),
    known(lazy, AssertionError, 2, 6),
    known(opposite_orders, Deadlock, 1, 3),
    known(first_in_locks, Deadlock, 2, 4),
    known(token_ring, AssertionError),
    Expected(two_stages(1), AssertionError, 1, 3, two_stages),
    Expected(two_stages(2), AssertionError, 10, 40, two_stages),
    Expected(reordered(1), AssertionError, 1, 4, reordered),
    Expected(reordered(2), AssertionError, 12, 56, reordered),
    Expected(wrong_lock(1, 1), AssertionError, 2, 7, wrong_lock),
    Expected(wrong_lock(1, 2), AssertionError, 26, 48, wrong_lock),
    known(stopped_driver, AssertionError),
    known(string_buffer, AssertionError, 1, 3),
    known(lost_wakeup, Deadlock, 1, 3),
    known(racy_counter, AssertionError, 2, 4),
    known(check_then_act, AssertionError),
    known(two_locked_steps, AssertionError, 4, 6),
    known(early_flag, AssertionError, 1, 3),
    known(if_instead_of_while, IndexError),
]


class Failures:
    """A monitor that counts failing executions, those included that are made to shorten and to show one."""

    def __init__(self) -> None:
        self.count = 0

    def begin(self) -> None:
        """Nothing to prepare."""

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        self.count += failure is not None
        return failure


@pytest.mark.parametrize("expected", PROGRAMS, ids=lambda expected: expected.program.__qualname__)
def test_bug_is_found_and_replays(expected: Expected) -> None:
    """With the default strategy; the tests of shortening begin with what random executions find."""
    check_and_replay(expected.program, expected.error, instrument=[expected.factory])


@pytest.mark.parametrize(
    "expected",
    [expected for expected in PROGRAMS if expected.traces is not None],
    ids=lambda expected: expected.program.__qualname__,
)
def test_traces_and_buggy_traces(expected: Expected) -> None:
    """Exploring goes on after a failure, and every trace is met once."""
    failures, explored = Failures(), [0]
    result = check(
        expected.program,
        instrument=[expected.factory],
        stop_on_failure=False,
        monitor=failures,
        on_execution=lambda _: explored.append(failures.count),
    )
    assert (explored[-1], result.complete + result.deadlocked) == (expected.buggy, expected.traces)


@pytest.mark.parametrize(
    ("program", "factory", "least"),
    [(opposite_orders, opposite_orders, 1), (lost_wakeup, lost_wakeup, 1), (string_buffer, string_buffer, 1)],
)
def test_fewest_preemptions(program: Callable[[], None], factory: Any, least: int) -> None:
    """With fewer preemptions the program holds within the bound."""
    result = check(program, instrument=[factory], preemptions=least - 1)
    assert result.failure is None
    assert result.bound == f"at most {least - 1} preemptions"
    assert check(program, instrument=[factory], preemptions=least).failure is not None
