"""Actors: handling, asking, stopping, and failing."""

import gc
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

import treadle.channels
from treadle import (
    Actor,
    ActorRef,
    HandleClosed,
    Receiver,
    RecvError,
    RecvTimeout,
    Sender,
    SendError,
    SendTimeout,
    channel,
    spawn,
    start_actor,
)
from treadle.sched import Verdict, check


@dataclass(frozen=True)
class Add:
    number: int


@dataclass(frozen=True)
class Total:
    reply: Sender[int]


@dataclass(frozen=True)
class Fail:
    error: BaseException
    reply: Sender[int] | None = None


@dataclass(frozen=True)
class Keep:
    """Asks for a reply that does not come, or only later."""

    reply: Sender[int]


@dataclass(frozen=True)
class Pause:
    """Lets the actor wait, so that what comes after it is queued."""

    until: Receiver[None]


Message = Add | Total | Fail | Keep | Pause


class Counter(Actor[Message]):
    def __init__(self) -> None:
        self.total = 0
        self.kept: list[Sender[int]] = []
        self.ends: list[str] = []

    def started(self) -> None:
        self.ends.append("started")

    def receive(self, message: Message, /) -> None:
        match message:
            case Add(number):
                self.total += number
            case Total(reply):
                reply.send(self.total)
            case Fail(error):
                raise error
            case Keep(reply):
                self.kept.append(reply)
            case Pause(until):
                until.recv()

    def stopped(self) -> None:
        self.ends.append("stopped")


def test_messages_are_handled_in_order_and_asks_answered() -> None:
    actor = Counter()
    with start_actor(actor) as counter:
        for number in range(10):
            counter.send(Add(number))
        assert counter.ask(Total) == 45
        assert actor.ends == ["started"]
    assert actor.ends == ["started", "stopped"]


def test_leaving_the_block_handles_what_was_sent_before() -> None:
    actor = Counter()
    with start_actor(actor) as counter:
        for _ in range(100):
            counter.send(Add(1))
    assert actor.total == 100


def test_stop_ends_the_actor_after_what_was_sent_before_and_refuses_the_rest() -> None:
    actor = Counter()
    go, until = channel[None]()
    counter = start_actor(actor)
    counter.send(Pause(until))
    counter.send(Add(1))
    for _ in range(2):
        counter.stop()
        with pytest.raises(SendError) as refused:
            counter.send(late := Add(2))
        assert refused.value.message is late
        with pytest.raises(SendError):
            counter.ask(Total, timeout=math.inf)
    with pytest.raises(TimeoutError):
        counter.join(0)
    go.send(None)
    counter.join()
    assert (actor.total, actor.ends) == (1, ["started", "stopped"])
    counter.stop()
    with pytest.raises(SendError):
        counter.send(Add(3))


def test_an_actor_may_stop_itself() -> None:
    class Once(Actor[ActorRef[Any]]):
        def receive(self, message: ActorRef[Any], /) -> None:
            message.stop()

    once = start_actor(Once())
    once.send(once.clone())
    once.join()
    with pytest.raises(SendError):
        once.send(once)


def test_a_full_mailbox_makes_senders_wait_until_there_is_room_or_the_actor_stops() -> None:
    actor = Counter()
    go, until = channel[None]()
    counter = start_actor(actor, capacity=1)
    counter.send(Pause(until))
    counter.send(Add(1))  # waits until the actor has begun to pause
    with pytest.raises(SendTimeout):
        counter.ask(Total, timeout=0.001)
    blocked = spawn(counter.send, Add(2))
    go.send(None)
    blocked.join()
    with counter:
        assert counter.ask(Total, timeout=30) == 3


def test_join_raises_what_the_actor_raised_and_send_and_ask_fail() -> None:
    actor, error = Counter(), ValueError()
    counter = start_actor(actor)
    counter.send(Fail(error))
    for _ in range(2):
        with pytest.raises(ValueError) as caught:
            counter.join()
        assert caught.value is error
    with pytest.raises(SendError):
        counter.send(Add(1))
    with pytest.raises(SendError):
        counter.ask(Total)
    assert actor.ends == ["started", "stopped"]


