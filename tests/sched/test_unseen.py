"""What is not seen is named in the answer: source text that instrumented code runs, and the steps of libraries."""

import collections
import copy
import sys
from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.sched.programs import Body, Box, holds, together
from treadle.sched import Interrupt, Verdict, check

HERE = sys.modules[__name__]

UNSEEN = "what source text given to exec or eval touches is not seen (test_unseen.py:"


def executing() -> None:
    names = {"number": 0}
    together(*[lambda: exec("number = number + 1", names)] * 2)  # noqa: S102 - that is what is tested


def evaluating() -> None:
    box = Box()
    together(*[lambda: eval("box.x", {"box": box})] * 2)  # noqa: S307


def making() -> None:
    add = eval("lambda box: setattr(box, 'x', box.x + 1)")  # noqa: S307
    box = Box()
    together(lambda: add(box), lambda: add(box))


def compiled() -> None:
    code = compile("number = number + 1", "<text>", "exec")
    together(lambda: exec(code, {"number": 1}))  # noqa: S102


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("program", [executing, evaluating, making, compiled])
def test_text_that_names_something_is_a_bound(program: Body, jobs: int) -> None:
    result = check(program, instrument=[HERE], jobs=jobs)
    assert result.bound is not None
    assert result.bound.startswith(UNSEEN)


@pytest.mark.parametrize("faults", [[], [Interrupt("T1")]])
def test_it_is_a_bound_with_faults_and_beside_others(faults: list[Interrupt]) -> None:
    result = check(executing, instrument=[HERE], faults=faults, strategy="dfs", preemptions=1)
    assert result.bound is not None
    assert "at most 1 preemption" in result.bound
    assert UNSEEN in result.bound


def constant() -> None:
    together(lambda: eval("1 + 1"), lambda: eval("(lambda: 2)()"))  # noqa: S307


def wrong() -> None:
    with pytest.raises(SyntaxError):
        eval("1 +")  # noqa: S307


def elsewhere() -> None:
    together(lambda: None)


@pytest.mark.parametrize("program", [constant, wrong, elsewhere])
def test_text_that_names_nothing_is_none(program: Body) -> None:
    assert holds(program, instrument=[HERE]).bound is None


def test_a_failure_that_is_found_is_one_all_the_same() -> None:
    def program() -> None:
        eval("print", {})  # noqa: S307
        raise AssertionError

    assert check(program, instrument=[HERE]).verdict is Verdict.VIOLATED


WHOLE = "single steps are made of what a library or code without source does ({})"


def copying() -> None:
    shared = {"a": [0], "b": [0]}

    def change() -> None:
        shared["a"][0] = 1
        shared["b"][0] = 1

    def look() -> None:
        copied = copy.deepcopy(shared)
        assert copied["a"][0] >= copied["b"][0], "torn"

    together(change, look)


def subtracting() -> None:
    left = collections.Counter(a=2)
    together(lambda: left.subtract("a"), lambda: left.subtract("a"))
    assert left["a"] == 0


@dataclass
class Point:
    x: int = 0
    y: int = 0


def showing() -> None:
    point = Point()

    def move() -> None:
        point.x = 1
        point.y = 1

    together(move, lambda: repr(point))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("program", "name", "library"),
    [
        (copying, "copy.deepcopy", copy),
        (subtracting, "collections.Counter.subtract", collections),
        (showing, f"{__name__}.Point", None),
    ],
)
def test_steps_of_a_library_are_one_unless_it_is_instrumented(
    program: Body, name: str, library: ModuleType | None, jobs: int
) -> None:
    assert holds(program, instrument=[HERE], jobs=jobs).bound == WHOLE.format(name)
    if library is not None:
        result = check(program, instrument=[HERE, library], jobs=jobs)
        assert result.verdict is Verdict.VIOLATED
        assert result.bound is None


def test_a_library_that_touches_nothing_shared_is_no_bound() -> None:
    result = holds(lambda: together(*[lambda: copy.deepcopy({"a": [Point()]})] * 2), instrument=[HERE])
    assert result.bound is None
