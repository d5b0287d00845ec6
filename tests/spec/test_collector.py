"""A large search spares the collector its states, and leaves the collector as it was."""

import gc
import weakref
from collections.abc import Iterator
from typing import ClassVar

import pytest

from treadle.spec import Model, State, action, check, collector, invariant


class Place(State):
    x: int = 0
    y: int = 0


class Cycle:
    """Garbage that only the collector finds."""

    alive: ClassVar[weakref.WeakSet["Cycle"]] = weakref.WeakSet()

    def __init__(self) -> None:
        self.itself = self
        self.alive.add(self)


class Field(Model[Place]):
    """Ends in one corner, where it looks how many objects are frozen."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.frozen = 0

    def init(self) -> Iterator[Place]:
        yield Place()

    def terminal(self, state: Place) -> bool:
        self.frozen = gc.get_freeze_count()
        return True

    @action
    def right(self, state: Place) -> Iterator[Place]:
        if state.x < self.side:
            yield state.evolve(x=state.x + 1)

    @action
    def up(self, state: Place) -> Iterator[Place]:
        if state.y < self.side:
            yield state.evolve(y=state.y + 1)


class Littering(Field):
    most = 0

    @action
    def litters(self, state: Place) -> Iterator[Place]:
        Cycle()
        self.most = max(self.most, len(Cycle.alive))
        yield from ()


class Breaking(Field):
    @invariant
    def holds(self, state: Place) -> bool:
        if state.x == state.y == self.side:
            raise KeyboardInterrupt
        return True


@pytest.fixture(autouse=True)
def _nothing_is_frozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_a_large_search_freezes_its_states_and_thaws_them() -> None:
    small, large = Field(20), Field(120)
    for model in (small, large):
        assert check(model).distinct == (model.side + 1) ** 2
    assert small.frozen <= collector._AT_START
    assert large.frozen > 10_000 or not collector._IS_CHEAP
    assert gc.get_freeze_count() == 0


def test_states_are_thawed_when_a_search_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt):
        check(Breaking(100))
    assert gc.get_freeze_count() == 0


def test_what_the_program_froze_stays_frozen() -> None:
    gc.freeze()
    before = gc.get_freeze_count()
    model = Field(120)
    check(model)
    assert before * 0.9 < gc.get_freeze_count() <= before


def test_garbage_of_the_model_is_collected_while_states_are_frozen() -> None:
    model = Littering(120)
    check(model)
    assert 0 < model.most < 121**2 / 2
