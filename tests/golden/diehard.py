"""DieHard: measure four litres with jugs of three and five. tlaplus/Examples DieHard.tla."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Jugs(NamedTuple):
    small: int
    big: int


class DieHard(Model[Jugs]):
    def init(self) -> Iterator[Jugs]:
        yield Jugs(0, 0)

    @action
    def fill_small(self, jugs: Jugs) -> Iterator[Jugs]:
        yield jugs._replace(small=3)

    @action
    def fill_big(self, jugs: Jugs) -> Iterator[Jugs]:
        yield jugs._replace(big=5)

    @action
    def empty_small(self, jugs: Jugs) -> Iterator[Jugs]:
        yield jugs._replace(small=0)

    @action
    def empty_big(self, jugs: Jugs) -> Iterator[Jugs]:
        yield jugs._replace(big=0)

    @action
    def small_to_big(self, jugs: Jugs) -> Iterator[Jugs]:
        poured = min(jugs.small, 5 - jugs.big)
        yield Jugs(jugs.small - poured, jugs.big + poured)

    @action
    def big_to_small(self, jugs: Jugs) -> Iterator[Jugs]:
        poured = min(jugs.big, 3 - jugs.small)
        yield Jugs(jugs.small + poured, jugs.big - poured)


class FourLitres(DieHard):
    @invariant
    def not_solved(self, jugs: Jugs) -> bool:
        return jugs.big != 4
