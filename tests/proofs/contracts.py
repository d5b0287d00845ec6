"""Contracts that CrossHair must not confirm.

They stand apart from the tests because pytest rewrites the assertions of a test file, and CrossHair would
follow every path through what it adds.
"""

from collections.abc import Iterator
from dataclasses import replace

from models import channel
from models.channel import Channel, Step
from proofs.inductive_capacity import Sides, keeps, make


def close_and_keep(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """A close that leaves messages queued for nobody."""
    for after, outcome in channel.close(state, handle):
        yield replace(after, buffer=state.buffer), outcome


def recv_all(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """A receive that loses what stood behind the first message."""
    for after, outcome in channel.recv(state, handle):
        yield replace(after, buffer=()), outcome


def closing_keeps_messages(capacity: int, buffer: tuple[int, ...], sides: Sides) -> None:
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, close_and_keep(before, "rx"))


def receiving_loses_messages(capacity: int, buffer: tuple[int, ...], sides: Sides) -> None:
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, recv_all(before, "rx"))


def every_length_by_itself(buffer: tuple[int, ...]) -> None:
    assert len(buffer) >= 0
    assert sum(1 for _ in buffer) == len(buffer)


def nothing_holds(*_: object, **__: object) -> bool:
    """Put in the place of what a contract asserts, to see that it is asserted at all."""
    return False
