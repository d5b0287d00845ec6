"""Data races: a pair of accesses that nothing orders is a failure, whatever its outcome; what is ordered is none."""

import queue
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.sched.programs import Body, Box, check_and_replay, holds, together
from treadle.sched import DataRace, Verdict, check

HERE = sys.modules[__name__]

#: Random programs held against brute force; raise it for a longer hunt. Each version of Python takes others.
PROGRAMS = 20
FIRST = sys.version_info.minor * 1_000


def put(box: Box) -> None:
    box.x = 1


def get(box: Box) -> int:
    return box.x


def put_key(table: dict[str, int]) -> None:
    table["a"] = 1


def put_other_key(table: dict[str, int]) -> None:
    table["b"] = 1


def racy(first: Callable[[Any], object], second: Callable[[Any], object], make: Callable[[], Any]) -> Body:
    def program() -> None:
        state = make()
        together(lambda: first(state), lambda: second(state))

    return program


def test_a_race_is_reported_with_two_stacks_although_the_outcome_is_right() -> None:
    program = racy(put, get, Box)
    assert check(program, instrument=[HERE]).verdict is Verdict.HOLDS
    _, error = check_and_replay(program, DataRace, instrument=[HERE], races=True)
    text = str(error)
    first = put.__code__.co_firstlineno + 1
    second = get.__code__.co_firstlineno + 1
    assert text.startswith("data race on Box.x: ")
    assert f"test_races.py:{first} in put: box.x = 1" in text
    assert f"test_races.py:{second} in get: return box.x" in text
    assert "T0 writes it" in text
    assert "T1 reads it" in text
    assert text.count("in racy.<locals>.program.<locals>.<lambda>") == 2


@pytest.mark.parametrize(
    ("first", "second", "make", "races"),
    [
        (put, put, Box, True),
        (get, get, Box, False),
        (put_key, put_key, lambda: {"a": 0}, True),
        (put_key, put_other_key, lambda: {"a": 0, "b": 0}, False),
        (put_key, put_other_key, dict, True),  # the order of new keys can be seen
        (put_key, len, dict, True),
        (put_key, lambda table: table.get("b"), dict, False),
    ],
)
def test_what_is_a_race(
    first: Callable[[Any], object], second: Callable[[Any], object], make: Callable[[], Any], races: bool
) -> None:
    result = check(racy(first, second, make), instrument=[HERE], races=True)
    assert result.verdict is (Verdict.VIOLATED if races else Verdict.HOLDS)


def locked() -> None:
    box, lock = Box(), threading.Lock()

    def add() -> None:
        with lock:
            box.x += 1

    together(add, add)
    assert box.x == 2


def handed_over() -> None:
    box, line = Box(), queue.Queue[Box]()

    def make() -> None:
        box.x = 1
        line.put(box)

    together(make, lambda: get(line.get()))


def announced() -> None:
    box, ready = Box(), threading.Event()

    def make() -> None:
        box.x = 1
        ready.set()

    def use() -> None:
        ready.wait()
        get(box)

    together(make, use)


def started_and_joined() -> None:
    box = Box()
    put(box)
    together(lambda: put(box))
    assert get(box) == 1


def by_condition() -> None:
    box, changed = Box(), threading.Condition()

    def make() -> None:
        with changed:
            box.x = 1
            changed.notify()

    def use() -> None:
        with changed:
            changed.wait_for(lambda: box.x == 1)

    together(make, use)


@pytest.mark.parametrize("program", [locked, handed_over, announced, started_and_joined, by_condition])
def test_what_synchronisation_orders_is_no_race(program: Body) -> None:
    holds(program, instrument=[HERE], races=True)


def two_locks() -> None:
    box, one, other = Box(), threading.Lock(), threading.Lock()

    def with_one() -> None:
        with one:
            box.x += 1

    def with_other() -> None:
        with other:
            box.x += 1

    together(with_one, with_other)


def checked_outside() -> None:
    box, lock = Box(), threading.Lock()

    def make() -> None:
        if box.data is None:
            with lock:
                if box.data is None:
                    box.data = 1

    together(make, make)


