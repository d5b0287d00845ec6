"""What type checkers infer of Owned and Mailboxes; mypy checks this file with the rest of the tree."""

from typing import assert_type

import pytest

from treadle import Mailboxes, MovedError, Owned, channel


class Animal:
    pass


class Dog(Animal):
    pass


def test_the_type_of_the_value_is_inferred_and_kept_by_a_send() -> None:
    owned = Owned(b"value")
    assert_type(owned, Owned[bytes])
    tx, rx = channel[Owned[bytes]]()
    tx.send(owned)
    got = rx.recv()
    assert_type(got, Owned[bytes])
    assert_type(got.value, bytes)
    assert_type(got.take(), bytes)


def test_an_owned_may_be_one_of_several_kinds_of_message() -> None:
    tx, rx = channel[Owned[int] | str | None]()
    for message in (Owned(1), "text", None):
        tx.send(message)
    assert_type(rx.recv(), Owned[int] | str | None)


def test_an_owned_is_invariant() -> None:
    """Who holds an Owned[Animal] may not find out that it has to be a dog."""
    dog = Owned(Dog())
    animal: Owned[Animal] = dog  # type: ignore[assignment]
    animal.take()
    with pytest.raises(MovedError):
        dog.take()


def test_mailboxes_have_a_type_of_address_and_one_of_message() -> None:
    boxes = Mailboxes[tuple[str, int], Owned[bytes]](capacity=2)
    boxes.send(Owned(b"value"), ("host", 1))
    boxes.try_send(Owned(b"value"), ("host", 1))
    assert_type(boxes.addresses(), list[tuple[str, int]])
    assert_type(boxes.recv(("host", 1)), Owned[bytes])
    with boxes as same:
        assert_type(same, Mailboxes[tuple[str, int], Owned[bytes]])
