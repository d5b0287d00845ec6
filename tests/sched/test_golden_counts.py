"""The number of executions of small programs, against the numbers that other checkers and closed forms give.

Every execution of the exhaustive strategy that is not cut short is another Mazurkiewicz trace, so the counts are
exact. Dependent are two operations on one object that do not both read; a failed try-lock reads.
"""

import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.sched.programs import Box, holds, idle, together
from treadle.sched import check

Program = Callable[[], None]


def readers(count: int) -> Program:
    def program() -> None:
        box = Box()

        def write() -> None:
            box.x = 1

        def read() -> None:
            _ = box.x

        together(write, *[read] * count)

    return program


def writers(count: int, reading: int = 0) -> Program:
    def program() -> None:
        box = Box()

        def write() -> None:
            box.x = 1

        def read() -> None:
            _ = box.x

        together(*[write] * count, *[read] * reading)

    return program


def counters(threads: int, names: str, times: int = 1) -> Program:
    """Each thread increments each counter, a read and a write, with a lock around both."""

    def program() -> None:
        shared = tuple((threading.Lock(), Box()) for _ in names)

        def increment() -> None:
            for _ in range(times):
                for lock, box in shared:
                    with lock:
                        box.x += 1

        together(*[increment] * threads)

    return program


def racy_counter(threads: int) -> Program:
    def program() -> None:
        box = Box()

        def increment() -> None:
            box.x += 1

        together(*[increment] * threads)

    return program


def last_zero(count: int) -> Program:
    def program() -> None:
        cells = tuple(Box() for _ in range(count + 1))

        def copy(index: int) -> None:
            cells[index].x = cells[index - 1].x + 1

        def search() -> None:
            index = count
            while cells[index].x != 0:
                index -= 1

        together(search, *[lambda index=index: copy(index) for index in range(1, count + 1)])

    return program


def store_buffering() -> None:
    box = Box()

    def left() -> None:
        box.x = 1
        _ = box.y

    def right() -> None:
        box.y = 1
        _ = box.x

    together(left, right)


def load_buffering() -> None:
    box = Box()

    def left() -> None:
        _ = box.x
        box.y = 1

    def right() -> None:
        _ = box.y
        box.x = 1

    together(left, right)


def message_passing() -> None:
    box = Box()

    def send() -> None:
        box.x = 1
        box.y = 1

    def receive() -> None:
        _ = box.y
        _ = box.x

    together(send, receive)


def two_plus_two_writes() -> None:
    box = Box()

    def left() -> None:
        box.x = 1
        box.y = 2

    def right() -> None:
        box.y = 1
        box.x = 2

    together(left, right)


def independent_reads() -> None:
    box = Box()

    def write_x() -> None:
        box.x = 1

    def write_y() -> None:
        box.y = 1

    def read_xy() -> None:
        _ = box.x
        _ = box.y

    def read_yx() -> None:
        _ = box.y
        _ = box.x

    together(write_x, write_y, read_xy, read_yx)


def write_to_read() -> None:
    box = Box()

    def write_x() -> None:
        box.x = 1

    def read_x_write_y() -> None:
        _ = box.x
        box.y = 1

    def read_yx() -> None:
        _ = box.y
        _ = box.x

    together(write_x, read_x_write_y, read_yx)


def write_read_write(count: int) -> Program:
    def program() -> None:
        box = Box()

        def write() -> None:
            box.x = 1

        def read_write() -> None:
            _ = box.x
            box.x = 2

        together(write, *[read_write] * count)

    return program


def fibonacci(times: int) -> Program:
    def program() -> None:
        box = Box(x=1, y=1)

        def add_y() -> None:
            for _ in range(times):
                box.x += box.y

        def add_x() -> None:
            for _ in range(times):
                box.y += box.x

        together(add_y, add_x)

    return program


def first_writer_wins(count: int) -> Program:
    def program() -> None:
        table: dict[str, int] = {}
        together(*[lambda number=number: table.setdefault("winner", number) for number in range(count)])

    return program


def first_remover_wins(count: int) -> Program:
    def program() -> None:
        token = object()
        line = deque([token])

        def remove() -> None:
            with suppress(ValueError):
                line.remove(token)

        together(*[remove] * count)

    return program


