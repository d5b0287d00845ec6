"""Order and delivery among threads: every interleaving, by the checker."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import Background, Make, every_flavour, refused
from treadle import Empty, bounded, unbounded
from treadle.sched import Verdict, check

MakeInt = Callable[[], Any]
KINDS: dict[str, MakeInt] = {
    "unbounded": unbounded[Any],
    "bounded(2)": partial(bounded[Any], 2),
    "bounded(1)": partial(bounded[Any], 1),
    "rendezvous": partial(bounded[Any], 0),
}


def kinds(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", [KINDS[name] for name in names], ids=names)


def started(*works: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def holds(program: Callable[[], None], preemptions: int | None = None) -> None:
    result = check(program, instrument=[treadle.channels], preemptions=preemptions)
    assert result.verdict is Verdict.HOLDS, result


@pytest.mark.statement("S69")
@kinds(*KINDS)
def test_a_send_that_returned_before_another_began_is_received_first(make: MakeInt) -> None:
    def program() -> None:
        tx, rx = make()
        told = threading.Lock()
        told.acquire()

        def first() -> None:
            tx.send(1)
            told.release()

        def second() -> None:
            told.acquire()
            tx.send(2)

        threads = started(first, second)
        assert [rx.recv(), rx.recv()] == [1, 2]
        join(threads)

    holds(program, preemptions=1)


@pytest.mark.statement("S68", "S70")
@kinds("unbounded", "bounded(2)")
def test_of_one_senders_messages_two_receivers_get_each_a_part_in_order(make: MakeInt) -> None:
    shares = set()

    def program() -> None:
        tx, rx = make()
        twin = rx.clone()
        parts: list[list[int]] = [[], []]

        def receive() -> None:
            parts[1].extend(twin)

        threads = started(lambda: (tx.send(1), tx.send(2), tx.close()), receive)
        parts[0].extend(rx)
        join(threads)
        assert sorted(parts[0] + parts[1]) == [1, 2]
        assert all(part == sorted(part) for part in parts)
        shares.add(len(parts[0]))

    most = int(make is KINDS["unbounded"])
    holds(program, preemptions=most)
    assert shares == ({0, 1, 2} if most else {0, 2})


@pytest.mark.statement("S71", "S72")
@kinds("unbounded", "bounded(2)")
def test_threads_that_send_and_then_try_to_receive_find_something(make: MakeInt) -> None:
    def program() -> None:
        tx, rx = make()

        def exchange() -> None:
            tx.send(1)
            rx.try_recv()

        threads = started(exchange)
        exchange()
        join(threads)
        assert refused(rx.try_recv) is Empty

    holds(program, preemptions=2)


@pytest.mark.statement("S72")
@kinds("unbounded", "bounded(2)", "bounded(1)")
def test_what_was_sent_is_seen_by_whoever_looks_afterwards(make: MakeInt) -> None:
    def program() -> None:
        tx, rx = make()
        threads = started(partial(tx.send, 1))
        join(threads)
        assert not rx.is_empty()
        assert len(rx) == 1
        assert rx.try_recv() == 1

    holds(program)


@pytest.mark.statement("S74", "G7")
@kinds("unbounded", "bounded(1)")
def test_a_newcomer_may_be_faster_than_a_receive_that_is_woken(make: MakeInt) -> None:
    """A freedom: both outcomes happen, and the one who waited is served by the next message."""
    winners = set()

    def program() -> None:
        tx, rx = make()
        got: list[int] = []
        threads = started(lambda: got.append(rx.recv()))
        tx.send(1)
        try:
            stolen = rx.try_recv()
        except Empty:
            winners.add("the one who waited")
        else:
            winners.add("the newcomer")
            tx.send(stolen + 1)
        join(threads)
        assert len(got) == 1

    holds(program, preemptions=2)
    assert winners == {"the one who waited", "the newcomer"}


@pytest.mark.statement("S75", "G8")
def test_send_number_k_plus_c_returns_only_after_receive_number_k() -> None:
    for capacity in (1, 2):

        def program(capacity: int = capacity) -> None:
            tx, rx = bounded[int](capacity)
            received: list[int] = []
            begun: list[int] = []

            def send() -> None:
                for number in range(capacity + 1):
                    tx.send(number)
                assert begun, "the last send needs a receive"

            threads = started(send)
            for _ in range(capacity + 1):
                begun.append(len(begun))
                received.append(rx.recv())
            join(threads)
            assert received == list(range(capacity + 1))

        holds(program, preemptions=1)


@pytest.mark.statement("S76")
@every_flavour
def test_what_was_done_before_a_send_is_seen_after_its_receive(make: Make) -> None:
    tx, rx = make()
    shared: dict[int, str] = {}

    def work() -> None:
        for number in range(200):
            shared[number] = "done"
            tx.send(number)
        tx.close()

    worker = Background(work)
    assert all(shared[number] == "done" for number in rx)
    worker.outcome()


@pytest.mark.statement("S76")
@kinds(*KINDS)
def test_what_was_done_before_a_send_is_seen_in_every_interleaving(make: MakeInt) -> None:
    def program() -> None:
        tx, rx = make()
        shared: list[str] = []

        def work() -> None:
            shared.append("done")
            tx.send(shared)

        threads = started(work)
        assert rx.recv() == ["done"]
        join(threads)

    holds(program, preemptions=1)
