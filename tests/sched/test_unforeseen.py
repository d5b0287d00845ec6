"""What the reduction foresees of a reversed race may not come, because of what it does not see: that is told clearly."""

import sys
import threading
import weakref

import pytest

from tests.sched.programs import holds, together
from treadle.sched import NondeterminismError, check

HERE = sys.modules[__name__]


class Shared:
    flag: bool
    locks: list[threading.Lock]


class Thing:
    """Something to refer to."""


def locks_and_sets() -> None:
    with Shared.locks[0]:
        Shared.flag = True


def locks_if_set() -> None:
    with Shared.locks[1]:
        pass
    if Shared.flag:
        with Shared.locks[0]:
            pass


def decided_by_memory() -> None:
    Shared.flag = False
    Shared.locks = [threading.Lock(), threading.Lock()]
    together(locks_and_sets, locks_if_set)


def test_memory_that_no_instrumentation_names_is_what_the_error_speaks_of() -> None:
    with pytest.raises(NondeterminismError, match="when independent steps change places") as caught:
        check(decided_by_memory)
    assert "T1 was to go on, and could not: it had ended" in str(caught.value)
    assert "“T1: release Lock 0/2”" in str(caught.value)
    assert "instrument=[…]" in str(caught.value)


def test_what_a_thread_waits_for_instead_is_said_and_where() -> None:
    def program() -> None:
        Shared.flag = False
        Shared.locks = [threading.Lock(), threading.Lock()]
        held = threading.Lock()
        held.acquire()

        def locks_one_of_two() -> None:
            with Shared.locks[1]:
                pass
            with Shared.locks[0] if Shared.flag else held:
                pass

        together(locks_and_sets, locks_one_of_two)

    with pytest.raises(NondeterminismError, match=r"it waited to acquire Lock 0/3, at test_unforeseen\.py"):
        check(program, allow_deadlock=True)


def test_with_the_memory_named_it_holds() -> None:
    holds(decided_by_memory, instrument=[HERE])


def decided_by_a_weak_reference() -> None:
    things = [Thing()]
    there = weakref.ref(things[0])
    first, second = threading.Lock(), threading.Lock()

    def drops() -> None:
        with first:
            things.clear()

    def looks() -> None:
        with second:
            pass
        if there() is None:
            with first:
                pass

    together(drops, looks)


def test_the_end_of_an_object_that_is_not_seen_is_named_as_well() -> None:
    with pytest.raises(NondeterminismError, match="which objects end with a function or a container"):
        check(decided_by_a_weak_reference, instrument=[HERE])