def test_leaving_the_block_raises_what_the_actor_raised_unless_join_did() -> None:
    with pytest.raises(KeyError), start_actor(Counter()) as counter:
        counter.send(Fail(KeyError()))
    with start_actor(Counter()) as counter:
        counter.send(Fail(KeyError()))
        with pytest.raises(KeyError):
            counter.join()


def test_leaving_the_block_groups_what_the_block_and_the_actor_raised() -> None:
    body, error = ValueError(), KeyError()
    with pytest.raises(ExceptionGroup) as caught, start_actor(Counter()) as counter:  # noqa: PT012 - as above
        counter.send(Fail(error))
        raise body
    assert caught.value.exceptions == (body, error)
    with pytest.raises(ValueError), start_actor(Counter()):
        raise body


@pytest.mark.parametrize("keep", [False, True])
def test_an_ask_whose_actor_dies_fails(keep: bool) -> None:
    """Even if the exception that killed the actor holds the reply sender."""

    def failing(reply: Sender[int]) -> Fail:
        return Fail(RuntimeError(reply) if keep else RuntimeError(), reply)

    counter = start_actor(Counter())
    with pytest.raises(RecvError):
        counter.ask(failing)
    with pytest.raises(RuntimeError):
        counter.join()


def test_what_was_queued_behind_a_failing_message_is_destroyed_and_its_asks_fail() -> None:
    counter = start_actor(Counter())
    go, until = channel[None]()
    counter.send(Pause(until))
    counter.send(Fail(KeyError()))
    tx, rx = channel[int]()
    counter.send(Keep(tx))
    del tx
    asking = [spawn(counter.ask, Total) for _ in range(3)]
    go.send(None)
    for ask in asking:
        with pytest.raises((RecvError, SendError)):
            ask.join()
    assert list(rx) == []
    with pytest.raises(KeyError):
        counter.join()


def test_an_ask_whose_reply_sender_is_dropped_fails_while_the_actor_lives() -> None:
    def forgotten(reply: Sender[int]) -> Add:
        return Add(1)

    class Forgetful(Actor[Sender[int]]):
        def receive(self, message: Sender[int], /) -> None:
            pass

    with start_actor(Counter()) as counter:
        with pytest.raises(RecvError):
            counter.ask(forgotten)
        assert counter.ask(Total) == 1
    with start_actor(Forgetful()) as forgetful, pytest.raises(RecvError):
        forgetful.ask(lambda reply: reply)


def test_a_reply_may_come_later_and_an_ask_ends_when_the_actor_does() -> None:
    actor = Counter()
    counter = start_actor(actor)
    first, second = spawn(counter.ask, Keep), spawn(counter.ask, Keep)
    while len(actor.kept) < 2:
        counter.ask(Total)
    actor.kept[0].send(7)
    counter.stop()
    answers: list[int | None] = []
    for ask in (first, second):
        try:
            answers.append(ask.join())
        except RecvError:
            answers.append(None)
    assert sorted(map(str, answers)) == ["7", "None"]


def test_an_answer_that_comes_too_late_is_no_error_of_the_actor() -> None:
    actor = Counter()
    with start_actor(actor) as counter:
        with pytest.raises(RecvTimeout):
            counter.ask(Keep, timeout=0.001)
        counter.ask(Total)
        (reply,) = actor.kept
        reply.send(1)
        assert counter.ask(Total) == 0
        asks = counter._open().asks
        assert len(asks._replies) == 1
        del reply
        actor.kept.clear()
        assert not asks._replies


@pytest.mark.parametrize(("timeout", "error"), [(math.nan, ValueError), ("1", TypeError)])
def test_a_timeout_that_is_no_number_is_refused_and_nothing_sent(
    timeout: Any, error: type[Exception]
) -> None:
    actor = Counter()
    with start_actor(actor) as counter, pytest.raises(error):
        counter.ask(Keep, timeout=timeout)
    assert actor.kept == []


