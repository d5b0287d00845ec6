"""What is not seen is named in the answer: source text that instrumented code runs."""

import sys

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
