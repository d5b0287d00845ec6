"""What type checkers infer of select, clones and timers; mypy checks this file with the rest of the tree."""

from typing import Literal, Never, assert_type

import pytest

from treadle import (
    Case,
    Receiver,
    Select,
    Selected,
    Sender,
    SharedReceiver,
    SyncSender,
    after,
    at,
    bounded,
    channel,
    never,
    recv,
    select,
    send,
    sync_channel,
    tick,
    unbounded,
)


class Animal:
    pass


class Dog(Animal):
    pass


@pytest.mark.statement("P18")
def test_receivers_of_crossbeams_channels_can_be_cloned() -> None:
    tx, rx = unbounded[int]()
    assert_type(tx, Sender[int])
    assert_type(rx, SharedReceiver[int])
    assert_type(rx.clone(), SharedReceiver[int])
    tx2, rx2 = bounded[str](2)
    assert_type(tx2, SyncSender[str])
    assert_type(tx2.clone(), SyncSender[str])
    assert_type(rx2.clone(), SharedReceiver[str])


@pytest.mark.statement("P18")
def test_the_index_tells_the_type_of_the_value() -> None:
    tx, rx_int = channel[int]()
    tx.send(1)
    _tx, rx_str = channel[str]()
    done = select(recv(rx_int), recv(rx_str))
    assert_type(done, Selected[Literal[0], int] | Selected[Literal[1], str])
    assert_type(done.value, int | str)
    if done.index == 0:
        assert_type(done.value, int)
    else:
        assert_type(done.value, str)
    if done.index != 1:
        assert_type(done.value, int)


@pytest.mark.statement("P18")
def test_a_match_of_the_index_tells_the_type_of_the_value() -> None:
    tx, rx = sync_channel[int](1)
    _tx, rx_str = channel[str]()
    done = select(recv(rx), send(tx, 1), recv(rx_str), recv(after(None)))
    match done.index:
        case 0:
            assert_type(done.value, int)
        case 1:
            assert_type(done.value, None)
        case 2:
            assert_type(done.value, str)
        case 3:
            assert_type(done.value, float)


@pytest.mark.statement("P18")
def test_a_default_is_one_of_the_types() -> None:
    _tx, rx_int = channel[int]()
    _tx2, rx_str = channel[str]()
    done = select(recv(rx_int), recv(rx_str), default=None)
    assert_type(done, Selected[Literal[0], int] | Selected[Literal[1], str] | None)
    if done is not None and done.index == 1:
        assert_type(done.value, str)
    later = select(recv(rx_int), default="none", timeout=0, biased=True)
    assert_type(later, Selected[Literal[0], int] | str)


@pytest.mark.statement("P18")
def test_many_cases_have_one_type() -> None:
    tx, rx = channel[int]()
    tx.send(1)
    cases = [recv(rx) for _ in range(5)]
    assert_type(select(*cases), Selected[int, int])
    assert_type(select(*cases, default=None), Selected[int, int] | None)
    assert_type(select(*[send(tx, 1)], deadline=None), Selected[int, None])


@pytest.mark.statement("P18")
def test_a_case_is_typed_by_what_it_gives() -> None:
    tx, rx = channel[int]()
    _tx, dogs = channel[Dog]()
    assert_type(recv(rx), Case[int])
    assert_type(send(tx, 1), Case[None])
    animals: Case[Animal] = recv(dogs)

    def first(*cases: Case[Animal | None]) -> Animal | None:
        return select(*cases).value

    assert first(animals, send(tx, 1)) is None


@pytest.mark.statement("P18")
def test_a_reusable_select_has_the_type_of_its_messages() -> None:
    tx, rx = channel[int]()
    sel = Select[int | None]()
    assert_type(sel.recv(rx), int)
    assert_type(sel.send(tx, 1), int)
    assert_type(sel.select(), Selected[int, int | None])
    assert_type(sel.select(default="none"), Selected[int, int | None] | str)
    assert_type(sel.ready(timeout=1), int)


@pytest.mark.statement("P18")
def test_a_channel_without_messages_is_one_of_any_type() -> None:
    def look(numbers: Receiver[int], names: SharedReceiver[str]) -> None:
        done = select(recv(numbers), recv(names), default=None)
        assert_type(done, Selected[Literal[0], int] | Selected[Literal[1], str] | None)

    assert_type(never(), SharedReceiver[Never])
    look(never(), never())
    for timer in (after(0), at(0), tick(0)):
        assert_type(timer, SharedReceiver[float])


@pytest.mark.statement("P18")
def test_cases_and_results_go_by_the_variance_of_the_handles() -> None:
    any_tx, rx = channel[Animal]()
    dogs: Sender[Dog] = any_tx
    assert_type(select(send(any_tx, Dog())), Selected[Literal[0], None])
    assert_type(select(send(dogs, Dog())), Selected[Literal[0], None])
    Select[None]().send(any_tx, Dog())

    def look(done: Selected[int, Animal]) -> None:
        assert_type(done.value, Animal)

    tx, dog_rx = unbounded[Dog]()
    tx.send(Dog())
    look(select(recv(dog_rx)))
    sel = Select[Animal]()
    sel.recv(dog_rx)
    sel.recv(rx)


@pytest.mark.statement("P18")
def test_what_does_not_fit_a_select_is_refused() -> None:
    tx, rx = channel[int]()
    send(tx, "1")  # type: ignore[misc]
    Select[None]().send(tx, "1")  # type: ignore[misc]
    with pytest.raises(TypeError):
        recv(tx)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        send(rx, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        select(rx)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        select(recv(rx), timout=1)  # type: ignore[call-overload]
    with pytest.raises(AttributeError):
        rx.clone()  # type: ignore[attr-defined]
    Select[str]().recv(rx)  # type: ignore[arg-type]
    tx.send(1)
    text: Selected[Literal[0], str] = select(recv(rx))  # type: ignore[arg-type]
    tx.send(1)
    assert str(text.value) == str(select(recv(rx)).value)


@pytest.mark.statement("P18")
def test_an_index_that_no_case_has_is_refused() -> None:
    tx, rx = channel[int]()
    tx.send(1)
    done = select(recv(rx), recv(rx))
    elsewhere = done.index == 2  # type: ignore[comparison-overlap]
    assert not elsewhere
