"""The tower of Hanoi. tlaplus/Examples Hanoi.tla; 3^disks states, and 2^disks - 1 moves at best."""

from collections.abc import Iterator

from treadle.spec import Model, action, invariant

Towers = tuple[tuple[int, ...], ...]  # the smallest disk of each tower comes last


class Hanoi(Model[Towers]):
    def __init__(self, disks: int, towers: int) -> None:
        self.disks = disks
        self.towers = towers

    def init(self) -> Iterator[Towers]:
        yield (tuple(range(self.disks, 0, -1)), *[()] * (self.towers - 1))

    @action(source=lambda model: range(model.towers), target=lambda model: range(model.towers))
    def move(self, state: Towers, source: int, target: int) -> Iterator[Towers]:
        if source == target or not state[source]:
            return
        disk = state[source][-1]
        if not state[target] or disk < state[target][-1]:
            towers = list(state)
            towers[source] = state[source][:-1]
            towers[target] = (*state[target], disk)
            yield tuple(towers)


class Solved(Hanoi):
    @invariant
    def not_solved(self, state: Towers) -> bool:
        return len(state[-1]) < self.disks
