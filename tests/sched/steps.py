"""What the threads of random programs do: small steps on shared locks, memory, queues and clocks.

Every access in this module is a scheduling point where the module is instrumented.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple


class Log:
    """What one thread has seen; private to it, and no scheduling point."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def note(self, *values: object) -> None:
        self.seen.extend(values)


class Box:
    """Shared attributes."""

    def __init__(self) -> None:
        self.x = 0
        self.y = 0


TOKEN = object()


class Shared(NamedTuple):
    """What the threads of one random program share."""

    locks: tuple[threading.Lock, threading.Lock]
    rlock: Any
    condition: threading.Condition
    semaphore: threading.Semaphore
    event: threading.Event
    barrier: threading.Barrier
    queue: "queue.Queue[int]"
    simple: "queue.SimpleQueue[int]"
    box: Box
    items: list[int]
    table: dict[int, int]
    names: set[int]
    line: deque[object]
    peers: list[threading.Thread]


def make_shared(used: frozenset[str]) -> Shared:
    """Make what is shared, leaving out what would cost something and is not *used*."""
    locks = (threading.Lock(), threading.Lock())
    absent: Any = None
    return Shared(
        locks=locks,
        rlock=threading.RLock() if "rlock" in used else absent,
        condition=threading.Condition(locks[1]),
        semaphore=threading.Semaphore(1) if "semaphore" in used else absent,
        event=threading.Event() if "event" in used else absent,
        barrier=threading.Barrier(2) if "barrier" in used else absent,
        queue=queue.Queue(1) if "queue" in used else absent,
        simple=queue.SimpleQueue() if "simple" in used else absent,
        box=Box(),
        items=[],
        table={},
        names=set(),
        line=deque(),
        peers=[],
    )


Step = Callable[[Shared, Log], None]

# -- locks --------------------------------------------------------------------------------------------------------


def locked_0(shared: Shared, log: Log) -> None:
    with shared.locks[0]:
        shared.box.x = shared.box.x * 2 + 1


def locked_1(shared: Shared, log: Log) -> None:
    with shared.locks[1]:
        shared.box.x = shared.box.x * 3 + 2


def nested_01(shared: Shared, log: Log) -> None:
    with shared.locks[0], shared.locks[1]:
        log.note("both")


def nested_10(shared: Shared, log: Log) -> None:
    with shared.locks[1], shared.locks[0]:
        log.note("both")


def hand_over_hand(shared: Shared, log: Log) -> None:
    shared.locks[0].acquire()
    shared.locks[1].acquire()
    shared.locks[0].release()
    log.note("over")
    shared.locks[1].release()


def try_lock(shared: Shared, log: Log) -> None:
    if shared.locks[0].acquire(blocking=False):
        log.note("got")
        shared.locks[0].release()
    else:
        log.note("busy")


def try_and_keep(shared: Shared, log: Log) -> None:
    log.note(shared.locks[1].acquire(blocking=False))


def release_other(shared: Shared, log: Log) -> None:
    try:
        shared.locks[1].release()
    except RuntimeError:
        log.note("not held")


def timed_lock(shared: Shared, log: Log) -> None:
    if shared.locks[0].acquire(timeout=1):
        log.note("in time")
        shared.locks[0].release()
    else:
        log.note("late")


def timed_lock_inside(shared: Shared, log: Log) -> None:
    with shared.locks[1]:
        got = shared.locks[0].acquire(timeout=2)
        log.note(got)
        if got:
            shared.locks[0].release()


def look(shared: Shared, log: Log) -> None:
    log.note(shared.locks[0].locked())


def recursive(shared: Shared, log: Log) -> None:
    with shared.rlock, shared.rlock:
        log.note(shared.box.y)


def try_recursive(shared: Shared, log: Log) -> None:
    if shared.rlock.acquire(blocking=False):
        with shared.rlock:
            shared.box.y += 1
        shared.rlock.release()
    else:
        log.note("busy")


# -- memory -------------------------------------------------------------------------------------------------------


def add_x(shared: Shared, log: Log) -> None:
    shared.box.x += 1


