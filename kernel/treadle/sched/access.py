"""What an operation touches, and when two operations depend on each other.

Two operations are *dependent* when they touch the same location and exchanging them can matter. Partial-order
reduction rests on this one relation: a dependence missed here is a false pass, one too many costs time only.
"""

import enum
from typing import Protocol


class Mode(enum.IntEnum):
    """How a location is touched. Equal modes other than WRITE commute; any other pair depends."""

    READ = 0
    WRITE = 1
    TICK = 2  # the clock is moved forward, to the later of two times: ticks commute
    CALL = 3  # an operation of a recorded history begins: only its order to returns fixes real time
    RETURN = 4  # an operation of a recorded history ends
    CHANGE = 5  # a part is changed: matters to whoever looks at the whole, not to changes of other parts


READ, WRITE, TICK, CALL, RETURN = Mode.READ, Mode.WRITE, Mode.TICK, Mode.CALL, Mode.RETURN
CHANGE = Mode.CHANGE


class Location(Protocol):
    """A lock, an attribute of an object, a container, the clock, …: compared by identity."""

    @property
    def name(self) -> str:
        """A name that is the same in every execution that made the same choices so far.

        Where executions that differ in the order of independent steps only may give another name, the location has
        an attribute `kind`, a tuple, whose first item is the same in every execution, and shared by all it might be.
        """


Access = tuple[Location, Mode]
Accesses = tuple[Access, ...]


def dependent(first: Accesses, second: Accesses) -> bool:
    """Say whether exchanging two neighbouring operations of different threads can matter."""
    for location, mode in first:
        for other_location, other_mode in second:
            if location is other_location and (mode is not other_mode or mode is WRITE):
                return True
    return False
