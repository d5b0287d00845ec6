"""The moving cat. tlaplus/Examples Cat.tla: each night it moves to the box beside, each morning one is looked into."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Night(NamedTuple):
    cat: int
    observed: int
    direction: int


class Cat(Model[Night]):
    def __init__(self, boxes: int) -> None:
        self.boxes = boxes

    def init(self) -> Iterator[Night]:
        for cat in range(1, self.boxes + 1):
            for observed in range(2, self.boxes):
                yield Night(cat, observed, -1)
                yield Night(cat, observed, 1)

    @action
    def move(self, night: Night) -> Iterator[Night]:
        following = night.observed + night.direction
        for cat in (night.cat - 1, night.cat + 1):
            if 1 <= cat <= self.boxes:
                if 2 <= following <= self.boxes - 1:
                    yield Night(cat, following, night.direction)
                else:
                    yield Night(cat, night.observed, -night.direction)

    def is_found(self, night: Night) -> bool:
        return night.cat == night.observed

    @invariant
    def cat_is_in_a_box(self, night: Night) -> bool:
        return 1 <= night.cat <= self.boxes
