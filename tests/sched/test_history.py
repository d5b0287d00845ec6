"""The steps of an execution: what is kept of them, and that less is kept where nothing asks for more."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as executors

import pytest

from tests.sched import programs
from tests.sched.programs import together
from treadle.sched import check
from treadle.sched.access import READ, TICK, WRITE
from treadle.sched.causality import Causality
from treadle.sched.history import History
from treadle.sched.operation import Operation, Place
from treadle.sched.strategies import RandomWalk
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.world import World


class Release(Operation):
    __slots__ = ()
    enabling = True


@pytest.mark.parametrize("seed", range(20))
def test_both_kinds_of_history_know_what_has_changed_since(seed: int) -> None:
    chance = random.Random(seed)
    plain, ordered = History(4), Causality(4)
    places = [Place(name) for name in "abc"]
    for _ in range(30):
        kind = chance.choice((Operation, Release))
        operation = kind("touch", places[0])
        accesses = tuple((place, chance.choice((READ, WRITE, TICK))) for place in chance.sample(places, 2))
        for history in (plain, ordered):
            history.step(chance.randrange(4), operation, accesses, waits=False, barrier=False)
    for place in places:
        changed = [plain.changed_since([place], position) for position in range(31)]
        assert changed == [ordered.changed_since([place], position) for position in range(31)]
        assert not changed[30]
    assert any(plain.changed_since([place], 20) for place in places)


def steps_of(*made: tuple[int, str]) -> tuple[History, Place]:
    """Return a history of steps at one lock, each a thread and what it does there."""
    history, lock = History(2), Place("lock")
    for thread, kind in made:
        mode = READ if kind == "fail to acquire" else WRITE
        history.step(thread, Operation(kind, lock), ((lock, mode),), waits=False, barrier=False)
    return history, lock


def test_a_turn_in_vain_has_changed_nothing_seen_from_before_it_and_something_seen_from_inside() -> None:
    history, lock = steps_of((0, "acquire"), (0, "release"), (1, "acquire"), (1, "release"))
    assert history.changed_since([lock], 2)
    history.was_in_vain([2, 3])
    assert not history.changed_since([lock], 2)
    assert history.changed_since([lock], 3), (
        "who has waited since it was held has to look again now that it is free"
    )
    history.step(0, Operation("acquire", lock), ((lock, WRITE),), waits=False, barrier=False)
    assert history.changed_since([lock], 2)


def test_a_turn_is_disturbed_by_another_in_vain_only_if_it_saw_that_half_done() -> None:
    between, _ = steps_of(
        (0, "acquire"), (0, "release"), (1, "acquire"), (1, "release"), (0, "acquire"), (0, "release")
    )
    assert between.is_disturbed(range(6), 0)
    between.was_in_vain([2, 3])
    assert not between.is_disturbed(range(6), 0)
    inside, _ = steps_of(
        (0, "acquire"), (0, "release"), (1, "acquire"), (0, "fail to acquire"), (1, "release")
    )
    inside.was_in_vain([2, 4])
    assert inside.is_disturbed(range(4), 0), "it failed, and would not again"
    around, _ = steps_of((1, "acquire"), (0, "fail to acquire"), (1, "release"))
    around.was_in_vain([0, 2])
    assert around.is_disturbed(range(1, 2), 0)


class Noting(RandomWalk):
    """A random walk that notes how the steps were kept, and the operations of each execution."""

    def __init__(self) -> None:
        super().__init__(0)
        self.kind: type[History] = History
        self.made: list[list[str]] = []

    def more(self, world: World) -> bool:
        self.kind = type(world.history)
        self.made.append([step.operation.kind for step in world.history.steps])
        return True


class NotingExhaustive(Exhaustive):
    """The same of the reduction."""

    kind: type[History] = History

    def more(self, world: World) -> bool:
        self.kind = type(world.history)
        return super().more(world)


def locked() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    together(work, work)


def test_a_sample_keeps_no_clocks_unless_memory_is_watched() -> None:
    plain, watching, reducing = Noting(), Noting(), NotingExhaustive()
    check(locked, strategy=plain, max_executions=3)
    check(locked, strategy=watching, instrument=[programs], max_executions=3)
    check(locked, strategy=reducing)
    assert (plain.kind, watching.kind, reducing.kind) == (History, Causality, Causality)


def test_a_condition_acquires_the_lock_that_it_waits_with_before_anybody_can_see_it() -> None:
    def program() -> None:
        event = threading.Event()
        waiter = threading.Thread(target=event.wait)
        waiter.start()
        event.set()
        waiter.join()

    strategy = Noting()
    check(program, strategy=strategy, max_executions=30)
    once = ["acquire", "release"] * 2
    assert {tuple(sorted(made)) for made in strategy.made} == {
        tuple(sorted(once)),  # it was set before
        tuple(sorted(once * 2)),  # the wait lets go, waits and comes back; who sets the event ends the wait
    }


def test_a_lock_made_as_conditions_do_is_a_lock_like_any_other_elsewhere() -> None:
    def program() -> None:
        make = getattr(threading, "_allocate_lock")  # noqa: B009 - it is private
        lock = make()

        def work() -> None:
            with lock:
                found.append(1)

        found: list[int] = []
        together(work, work)
        assert found == [1, 1]

    strategy = Noting()
    check(program, strategy=strategy, max_executions=1)
    assert strategy.made[0].count("acquire") == 2


def test_a_check_leaves_no_worker_for_the_end_of_the_process_to_wait_for() -> None:
    before = executors._threads_queues

    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(int).result() == 0

    known = list(before)
    check(program, max_executions=3)
    assert executors._threads_queues is before
    assert list(before) == known
