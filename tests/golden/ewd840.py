"""Termination detection in a ring (Dijkstra, EWD 840). tlaplus/Examples EWD840.tla."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Ring(NamedTuple):
    active: tuple[bool, ...]
    black: tuple[bool, ...]
    token_at: int
    token_black: bool


def put(values: tuple[bool, ...], index: int, value: bool) -> tuple[bool, ...]:
    return (*values[:index], value, *values[index + 1 :])


class Ewd840(Model[Ring]):
    def __init__(self, nodes: int) -> None:
        self.nodes = nodes

    def init(self) -> Iterator[Ring]:
        for active, black in product(product((False, True), repeat=self.nodes), repeat=2):
            for at in range(self.nodes):
                yield Ring(active, black, at, token_black=True)

    def terminal(self, ring: Ring) -> bool:
        """Nobody is active, and node 0 knows it."""
        return self.is_detected(ring)

    @action
    def initiate_probe(self, ring: Ring) -> Iterator[Ring]:
        if ring.token_at == 0 and (ring.token_black or ring.black[0]):
            yield Ring(ring.active, put(ring.black, 0, False), self.nodes - 1, token_black=False)

    @action(node=lambda model: range(1, model.nodes))
    def pass_token(self, ring: Ring, node: int) -> Iterator[Ring]:
        if ring.token_at == node and (not ring.active[node] or ring.black[node] or ring.token_black):
            black = ring.token_black or ring.black[node]
            yield Ring(ring.active, put(ring.black, node, False), node - 1, black)

    @action(node=lambda model: range(model.nodes), to=lambda model: range(model.nodes))
    def send(self, ring: Ring, node: int, to: int) -> Iterator[Ring]:
        if ring.active[node] and to != node:
            black = put(ring.black, node, ring.black[node] or to > node)
            yield ring._replace(active=put(ring.active, to, True), black=black)

    @action(node=lambda model: range(model.nodes))
    def deactivate(self, ring: Ring, node: int) -> Iterator[Ring]:
        if ring.active[node]:
            yield ring._replace(active=put(ring.active, node, False))

    def is_detected(self, ring: Ring) -> bool:
        return ring.token_at == 0 and not (ring.token_black or ring.black[0] or ring.active[0])

    @invariant
    def detection_is_right(self, ring: Ring) -> bool:
        return not (self.is_detected(ring) and any(ring.active))


class WhiteSender(Ewd840):
    """The broken twin: who sends a message stays white."""

    @action(node=lambda model: range(model.nodes), to=lambda model: range(model.nodes))
    def send(self, ring: Ring, node: int, to: int) -> Iterator[Ring]:
        if ring.active[node] and to != node:
            yield ring._replace(active=put(ring.active, to, True))
