"""The hour clock of Specifying Systems. tlaplus/Examples HourClock.tla: it may begin at any hour."""

from collections.abc import Iterator

from treadle.spec import Model, action, invariant


class HourClock(Model[int]):
    def init(self) -> Iterator[int]:
        yield from range(1, 13)

    @action
    def tick(self, hour: int) -> Iterator[int]:
        yield 1 if hour == 12 else hour + 1

    @invariant
    def is_an_hour(self, hour: int) -> bool:
        return 1 <= hour <= 12


class Thirteen(HourClock):
    """The broken twin: it goes round at 13."""

    @action
    def tick(self, hour: int) -> Iterator[int]:
        yield 1 if hour == 13 else hour + 1