def copy_y(shared: Shared, log: Log) -> None:
    shared.box.y = shared.box.x


def swap(shared: Shared, log: Log) -> None:
    shared.box.x, shared.box.y = shared.box.y, 7


def read_x(shared: Shared, log: Log) -> None:
    log.note(shared.box.x)


def delete_y(shared: Shared, log: Log) -> None:
    try:
        del shared.box.y
    except AttributeError:
        log.note("gone")
    shared.box.y = 3


def has_y(shared: Shared, log: Log) -> None:
    log.note(hasattr(shared.box, "y"))


def append(shared: Shared, log: Log) -> None:
    shared.items.append(len(log.seen))


def extend(shared: Shared, log: Log) -> None:
    items = shared.items
    items += [5]


def take(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.items.pop())
    except IndexError:
        log.note("empty")


def take_if(shared: Shared, log: Log) -> None:
    if shared.items:
        log.note("some")
        shared.items.clear()


def walk(shared: Shared, log: Log) -> None:
    for item in shared.items:
        log.note(item)


def set_item(shared: Shared, log: Log) -> None:
    shared.table[0] = shared.table.get(0, 0) + 1


def add_item(shared: Shared, log: Log) -> None:
    try:
        shared.table[0] += 2
    except KeyError:
        log.note("no key")


def set_default(shared: Shared, log: Log) -> None:
    log.note(shared.table.setdefault(0, 9))


def pop_item(shared: Shared, log: Log) -> None:
    log.note(shared.table.pop(0, None))


def enter_line(shared: Shared, log: Log) -> None:
    shared.line.append(TOKEN)


def leave_line(shared: Shared, log: Log) -> None:
    try:
        shared.line.remove(TOKEN)
    except ValueError:
        log.note("not in line")


def ask(shared: Shared, log: Log) -> None:
    log.note(0 in shared.table, len(shared.names))


def add_name(shared: Shared, log: Log) -> None:
    shared.names.add(1)


def discard_name(shared: Shared, log: Log) -> None:
    shared.names.discard(1)


def remove_name(shared: Shared, log: Log) -> None:
    try:
        shared.names.remove(1)
    except KeyError:
        log.note("no name")


# -- waiting ------------------------------------------------------------------------------------------------------


def wait(shared: Shared, log: Log) -> None:
    with shared.condition:
        if shared.box.y == 0:
            log.note(shared.condition.wait(timeout=2))


def wait_for_ever(shared: Shared, log: Log) -> None:
    with shared.condition:
        shared.condition.wait()
        log.note("woken")


def wait_for(shared: Shared, log: Log) -> None:
    with shared.condition:
        log.note(shared.condition.wait_for(lambda: shared.box.y > 0, timeout=1))


def notify(shared: Shared, log: Log) -> None:
    with shared.condition:
        shared.box.y = 1
        shared.condition.notify()


def notify_all(shared: Shared, log: Log) -> None:
    with shared.condition:
        shared.condition.notify_all()


def semaphore(shared: Shared, log: Log) -> None:
    with shared.semaphore:
        log.note(shared.box.x)


def try_semaphore(shared: Shared, log: Log) -> None:
    log.note(shared.semaphore.acquire(blocking=False))


def timed_semaphore(shared: Shared, log: Log) -> None:
    log.note(shared.semaphore.acquire(timeout=3))


def release_semaphore(shared: Shared, log: Log) -> None:
    shared.semaphore.release()


def set_event(shared: Shared, log: Log) -> None:
    shared.event.set()


def clear_event(shared: Shared, log: Log) -> None:
    shared.event.clear()


def await_event(shared: Shared, log: Log) -> None:
    log.note(shared.event.wait(timeout=1))


def await_event_for_ever(shared: Shared, log: Log) -> None:
    log.note(shared.event.wait())


def meet(shared: Shared, log: Log) -> None:
    log.note(shared.barrier.wait())


def meet_in_time(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.barrier.wait(timeout=1))
    except threading.BrokenBarrierError:
        log.note("broken")


def break_barrier(shared: Shared, log: Log) -> None:
    shared.barrier.abort()


# -- queues -------------------------------------------------------------------------------------------------------


