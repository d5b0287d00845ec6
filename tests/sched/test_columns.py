"""Interleavings fit the terminal, whatever is in them, and showing a value runs no code of the program's."""

import enum
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from tests.sched.programs import Box, together
from treadle.sched import Failure, check
from treadle.sched.columns import columns, cut, plain
from treadle.sched.source import Line
from treadle.sched.trace import Row
from treadle.sched.values import MISSING, peek, short, text_of


def rows(threads: int, steps: int, text: str = "box.x += 1") -> list[Row]:
    return [
        Row(thread, Line("/tmp/file.py", step, "run", text), f"read Box.x → {step}", None)  # noqa: S108 - never opened
        for step in range(steps)
        for thread in range(threads)
    ]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("threads", [1, 2, 3, 7, 40])
@pytest.mark.parametrize(
    "text", ["x", "counter.value = compute(counter.value, step)", "値を書く" * 200, "\t\x00\ud800" * 9]
)
def test_no_line_is_wider_than_the_terminal(width: int, threads: int, text: str) -> None:
    labels = {index: f"worker-{index}" for index in range(threads)}
    lines = columns(rows(threads, 2, text), labels, width)
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert sum(line.split()[0].isdecimal() for line in lines[3:]) == 2 * threads


def test_where_columns_do_not_fit_the_source_can_still_be_read() -> None:
    text = "counter.value = compute(counter.value)"
    lines = columns(rows(6, 1, text), {index: f"T{index}" for index in range(6)}, 80)
    assert sum(text[:24] in line for line in lines) == 6


def test_long_runs_of_one_thread_are_folded() -> None:
    lines = columns([*rows(1, 30), *rows(2, 1)], {0: "T0", 1: "T1"}, 120)
    assert sum("⋯ 23 more steps of T0" in line for line in lines) == 1
    numbers = [int(line.split()[0]) for line in lines[3:] if line.split()[0].isdecimal()]
    assert numbers == [1, 2, 3, 4, 28, 29, 30, 31, 32]


def test_of_very_many_rows_the_beginning_and_the_end_are_shown() -> None:
    lines = columns(rows(2, 500), {0: "T0", 1: "T1"}, 120)
    assert len(lines) < 500
    assert any("⋯ 800 more rows" in line for line in lines)


def test_rows_of_one_file_say_the_line_and_rows_of_several_the_file() -> None:
    one = rows(1, 1)
    other = Row(0, Line("/tmp/other.py", 7, "run", "pass"), "write Box.x", "T1 is preempted")  # noqa: S108 - as above
    assert columns(one, {0: "T0"}, 80)[0] == "in file.py"
    lines = columns([*one, other], {0: "T0"}, 80)
    assert any("other.py:7  pass" in line for line in lines)
    assert any(line.strip() == "╌╌ T1 is preempted" for line in lines)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_texts_are_cut_by_the_columns_that_they_take(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected


def test_what_cannot_be_printed_is_escaped() -> None:
    assert plain("a\nb\ud800\x1b[31m") == "a\\nb\\ud800\\x1b[31m"


class Alarm:
    """Raises when any code of it is run."""

    def _ring(self, *_: object) -> Any:
        raise AssertionError("code of the program ran")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __bool__ = __iter__ = __call__ = _ring
    __getattr__ = _ring


class Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        raise AssertionError("code of the program ran")


class Number(int):
    def __repr__(self) -> str:
        raise AssertionError("code of the program ran")


def made() -> type:
    """Return a class that is no module's, for it rings when it is looked at."""

    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise AssertionError("code of the program ran")

    return Meta("Made", (), {})


class Items(list[int]):
    def __len__(self) -> int:
        raise AssertionError("code of the program ran")


class Colour(enum.Enum):
    RED = 1


def loop() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        (1.5, "1.5"),
        (10**5000, "an int of 16610 bits"),
        ("word", "'word'"),
        ("w" * 10**6, f"'{'w' * 28}…"),
        (b"x", "b'x'"),
        ([1, "a"], "[1, 'a']"),
        ((1,), "(1,)"),
        ((), "()"),
        ({2, 1}, "{1, 2}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        (deque([1]), "deque([1])"),
        ({"a": 1}, "{'a': 1}"),
        (list(range(9)), "list of 9"),
        ({n: n for n in range(9)}, "dict of 9"),
        ([[[[1]]]], "[[list of 1]]"),
        (loop(), "[1, [1, list of 2]]"),
        (len, "len"),
        (threading, "threading"),
        (Alarm, "Alarm"),
        (Alarm(), "a Alarm"),
        ([Alarm()], "[a Alarm]"),
        (Text("x"), "a Text"),
        (Number(1), "a Number"),
        (made(), "Made"),
        (Items(), "a Items"),
        (Colour.RED, "a Colour"),
        (MISSING, "nothing there"),
    ],
    ids=lambda value: value[:12] if type(value) is str else "value",
)
def test_values_are_short_and_showing_one_runs_no_code(value: object, text: str) -> None:
    assert short(value) == text


