"""The two-phase handshake and the FIFO built on two of them. tlaplus/Examples Channel.tla and InnerFIFO.tla."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant

DATA = ("a", "b", "c")


class Wire(NamedTuple):
    value: str
    ready: int
    acknowledged: int

    @property
    def busy(self) -> bool:
        return self.ready != self.acknowledged


IDLE = tuple(Wire(value, bit, bit) for value in DATA for bit in (0, 1))


def sent(wire: Wire, value: str) -> Iterator[Wire]:
    if not wire.busy:
        yield Wire(value, 1 - wire.ready, wire.acknowledged)


def received(wire: Wire) -> Iterator[Wire]:
    if wire.busy:
        yield wire._replace(acknowledged=1 - wire.acknowledged)


class Channel(Model[Wire]):
    def init(self) -> Iterator[Wire]:
        yield from IDLE

    @action(value=DATA)
    def send(self, wire: Wire, value: str) -> Iterator[Wire]:
        return sent(wire, value)

    @action
    def receive(self, wire: Wire) -> Iterator[Wire]:
        return received(wire)


class Fifo(NamedTuple):
    entrance: Wire
    queue: tuple[str, ...]
    exit: Wire


class InnerFifo(Model[Fifo]):
    """Unbounded as published; the bound is a constraint of the check there, and a guard here: the same states."""

    def __init__(self, bound: int) -> None:
        self.bound = bound

    def init(self) -> Iterator[Fifo]:
        for entrance in IDLE:
            for exit_ in IDLE:
                yield Fifo(entrance, (), exit_)

    @action(value=DATA)
    def send(self, state: Fifo, value: str) -> Iterator[Fifo]:
        for wire in sent(state.entrance, value):
            yield state._replace(entrance=wire)

    @action
    def buffer_receives(self, state: Fifo) -> Iterator[Fifo]:
        if len(state.queue) < self.bound:
            for wire in received(state.entrance):
                yield state._replace(entrance=wire, queue=(*state.queue, wire.value))

    @action
    def buffer_sends(self, state: Fifo) -> Iterator[Fifo]:
        if state.queue:
            for wire in sent(state.exit, state.queue[0]):
                yield state._replace(queue=state.queue[1:], exit=wire)

    @action
    def receive(self, state: Fifo) -> Iterator[Fifo]:
        for wire in received(state.exit):
            yield state._replace(exit=wire)

    @invariant
    def within_bound(self, state: Fifo) -> bool:
        return len(state.queue) <= self.bound
