"""`instrument(...)` as a block and as a decorator: what it names is instrumented, and only there."""

import sys

import pytest

from tests.sched.programs import Box, together
from treadle.sched import Verdict, check, instrument, replay

HERE = sys.modules[__name__]


def add(box: Box) -> None:
    box.x += 1


def lost_update() -> None:
    box = Box()
    together(lambda: add(box), lambda: add(box))
    assert box.x == 2


@instrument(add)
def decorated() -> None:
    lost_update()


def test_a_block_instruments_the_checks_and_replays_in_it() -> None:
    assert check(lost_update).verdict is Verdict.HOLDS
    with instrument(add):
        result = check(lost_update)
        assert result.failure is not None
        with pytest.raises(AssertionError):
            replay(lost_update, result.failure.schedule)
    assert check(lost_update).verdict is Verdict.HOLDS


def test_a_decorated_program_is_instrumented_whenever_it_is_checked() -> None:
    result = check(decorated)
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    with pytest.raises(AssertionError):
        replay(decorated, result.failure.schedule)


def test_a_decorated_function_checks_with_what_it_names() -> None:
    @instrument(HERE)
    def look() -> Verdict:
        return check(lost_update).verdict

    assert look() is Verdict.VIOLATED


def test_outside_executions_nothing_changes() -> None:
    before = add.__code__
    with instrument(add):
        box = Box()
        add(box)
        assert box.x == 1
        assert add.__code__ is before


def test_an_error_leaves_the_block() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError), instrument(add):
        fail()
    assert check(lost_update).verdict is Verdict.HOLDS


def test_what_cannot_be_instrumented_is_refused_where_it_is_named() -> None:
    with pytest.raises(TypeError, match="names nothing"):
        instrument()
    with pytest.raises(TypeError, match="not int"):
        instrument(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="its source is not to be had"):
        check(lost_update, instrument=[dict])
