"""Timeouts and deadlines of every operation that takes one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import (
    LONG,
    Background,
    Make,
    every_buffer,
    every_flavour,
    every_rendezvous,
    received,
    refused,
    until_blocked,
)
from treadle import (
    Actor,
    JoinHandle,
    Mailboxes,
    Receiver,
    RecvError,
    RecvTimeout,
    Select,
    Sender,
    SendError,
    SendTimeout,
    after,
    at,
    bounded,
    channel,
    never,
    recv,
    select,
    send,
    spawn,
    start_actor,
    sync_channel,
    tick,
    unbounded,
)
from treadle.sched import Verdict, check

Wait = Callable[[Any], object]


def wait_for(end: Receiver[None]) -> None:
    for _ in end:
        pass


@contextmanager
def running() -> Iterator[JoinHandle[None]]:
    """Give a thread that runs until the end of the block."""
    end, wait = channel[None]()
    handle = spawn(wait_for, wait)
    try:
        yield handle
    finally:
        end.close()
        handle.join()


def selecting() -> Select[int]:
    chosen = Select[int]()
    chosen.recv(NOTHING_COMES)
    return chosen


NOTHING_FITS, _kept = sync_channel[int](0)
_held, NOTHING_COMES = channel[int]()


def join(limit: Any) -> object:
    with running() as handle:
        return handle.join(limit)


class Keeper(Actor[Sender[int]]):
    """Keeps the means to reply, and does not."""

    def __init__(self) -> None:
        self.kept: list[Sender[int]] = []

    def receive(self, message: Sender[int], /) -> None:
        self.kept.append(message)


def itself(reply: Sender[int]) -> Sender[int]:
    return reply


def boxes() -> Mailboxes[str, int]:
    mailboxes = Mailboxes[str, int](capacity=1)
    mailboxes.send(1, "full")
    return mailboxes


#: Operations that cannot go on. Each ends with a TimeoutError when the time is over.
TIMEOUTS: dict[str, Wait] = {
    "recv_timeout": NOTHING_COMES.recv_timeout,
    "send_timeout": lambda limit: NOTHING_FITS.send_timeout(1, limit),
    "select": lambda limit: select(recv(NOTHING_COMES), send(NOTHING_FITS, 1), timeout=limit),
    "Select.select": lambda limit: selecting().select(timeout=limit),
    "Select.ready": lambda limit: selecting().ready(timeout=limit),
    "join": join,
    "Mailboxes.recv_timeout": lambda limit: boxes().recv_timeout("empty", limit),
    "Mailboxes.send_timeout": lambda limit: boxes().send_timeout(2, "full", limit),
}
DEADLINES: dict[str, Wait] = {
    "recv_deadline": NOTHING_COMES.recv_deadline,
    "send_deadline": lambda limit: NOTHING_FITS.send_deadline(1, limit),
    "select": lambda limit: select(recv(NOTHING_COMES), send(NOTHING_FITS, 1), deadline=limit),
    "Select.select": lambda limit: selecting().select(deadline=limit),
    "Select.ready": lambda limit: selecting().ready(deadline=limit),
}
MAKERS: dict[str, Wait] = {"after": after, "tick": tick, "at": at}

HUGE = 10**400  # beyond any float
BAD = [
    (float("nan"), ValueError),
    (True, TypeError),
    ("1", TypeError),
    (1j, TypeError),
    (Decimal(1), TypeError),
    ([], TypeError),
]
OVER: list[float] = [0, 0.0, -0.0, -1, -1e300, float("-inf"), -HUGE]


def name(value: object) -> str:
    return {HUGE: "huge", -HUGE: "-huge"}.get(value, repr(value)) if isinstance(value, int) else repr(value)


EVER: list[float | None] = [None, float("inf"), 1e300, HUGE, threading.TIMEOUT_MAX * 2]


@pytest.mark.statement("P8")
@pytest.mark.parametrize(("limit", "error"), BAD, ids=name)
@pytest.mark.parametrize(
    ("wait", "word"),
    [(wait, "timeout") for wait in TIMEOUTS.values()]
    + [(wait, "deadline") for wait in DEADLINES.values()]
    + [(after, "timeout"), (tick, "timeout"), (at, "deadline")],
    ids=[*TIMEOUTS, *(f"{name} (deadline)" for name in DEADLINES), "after", "tick", "at"],
)
def test_a_limit_that_is_no_time_is_refused(
    wait: Wait, word: str, limit: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=word):
        wait(limit)


@pytest.mark.statement("P8")
@pytest.mark.parametrize(("limit", "error"), BAD, ids=name)
def test_a_bad_limit_of_an_actor_is_refused(limit: Any, error: type[Exception]) -> None:
    with start_actor(Keeper()) as actor:
        for wait in (actor.join, partial(actor.ask, itself)):
            with pytest.raises(error, match="timeout"):
                wait(limit)


@pytest.mark.statement("S30", "S46", "P8")
@pytest.mark.parametrize("limit", OVER, ids=name)
@pytest.mark.parametrize(
    "wait",
    [*TIMEOUTS.values(), *DEADLINES.values()],
    ids=[*TIMEOUTS, *(f"{name} (deadline)" for name in DEADLINES)],
)
def test_a_limit_that_is_over_ends_the_wait_at_once(wait: Wait, limit: float) -> None:
    with pytest.raises(TimeoutError):
        wait(limit)


@pytest.mark.statement("S33", "S51", "S123", "P8")
@pytest.mark.parametrize("limit", EVER, ids=name)
def test_a_maker_of_a_timer_too_far_for_the_clock_makes_one_that_never_comes(limit: float | None) -> None:
    for make in MAKERS.values():
        timer = make(limit)
        assert isinstance(timer, Receiver)
        assert timer.same_channel(never())


@pytest.mark.statement("S33", "S51", "P8")
@every_flavour
@pytest.mark.parametrize("limit", [*EVER, LONG, threading.TIMEOUT_MAX], ids=name)
@pytest.mark.parametrize("way", ["timeout", "deadline"])
def test_a_receive_with_time_left_waits_for_its_message(make: Make, limit: float | None, way: str) -> None:
    tx, rx = make()
    if way == "timeout":
        receiver = Background(lambda: rx.recv_timeout(limit))
    else:
        deadline = time.monotonic() + LONG if limit == LONG else limit
        receiver = Background(lambda: rx.recv_deadline(deadline))
    until_blocked(tx._lease.channel.receivers)
    tx.send("message")
    assert receiver.outcome() == "message"


@pytest.mark.statement("S33", "S34", "P8")
@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.parametrize("limit", [*EVER, LONG, threading.TIMEOUT_MAX], ids=name)
@pytest.mark.parametrize("way", ["timeout", "deadline"])
def test_a_send_with_time_left_waits_for_room(capacity: int, limit: float | None, way: str) -> None:
    tx, rx = bounded[int](capacity)
    for i in range(capacity):
        tx.send(i)
    if way == "timeout":
        sender = Background(lambda: tx.send_timeout(capacity, limit))
    else:
        deadline = time.monotonic() + LONG if limit == LONG else limit
        sender = Background(lambda: tx.send_deadline(capacity, deadline))
    until_blocked(rx._lease.channel.senders)
    assert [rx.recv() for _ in range(capacity + 1)] == list(range(capacity + 1))
    sender.outcome()


@pytest.mark.statement("S29", "S34", "S45", "S52")
@every_buffer
@pytest.mark.parametrize("deadline", [*OVER, *EVER], ids=name)
def test_whatever_the_deadline_what_can_be_done_is_done(make: Make, deadline: float | None) -> None:
    tx, rx = make()
    for i in range(4):
        tx.send_deadline(i, deadline)
    assert [rx.recv_deadline(deadline) for _ in range(4)] == [0, 1, 2, 3]
    tx.send_timeout(4, deadline)
    assert rx.recv_timeout(deadline) == 4
    tx.close()
    assert refused(partial(rx.recv_deadline, deadline)) is RecvError


@pytest.mark.statement("S30", "S34", "S52")
@every_flavour
def test_a_deadline_that_is_past_is_told_with_the_message(make: Make) -> None:
    tx, rx = make()
    deadline = time.monotonic()
    with pytest.raises(RecvTimeout):
        rx.recv_deadline(deadline)
    if tx.capacity is not None:
        for i in range(tx.capacity):
            tx.send_deadline(i, deadline)
        message = object()
        with pytest.raises(SendTimeout) as failure:
            tx.send_deadline(message, deadline)
        assert failure.value.message is message
        assert received(rx) == list(range(tx.capacity))
    rx.close()
    assert refused(partial(tx.send_deadline, 1, deadline)) is SendError


@pytest.mark.statement("S47", "P10")
@every_flavour
def test_a_deadline_is_never_missed_early(make: Make) -> None:
    _tx, rx = make()
    for wait in (0.001, 0.01):
        deadline = time.monotonic() + wait
        with pytest.raises(RecvTimeout):
            rx.recv_deadline(deadline)
        assert time.monotonic() >= deadline


@pytest.mark.statement("S34")
@every_rendezvous
def test_a_send_never_misses_its_deadline_early(make: Make) -> None:
    tx, _rx = make()
    deadline = time.monotonic() + 0.01
    with pytest.raises(SendTimeout):
        tx.send_deadline(1, deadline)
    assert time.monotonic() >= deadline


@pytest.mark.statement("S15", "S27", "S33")
def test_a_send_into_an_unbounded_channel_never_times_out() -> None:
    tx, rx = unbounded[int]()
    for i in range(1_000):
        tx.send_timeout(i, 0)
        tx.send_deadline(i, 0)
        tx.try_send(i)
        tx.send(i)
    assert len(rx) == 4_000


@pytest.mark.statement("S32", "S49", "S50")
@every_flavour
def test_after_timeouts_everything_works_as_before(make: Make) -> None:
    """S50: also when a sender is cloned in between, and used by a thread."""
    tx, rx = make()
    for _ in range(3):
        assert refused(partial(rx.recv_timeout, 0.001)) is RecvTimeout
        twin = tx.clone()
        sender = Background(partial(twin.send, "message"))
        assert rx.recv_timeout(LONG) == "message"
        sender.outcome()
        twin.close()
        if tx.capacity is not None:
            for _ in range(tx.capacity):
                tx.send("filler")
            assert refused(partial(tx.send_timeout, "late", 0.001)) is SendTimeout
            assert rx.drain() == ["filler"] * tx.capacity
    assert not rx.is_disconnected()
    tx.close()
    assert refused(rx.recv) is RecvError


@pytest.mark.statement("P9", "P10")
@pytest.mark.parametrize("capacity", [None, 1], ids=["unbounded", "bounded"])
def test_a_receive_that_is_woken_in_vain_has_one_budget(capacity: int | None) -> None:
    """On the checker's clock, which moves only as timeouts end: it ends at one second, and not half a second later."""
    ends: set[object] = set()

    def program() -> None:
        tx, rx = unbounded[int]() if capacity is None else bounded[int](capacity)
        start = time.monotonic()

        def disturb() -> None:
            time.sleep(0.5)
            tx.send(1)
            ends.add(refused(rx.try_recv))

        thief = threading.Thread(target=disturb)
        thief.start()
        if refused(partial(rx.recv_timeout, 1)) is RecvTimeout:
            assert time.monotonic() == start + 1
            ends.add("timeout")
        thief.join()

    result = check(program, instrument=[treadle.channels], timeouts="idle")
    assert result.verdict is Verdict.HOLDS, result
    assert ends == {"timeout", None, treadle.Empty}