@pytest.mark.parametrize(
    ("program", "factory", "traces"),
    [
        *[pytest.param(readers(n), readers, 2**n, id=f"readers-{n}") for n in (1, 2, 3, 6)],
        *[pytest.param(writers(n), writers, math.factorial(n), id=f"writers-{n}") for n in (2, 3, 4, 5)],
        *[
            pytest.param(writers(n, 1), writers, math.factorial(n + 1), id=f"writers-{n}-reader")
            for n in (1, 2, 3, 4)
        ],
        *[
            pytest.param(racy_counter(n), racy_counter, math.factorial(n) ** 2, id=f"racy-{n}")
            for n in (2, 3)
        ],
        *[
            pytest.param(last_zero(n), last_zero, (n + 3) * 2**n // 4, id=f"last-zero-{n}")
            for n in (1, 2, 3, 4, 5)
        ],
        pytest.param(store_buffering, store_buffering, 3, id="store-buffering"),
        pytest.param(load_buffering, load_buffering, 3, id="load-buffering"),
        pytest.param(message_passing, message_passing, 3, id="message-passing"),
        pytest.param(two_plus_two_writes, two_plus_two_writes, 3, id="2+2W"),
        pytest.param(independent_reads, independent_reads, 15, id="IRIW"),
        pytest.param(write_to_read, write_to_read, 7, id="WRC"),
        pytest.param(write_read_write(2), write_read_write, 22, id="wrw-2"),
        pytest.param(write_read_write(3), write_read_write, 300, id="wrw-3"),
        pytest.param(fibonacci(1), fibonacci, 3, id="fibonacci-1"),
        pytest.param(fibonacci(2), fibonacci, 19, id="fibonacci-2"),
        pytest.param(fibonacci(3), fibonacci, 141, id="fibonacci-3"),
        *[pytest.param(first_remover_wins(n), first_remover_wins, n, id=f"remove-{n}") for n in (2, 3, 5)],
        *[pytest.param(first_writer_wins(n), first_writer_wins, n, id=f"cas-{n}") for n in (2, 3, 5)],
    ],
)
def test_shared_memory(program: Program, factory: Callable[..., object], traces: int) -> None:
    """As many executions as there are traces, none of them deadlocked."""
    result = holds(program, instrument=[factory])
    assert (result.complete, result.deadlocked, result.cut) == (traces, 0, 0)


@pytest.mark.parametrize(
    ("threads", "names", "times", "traces"),
    [
        (2, "x", 1, 2),
        (3, "x", 1, 6),
        (4, "x", 1, 24),
        (2, "x", 2, 6),
        (2, "x", 3, 20),
        (3, "x", 2, 90),
        (2, "xy", 1, 4),
        (3, "xy", 1, 36),
        (2, "xyz", 1, 8),
        (3, "xyz", 1, 216),
    ],
)
@pytest.mark.parametrize("memory", [False, True], ids=["locks", "locks-and-memory"])
def test_counters_behind_locks(threads: int, names: str, times: int, traces: int, memory: bool) -> None:
    """The order of critical sections is all that differs, whether or not the memory inside them is watched."""
    result = holds(counters(threads, names, times), instrument=[counters] if memory else [])
    assert (result.complete, result.deadlocked, result.cut) == (traces, 0, 0)


def philosophers(count: int) -> Program:
    def program() -> None:
        forks = [threading.Lock() for _ in range(count)]

        def dine(seat: int) -> None:
            with forks[seat], forks[(seat + 1) % count]:
                pass

        together(*[lambda seat=seat: dine(seat) for seat in range(count)])

    return program


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_philosophers(count: int) -> None:
    """Each pair of neighbours has two orders; all the same way round is the deadlock, or cannot be."""
    result = holds(philosophers(count), allow_deadlock=True)
    assert (result.complete, result.deadlocked, result.cut) == (2**count - 2, 1, 0)


def locker(lock: threading.Lock) -> Callable[[], None]:
    def body() -> None:
        with lock:
            pass

    return body


def keeper(lock: threading.Lock) -> Callable[[], object]:
    return lambda: bool(lock.acquire())


def trier(lock: threading.Lock) -> Callable[[], None]:
    def body() -> None:
        if lock.acquire(blocking=False):
            lock.release()

    return body


def trying_keeper(lock: threading.Lock) -> Callable[[], object]:
    return lambda: bool(lock.acquire(blocking=False))


@pytest.mark.parametrize(
    ("kinds", "complete", "deadlocked"),
    [
        ([locker] * 2, 2, 0),
        ([locker] * 4, 24, 0),
        ([keeper] * 1, 1, 0),
        ([keeper] * 2, 0, 2),
        ([keeper] * 3, 0, 3),
        ([trying_keeper] * 2, 2, 0),
        ([trying_keeper] * 3, 3, 0),
        ([trier] * 2, 4, 0),
        ([trier] * 3, 21, 0),
    ],
    ids=lambda value: "-".join(kind.__name__ for kind in value) if isinstance(value, list) else None,
)
def test_one_lock(
    kinds: list[Callable[[threading.Lock], Callable[[], object]]], complete: int, deadlocked: int
) -> None:
    """A failed attempt only reads the lock, so failed attempts are not ordered among themselves."""

    def program() -> None:
        lock = threading.Lock()
        together(*[kind(lock) for kind in kinds])

    result = holds(program, allow_deadlock=True)
    assert (result.complete, result.deadlocked, result.cut) == (complete, deadlocked, 0)


@pytest.mark.parametrize("strategy", ["exhaustive", "dfs"])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_idle_threads_make_one_execution(strategy: str, threads: int) -> None:
    """Starting, ending and joining are no scheduling points."""
    result = holds(lambda: together(*[idle] * threads), strategy=strategy)
    assert (result.executions, result.complete) == (1, 1)


def private_work(threads: int) -> Program:
    def program() -> None:
        def work() -> None:
            box = Box()
            lock = threading.Lock()
            with lock:
                box.x += 1

        together(*[work] * threads)

    return program


def test_private_objects_make_one_execution() -> None:
    """What no other thread can reach conflicts with nothing."""
    assert holds(private_work(4), instrument=[private_work]).executions == 1


def bounded_buffer(producers: int, consumers: int, items: int, notify: str) -> Program:
    """A buffer for one item, each producer puts *items*, with one or two conditions, signalling one or all."""

    def program() -> None:
        lock = threading.Lock()
        filled = threading.Condition(lock)
        emptied = filled if notify.startswith("one condition") else threading.Condition(lock)
        buffer: list[int] = []

        def signal(condition: threading.Condition) -> None:
            if notify.endswith("all"):
                condition.notify_all()
            else:
                condition.notify()

        def produce() -> None:
            for number in range(items):
                with lock:
                    while buffer:
                        emptied.wait()
                    buffer.append(number)
                    signal(filled)

        def consume() -> None:
            for _ in range(items * producers // consumers):
                with lock:
                    while not buffer:
                        filled.wait()
                    buffer.pop()
                    signal(emptied)

        together(*[produce] * producers, *[consume] * consumers)

    return program


@pytest.mark.parametrize(("items", "traces"), [(1, 2), (2, 8), (3, 32)])
def test_bounded_buffer_with_two_conditions(items: int, traces: int) -> None:
    """2·4ᵏ⁻¹ orders of critical sections; a notification happens inside one and adds none."""
    result = holds(bounded_buffer(1, 1, items, "two conditions"))
    assert (result.complete, result.deadlocked, result.cut) == (traces, 0, 0)


@pytest.mark.parametrize(
    ("producers", "consumers", "items", "notify", "complete", "deadlocked"),
    [
        (1, 2, 2, "one condition, one", 28, 2),
        (2, 2, 1, "one condition, one", 56, 4),
        (1, 2, 2, "one condition, all", 40, 0),
        (2, 2, 1, "one condition, all", 80, 0),
        (1, 2, 2, "two conditions", 28, 0),
        (2, 2, 1, "two conditions", 56, 0),
    ],
)
def test_bounded_buffer_and_lost_signals(
    producers: int, consumers: int, items: int, notify: str, complete: int, deadlocked: int
) -> None:
    """One condition for both sides and one notification each deadlocks; either remedy ends that."""
    result = holds(bounded_buffer(producers, consumers, items, notify), allow_deadlock=True)
    assert (result.complete, result.deadlocked, result.cut) == (complete, deadlocked, 0)


def test_depth_first_counts_interleavings() -> None:
    """Two threads of one lock acquisition and release each: no order of acquisitions is left out or repeated."""

    def program() -> None:
        lock, other = threading.Lock(), threading.Lock()
        together(locker(lock), locker(other))

    result = check(program, strategy="dfs")
    assert result.executions == math.comb(4, 2)
