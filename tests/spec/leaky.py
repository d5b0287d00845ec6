"""A model with a mistake: a variable that one choice of a parameter sets, and the next one reads."""

from collections.abc import Iterator

from treadle.spec import Model, action


class Leaky(Model[int]):
    def init(self) -> Iterator[int]:
        yield 0

    @action(who=(0, 1))
    def go(self, state: int, who: int) -> Iterator[int]:
        if who == 0:
            left = 5
        yield left  # type: ignore[possibly-undefined]  # the mistake
