"""Why an action is disabled, and which guards ever were true and false."""

import pickle
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

from treadle.spec import Include, Model, State, action, check, guard_coverage, include, why_disabled


class Desk(State):
    x: int = 0
    queue: tuple[int, ...] = ()
    owner: int | None = None


class Guarded(Model[Desk]):
    def init(self) -> Iterator[Desk]:
        yield Desk()

    @action(who=range(3))
    def both(self, state: Desk, who: int) -> Iterator[Desk]:
        if (
            state.x == 0
            and who in state.queue
            and not (who > 1)
        ):  # fmt: skip
            yield state.evolve(x=1)

    @action
    def loop(self, state: Desk) -> Iterator[Desk]:
        for item in state.queue:
            if item == 7:
                yield state.evolve(x=item)

    @action
    def owned(self, state: Desk) -> Iterator[Desk]:
        if state.owner is not None:
            yield state.evolve(owner=None)

    @action
    def early(self, state: Desk) -> Iterator[Desk]:
        if state.x != 0:
            return
        if not state.queue:
            return
        yield state.evolve(x=2)

    @action
    def never(self, state: Desk) -> Iterator[Desk]:
        yield from ()


def reasons(state: Desk) -> dict[str, tuple[str, bool | None]]:
    return {
        found.step: (found.guard.source if found.guard else "", found.answer)
        for found in why_disabled(Guarded(), state)
    }


def test_each_disabled_step_is_explained_by_the_condition_that_failed() -> None:
    assert reasons(Desk()) == {
        "both(who=0)": ("who in state.queue", False),
        "both(who=1)": ("who in state.queue", False),
        "both(who=2)": ("who in state.queue", False),
        "loop": ("state.queue", None),
        "owned": ("state.owner is not None", False),
        "early": ("state.queue", False),
        "never": ("", None),
    }


def test_the_part_of_a_condition_that_failed_is_named() -> None:
    found = reasons(Desk(queue=(0, 2), owner=1))
    assert found["both(who=1)"] == ("who in state.queue", False)
    assert found["both(who=2)"] == ("who > 1", True)
    assert "both(who=0)" not in found
    assert "owned" not in found
    assert "early" not in found
    assert reasons(Desk(x=1))["both(who=0)"] == ("state.x == 0", False)
    assert reasons(Desk(x=1))["early"] == ("state.x != 0", True)


def test_an_explanation_names_the_line() -> None:
    by_step = {found.step: found for found in why_disabled(Guarded(), Desk(x=1))}
    guard = by_step["both(who=0)"].guard
    assert guard is not None
    line = Guarded.both.__code__.co_firstlineno + 3
    assert (guard.line, guard.file) == (line, __file__)
    assert str(by_step["both(who=0)"]) == f"both(who=0) is disabled in line {line}: `state.x == 0` is False"
    assert str(by_step["loop"]).endswith("`state.queue` has nothing more")
    assert str(by_step["never"]) == "never is disabled: it yields nothing"


def test_a_deadlock_says_why_each_action_is_disabled() -> None:
    class Stuck(Model[Desk]):
        def init(self) -> Iterator[Desk]:
            yield Desk(x=1)

        @action
        def go(self, state: Desk) -> Iterator[Desk]:
            if state.x == 0:
                yield state.evolve(x=1)

    found = check(Stuck()).counterexample
    assert found is not None
    line = Stuck.go.__code__.co_firstlineno + 2
    assert found.disabled == (f"    go is disabled in line {line}: `state.x == 0` is False",)
    assert str(found).endswith(found.disabled[0])


class Asked(Model[int]):
    """A clock that stops, and counts how often it is asked."""

    def __init__(self) -> None:
        self._asked = 0

    def init(self) -> Iterator[int]:
        yield 0

    @action(by=range(1, 3))
    def tick(self, state: int, by: int) -> Iterator[int]:
        self._asked += 1
        if state + by < 3:
            yield state + by


def test_why_a_deadlock_is_one_is_found_when_it_is_first_read() -> None:
    model = Asked()
    found = check(model).counterexample
    assert found is not None
    before = model._asked
    text = str(found)
    assert text.count("`state + by < 3` is False") == 2
    assert model._asked > before, "the check had found the reasons already"
    after = model._asked
    assert str(found) == text
    assert model._asked == after


def test_why_a_deadlock_is_one_goes_with_a_result_to_another_process() -> None:
    found = check(Asked())
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  # written here
    assert again == found
    assert str(again) == str(found)
    assert str(pickle.loads(pickle.dumps(again))) == str(found)  # noqa: S301  # written here


def test_the_action_of_a_part_is_explained_in_its_own_state() -> None:
    class Whole(State):
        desk: Desk = Desk(x=1)

    class Around(Model[Whole]):
        def init(self) -> Iterator[Whole]:
            yield Whole()

        def includes(self) -> Iterator[Include]:
            yield include(Guarded(), "desk")

    found = {each.step: each for each in why_disabled(Around(), Whole())}
    guard = found["desk.early"].guard
    assert guard is not None
    assert guard.source == "state.x != 0"


def test_a_tracer_that_was_set_is_put_back() -> None:
    def tracer(frame: FrameType, event: str, _: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        why_disabled(Guarded(), Desk())
        assert sys.gettrace() is tracer
        with pytest.raises(ZeroDivisionError):
            why_disabled(Failing(), 0)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


class Failing(Model[int]):
    def init(self) -> Iterator[int]:
        yield 0

    @action
    def divide(self, state: int) -> Iterator[int]:
        if 1 / state:
            yield 1


# --- coverage of guards ---


class Clock(Model[int]):
    def init(self) -> Iterator[int]:
        yield 0

    def terminal(self, state: int) -> bool:
        return state == 3

    @action
    def tick(self, state: int) -> Iterator[int]:
        if state >= 0 and state < 3:
            yield state + 1

    @action
    def jump(self, state: int) -> Iterator[int]:
        if state > 5:
            yield 0


def test_guards_are_counted_over_all_states() -> None:
    counted = {each.guard.source: (each.action, each.true, each.false) for each in guard_coverage(Clock())}
    assert counted == {
        "state >= 0": ("tick", 4, 0),
        "state < 3": ("tick", 3, 1),
        "state > 5": ("jump", 0, 4),
    }


def test_a_guard_that_was_always_the_same_says_so() -> None:
    lines = [str(each).partition(": ")[2] for each in guard_coverage(Clock())]
    assert lines == [
        "`state >= 0` 4 times True, 0 times False, never False",
        "`state < 3` 3 times True, 1 times False",
        "`state > 5` 0 times True, 4 times False, never True",
    ]
