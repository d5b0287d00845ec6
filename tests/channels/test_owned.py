"""Owned: one owner at a time, and nothing of the value looked at."""

import copy
import gc
import pickle
import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING

import pytest

import treadle.channels.owned
from tests.channels.support import Background
from tests.channels.test_messages import MESSAGES, Parcel, hostile
from treadle import ChannelError, MovedError, Owned
from treadle.channels.owned import empty_owned, offer_owned
from treadle.sched import Verdict, check

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("value", MESSAGES, ids=lambda value: type(value).__name__)
def test_an_owned_gives_the_very_value(value: object) -> None:
    """P7: falsy, hostile or neither."""
    owned = Owned(value)
    assert owned.value is value
    assert owned.value is value
    assert owned.take() is value


def test_an_owned_is_empty_once_its_value_was_taken() -> None:
    owned = Owned[object]("value")
    owned.take()
    touches: list[Callable[[], object]] = [
        lambda: owned.value,
        owned.take,
        partial(owned._move_to, empty_owned()),
    ]
    for touch in touches:
        with pytest.raises(MovedError, match="moved"):
            touch()


def test_an_empty_owned_keeps_nothing_alive() -> None:
    parcel = Parcel()
    watch = weakref.ref(parcel)
    owned = Owned(parcel)
    del parcel
    gc.collect()
    assert watch() is owned.value
    owned.take()
    assert watch() is None


def test_moving_puts_the_value_into_the_other_owned() -> None:
    owned, other = Owned[object](hostile), empty_owned()
    owned._move_to(other)
    assert other.value is hostile
    with pytest.raises(MovedError):
        owned.take()


def test_moving_back_undoes_the_move_once() -> None:
    owned, other = Owned[object](hostile), empty_owned()
    owned._move_to(other)
    for _ in range(2):
        other._move_back_to(owned)
        assert owned.value is hostile
        with pytest.raises(MovedError):
            other.take()


class Channel:
    """Takes what enters, and may be cut short before or after that."""

    def __init__(self, *, before: bool = False, after: bool = False) -> None:
        self.entered: list[Owned[object]] = []
        self._before = before
        self._after = after

    def enter(self, message: list[Owned[object]]) -> None:
        if self._before:
            raise KeyboardInterrupt
        self.entered.append(message.pop())
        if self._after:
            raise KeyboardInterrupt


def test_an_offer_that_succeeds_gets_a_full_owned_and_leaves_an_empty_one() -> None:
    owned, taking = Owned[object](hostile), Channel()
    offer_owned(taking.enter, owned)
    assert taking.entered[0] is not owned
    assert taking.entered[0].value is hostile
    assert repr(owned) == "Owned(moved)"


def test_an_offer_that_fails_gives_the_value_back() -> None:
    owned = Owned(hostile)
    assert offer_owned(lambda _moved: "failure", owned) == "failure"
    assert owned.value is hostile


def test_an_offer_of_an_empty_owned_is_not_made() -> None:
    owned = Owned(1)
    owned.take()
    offered: list[object] = []
    with pytest.raises(MovedError):
        offer_owned(offered.extend, owned)
    assert offered == []


def test_an_offer_that_raises_gives_the_value_back_unless_it_has_entered() -> None:
    for channel in (Channel(before=True), Channel(after=True)):
        owned = Owned[object](1)
        with pytest.raises(KeyboardInterrupt):
            offer_owned(channel.enter, owned)
        assert [message.value for message in channel.entered] + owned._place == [1]


def test_an_owned_shows_whether_it_is_full_and_never_the_value() -> None:
    """S13."""
    owned = Owned(hostile)
    assert repr(owned) == str(owned) == "Owned(..)"
    owned.take()
    assert repr(owned) == "Owned(moved)"


def test_an_owned_is_equal_to_itself_only_and_true() -> None:
    owned, other = Owned(hostile), Owned(hostile)
    assert owned == owned  # noqa: PLR0124 - that is the question
    assert owned != other
    assert len({owned, other}) == 2
    assert bool(owned)
    owned.take()
    assert bool(owned)


def test_an_owned_is_neither_copied_nor_pickled() -> None:
    """P14."""
    owned = Owned(1)
    for refuse in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"one owner; use take\(\)"):
            refuse(owned)
    assert owned.value == 1


def test_an_owned_takes_weak_references_and_no_attributes() -> None:
    """P14."""
    owned = Owned(1)
    assert weakref.ref(owned)() is owned
    for name in ("note", "value"):
        with pytest.raises(AttributeError):
            setattr(owned, name, 1)


def test_an_owned_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError, match="subclassed"):
        type("Borrowed", (Owned,), {})


def test_a_moved_error_is_no_channel_error_and_can_be_pickled() -> None:
    error = MovedError()
    assert isinstance(error, RuntimeError)
    assert not isinstance(error, ChannelError)
    assert "by a send or by take()" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_a_moved_error_comes_without_the_cause_that_only_the_code_knows() -> None:
    """In a thread of its own: an exception injected by other tests may linger in this one's."""
    owned = Owned(1)
    owned.take()
    for touch in (owned.take, lambda: owned.value):
        assert Background[object](touch).error().__context__ is None


def one_wins(*moves: str) -> None:
    """Let threads move one Owned, each in its way: one gets the value, the others MovedError."""
    value = object()
    owned = Owned(value)
    got: list[object] = []
    refused: list[MovedError] = []

    def move(way: str) -> None:
        try:
            if way == "take":
                got.append(owned.take())
            elif way == "send":
                offer_owned(lambda moved: got.append(moved.pop().value), owned)
            else:
                offer_owned(lambda _moved: "full", owned)
        except MovedError as error:
            refused.append(error)

    threads = [threading.Thread(target=move, args=(way,)) for way in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if repr(owned) == "Owned(..)":  # a failed send gave it back, after the others had found nothing
        assert "fail" in moves
        got.append(owned.take())
    assert len(got) == 1
    assert got[0] is value
    assert len(refused) <= len(moves) - 1
    assert "fail" in moves or len(refused) == len(moves) - 1


@pytest.mark.parametrize(
    "moves",
    [("take", "take"), ("take", "send"), ("send", "send", "take"), ("fail", "take"), ("fail", "send")],
    ids="-".join,
)
def test_of_threads_that_move_one_owned_exactly_one_wins(moves: tuple[str, ...]) -> None:
    result = check(lambda: one_wins(*moves), instrument=[treadle.channels.owned])
    assert result.verdict is Verdict.HOLDS, str(result)
    assert result.executions > 1
