"""The function made of an action gives what its generators give, and is made only where that is certain."""

import functools
from collections.abc import Callable, Iterator
from itertools import groupby
from types import FunctionType
from typing import Any

import pytest

from tests.golden import commit, diehard, dining, hanoi, missionaries
from tests.spec.leaky import Leaky
from tests.spec.two_phase import Protocol, TwoPhase
from treadle.spec import Model, State, Verdict, action, check
from treadle.spec.expand import one_by_one
from treadle.spec.fuse import fuse
from treadle.spec.program import Step, program
from treadle.spec.source import CannotFuseError

OFFSET = 10


class Point(State):
    x: int = 0
    y: int = 0

    def flipped(self) -> "Point":
        return Point(self.y, self.x)


class Child(Point):
    z: int = 0


class Tricky(Model[Point]):
    """Bodies whose meaning would change if they were put in a loop carelessly."""

    def __init__(self, limit: int = 3) -> None:
        self.limit = limit

    def init(self) -> Iterator[Point]:
        yield Point()

    @action(by=(1, 2, 3))
    def early(self, state: Point, by: int) -> Iterator[Point]:
        if by == 2:
            return
        yield state.evolve(x=by)
        if by == 3:
            return
        yield state.evolve(y=by, x=state.y)

    @action(a=(0, 1), b=(0, 1))
    def inner_loops(self, state: Point, a: int, b: int) -> Iterator[Point]:
        for n in range(4):
            if n == a:
                continue
            if n == 3 - b:
                break
            yield Point(n, state.x)
        else:
            yield Point(9, 9)

    @action(by=(1, 2))
    def comprehends(self, state: Point, by: int) -> Iterator[Point]:
        yield from (state.evolve(x=n * by) for n in range(3) if n != state.x)
        yield from sorted((Point(n, by) for n in range(2)), key=lambda p: -p.x)

    @action(by=(1, 2))
    def rebinds(self, state: Point, by: int) -> Iterator[Point]:
        state = state.evolve(x=state.x + by)
        by += OFFSET
        yield state.evolve(y=by)

    @action(by=(1, 2))
    def matches(self, state: Point, by: int) -> Iterator[Point]:
        match state:
            case Point(x=0, y=other) if other < self.limit:
                yield state.evolve(y=other + by)
            case Point() as whole:
                yield whole.flipped()

    @action
    def other_class(self, state: Point) -> Iterator[Point]:
        yield Child(state.x, state.y, 1).evolve(z=2)

    @action
    def tries(self, state: Point) -> Iterator[Point]:
        try:
            yield state.evolve(x=6 // state.x)
        except ZeroDivisionError as error:
            yield state.evolve(x=len(error.args))
        finally:
            yield Point(7, 7)

    @action(by=(1, 2))
    def no_annotation(self, state, by):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # as some write
        if state.x < by:
            yield state.evolve(x=by)


class Sub(Tricky):
    @action(by=(1, 2, 3))
    def early(self, state: Point, by: int) -> Iterator[Point]:
        yield from super().early(state, by)


def actions(model: Model[Any]) -> list[tuple[Step[Any], ...]]:
    return [tuple(steps) for _, steps in groupby(program(model).steps, lambda step: step.action)]


def made(steps: tuple[Step[Any], ...]) -> Callable[[Any], list[Any]]:
    return fuse(steps, one_by_one(steps), 1000)


STATES = [Point(x, y) for x in range(4) for y in (0, 1, 5)] + [Child(1, 2, 3)]


@pytest.mark.parametrize("steps", actions(Tricky()) + actions(Sub()), ids=lambda steps: steps[0].action)
def test_the_function_made_gives_the_same_in_the_same_order(steps: tuple[Step[Any], ...]) -> None:
    function, plain = made(steps), one_by_one(steps)
    for state in STATES:
        found, expected = function(state), plain(state)
        assert [(type(each), each) for each in found] == [(type(each), each) for each in expected]


@pytest.mark.parametrize(
    "model",
    [
        TwoPhase(3),
        commit.TCommit(3),
        commit.TwoPhase(3),
        dining.Dining(5),
        diehard.DieHard(),
        hanoi.Hanoi(3, 3),
        missionaries.Crossing(),
    ],
    ids=repr,
)
def test_published_models_are_searched_alike_either_way(model: Model[Any]) -> None:
    seen = dict.fromkeys(model.init())
    todo = list(seen)
    functions = [(made(steps), one_by_one(steps)) for steps in actions(model)]
    while todo:
        state = todo.pop()
        for function, plain in functions:
            found = function(state)
            assert found == plain(state)
            todo += [after for after in dict.fromkeys(found) if after not in seen]
            seen |= dict.fromkeys(found)


def test_the_function_follows_the_model_and_its_globals(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = next(steps for steps in actions(Tricky()) if steps[0].action == "rebinds")
    function = made(steps)
    monkeypatch.setitem(globals(), "OFFSET", 20)
    assert function(Point()) == [Point(1, 21), Point(2, 22)]


# --- what would not be the same ---


class Refused(Model[Point]):
    def init(self) -> Iterator[Point]:
        yield Point()

    @action
    def endless(self, state: Point) -> Iterator[Point]:
        while state.x < 3:
            state = state.evolve(x=state.x + 1)
            yield state

    @action
    def returns_in_a_loop(self, state: Point) -> Iterator[Point]:
        for n in range(3):
            if n == state.x:
                return
            yield Point(n)

    @action
    def uses_a_yield(self, state: Point) -> Iterator[Point]:
        given = yield state
        assert given is None

    @action
    def walrus(self, state: Point) -> Iterator[Point]:
        if (x := state.x) < 3:
            yield Point(x)

    @action
    def looks_at_itself(self, state: Point) -> Iterator[Point]:
        yield Point(len(locals()))

    @action
    def defines(self, state: Point) -> Iterator[Point]:
        def twice(n: int) -> int:
            return 2 * n

        yield Point(twice(state.x))

    @action
    def returns_a_list(self, state: Point) -> list[Point]:
        return [state]

    @action(by=(1,))
    def default(self, state: Point, by: int, more: int = 2) -> Iterator[Point]:
        yield Point(by, more)


@pytest.mark.parametrize("steps", actions(Refused()), ids=lambda steps: steps[0].action)
def test_what_might_change_its_meaning_is_left_as_it_is(steps: tuple[Step[Any], ...]) -> None:
    with pytest.raises(CannotFuseError):
        made(steps)


def test_a_method_whose_source_is_not_its_code_is_left_as_it_is() -> None:
    class Changed(Tricky):
        pass

    code = Tricky.early.__code__
    fresh = FunctionType(code.replace(co_consts=(*code.co_consts, 99)), globals())
    Changed.early = action(by=(1,))(fresh)  # type: ignore[method-assign]
    with pytest.raises(CannotFuseError, match="not what it was compiled from"):
        made(next(steps for steps in actions(Changed()) if steps[0].action == "early"))


def test_a_wrapped_method_is_called_as_it_is() -> None:
    def twice(method: Callable[..., Iterator[int]]) -> Callable[..., Iterator[int]]:
        @functools.wraps(method)
        def both(self: Model[int], state: int) -> Iterator[int]:
            for after in method(self, state):
                yield after
                yield after + 1

        return both

    class Wrapped(Model[int]):
        def init(self) -> Iterator[int]:
            yield 0

        def terminal(self, state: int) -> bool:
            return True

        @action
        @twice
        def go(self, state: int) -> Iterator[int]:
            if state < 3:
                yield state + 1

    assert check(Wrapped()).distinct == 5


def test_a_variable_of_one_choice_is_unbound_in_the_next() -> None:
    """The second choice reads a variable that only the first one sets: that raises, as it does in a generator."""

    with pytest.raises(UnboundLocalError):
        made(actions(Leaky())[0])(0)
    result = check(Leaky())
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert result.counterexample.reason.startswith("action go(who=1) raised UnboundLocalError")


@pytest.mark.parametrize("kind", ["from", "for"])
def test_an_action_that_never_ends_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from itertools import count  # noqa: PLC0415

    for module in ("calls", "expand"):
        monkeypatch.setattr(f"treadle.spec.{module}.MOST_SUCCESSORS", 1000)

    class Endless(Model[int]):
        def init(self) -> Iterator[int]:
            yield 0

        @action(by=(1, 2))
        def up(self, state: int, by: int) -> Iterator[int]:
            if kind == "from":
                yield from count(state)
            for n in count(state):
                yield n + 1

    with pytest.raises(
        ValueError, match=r"action up\(by=1\) gives more than 1,000 states at once: does it ever end"
    ):
        check(Endless())


def test_states_of_a_subclass_keep_their_class() -> None:
    steps = actions(Tricky())[0]
    assert [type(each) for each in made(steps)(Child())] == [Child] * 3
    assert Protocol not in map(type, made(steps)(Child()))
