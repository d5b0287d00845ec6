"""Errors: their texts, kinds, equality, and the message they carry."""

import pickle
import queue
from typing import NoReturn

import pytest

from treadle import (
    ChannelError,
    Disconnected,
    Empty,
    Full,
    HandleClosed,
    RecvError,
    RecvTimeout,
    SendError,
    SendTimeout,
)

UNSENT: list[type[SendError] | type[Full] | type[SendTimeout] | type[HandleClosed]] = [
    SendError,
    Full,
    SendTimeout,
    HandleClosed,
]
PLAIN = [RecvError, Empty, RecvTimeout, HandleClosed]


class Hostile:
    def __eq__(self, other: object) -> NoReturn:
        raise RuntimeError("compared")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("hashed")

    def __repr__(self) -> NoReturn:
        raise RuntimeError("shown")


@pytest.mark.statement("S131")
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SendError(1), "sending on a disconnected channel"),
        (Full(1), "sending on a full channel"),
        (SendTimeout(1), "timed out waiting on send operation"),
        (RecvError(), "receiving on an empty and disconnected channel"),
        (Empty(), "receiving on an empty channel"),
        (RecvTimeout(), "timed out waiting on receive operation"),
        (HandleClosed(), "operation on a closed handle"),
        (HandleClosed(1), "operation on a closed handle"),
        (Disconnected(), "channel is disconnected"),
    ],
)
def test_texts(error: ChannelError, text: str) -> None:
    """S131."""
    assert str(error) == text


@pytest.mark.statement("S134")
@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (SendError, Disconnected),
        (RecvError, Disconnected),
        (Full, queue.Full),
        (Empty, queue.Empty),
        (SendTimeout, TimeoutError),
        (RecvTimeout, TimeoutError),
    ],
)
def test_kinds(kind: type[ChannelError], base: type[Exception]) -> None:
    assert issubclass(kind, base)
    assert issubclass(kind, ChannelError)


def test_a_closed_handle_is_no_disconnection() -> None:
    assert not issubclass(HandleClosed, Disconnected)


@pytest.mark.statement("S18", "S132")
@pytest.mark.parametrize("kind", UNSENT)
def test_the_message_is_the_very_object_and_is_never_shown(
    kind: type[SendError] | type[Full] | type[SendTimeout] | type[HandleClosed],
) -> None:
    """S18, S132."""
    message = Hostile()
    error = kind(message)
    assert error.message is message
    assert repr(error).startswith(kind.__name__ + "(")
    assert str(error) == kind.text
    assert error.args == (kind.text,)


@pytest.mark.statement("S135", "P7")
@pytest.mark.parametrize("kind", UNSENT)
def test_equality_is_by_kind_and_identity_of_the_message(
    kind: type[SendError] | type[Full] | type[SendTimeout] | type[HandleClosed],
) -> None:
    """S135, P7."""
    message = Hostile()
    assert kind(message) == kind(message)
    assert hash(kind(message)) == hash(kind(message))
    assert kind(message) != kind(Hostile())
    assert kind([]) != kind([])
    assert kind(message) != ChannelError()
    assert kind(message) != "error"


@pytest.mark.statement("S135")
@pytest.mark.parametrize("kind", PLAIN)
def test_errors_without_a_message_are_equal_by_kind(kind: type[ChannelError]) -> None:
    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    assert len({kind() for kind in PLAIN}) == len(PLAIN)
    assert repr(kind()) == kind.__name__ + "()"


def test_a_closed_handle_without_a_message_has_none() -> None:
    assert not hasattr(HandleClosed(), "message")
    assert HandleClosed(None).message is None
    assert HandleClosed(None) != HandleClosed()


@pytest.mark.parametrize(
    "error", [SendError(None), Full(None), SendTimeout(None), HandleClosed(None), *(k() for k in PLAIN)]
)
def test_errors_can_be_pickled(error: ChannelError) -> None:
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 - made one line above
