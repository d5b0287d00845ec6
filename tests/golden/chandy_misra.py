"""Dining philosophers who hand each other clean forks (Chandy and Misra). tlaplus/Examples DiningPhilosophers.tla."""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from treadle.spec import Model, action, invariant

T = TypeVar("T")


class Fork(NamedTuple):
    holder: int
    clean: bool


class Table(NamedTuple):
    forks: tuple[Fork, ...]  # fork i lies to the left of philosopher i
    at: tuple[str, ...]  # by philosopher: loop, eat, think
    hungry: tuple[bool, ...]


def put(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    return (*values[:index], value, *values[index + 1 :])


class ChandyMisra(Model[Table]):
    def __init__(self, philosophers: int) -> None:
        self.philosophers = philosophers

    def init(self) -> Iterator[Table]:
        """Each fork is dirty, and with the first philosopher beside it."""
        holders = (0, 0, *range(2, self.philosophers))
        forks = tuple(Fork(holder, clean=False) for holder in holders)
        yield Table(forks, ("loop",) * self.philosophers, (True,) * self.philosophers)

    def everyone(self) -> range:
        return range(self.philosophers)

    def right(self, who: int) -> int:
        return (who + 1) % self.philosophers

    def can_eat(self, forks: tuple[Fork, ...], who: int) -> bool:
        return all(fork == Fork(who, clean=True) for fork in (forks[who], forks[self.right(who)]))

    def handed_on(self, forks: tuple[Fork, ...], who: int) -> tuple[Fork, ...]:
        """A dirty fork in hand is cleaned and goes to the neighbour."""
        if forks[who] == Fork(who, clean=False):
            return put(forks, who, Fork((who - 1) % self.philosophers, clean=True))
        right = self.right(who)
        if forks[right] == Fork(who, clean=False):
            return put(forks, right, Fork(right, clean=True))
        return forks

    @action(who=everyone)
    def loop(self, state: Table, who: int) -> Iterator[Table]:
        if state.at[who] != "loop":
            return
        forks = self.handed_on(state.forks, who)
        if not state.hungry[who]:
            goes = "think"
        elif self.can_eat(forks, who):
            goes = "eat"
        else:
            goes = "loop"
        yield Table(forks, put(state.at, who, goes), state.hungry)

    @action(who=everyone)
    def think(self, state: Table, who: int) -> Iterator[Table]:
        if state.at[who] == "think":
            yield Table(state.forks, put(state.at, who, "loop"), put(state.hungry, who, True))

    @action(who=everyone)
    def eat(self, state: Table, who: int) -> Iterator[Table]:
        if state.at[who] == "eat":
            left, right = who, self.right(who)
            forks = put(state.forks, left, state.forks[left]._replace(clean=False))
            forks = put(forks, right, forks[right]._replace(clean=False))
            yield Table(forks, put(state.at, who, "loop"), put(state.hungry, who, False))

    @invariant
    def neighbours_do_not_eat_at_once(self, state: Table) -> bool:
        return not any(state.at[who] == state.at[self.right(who)] == "eat" for who in self.everyone())
