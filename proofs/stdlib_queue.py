"""Claims about `queue.Queue` of the standard library, as it is."""

import contextlib
import queue
import threading
from collections.abc import Callable, Hashable, Iterator

from models import task_queue
from models.outcome import Outcome
from models.task_queue import TaskQueue
from proofs.refinement import refines_specification
from treadle.conform import History, Specification
from treadle.report import Evidence, Progress, claim

OPERATIONS: dict[str, Callable[..., Iterator[tuple[TaskQueue, Outcome]]]] = {
    "put": task_queue.put,
    "get": task_queue.get,
    "get_timeout": task_queue.get_timeout,
    "task_done": task_queue.task_done,
    "join": task_queue.join,
}


def _outcome_of(value: object, error: BaseException | None) -> Hashable:
    return Outcome("ok", value) if error is None else Outcome(type(error).__name__)


class Watched:
    """A queue whose operations are recorded."""

    def __init__(self, maxsize: int, history: History) -> None:
        self._queue: queue.Queue[int] = queue.Queue(maxsize)
        self._history = history

    def put(self, item: int) -> None:
        self._history.record("put", (item,), lambda: self._queue.put(item), _outcome_of)

    def get(self) -> int:
        return self._history.record("get", (), self._queue.get, _outcome_of)

    def get_timeout(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._history.record("get_timeout", (), lambda: self._queue.get(timeout=1), _outcome_of)

    def task_done(self) -> None:
        self._history.record("task_done", (), self._queue.task_done, _outcome_of)

    def join(self) -> None:
        self._history.record("join", (), self._queue.join, _outcome_of)


def _specification(maxsize: int) -> Specification[TaskQueue]:
    return Specification(TaskQueue(maxsize), OPERATIONS)


def put_get(history: History) -> None:
    """A producer fills a queue of one place that a consumer empties."""
    tasks = Watched(1, history)

    def produce() -> None:
        tasks.put(1)
        tasks.put(2)

    producer = threading.Thread(target=produce, name="producer")
    producer.start()
    tasks.get()
    tasks.get()
    producer.join()


def put_get_join(history: History) -> None:
    """The program waits until a worker has reported its task done."""
    tasks = Watched(0, history)

    def work() -> None:
        tasks.get()
        tasks.task_done()

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    tasks.put(1)
    tasks.join()
    worker.join()


def timed_get(history: History) -> None:
    """A consumer with a timeout meets two producers."""
    tasks = Watched(0, history)
    producers = [threading.Thread(target=tasks.put, args=(item,), name=f"producer {item}") for item in (1, 2)]
    for producer in producers:
        producer.start()
    tasks.get_timeout()
    for producer in producers:
        producer.join()


@claim("queue.Queue(1): put and get, producer and consumer")
def put_and_get(progress: Progress) -> Evidence:
    return refines_specification(put_get, _specification(1), (queue,), progress)


@claim("queue.Queue: put, get, task_done and join")
def put_get_and_join(progress: Progress) -> Evidence:
    return refines_specification(put_get_join, _specification(0), (queue,), progress)


@claim("queue.Queue: get with a timeout, two producers")
def get_with_timeout(progress: Progress) -> Evidence:
    return refines_specification(timed_get, _specification(0), (queue,), progress)
