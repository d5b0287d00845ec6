"""Refinement: a right buffer is accepted, and each of its broken copies is rejected by the check meant for it."""

import threading
from collections.abc import Callable, Hashable, Iterator

import pytest

from models import channel as model
from models import task_queue
from models.channel import Channel
from models.outcome import Outcome
from models.task_queue import TaskQueue
from treadle.conform import History, RefinementError, Specification, refines, replay
from treadle.sched import CheckError, Deadlock, Verdict


class Buffer:
    """A bounded buffer with one lock and one condition, right as it stands; subclasses break it."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.items: list[int] = []
        self.changed = threading.Condition()

    def put(self, item: int) -> None:
        with self.changed:
            while self.full():
                self.changed.wait()
            self.items.append(item)
            self.notify()

    def get(self) -> int:
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.take()
            self.notify()
            return item

    def full(self) -> bool:
        return len(self.items) >= self.capacity

    def take(self) -> int:
        return self.items.pop(0)

    def notify(self) -> None:
        self.changed.notify_all()


class NewestFirst(Buffer):
    def take(self) -> int:
        return self.items.pop()


class OneTooMany(Buffer):
    def full(self) -> bool:
        return len(self.items) > self.capacity


class Duplicating(Buffer):
    def take(self) -> int:
        return self.items[0]


class WakingOne(Buffer):
    """With one condition for both sides, waking one may wake the wrong one."""

    def notify(self) -> None:
        self.changed.notify()


class NeverWaking(Buffer):
    def notify(self) -> None:
        pass


class Watched:
    def __init__(self, buffer: Buffer, history: History) -> None:
        self.buffer = buffer
        self.history = history

    def put(self, item: int) -> None:
        self.history.record("put", (item,), lambda: self.buffer.put(item), outcome_of)

    def put_all(self, count: int) -> None:
        for item in range(count):
            self.put(item)

    def get(self) -> int:
        return self.history.record("get", (), self.buffer.get, outcome_of)


def outcome_of(value: object, error: BaseException | None) -> Hashable:
    return Outcome("ok", value) if error is None else Outcome(type(error).__name__)


def specification(capacity: int) -> Specification[TaskQueue]:
    return Specification(TaskQueue(capacity), {"put": task_queue.put, "get": task_queue.get})


def run(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body, name=f"T{number}") for number, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def scenario(kind: type[Buffer], capacity: int, puts: int, gets: int) -> Callable[[History], None]:
    """A producer and a consumer."""

    def program(history: History) -> None:
        watched = Watched(kind(capacity), history)
        run(
            lambda: watched.put_all(puts),
            lambda: [watched.get() for _ in range(gets)],
        )

    return program


def crowd(kind: type[Buffer]) -> Callable[[History], None]:
    """A producer and two consumers round one place: the smallest crowd in which the wrong one can be woken."""

    def program(history: History) -> None:
        watched = Watched(kind(1), history)
        run(
            lambda: watched.put_all(2),
            watched.get,
            watched.get,
        )

    return program


@pytest.mark.parametrize(("capacity", "puts", "gets"), [(1, 2, 2), (2, 2, 2), (1, 1, 1), (2, 3, 3)])
def test_a_right_buffer_refines_its_specification(capacity: int, puts: int, gets: int) -> None:
    found = refines(scenario(Buffer, capacity, puts, gets), specification(capacity))
    assert found.result.verdict is Verdict.HOLDS, found.result
    assert found.result.deadlocked == 0
    assert found.states >= puts + 1
    assert found.beliefs > 1


@pytest.mark.parametrize(
    ("kind", "capacity", "puts", "gets", "reason"),
    [
        (NewestFirst, 2, 2, 2, "the model allows: Outcome(kind='ok', value=0)"),
        (OneTooMany, 1, 3, 1, "the model allows: only to wait"),
        (Duplicating, 2, 2, 2, "the model allows: Outcome(kind='ok', value=1)"),
        (NeverWaking, 1, 1, 1, "and waits for ever"),
    ],
)
def test_a_broken_buffer_is_violated_for_its_reason_and_replays(
    kind: type[Buffer], capacity: int, puts: int, gets: int, reason: str
) -> None:
    program = scenario(kind, capacity, puts, gets)
    found = refines(program, specification(capacity))
    assert found.result.verdict is Verdict.VIOLATED
    failure = found.result.failure
    assert failure is not None
    assert isinstance(failure.error, RefinementError)
    assert reason in str(failure.error)
    assert reason in failure.trace
    for _ in range(3):
        with pytest.raises(RefinementError) as again:
            replay(program, specification(capacity), failure.schedule)
        assert str(again.value) == str(failure.error)


def test_the_order_of_a_buffer_of_one_place_cannot_be_seen() -> None:
    found = refines(scenario(NewestFirst, 1, 2, 2), specification(1))
    assert found.result.verdict is Verdict.HOLDS


def test_a_lost_wake_up_is_found_by_what_is_stuck_at_the_end() -> None:
    right = refines(crowd(Buffer), specification(1))
    assert right.result.verdict is Verdict.HOLDS, right.result
    broken = refines(crowd(WakingOne), specification(1))
    assert broken.result.verdict is Verdict.VIOLATED
    assert broken.result.failure is not None
    assert "no behaviour of the model ends like this" in str(broken.result.failure.error)


def test_an_operation_may_wait_for_ever_where_the_model_lets_it() -> None:
    found = refines(scenario(Buffer, 1, 1, 2), specification(1))
    assert found.result.verdict is Verdict.HOLDS
    assert found.result.deadlocked == found.result.executions - found.result.cut


def test_a_deadlock_outside_every_operation_is_a_deadlock() -> None:
    def program(history: History) -> None:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    found = refines(program, specification(1))
    assert found.result.failure is not None
    assert isinstance(found.result.failure.error, Deadlock)


def test_an_exception_of_the_scenario_is_a_failure_of_its_own() -> None:
    def program(history: History) -> None:
        raise ZeroDivisionError

    found = refines(program, specification(1))
    assert found.result.failure is not None
    assert isinstance(found.result.failure.error, ZeroDivisionError)


def test_real_time_order_is_respected_and_not_only_the_order_in_each_thread() -> None:
    """A cache that answers with what was true once: each thread alone sees nothing wrong."""

    class Register:
        def __init__(self) -> None:
            self.value = 0

        def read(self) -> int:
            return 0  # stale

    def write(state: int, value: int) -> Iterator[tuple[int, Hashable]]:
        yield value, Outcome("ok")

    def read(state: int) -> Iterator[tuple[int, Hashable]]:
        yield state, Outcome("ok", state)

    def program(history: History) -> None:
        register = Register()

        def set_value() -> None:
            register.value = 1

        run(
            lambda: history.record("write", (1,), set_value, outcome_of),
            lambda: history.record("read", (), register.read, outcome_of),
        )

    found = refines(program, Specification(0, {"write": write, "read": read}))
    assert found.result.verdict is Verdict.VIOLATED
    assert "the model allows: Outcome(kind='ok', value=1)" in str(found.result.failure)


def test_an_operation_that_the_specification_lacks_is_named_with_those_it_has() -> None:
    def program(history: History) -> None:
        history.record("peek", (), lambda: None, outcome_of)

    with pytest.raises(ValueError, match="no operation 'peek'; it has get, put"):
        refines(program, specification(1))


def test_an_operation_with_endless_effects_is_refused() -> None:
    def count(state: int) -> Iterator[tuple[int, Hashable]]:
        number = 0
        while True:
            number += 1
            yield number, Outcome("ok", number)

    def program(history: History) -> None:
        history.record("count", (), lambda: None, outcome_of)

    with pytest.raises(ValueError, match="endless"):
        refines(program, Specification(0, {"count": count}))


def test_a_history_records_inside_an_explored_execution_only() -> None:
    with pytest.raises(CheckError, match="inside an execution"):
        History().record("put", (1,), lambda: None, outcome_of)


def test_a_timeout_is_explained_only_where_the_operation_would_wait() -> None:
    """The abstract channel lets a timed receive give up on an empty channel, and nowhere else."""
    operations: dict[str, Callable[..., Iterator[tuple[Channel, Outcome]]]] = {
        "send": model.send,
        "recv_timeout": model.recv_timeout,
    }
    channel = Channel(None, (), frozenset({"tx"}), frozenset({"rx"}))

    def program(history: History) -> None:
        history.record("send", ("tx", 1), lambda: None, outcome_of)
        history.record("recv_timeout", ("rx",), lambda: None, lambda value, error: Outcome("Timeout"))

    found = refines(program, Specification(channel, operations))
    assert found.result.verdict is Verdict.VIOLATED
    assert "value=1" in str(found.result.failure)
