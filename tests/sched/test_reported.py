"""Programs that users' ways of writing brought up: each was once answered wrongly, or not at all."""

import selectors
import threading
from collections.abc import Callable
from typing import Any

import pytest

import treadle.sched
from tests.sched.programs import together
from treadle.sched import UncontrolledError, Verdict, check


class Point:
    def __init__(self) -> None:
        self.x = 0


def class_pattern() -> None:
    point = Point()

    def body() -> None:
        match point:
            case Point(x=0):
                point.x = point.x + 1

    together(body, body)
    assert point.x == 1


def sequence_pattern() -> None:
    items = [0]

    def body() -> None:
        match items:
            case [0]:
                items.append(1)

    together(body, body)
    assert len(items) == 2


def nested_pattern() -> None:
    outer = {"inner": [0]}

    def body() -> None:
        match outer:
            case {"inner": [0]}:
                outer["inner"].append(1)

    together(body, body)
    assert len(outer["inner"]) == 2


def torn_view() -> None:
    pairs = {"a": 0, "b": 0}

    def reader() -> None:
        values = [value for _, value in pairs.items()]
        assert values[0] >= values[1]

    def writer() -> None:
        pairs["a"] = 1
        pairs["b"] = 1

    together(reader, writer)


def growing_view() -> None:
    pairs = {1: 1}

    def reader() -> None:
        for _ in pairs.values():
            pass

    def writer() -> None:
        pairs[2] = 2

    together(reader, writer)


def local_class() -> None:
    class Local:
        pass

    thing: Any = Local()
    thing.n = 0

    def body() -> None:
        thing.n += 1

    together(body, body)
    assert thing.n == 2


def counted_threads() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    alive = threading.active_count()
    thread.join()
    assert alive == 2


def listed_threads() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    alive = threading.enumerate()
    thread.join()
    assert thread in alive


@pytest.mark.parametrize(
    "program",
    [
        class_pattern,
        sequence_pattern,
        nested_pattern,
        torn_view,
        growing_view,
        local_class,
        counted_threads,
        listed_threads,
    ],
)
def test_a_broken_program_is_violated(program: Callable[[], None]) -> None:
    result = check(program, instrument=[program])
    assert result.verdict is Verdict.VIOLATED, str(result)


def test_a_spin_that_nobody_ends_is_a_livelock_and_its_loop_is_named() -> None:
    def program() -> None:
        point = Point()

        def wait() -> None:
            while not point.x:
                pass

        threading.Thread(target=wait).start()

    result = check(
        program,
        instrument=[Point, test_a_spin_that_nobody_ends_is_a_livelock_and_its_loop_is_named],
        max_steps=50,
    )
    assert result.verdict is Verdict.VIOLATED
    assert "livelock" in str(result)
    assert "while not point.x" in str(result)


def test_what_has_no_source_is_refused_and_not_passed_over() -> None:
    namespace: dict[str, Any] = {"__name__": __name__}
    exec("def made(point): point.x = point.x + 1\nclass Made:\n def go(self): pass", namespace)  # noqa: S102
    for subject in (namespace["made"], namespace["Made"]):
        with pytest.raises(ValueError, match="source is not to be had"):
            check(class_pattern, instrument=[subject])
    homeless: dict[str, Any] = {}
    exec("def made(): pass", homeless)  # noqa: S102
    with pytest.raises(ValueError, match="source is not to be had"):
        check(class_pattern, instrument=[homeless["made"]])


def test_the_checker_does_not_instrument_itself() -> None:
    with pytest.raises(ValueError, match="does not check itself"):
        check(class_pattern, instrument=[treadle.sched])


def test_one_subject_without_a_list_is_refused_with_the_list_to_write() -> None:
    with pytest.raises(TypeError, match=r"instrument=\[Point\]"):
        check(class_pattern, instrument=Point)  # type: ignore[arg-type]


def test_what_event_loops_wait_in_is_refused_by_name() -> None:
    def program() -> None:
        with selectors.DefaultSelector() as selector:
            selector.select(0)

    with pytest.raises(UncontrolledError, match=r"Selector\.select\(\)"):
        check(program)