def set_before() -> None:
    """The event is set before what it announces."""
    box, ready = Box(), threading.Event()

    def make() -> None:
        ready.set()
        box.x = 1

    def use() -> None:
        ready.wait()
        get(box)

    together(make, use)


def rare() -> None:
    """Only if the second thread comes first does it touch what the first one does without the lock."""
    box, lock = Box(), threading.Lock()

    def first() -> None:
        with lock:
            box.y = 1
        box.x = 1

    def second() -> None:
        with lock:
            late = box.y == 1
        if not late:
            get(box)

    together(first, second)


@pytest.mark.parametrize("program", [two_locks, checked_outside, set_before, rare])
def test_a_race_of_a_broken_twin_is_found(program: Body) -> None:
    check_and_replay(program, DataRace, instrument=[HERE], races=True)


# -- exactness ------------------------------------------------------------------------------------------------------

Step = tuple[str, str]
Script = tuple[tuple[Step, ...], ...]


def random_script(seed: int) -> Script:
    """Return threads of reads and writes, some of them under one or two locks."""
    chance = random.Random(seed)

    def body(depth: int) -> list[Step]:
        out: list[Step] = []
        for _ in range(chance.randint(1, 2)):
            if depth < 2 and chance.random() < 0.6:
                lock = chance.choice("LM") if depth == 0 else "M"
                if ("acquire", lock) in out[-1:] or depth:
                    lock = "N"
                out += [("acquire", lock), *body(depth + 1), ("release", lock)]
            else:
                out.append((chance.choice(["read", "write"]), chance.choice("xy")))
        return out

    return tuple(tuple(body(0)) for _ in range(chance.choice([2, 2, 3])))


def conflict(one: Step, other: Step) -> bool:
    return one[1] == other[1] and {one[0], other[0]} in ({"write"}, {"read", "write"})


def races_by_brute_force(script: Script) -> bool:
    """Say whether in some interleaving two threads stand before conflicting accesses at once."""
    seen: set[tuple[int, ...]] = set()
    todo = [(0,) * len(script)]
    while todo:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        nexts = [line[place] if place < len(line) else None for line, place in zip(script, at, strict=True)]
        held = {
            step[1]
            for line, place in zip(script, at, strict=True)
            for number, step in enumerate(line[:place])
            if step[0] == "acquire" and ("release", step[1]) not in line[number:place]
        }
        for index, step in enumerate(nexts):
            if step is None or (step[0] == "acquire" and step[1] in held):
                continue
            if any(other is not None and conflict(step, other) for other in nexts[index + 1 :]):
                return True
            todo.append((*at[:index], at[index] + 1, *at[index + 1 :]))
    return False


def perform(step: Step, box: Box, locks: dict[str, threading.Lock]) -> None:
    kind, name = step
    if kind == "acquire":
        locks[name].acquire()
    elif kind == "release":
        locks[name].release()
    elif kind == "read":
        getattr(box, name)
    else:
        setattr(box, name, 1)


def program_of(script: Script) -> Body:
    def program() -> None:
        box, locks = Box(), {name: threading.Lock() for name in "LMN"}

        def body(line: tuple[Step, ...]) -> None:
            for step in line:
                perform(step, box, locks)

        together(*(lambda line=line: body(line) for line in script))

    return program


def test_a_race_is_reported_exactly_if_some_interleaving_has_one() -> None:
    found = set()
    for seed in range(FIRST, FIRST + PROGRAMS):
        script = random_script(seed)
        expected = races_by_brute_force(script)
        result = check(
            program_of(script),
            instrument=[perform],
            races=True,
            allow_deadlock=True,
            shrink=0,
        )
        assert (result.verdict is Verdict.VIOLATED) == expected, f"{seed}: {script}"
        found.add(expected)
    assert found == {True, False}


def test_races_need_what_is_instrumented() -> None:
    with pytest.raises(ValueError, match="races=True needs instrument"):
        check(locked, races=True)
    with pytest.raises(TypeError, match="races is True or False, not 1"):
        check(locked, instrument=[HERE], races=1)  # type: ignore[arg-type]
