"""Models for the tests of induction; they stand apart because pytest rewrites the assertions of a test file."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, include, invariant


class Places(NamedTuple):
    free: int
    taken: int


class Parking(Model[Places]):
    def __init__(self, places: int = 2) -> None:
        if places < 1:
            raise ValueError("no place")
        self.places = places

    def init(self) -> Iterator[Places]:
        yield Places(self.places, 0)

    @action(cars=(1, 2))
    def come(self, state: Places, cars: int) -> Iterator[Places]:
        if state.free >= cars:
            yield Places(state.free - cars, state.taken + cars)

    @action
    def go(self, state: Places) -> Iterator[Places]:
        if state.taken > 0:
            yield Places(state.free + 1, state.taken - 1)

    @invariant
    def adds_up(self, state: Places) -> bool:
        return state.free + state.taken == self.places

    @invariant
    def is_never_overfull(self, state: Places) -> bool:
        return state.free >= 0

    @invariant
    def has_no_negative_cars(self, state: Places) -> bool:
        return state.taken >= 0

    @invariant
    def fits(self, state: Places) -> bool:
        return state.taken <= self.places


class Leaking(Parking):
    """The broken twin: a place is lost with each car that goes."""

    @action
    def go(self, state: Places) -> Iterator[Places]:
        if state.taken > 0:
            yield Places(state.free, state.taken - 1)


class BeginsFull(Parking):
    """The broken twin whose first state is wrong where there are many places."""

    def init(self) -> Iterator[Places]:
        yield Places(self.places if self.places < 100 else 0, 0)


class Raising(Parking):
    @action
    def go(self, state: Places) -> Iterator[Places]:
        if state.taken == 1000:
            raise RuntimeError("a thousand cars")
        yield from super().go(state)


class Closed(Parking):
    """Its gate never opens."""

    @action(cars=(1,))
    def come(self, state: Places, cars: int) -> Iterator[Places]:
        if state.taken < 0:
            yield state


class Rare(Parking):
    """What no small state shows: its gate opens at a thousand cars, for two it is wrong, and for three it never opens."""

    @action(cars=(1, 2, 3))
    def come(self, state: Places, cars: int) -> Iterator[Places]:
        if state.taken == 1000 and state.free >= cars and cars < 3:
            yield Places(state.free - 1, state.taken + cars)


def counted(cars: int) -> int:
    """Refuse, by an assertion that CrossHair could take for a contract."""
    assert cars < 1000
    return cars


class Asserting(Parking):
    @action
    def go(self, state: Places) -> Iterator[Places]:
        if state.taken > 0:
            yield Places(state.free + 1, counted(state.taken) - 1)


def every_length_by_itself(line: tuple[int, ...]) -> None:
    assert len(line) >= 0
    assert sum(1 for _ in line) == len(line)


class Town(NamedTuple):
    parking: Places


class Including(Model[Town]):
    def init(self) -> Iterator[Town]:
        yield Town(Places(2, 0))

    def includes(self) -> Iterator[object]:  # type: ignore[override]
        yield include(Parking(), "parking")


def parking(places: int = 2) -> Parking:
    return Parking(places)


def leaking(places: int = 2) -> Leaking:
    return Leaking(places)


def begins_full(places: int = 2) -> BeginsFull:
    return BeginsFull(places)


def raising(places: int = 2) -> Raising:
    return Raising(places)


def closed(places: int = 2) -> Closed:
    return Closed(places)


def rare(places: int = 2) -> Rare:
    return Rare(places)


def asserting(places: int = 2) -> Asserting:
    return Asserting(places)


def any_state(free: int, taken: int) -> Places:
    return Places(free, taken)


def town(free: int, taken: int) -> Town:
    return Town(Places(free, taken))
