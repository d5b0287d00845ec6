"""Readers and writers, served in the order they asked. tlaplus/Examples ReadersWriters.tla."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Room(NamedTuple):
    readers: frozenset[int]
    writers: frozenset[int]
    waiting: tuple[tuple[str, int], ...]  # what each wants to do; the first to ask first


class ReadersWriters(Model[Room]):
    def __init__(self, actors: int) -> None:
        self.actors = actors

    def init(self) -> Iterator[Room]:
        yield Room(frozenset(), frozenset(), ())

    def everyone(self) -> range:
        return range(self.actors)

    @action(who=everyone)
    def try_read(self, room: Room, who: int) -> Iterator[Room]:
        if ("read", who) not in room.waiting:
            yield Room(room.readers, room.writers, (*room.waiting, ("read", who)))

    @action(who=everyone)
    def try_write(self, room: Room, who: int) -> Iterator[Room]:
        if ("write", who) not in room.waiting:
            yield Room(room.readers, room.writers, (*room.waiting, ("write", who)))

    @action
    def read_or_write(self, room: Room) -> Iterator[Room]:
        if room.waiting and not room.writers:
            (what, who), *rest = room.waiting
            if what == "read":
                yield Room(room.readers | {who}, room.writers, tuple(rest))
            elif not room.readers:
                yield Room(room.readers, room.writers | {who}, tuple(rest))

    @action
    def stop(self, room: Room) -> Iterator[Room]:
        for who in room.readers | room.writers:
            if who in room.readers:
                yield Room(room.readers - {who}, room.writers, room.waiting)
            else:
                yield Room(room.readers, room.writers - {who}, room.waiting)

    @invariant
    def a_writer_is_alone(self, room: Room) -> bool:
        return not (room.readers and room.writers) and len(room.writers) <= 1


class WriterBargesIn(ReadersWriters):
    """The broken twin: a writer does not look for readers."""

    @action
    def read_or_write(self, room: Room) -> Iterator[Room]:
        if room.waiting and not room.writers:
            (what, who), *rest = room.waiting
            if what == "read":
                yield Room(room.readers | {who}, room.writers, tuple(rest))
            else:
                yield Room(room.readers, room.writers | {who}, tuple(rest))