def put(shared: Shared, log: Log) -> None:
    shared.queue.put(len(log.seen))


def put_now(shared: Shared, log: Log) -> None:
    try:
        shared.queue.put_nowait(10)
    except queue.Full:
        log.note("full")


def put_in_time(shared: Shared, log: Log) -> None:
    try:
        shared.queue.put(20, timeout=1)
    except queue.Full:
        log.note("full in time")


def get(shared: Shared, log: Log) -> None:
    log.note(shared.queue.get())


def get_now(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.queue.get_nowait())
    except queue.Empty:
        log.note("empty")


def get_in_time(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.queue.get(timeout=2))
    except queue.Empty:
        log.note("empty in time")


def size(shared: Shared, log: Log) -> None:
    log.note(shared.queue.qsize(), shared.queue.empty())


def put_simple(shared: Shared, log: Log) -> None:
    shared.simple.put(len(log.seen))


def get_simple(shared: Shared, log: Log) -> None:
    log.note(shared.simple.get())


def get_simple_now(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.simple.get(block=False))
    except queue.Empty:
        log.note("empty")


def get_simple_in_time(shared: Shared, log: Log) -> None:
    try:
        log.note(shared.simple.get(timeout=1))
    except queue.Empty:
        log.note("empty in time")


# -- time and life ------------------------------------------------------------------------------------------------


def sleep_1(shared: Shared, log: Log) -> None:
    time.sleep(1)


def sleep_2(shared: Shared, log: Log) -> None:
    time.sleep(2)


def give_way(shared: Shared, log: Log) -> None:
    time.sleep(0)


def now(shared: Shared, log: Log) -> None:
    log.note(time.monotonic())


def ask_alive(shared: Shared, log: Log) -> None:
    log.note(shared.peers[0].is_alive())


def join_in_time(shared: Shared, log: Log) -> None:
    if shared.peers[0] is not threading.current_thread():
        shared.peers[0].join(timeout=1)
        log.note("joined")


def join_first(shared: Shared, log: Log) -> None:
    if shared.peers[0] is not threading.current_thread():
        shared.peers[0].join()
        log.note("joined")


def start_child(shared: Shared, log: Log) -> None:
    child = threading.Thread(target=locked_0, args=(shared, log))
    child.start()
    log.note("started")
    child.join()


def start_daemon(shared: Shared, log: Log) -> None:
    threading.Thread(target=add_x, args=(shared, log), daemon=True).start()


def fail(shared: Shared, log: Log) -> None:
    if shared.locks[0].locked():
        raise ValueError("locked")


KINDS: dict[str, tuple[Step, ...]] = {
    "locks": (
        locked_0, locked_1, nested_01, nested_10, hand_over_hand, try_lock, try_and_keep, release_other,
        timed_lock, timed_lock_inside, look, recursive, try_recursive,
    ),
    "memory": (
        add_x, copy_y, swap, read_x, delete_y, has_y, append, extend, take, take_if, walk, set_item, add_item,
        set_default, pop_item, enter_line, leave_line, ask, add_name, discard_name, remove_name, locked_0, try_lock,
    ),
    "waiting": (
        wait, wait_for_ever, wait_for, notify, notify_all, semaphore, try_semaphore, timed_semaphore,
        release_semaphore, set_event, clear_event, await_event, await_event_for_ever, meet, meet_in_time,
        break_barrier,
    ),
    "queues": (
        put, put_now, put_in_time, get, get_now, get_in_time, size, put_simple, get_simple, get_simple_now,
        get_simple_in_time,
    ),
    "time": (
        sleep_1, sleep_2, give_way, now, ask_alive, join_in_time, join_first, start_child, start_daemon, fail,
        timed_lock, await_event, set_event, locked_0, read_x, add_x,
    ),
}  # fmt: skip
STEPS: tuple[Step, ...] = tuple(dict.fromkeys(step for steps in KINDS.values() for step in steps))

#: The names that each step mentions, taken before anything is instrumented.
MENTIONED: dict[Step, frozenset[str]] = {step: frozenset(step.__code__.co_names) for step in STEPS}
