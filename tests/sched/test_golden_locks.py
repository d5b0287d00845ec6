"""The number of executions of programs of locks, try-locks, semaphores and queues, against closed forms.

A failed try-lock reads the lock, a successful one writes it, as a compare-and-swap does: benchmarks of
compare-and-swap are written with try-locks here.
"""

import math
import queue
import threading
from collections.abc import Callable

import pytest

from tests.sched.programs import holds, together

Program = Callable[[], None]


def exactly(program: Program) -> tuple[int, int, int]:
    result = holds(program, allow_deadlock=True)
    return result.complete, result.deadlocked, result.cut


def indexer(threads: int) -> Program:
    """Flanagan and Godefroid's: each thread puts four messages into a table of 128 by hashing and probing."""

    def program() -> None:
        table = [threading.Lock() for _ in range(128)]

        def insert(number: int) -> None:
            for message in range(1, 5):
                place = (message * 11 + number) * 7 % len(table)
                while not table[place].acquire(blocking=False):
                    place = (place + 1) % len(table)

        together(*[lambda number=number: insert(number) for number in range(threads)])

    return program


@pytest.mark.parametrize(("threads", "traces"), [(11, 1), (12, 8), (13, 64)])
def test_indexer(threads: int, traces: int) -> None:
    """Up to eleven threads never meet; each one more meets three others' messages."""
    assert exactly(indexer(threads)) == (traces, 0, 0)


def file_system(threads: int) -> Program:
    """Flanagan and Godefroid's: each thread takes a block for its inode, the first free one from a given one on."""

    def program() -> None:
        inode_locks = [threading.Lock() for _ in range(32)]
        block_locks = [threading.Lock() for _ in range(26)]
        inodes, busy = [0] * 32, [False] * 26

        def create(number: int) -> None:
            inode = number % 32
            with inode_locks[inode]:
                block = inode * 2 % 26
                while inodes[inode] == 0:
                    with block_locks[block]:
                        if not busy[block]:
                            busy[block] = True
                            inodes[inode] = block + 1
                    block = (block + 1) % 26

        together(*[lambda number=number: create(number) for number in range(threads)])

    return program


@pytest.mark.parametrize(("threads", "traces"), [(13, 1), (14, 2), (16, 8), (18, 32)])
def test_file_system(threads: int, traces: int) -> None:
    """Two orders for each two threads that begin with the same block."""
    assert exactly(file_system(threads)) == (traces, 0, 0)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_one_writer_and_compare_and_swaps(count: int) -> None:
    """Of those that come after the writer one wins: N·2ᴺ⁻¹ + 1."""

    def program() -> None:
        lock = threading.Lock()
        lock.acquire()
        together(lock.release, *[lambda: bool(lock.acquire(blocking=False))] * count)

    assert exactly(program) == (count * 2 ** (count - 1) + 1, 0, 0)


@pytest.mark.parametrize(("threads", "times"), [(2, 1), (2, 3), (3, 1), (3, 2), (4, 1)])
def test_puts_into_a_queue(threads: int, times: int) -> None:
    """Each put is one critical section of the queue: (nk)!/(k!)ⁿ orders."""

    def program() -> None:
        line: queue.Queue[int] = queue.Queue()

        def put() -> None:
            for number in range(times):
                line.put(number)

        together(*[put] * threads)

    orders = math.factorial(threads * times) // math.factorial(times) ** threads
    assert exactly(program) == (orders, 0, 0)


@pytest.mark.parametrize("items", [1, 2, 3, 4])
def test_a_queue_for_one_item(items: int) -> None:
    """The standard library's queue.Queue(1) as it is: 2·4ᵏ⁻¹, as the bounded buffer with two conditions."""

    def program() -> None:
        line: queue.Queue[int] = queue.Queue(1)

        def put() -> None:
            for number in range(items):
                line.put(number)

        def get() -> None:
            for _ in range(items):
                line.get()

        together(put, get)

    assert exactly(program) == (2 * 4 ** (items - 1), 0, 0)


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_permits_of_a_semaphore(threads: int) -> None:
    """Taking a permit is one critical section: n! orders while there are enough."""

    def program() -> None:
        permits = threading.Semaphore(threads)
        together(*[permits.acquire] * threads)

    assert exactly(program) == (math.factorial(threads), 0, 0)


def test_an_event_is_set_before_it_is_waited_for_or_after() -> None:
    def program() -> None:
        event = threading.Event()
        together(event.set, event.wait)

    assert exactly(program) == (2, 0, 0)


def test_a_notification_before_the_wait_is_lost() -> None:
    def program() -> None:
        condition = threading.Condition()

        def wait() -> None:
            with condition:
                condition.wait()

        def notify() -> None:
            with condition:
                condition.notify()

        together(wait, notify)

    assert exactly(program) == (1, 1, 0)


def test_opposite_orders_of_two_locks() -> None:
    """Either thread is through before the other begins, or both hold one lock: three traces, one a deadlock."""

    def program() -> None:
        left, right = threading.Lock(), threading.Lock()

        def both(first: threading.Lock, second: threading.Lock) -> None:
            with first, second:
                pass

        together(lambda: both(left, right), lambda: both(right, left))

    assert exactly(program) == (2, 1, 0)
