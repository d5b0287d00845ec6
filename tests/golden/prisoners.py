"""The prisoners and the two switches. tlaplus/Examples Prisoners.tla (Lamport): one of them counts."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from treadle.spec import Model, action, invariant


class Room(NamedTuple):
    a_up: bool
    b_up: bool
    switched: tuple[int, ...]  # by prisoner who does not count: how often a was moved up
    counted: int


class Prisoners(Model[Room]):
    most = 2  # how often each moves switch a up

    def __init__(self, prisoners: int) -> None:
        self.prisoners = prisoners

    def init(self) -> Iterator[Room]:
        for a_up, b_up in product((False, True), repeat=2):
            yield Room(a_up, b_up, (0,) * (self.prisoners - 1), 0)

    @action
    def counter_enters(self, room: Room) -> Iterator[Room]:
        if room.a_up:
            yield room._replace(a_up=False, counted=room.counted + 1)
        else:
            yield room._replace(b_up=not room.b_up)

    @action(who=lambda model: range(model.prisoners - 1))
    def other_enters(self, room: Room, who: int) -> Iterator[Room]:
        if not room.a_up and room.switched[who] < self.most:
            switched = (*room.switched[:who], room.switched[who] + 1, *room.switched[who + 1 :])
            yield room._replace(a_up=True, switched=switched)
        else:
            yield room._replace(b_up=not room.b_up)

    def is_done(self, room: Room) -> bool:
        """The counter says that all have been in the room."""
        return room.counted >= self.most * (self.prisoners - 1)

    @invariant
    def all_have_been_there(self, room: Room) -> bool:
        return not self.is_done(room) or all(room.switched)


class OnceOnly(Prisoners):
    """The broken twin: each moves the switch once, which the switch's unknown beginning spoils."""

    most = 1
