"""The coffee can (Scholten, Gries). tlaplus/Examples CoffeeCan.tla: any can of so many beans may be the first."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action


class Can(NamedTuple):
    black: int
    white: int

    @property
    def beans(self) -> int:
        return self.black + self.white


class CoffeeCan(Model[Can]):
    def __init__(self, beans: int) -> None:
        self.beans = beans

    def init(self) -> Iterator[Can]:
        for black in range(self.beans + 1):
            for white in range(self.beans + 1 - black):
                if black + white:
                    yield Can(black, white)

    def terminal(self, can: Can) -> bool:
        return can.beans == 1

    @action
    def two_black(self, can: Can) -> Iterator[Can]:
        if can.black >= 2:
            yield Can(can.black - 1, can.white)

    @action
    def two_white(self, can: Can) -> Iterator[Can]:
        if can.white >= 2:
            yield Can(can.black + 1, can.white - 2)

    @action
    def one_of_each(self, can: Can) -> Iterator[Can]:
        if can.black and can.white:
            yield Can(can.black - 1, can.white)


class BothGone(CoffeeCan):
    """The broken twin throws two of a kind away and puts nothing back: the can may end empty."""

    @action
    def two_white(self, can: Can) -> Iterator[Can]:
        if can.white >= 2:
            yield Can(can.black, can.white - 2)