@pytest.mark.statement("P9", "P10")
@pytest.mark.parametrize("capacity", [0, 1])
def test_a_send_that_is_woken_in_vain_has_one_budget(capacity: int) -> None:
    ends = set()

    def program() -> None:
        tx, rx = bounded[int](capacity)
        for _ in range(capacity):
            tx.send(0)
        start = time.monotonic()

        def disturb() -> None:
            time.sleep(0.5)
            refused(rx.try_recv)
            refused(partial(tx.try_send, 2))

        thief = threading.Thread(target=disturb)
        thief.start()
        if refused(partial(tx.send_timeout, 1, 1)) is SendTimeout:
            assert time.monotonic() == start + 1
            ends.add("timeout")
        else:
            ends.add("sent")
        thief.join()

    result = check(program, instrument=[treadle.channels], timeouts="idle")
    assert result.verdict is Verdict.HOLDS, result
    assert ends == ({"sent"} if capacity == 0 else {"timeout", "sent"})


@pytest.mark.statement("P9")
def test_the_parts_of_a_call_share_its_budget() -> None:
    """A question to an actor waits for the mailbox and for the reply: one second for both."""

    def program() -> None:
        with start_actor(Keeper()) as actor:
            start = time.monotonic()
            with pytest.raises(TimeoutError):
                actor.ask(itself, timeout=1)
            assert time.monotonic() == start + 1

    result = check(program, instrument=[treadle.channels], timeouts="idle", preemptions=1)
    assert result.failure is None, result
