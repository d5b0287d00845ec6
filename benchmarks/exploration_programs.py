"""Small threaded programs that every contender can run: some state, and what each thread does with it."""

import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple


class State:
    """What the threads of one program share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.other = threading.Lock()
        self.value = 0
        self.items: list[int] = []


class QueueState(State):
    """With a queue."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: queue.Queue[int] = queue.Queue()


class EventState(State):
    """With an event."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()


def add(state: State) -> None:
    with state.lock:
        state.value += 1


def add_twice(state: State) -> None:
    add(state)
    add(state)


def race(state: State) -> None:
    state.value += 1


def write(state: State) -> None:
    state.value = 1


def read(state: State) -> None:
    _ = state.value


def append(state: State) -> None:
    state.items.append(1)


def lone(state: State) -> None:
    box = State()
    box.value += 1


def left_then_right(state: State) -> None:
    with state.lock, state.other:
        state.value += 1


def put(state: QueueState) -> None:
    state.queue.put(1)


def get(state: QueueState) -> None:
    state.queue.get()


def set_event(state: EventState) -> None:
    state.event.set()


def await_event(state: EventState) -> None:
    state.event.wait()


class Program(NamedTuple):
    """A program that holds, so that exploring it does not stop early."""

    workers: tuple[Callable[[Any], Any], ...]
    state: type[State] = State


PROGRAMS: dict[str, Program] = {
    "locked counter": Program((add, add)),
    "locked counter 2x2": Program((add_twice, add_twice)),
    "racy counter": Program((race, race)),
    "ordered locks": Program((left_then_right, left_then_right)),
    "three readers": Program((write, read, read, read)),
    "list appends": Program((append, append)),
    "independent": Program((lone, lone, lone)),
    "queue": Program((put, get), QueueState),
    "event": Program((set_event, await_event), EventState),
}


def runnable(program: Program) -> Callable[[], None]:
    """Return *program* as a callable that starts its own threads."""

    def run() -> None:
        state = program.state()
        threads = [threading.Thread(target=worker, args=(state,)) for worker in program.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run
