"""The checker keeps nothing of the program alive: when an object goes is behaviour."""

import threading
import weakref
from collections import deque
from collections.abc import Callable

import pytest

from treadle.sched import check, replay


class Parcel:
    """Something whose end can be seen."""

    def __init__(self) -> None:
        self.inside = [0]


class AllGone(Exception):
    """What the programs raise if they end as they should: a failure is executed again, to be shown."""


def through_a_container() -> None:
    line: deque[Parcel] = deque()
    other = threading.Thread(target=lambda: line.append(Parcel()))
    other.start()
    line.append(Parcel())
    other.join()
    watches = [weakref.ref(parcel) for parcel in line]
    while line:
        line.popleft()
    if [watch() for watch in watches] == [None, None]:
        raise AllGone


def through_an_attribute() -> None:
    parcel = Parcel()
    watch = weakref.ref(parcel)
    other = threading.Thread(target=lambda parcel: parcel.inside.append(1), args=(parcel,))
    other.start()
    parcel.inside = [*parcel.inside, 2]
    other.join()
    del parcel
    if watch() is None:
        raise AllGone


def in_every_statement() -> None:
    shared = Parcel()
    shared.inside = Parcel()  # type: ignore[assignment]
    watches = [weakref.ref(shared.inside)]
    shared.inside = Parcel()  # type: ignore[assignment]
    watches.append(weakref.ref(shared.inside))
    shared.inside, other = [1], 2
    for shared.inside, other in [([1], Parcel())]:  # type: ignore[assignment]
        watches.append(weakref.ref(other))  # type: ignore[arg-type]
        break
    other = 3
    table = {0: Parcel()}
    watches.append(weakref.ref(table[0]))  # type: ignore[arg-type]
    table[0] = Parcel()
    assert other == 3
    if [watch() for watch in watches] == [None] * 4:
        raise AllGone


@pytest.mark.parametrize("program", [through_a_container, through_an_attribute, in_every_statement])
def test_what_the_program_drops_is_gone_also_when_the_execution_is_shown(program: Callable[[], None]) -> None:
    result = check(program, instrument=[program, Parcel])
    assert result.failure is not None
    assert isinstance(result.failure.error, AllGone)
    with pytest.raises(AllGone):
        replay(program, result.failure.schedule, instrument=[program, Parcel])
