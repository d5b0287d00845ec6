"""Random numbers under control: each thread draws the same ones in every execution."""

# ruff: noqa: PLW0108 - a name is looked up when it is called, while it is patched
import random
import threading
from collections.abc import Callable
from random import choice, shuffle
from random import random as imported_random
from time import time as imported_time

import pytest

from tests.sched.programs import Box, holds, together
from treadle.sched import ScheduleError, Verdict, check, replay
from treadle.sched.clock import EPOCH

Draw = Callable[[], object]


def shuffled() -> list[int]:
    numbers = list(range(10))
    shuffle(numbers)
    return numbers


DRAWS: list[Draw] = [
    random.random,
    imported_random,
    lambda: imported_random(),
    lambda: random.random(),
    lambda: random.randrange(1 << 40),
    lambda: random.randint(0, 1 << 40),
    lambda: random.getrandbits(40),
    lambda: random.randbytes(5),
    lambda: random.choice(range(1 << 40)),
    lambda: choice(range(1 << 40)),
    lambda: tuple(random.choices(range(1 << 40), k=2)),
    lambda: tuple(random.sample(range(1 << 40), 2)),
    lambda: tuple(shuffled()),
    lambda: random.uniform(1, 2),
    lambda: random.gauss(0, 1),
]


def drawn(draw: Draw, seed: int | None = None) -> set[object]:
    """Give what two racing threads drew, once for each execution that differs from others by it."""
    seen: set[object] = set()

    def program() -> None:
        box = Box()
        mine: dict[int, list[object]] = {0: [], 1: []}

        def body(number: int) -> None:
            for _ in range(2):
                mine[number].append(draw())
                box.x = number

        together(lambda: body(0), lambda: body(1))
        seen.add((tuple(mine[0]), tuple(mine[1])))

    result = check(program, instrument=[drawn], seed=seed)
    assert result.verdict is Verdict.HOLDS, result
    assert result.executions > 1
    return seen


@pytest.mark.parametrize("draw", DRAWS)
def test_what_a_thread_draws_is_independent_of_the_interleaving(draw: Draw) -> None:
    before = random.getstate()
    (numbers,) = drawn(draw)
    assert drawn(draw) == {numbers}
    assert drawn(draw, seed=0) == {numbers}
    assert random.getstate() == before
    assert isinstance(numbers, tuple)
    one, two = numbers
    assert len({*one, *two}) == 4, "the threads have a stream in common"
    assert not drawn(draw, seed=1) & {numbers}


def test_the_numbers_that_a_program_seeds_are_those_of_the_seed() -> None:
    expected = random.Random(5).random()

    def program() -> None:
        before = random.random()
        random.seed(5)
        state = random.getstate()
        assert random.random() == expected
        random.setstate(state)
        assert random.random() == expected
        random.seed()
        assert random.random() == before

    holds(program)


def test_a_failure_that_depends_on_numbers_replays_with_the_seed_of_its_check() -> None:
    def program() -> None:
        raise ValueError(random.random())

    schedules = {}
    for seed in (None, 0, 7, -7):
        failure = check(program, seed=seed).failure
        assert failure is not None
        with pytest.raises(ValueError, match=str(failure.error)):
            replay(program, failure.schedule)
        schedules[seed] = failure.schedule, str(failure.error)
    assert schedules[None] == schedules[0]
    assert len(set(schedules.values())) == 3


def test_a_random_strategy_draws_the_numbers_from_its_seed() -> None:
    def program() -> None:
        together(lambda: None, lambda: None)
        raise ValueError(random.random())

    first = check(program, strategy="random", max_executions=1)
    again = check(program, strategy="random", max_executions=1, seed=first.seed)
    assert first.failure is not None
    assert again.failure is not None
    assert str(first.failure.error) == str(again.failure.error)
    with pytest.raises(ValueError, match=str(first.failure.error)):
        replay(program, first.failure.schedule)


@pytest.mark.parametrize("schedule", ["s:0", "sx:0", "7:0", "se:0", "ss7:0"])
def test_a_schedule_with_a_malformed_seed_is_refused(schedule: str) -> None:
    with pytest.raises(ScheduleError, match="is not a schedule"):
        replay(lambda: None, schedule)


def test_code_outside_the_executions_draws_real_numbers() -> None:
    random.seed(11)
    numbers: list[float] = []

    class Outside:
        """Draws between the executions, while the functions are replaced."""

        def begin(self) -> None:
            numbers.append(random.random())

        def judge(self, world: object, failure: BaseException | None) -> BaseException | None:
            return failure

    def program() -> None:
        random.seed(3)
        random.random()

    assert check(program, monitor=Outside()).verdict is Verdict.HOLDS
    real = random.Random(11)
    assert numbers == [real.random() for _ in numbers]
    assert random.random() == real.random()


def test_real_threads_read_the_real_clock_and_numbers_during_a_check() -> None:
    """What the stand-ins refer to stays the real thing, also when the module under test has them by name."""
    thread = threading.Thread(target=lambda: seen.extend((imported_random(), imported_time() < EPOCH)))
    seen: list[object] = []

    class Once:
        def begin(self) -> None:
            if thread.ident is None:
                thread.start()
                thread.join(30)

        def judge(self, world: object, failure: BaseException | None) -> BaseException | None:
            return failure

    random.seed(11)
    assert check(shuffled, monitor=Once()).verdict is Verdict.HOLDS
    assert seen == [random.Random(11).random(), False]
