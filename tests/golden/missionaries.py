"""Missionaries and cannibals. tlaplus/Examples MissionariesAndCannibals.tla."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from treadle.spec import Model, action, invariant

MISSIONARIES = frozenset({"m1", "m2", "m3"})
CANNIBALS = frozenset({"c1", "c2", "c3"})
EVERYONE = MISSIONARIES | CANNIBALS


class River(NamedTuple):
    boat: str  # the bank it is at
    east: frozenset[str]  # who is there; the others are on the west bank


def is_safe(bank: frozenset[str]) -> bool:
    return bank <= CANNIBALS or len(bank & CANNIBALS) <= len(bank & MISSIONARIES)


class Crossing(Model[River]):
    def init(self) -> Iterator[River]:
        yield River("E", EVERYONE)

    @action(size=(1, 2))
    def cross(self, state: River, size: int) -> Iterator[River]:
        here = state.east if state.boat == "E" else EVERYONE - state.east
        for crew in combinations(sorted(here), size):
            leaving = here - set(crew)
            arriving = EVERYONE - leaving
            if is_safe(leaving) and is_safe(arriving):
                yield River("W", leaving) if state.boat == "E" else River("E", arriving)


class Solved(Crossing):
    @invariant
    def someone_is_east(self, state: River) -> bool:
        return bool(state.east)