def test_an_actor_that_asks_or_joins_itself_is_told() -> None:
    class Lonely(Actor[ActorRef[Any]]):
        def receive(self, message: ActorRef[Any], /) -> None:
            with pytest.raises(RuntimeError, match="cannot ask itself"):
                message.ask(lambda reply: reply)
            with pytest.raises(RuntimeError, match="cannot join itself"):
                message.join()

    with start_actor(Lonely()) as lonely:
        lonely.send(lonely)


def test_an_actor_whose_start_fails_handles_nothing() -> None:
    class Stillborn(Counter):
        def started(self) -> None:
            raise OSError

    actor = Stillborn()
    stillborn = start_actor(actor)
    with pytest.raises(OSError):
        stillborn.join()
    with pytest.raises(SendError):
        stillborn.send(Add(1))
    assert (actor.total, actor.ends) == (0, [])


@pytest.mark.parametrize("drop", [ActorRef[Message].close, lambda ref: None])
def test_the_actor_ends_when_the_last_reference_is_closed_or_collected(
    drop: Callable[[ActorRef[Message]], None],
) -> None:
    actor = Counter()
    first = start_actor(actor)
    thread = first._open().handle.thread
    second = first.clone()
    drop(first)
    del first
    gc.collect()
    second.send(Add(1))
    assert second.ask(Total) == 1
    drop(second)
    del second
    gc.collect()
    thread.join()
    assert actor.ends == ["started", "stopped"]


def test_a_closed_reference_says_so() -> None:
    counter = start_actor(Counter())
    with counter, counter.clone() as twin:
        assert repr(twin).startswith("ActorRef(Thread-")
        assert "(Counter)" in repr(twin)
        twin.close()
        twin.close()
        assert repr(twin) == "ActorRef(closed)"
        with pytest.raises(HandleClosed) as refused:
            twin.send(message := Add(1))
        assert refused.value.message is message
        for operation in (twin.stop, twin.join, twin.clone, twin.__enter__, lambda: twin.ask(Total)):
            with pytest.raises(HandleClosed):
                operation()
        assert counter.ask(Total) == 0


def test_what_is_no_actor_is_refused() -> None:
    wrong: Any = object()
    with pytest.raises(TypeError, match="subclass of Actor, not object"):
        start_actor(wrong)
    with pytest.raises(TypeError, match=r"made by start_actor\(\)"):
        ActorRef(wrong)
    with pytest.raises(TypeError, match="a capacity is an int"):
        start_actor(Counter(), capacity=wrong)
    with pytest.raises(TypeError, match="abstract"):
        Actor()  # type: ignore[abstract]


class Answering(Actor[Sender[int]]):
    def receive(self, message: Sender[int], /) -> None:
        message.send(1)


class Dying(Actor[Sender[int]]):
    def receive(self, message: Sender[int], /) -> None:
        raise ValueError


def test_an_ask_that_races_with_stop_is_answered_or_refused_in_every_interleaving() -> None:
    seen = set()

    def program() -> None:
        answering = start_actor(Answering())
        stopper = spawn(answering.stop)
        try:
            seen.add(str(answering.ask(lambda reply: reply)))
        except SendError:
            seen.add("refused")
        stopper.join()
        answering.join()

    result = check(program, instrument=[treadle.channels], preemptions=0)
    assert result.verdict is Verdict.HOLDS, result
    assert seen == {"1", "refused"}


def test_an_ask_of_an_actor_that_dies_never_hangs() -> None:
    seen = set()

    def program() -> None:
        dying = start_actor(Dying())
        tx, rx = channel[int]()
        dying.send(tx)
        del tx
        try:
            dying.ask(lambda reply: reply)
        except (SendError, RecvError) as error:
            seen.add(type(error))
        assert list(rx) == []
        with suppress(ValueError):
            dying.join()

    result = check(program, instrument=[treadle.channels], preemptions=1)
    assert result.verdict is Verdict.HOLDS, result
    assert seen == {SendError, RecvError}
