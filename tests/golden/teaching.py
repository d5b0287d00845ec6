"""Teaching concurrency. tlaplus/Examples Simple.tla: each sets its x, then y to its neighbour's x."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Ring(NamedTuple):
    x: tuple[int, ...]
    y: tuple[int, ...]
    at: tuple[str, ...]  # a, b, done


class Simple(Model[Ring]):
    def __init__(self, processes: int) -> None:
        self.processes = processes

    def init(self) -> Iterator[Ring]:
        yield Ring((0,) * self.processes, (0,) * self.processes, ("a",) * self.processes)

    def terminal(self, ring: Ring) -> bool:
        return ring.at == ("done",) * self.processes

    @action(who=lambda model: range(model.processes))
    def a(self, ring: Ring, who: int) -> Iterator[Ring]:
        if ring.at[who] == "a":
            x = (*ring.x[:who], 1, *ring.x[who + 1 :])
            yield Ring(x, ring.y, (*ring.at[:who], "b", *ring.at[who + 1 :]))

    @action(who=lambda model: range(model.processes))
    def b(self, ring: Ring, who: int) -> Iterator[Ring]:
        if ring.at[who] == "b":
            y = (*ring.y[:who], ring.x[who - 1], *ring.y[who + 1 :])
            yield Ring(ring.x, y, (*ring.at[:who], "done", *ring.at[who + 1 :]))

    @invariant
    def one_saw_its_neighbour(self, ring: Ring) -> bool:
        return not self.terminal(ring) or 1 in ring.y


class AllSaw(Simple):
    """The broken twin promises too much."""

    @invariant
    def all_saw_their_neighbours(self, ring: Ring) -> bool:
        return not self.terminal(ring) or 0 not in ring.y
