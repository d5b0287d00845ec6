"""Who lets go of an object last runs its finalizer, and weak references tell whether it is there: both orders are explored."""

import functools
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.sched.programs import holds, outcomes, together
from treadle.sched import check

HERE = sys.modules[__name__]


class Box:
    """Shared attributes."""

    x: Any = None
    y: Any = None


class Mortal:
    """Notes in which thread it is finalized."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.number = 7

    def __del__(self) -> None:
        self.log.append(threading.current_thread().name)


class Plain:
    """Something that weak references look at."""

    number = 7


def use_variable(box: Box) -> None:
    found = box.x
    del found


def move(box: Box) -> None:
    box.y = box.x
    del box.y


def use_carefully(box: Box) -> None:
    found = box.x
    if found is not None:
        assert found.number == 7
    del found


USES: list[Callable[[Box], None]] = [use_variable, use_carefully, move]


def drop(box: Box) -> None:
    box.x = None


@pytest.mark.parametrize("strategy", ["exhaustive", "dfs"])
@pytest.mark.parametrize("use", USES)
def test_the_finalizer_runs_in_whichever_thread_lets_go_last(
    use: Callable[[Box], None], strategy: str
) -> None:
    def program() -> str:
        box, log = Box(), list[str]()
        box.x = Mortal(log)
        together(lambda: use(box), lambda: drop(box))
        (where,) = log
        return where

    assert outcomes(program, instrument=[HERE], strategy=strategy) == {"T0", "T1"}


@pytest.mark.parametrize("strategy", ["exhaustive", "dfs"])
@pytest.mark.parametrize("use", USES)
def test_a_weak_reference_is_called_before_and_after_its_object_goes(
    use: Callable[[Box], None], strategy: str
) -> None:
    def program() -> bool:
        box, gone = Box(), list[bool]()
        box.x = Plain()
        watch = weakref.ref(box.x)

        def dropper() -> None:
            drop(box)
            gone.append(watch() is None)

        together(lambda: use(box), dropper)
        return gone[0]

    assert outcomes(program, instrument=[HERE], strategy=strategy) == {True, False}


def test_what_only_the_expression_refers_to_is_let_go_of_after_it() -> None:
    def program() -> str:
        box, log = Box(), list[str]()
        box.x = Mortal(log)

        def user() -> None:
            log.append(str(box.x.number))

        def safely() -> None:
            try:
                user()
            except AttributeError:  # it is gone
                log.append("none")

        together(safely, lambda: drop(box))
        return ", ".join(log)

    found = outcomes(program, instrument=[HERE])
    assert found == outcomes(program, instrument=[HERE], strategy="dfs")
    assert found > {"7, T1", "T0, 7"}


class Kept(Plain):
    """With what is made when it is asked for."""

    @functools.cached_property
    def made(self) -> list[int]:
        return []


USES_OF_TEMPORARIES: dict[str, Callable[[Box], object]] = {
    "__dict__": lambda box: box.x.__dict__.update(number=8),
    "cached property": lambda box: box.x.made.append(8),
    "attribute": lambda box: setattr(box.x, "number", 8),
}


@pytest.mark.parametrize("use", USES_OF_TEMPORARIES.values(), ids=USES_OF_TEMPORARIES)
def test_what_is_reached_through_an_object_that_is_watched_is_shared_as_ever(
    use: Callable[[Box], object],
) -> None:
    def program() -> tuple[object, ...]:
        box, seen = Box(), list[object]()
        box.x = Kept()
        watch = weakref.ref(box.x)
        together(lambda: use(box), lambda: seen.append((box.x.number, tuple(box.x.made))))
        assert watch() is not None
        return tuple(seen)

    found = outcomes(program, instrument=[HERE])
    assert len(found) == 2
    assert found == outcomes(program, instrument=[HERE], strategy="dfs")


def test_who_looks_sees_an_object_that_another_thread_is_about_to_let_go_of() -> None:
    def program() -> bool:
        box, there = Box(), list[bool]()
        box.x = Plain()
        watch = weakref.ref(box.x)
        together(lambda: there.append(watch() is not None), lambda: drop(box))
        return there[0]

    assert outcomes(program, instrument=[HERE]) == {True, False}


def test_lives_of_different_objects_are_independent() -> None:
    def program() -> None:
        log: list[str] = []

        def live() -> None:
            mine = Mortal([])
            watch = weakref.ref(mine)
            del mine
            assert watch() is None

        together(live, live, live)
        assert log == []

    assert holds(program, instrument=[HERE]).executions == 1


def test_a_lookup_that_relies_on_an_object_to_live_is_found() -> None:
    def program() -> None:
        box = Box()
        box.x = Plain()
        watch = weakref.ref(box.x)

        def user() -> None:
            if watch() is not None:
                assert watch() is not None

        together(user, lambda: drop(box))

    failure = check(program, instrument=[HERE]).failure
    assert failure is not None
    assert type(failure.error) is AssertionError


def test_a_variable_that_has_no_value_cannot_be_let_go_of() -> None:
    def program() -> None:
        with pytest.raises(UnboundLocalError, match="unset"):
            del unset  # type: ignore[has-type, used-before-def]  # noqa: F821
        unset = 1  # noqa: F841

    holds(program, instrument=[HERE])
