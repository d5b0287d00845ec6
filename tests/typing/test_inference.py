"""What type checkers infer; mypy checks this file with the rest of the tree."""

from typing import assert_type

import pytest

from treadle import (
    Actor,
    ActorRef,
    JoinHandle,
    Receiver,
    Sender,
    SyncSender,
    channel,
    scope,
    spawn,
    start_actor,
    sync_channel,
)


class Animal:
    pass


class Dog(Animal):
    pass


@pytest.mark.statement("P18")
def test_the_message_type_is_given_in_brackets() -> None:
    tx, rx = channel[int]()
    assert_type(tx, Sender[int])
    assert_type(rx, Receiver[int])
    tx.send(1)
    assert_type(rx.recv(), int)
    tx.try_send(1)
    assert_type(rx.try_recv(), int)
    tx.send_timeout(1, timeout=1)
    assert_type(rx.recv_timeout(1), int)
    assert_type(tx.clone(), Sender[int])


def test_bounded_channels_have_their_own_sender() -> None:
    tx, rx = sync_channel[str](3)
    assert_type(tx, SyncSender[str])
    assert_type(rx, Receiver[str])
    tx.send("a")
    tx.close()
    for message in rx:
        assert_type(message, str)


def test_unions_generics_and_none_are_message_types() -> None:
    tx, rx = channel[int | None]()
    tx.send(None)
    assert_type(rx.recv(), int | None)
    tx2, rx2 = channel[list[int]]()
    tx2.send([1])
    assert_type(rx2.recv(), list[int])
    tx3, rx3 = channel[Sender[int]]()
    tx3.send(channel[int]()[0])
    assert_type(rx3.recv(), Sender[int])


def test_the_pair_can_be_inferred_from_an_annotation() -> None:
    pair: tuple[Sender[int], Receiver[int]] = channel[int]()
    assert_type(pair[0], Sender[int])
    assert_type(pair[1], Receiver[int])


@pytest.mark.statement("P18")
def test_receivers_are_covariant_and_senders_contravariant() -> None:
    def receive(animals: Receiver[Animal]) -> None:
        assert_type(animals.recv(), Animal)

    tx, rx = channel[Dog]()
    tx.send(Dog())
    receive(rx)
    any_tx, _any_rx = channel[Animal]()
    dogs: Sender[Dog] = any_tx
    dogs.send(Dog())


@pytest.mark.statement("P18")
def test_what_does_not_fit_is_refused() -> None:
    tx, rx = channel[int]()
    tx.send("1")  # type: ignore[arg-type]
    rx.try_recv()
    narrow, _rx = channel[Dog]()
    wide: Sender[Animal] = narrow  # type: ignore[assignment]
    assert wide is narrow


def test_a_join_handle_has_the_type_that_the_function_returns() -> None:
    def repeat(text: str, *, times: int) -> list[str]:
        return [text] * times

    handle = spawn(repeat, "a", times=2)
    assert_type(handle, JoinHandle[list[str]])
    assert_type(handle.join(), list[str])
    with scope() as s:
        assert_type(s.spawn(repeat, "a", times=2).join(timeout=1), list[str])
    wider: JoinHandle[object] = handle
    assert wider.join() == ["a", "a"]


def test_the_arguments_of_a_thread_are_checked() -> None:
    with pytest.raises(TypeError):
        spawn(len, 3).join()  # type: ignore[arg-type]
    with scope() as s, pytest.raises(TypeError):
        s.spawn(len, "a", key=1).join()  # type: ignore[call-arg]


class Ask:
    def __init__(self, reply: Sender[int]) -> None:
        self.reply = reply


class Answering(Actor[Ask | Animal]):
    def receive(self, message: Ask | Animal, /) -> None:
        if isinstance(message, Ask):
            message.reply.send(1)


def test_an_actor_says_what_may_be_sent_and_what_an_ask_gives() -> None:
    def ask(reply: Sender[int]) -> Ask:
        return Ask(reply)

    with start_actor(Answering()) as answering:
        assert_type(answering, ActorRef[Ask | Animal])
        assert_type(answering.ask(Ask), int)
        assert_type(answering.ask(ask, timeout=None), int)
        only_dogs: ActorRef[Dog] = answering
        only_dogs.send(Dog())
        answering.send(1)  # type: ignore[arg-type]