def test_looking_at_an_attribute_runs_no_code() -> None:
    alarm = Alarm()
    assert peek(alarm, "x") is MISSING
    alarm.x = 3  # type: ignore[attr-defined]
    assert peek(alarm, "x") == 3
    assert peek(threading, "nothing") is MISSING
    assert peek(Alarm, "_ring") is not MISSING


def test_an_error_whose_message_cannot_be_shown() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    assert text_of(Silent()) == "Silent, whose message can't be shown: str() raised ValueError"
    assert text_of(KeyError()) == "KeyError"
    assert text_of(KeyError("x")) == "KeyError: 'x'"


def failing(program: Callable[[], None], **options: Any) -> Failure:
    result = check(program, instrument=[program], **options)
    assert result.failure is not None
    return result.failure


def test_values_that_cannot_be_shown_do_not_disturb_the_trace() -> None:
    def program() -> None:
        box = Box()

        def write() -> None:
            box.data = Alarm()

        def read() -> None:
            assert box.data is None

        together(write, read)

    trace = failing(program).trace
    assert "write Box.data ← a Alarm" in trace
    assert "read Box.data → a Alarm" in trace


def test_labels_and_messages_of_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")

    def program() -> None:
        box = Box()

        def write() -> None:
            box.x += 1

        threads = [threading.Thread(target=write, name=f"名前\n{'x' * 200}") for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert box.x == 2, "ü" * 500

    trace = failing(program).trace
    table, _, _ = trace.partition("\n\n")
    assert max(map(cell_len, table.split("\n"))) <= 70
    assert "名前\\nxxx" in table


def test_a_try_that_fails_and_a_time_that_is_up_are_said() -> None:
    def program() -> None:
        lock, event = threading.Lock(), threading.Event()

        def hold() -> None:
            with lock:
                event.set()

        def look() -> None:
            late = not event.wait(1)
            busy = not lock.acquire(blocking=False)
            assert not (late and busy)

        together(hold, look)

    trace = failing(program).trace
    assert "→ its time is up" in trace
    assert "try to acquire Lock 0/1 → fails, held by T0" in trace


def test_why_each_switch_happened() -> None:
    def program() -> None:
        lock, box = threading.Lock(), Box()

        def first() -> None:
            with lock:
                box.x += 1

        def second() -> None:
            box.x += 1
            with lock:
                pass

        together(first, second)
        assert box.x == 2

    trace = failing(program).trace
    assert "T0 is preempted" in trace
    assert "T1 waits for Lock 0/1, held by T0" in trace
    assert "T0 has ended" in trace


def test_a_deadlock_shows_the_circle() -> None:
    def program() -> None:
        locks = [threading.Lock() for _ in range(2)]

        def take(one: int, other: int) -> Callable[[], None]:
            def body() -> None:
                with locks[one], locks[other]:
                    pass

            return body

        together(take(0, 1), take(1, 0))

    trace = failing(program).trace
    assert "  in a circle: T0 → Lock 0/2 → T1 → Lock 0/1 → T0" in trace


@pytest.mark.parametrize(
    ("wait", "name"),
    [
        (lambda: threading.Event().wait(), "Event.wait"),
        (lambda: queue.Queue[int]().get(), "Queue.get"),
        (lambda: threading.Semaphore(0).acquire(), "Semaphore.acquire"),
        (lambda: threading.Barrier(2).wait(), "Barrier.wait"),
    ],
    ids=["event", "queue", "semaphore", "barrier"],
)
def test_a_deadlock_names_the_function_of_the_standard_library_and_the_line_that_calls_it(
    wait: Callable[[], object], name: str
) -> None:
    result = check(lambda: together(wait))
    assert result.failure is not None
    place = f"test_columns.py:{wait.__code__.co_firstlineno}: "
    assert f"T0 waits in {name} to be woken at {place}" in str(result.failure.error)
    assert "in a circle" not in str(result.failure.error)
