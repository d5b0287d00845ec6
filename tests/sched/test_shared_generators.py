"""Generators that threads share: one that runs cannot be asked for what comes next by another thread."""

import contextlib
import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.sched.programs import Body, holds, outcomes, together
from treadle.sched import Verdict, check

HERE = sys.modules[__name__]


def count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def once() -> Iterator[int]:
    yield 1


def ended() -> Iterator[int]:
    if len("") > 0:
        yield 1


def returned() -> Iterator[int]:
    if len("") == 0:
        return
    yield 1


def delegating() -> Iterator[int]:
    yield from count()


def by_expression() -> Iterator[int]:
    return (number for number in (1, 2, 3))


def asked(numbers: Iterator[int]) -> object:
    try:
        return next(numbers)
    except (ValueError, StopIteration) as error:
        return type(error).__name__


def looped(numbers: Iterator[int]) -> object:
    try:
        for number in numbers:
            return number
    except ValueError as error:
        return type(error).__name__
    return "StopIteration"


def sent(numbers: Any) -> object:
    try:
        return numbers.send(None)
    except (ValueError, StopIteration) as error:
        return type(error).__name__


def both(make: Callable[[], Iterator[int]], ask: Callable[[Any], object], *, guarded: bool) -> Body:
    """Return a program in which two threads ask one generator, and what they got."""

    def program() -> object:
        numbers, lock, got = make(), threading.Lock(), dict[int, object]()

        def body(index: int) -> None:
            if guarded:
                with lock:
                    got[index] = ask(numbers)
            else:
                got[index] = ask(numbers)

        together(lambda: body(0), lambda: body(1))
        return tuple(sorted(map(str, got.values())))

    return program


@pytest.mark.parametrize("ask", [asked, looped, sent])
@pytest.mark.parametrize("make", [count, delegating, by_expression])
def test_a_generator_that_runs_refuses_another_thread(
    make: Callable[[], Iterator[int]], ask: Callable[[Any], object]
) -> None:
    assert outcomes(both(make, ask, guarded=False), instrument=[HERE]) == {("1", "2"), ("1", "ValueError")}
    assert outcomes(both(make, ask, guarded=True), instrument=[HERE]) == {("1", "2")}


@pytest.mark.parametrize("make", [ended, returned])
def test_it_runs_until_it_has_ended(make: Callable[[], Iterator[int]]) -> None:
    found = outcomes(both(make, asked, guarded=False), instrument=[HERE])
    assert found == {("StopIteration", "StopIteration"), ("StopIteration", "ValueError")}


def test_a_generator_inside_of_another_refuses_a_thread_that_asks_it_directly() -> None:
    def program() -> object:
        inner = once()
        outer = through(inner)
        got: dict[int, object] = {}

        def ask(index: int, numbers: Iterator[int]) -> None:
            got[index] = asked(numbers)

        together(lambda: ask(0, outer), lambda: ask(1, inner))
        return got[0], got[1]

    assert outcomes(program, instrument=[HERE]) == {
        (1, "StopIteration"),
        ("StopIteration", 1),
        (1, "ValueError"),
        ("ValueError", 1),
    }


def through(inner: Iterator[int]) -> Iterator[int]:
    yield from inner


@pytest.mark.parametrize(
    "make", [lambda: itertools.tee(count()), lambda: [zip(count(), count(), strict=True)] * 2]
)
def test_an_iterator_that_another_thread_has_made_is_asked_by_the_thread_that_asks(
    make: Callable[[], Sequence[Iterator[object]]],
) -> None:
    def program() -> None:
        iterators = make()

        def ask(numbers: Iterator[object]) -> None:
            with contextlib.suppress(RuntimeError, ValueError):
                next(numbers)

        together(lambda: ask(iterators[0]), lambda: ask(iterators[1]))

    assert holds(program, instrument=[HERE]).deadlocked == 0


def test_a_generator_of_each_thread_is_one_execution() -> None:
    result = check(lambda: together(lambda: asked(count()), lambda: asked(count())), instrument=[HERE])
    assert result.verdict is Verdict.HOLDS
    assert result.executions == 1


def test_the_failure_shows_both_steps() -> None:
    result = check(failing, instrument=[HERE])
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    assert str(result.failure.error) == "generator already executing"
    assert result.failure.trace.count("next generator\n") == 2
    assert result.failure.replays == 10


def failing() -> None:
    numbers = count()
    together(lambda: next(numbers), lambda: next(numbers))
