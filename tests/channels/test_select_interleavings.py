"""Selects of two and three threads, in every interleaving that can differ.

The ideas are those of crossbeam's tests (`linearizable`, `matching`, `stress_*`) and Go's (`TestNonblockSelectRace`).
The seed of a check decides in which order each select tries its cases.
"""

import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any

import pytest

from tests.channels.support import Pair, in_every_interleaving, together, waiters
from treadle import (
    ChannelError,
    Empty,
    Full,
    Receiver,
    RecvError,
    RecvTimeout,
    Select,
    SelectTimeout,
    SendError,
    SendTimeout,
    after,
    bounded,
    never,
    recv,
    select,
    send,
    unbounded,
)
from treadle.channels.core import untouched

Make = Callable[[], Pair]
Select2 = Callable[[Receiver[Any], Receiver[Any]], Any]


def make_unbounded() -> Pair:
    return unbounded[Any]()


def make_bounded() -> Pair:
    return bounded[Any](1)


def make_rendezvous() -> Pair:
    return bounded[Any](0)


KINDS = [make_unbounded, make_bounded, make_rendezvous]
buffered = pytest.mark.parametrize("make", KINDS[:2])
every_kind = pytest.mark.parametrize("make", KINDS)

#: Each version of Python takes another of three.
SEED = sys.version_info.minor % 3


def is_untouched(*pairs: Pair) -> bool:
    states = [rx._lease.channel for _, rx in pairs]
    return not any(waiters(state.receivers) or waiters(state.senders) for state in states)


# -- S100: never "none", if at every instant one is ready ---------------------------------------------------------


@pytest.mark.statement("S100")
def test_an_iterator_of_a_deque_notices_a_message_that_came_and_went() -> None:
    """What `unchanged` of the flavours rests on."""
    shapes: list[list[int]] = [[], [1], [1, 2]]
    for before in shapes:
        messages: deque[object] = deque(before)
        mark = iter(messages)
        assert untouched(mark)
        mark = iter(messages)
        messages.append(3)
        messages.remove(3)
        assert list(messages) == before
        assert not untouched(mark)
        mark = iter(messages)
        messages.extend([0])
        assert not untouched(mark)


TRIES: dict[str, Select2] = {
    "default": lambda a, b: select(recv(a), recv(b), default=None),
    "timeout": lambda a, b: select(recv(a), recv(b), timeout=0),
    "biased": lambda a, b: select(recv(a), recv(b), default=None, biased=True),
    "opposite": lambda a, b: select(recv(b), recv(a), default=None, biased=True),
}


@buffered
@pytest.mark.parametrize("kind", TRIES)
@pytest.mark.statement("S100", "G6")
def test_a_token_that_moves_between_two_channels_is_always_seen(kind: str, make: Make) -> None:
    def program() -> None:
        (tx1, rx1), (tx2, rx2) = make(), make()
        tx1.send(1)
        got: list[int] = []

        def mover() -> None:
            tx2.send(2)
            got.extend(rx1.try_iter())

        def looker() -> None:
            done = TRIES[kind](rx1, rx2)
            assert done is not None
            got.append(done.value)

        together(mover, looker)
        got.extend((*rx1.drain(), *rx2.drain()))
        assert sorted(got) == [1, 2]

    in_every_interleaving(program, seed=SEED)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("default", make_unbounded),
        ("timeout", make_unbounded),
        ("biased", make_bounded),
        ("opposite", make_unbounded),
    ],
)
@pytest.mark.statement("S100")
def test_a_token_that_moves_there_and_back_is_always_seen(kind: str, make: Make) -> None:
    def program() -> None:
        (tx1, rx1), (tx2, rx2) = make(), make()
        tx1.send(1)

        def mover() -> None:
            tx2.send(2)
            list(rx1.try_iter())
            if not len(rx1):
                tx1.try_send(3)
                list(rx2.try_iter())

        def looker() -> None:
            assert TRIES[kind](rx1, rx2) is not None

        together(mover, looker)

    in_every_interleaving(program, preemptions=1)


@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.statement("S100")
def test_a_channel_that_is_full_or_empty_is_ready_for_one_of_both(capacity: int) -> None:
    def program() -> None:
        tx, rx = bounded[int](capacity)

        def changer() -> None:
            with suppress(Full):
                for i in range(capacity):
                    tx.try_send(i)
            list(rx.try_iter())

        def looker() -> None:
            assert select(send(tx, 9), recv(rx), default=None) is not None

        together(changer, looker)

    in_every_interleaving(program, seed=SEED, preemptions=1)


@every_kind
@pytest.mark.statement("S100", "S84", "S42")
def test_a_message_or_the_end_is_always_seen(make: Make) -> None:
    """As the last message is taken away the senders are gone, so there is always one of both."""

    def program() -> None:
        (tx, rx), (tx2, rx2) = unbounded[int](), make()
        tx.send(1)

        def mover() -> None:
            tx2.close()
            list(rx.try_iter())

        def looker() -> None:
            done = select(recv(rx), recv(rx2), default=None)
            assert done is not None
            assert (done.index == 1) == isinstance(done.error, RecvError)

        together(mover, looker)

    in_every_interleaving(program, seed=SEED)


# -- selects and plain operations ---------------------------------------------------------------------------------


RECEIVES: dict[str, Callable[[Receiver[Any]], Any]] = {
    "recv": lambda rx: rx.recv(),
    "timeout": lambda rx: rx.recv_timeout(1),
    "try": lambda rx: rx.try_recv(),
    "select": lambda rx: select(recv(never()), recv(rx)).value,
    "select timeout": lambda rx: select(recv(rx), recv(never()), timeout=1).value,
    "select default": lambda rx: select(recv(rx), default=Empty).value,  # type: ignore[union-attr]
}
SENDS: dict[str, Callable[[Any], Any]] = {
    "send": lambda tx: tx.send(7),
    "timeout": lambda tx: tx.send_timeout(7, 1),
    "try": lambda tx: tx.try_send(7),
    "select": lambda tx: select(recv(never()), send(tx, 7)).value,
    "select timeout": lambda tx: select(send(tx, 7), recv(never()), timeout=1).value,
}
GIVE_UP = (Empty, Full, RecvTimeout, SendTimeout, SelectTimeout, AttributeError)


@pytest.mark.parametrize(
    ("sending", "receiving"),
    [pair for pair in product(SENDS, RECEIVES) if any(name.startswith("select") for name in pair)],
)
@pytest.mark.statement("S97", "S98", "S85", "S23")
def test_a_select_pairs_with_every_operation_of_the_other_side(sending: str, receiving: str) -> None:
    def program() -> None:
        pair = tx, rx = bounded[int](0)
        sent: list[bool] = []
        got: list[int] = []

        def sender() -> None:
            try:
                SENDS[sending](tx)
                sent.append(True)
            except (*GIVE_UP, SendError):
                tx.close()

        def receiver() -> None:
            try:
                got.append(RECEIVES[receiving](rx))
            except (*GIVE_UP, RecvError):
                rx.close()

        together(sender, receiver)
        assert got == [7] * len(sent)
        pairs_always = all(
            "e" in name and "t" not in name.replace("select", "") for name in (sending, receiving)
        )
        assert got or not pairs_always
        if got:
            assert is_untouched(pair)

    in_every_interleaving(program, preemptions=0 if "timeout" in sending + receiving else 1)


@pytest.mark.statement("S97", "S85", "S96")
def test_selects_of_both_sides_on_two_channels_in_opposite_order_pair_once() -> None:
    def program() -> None:
        pairs = (tx, rx), (tx2, rx2) = bounded[int](0), bounded[int](0)
        done: dict[str, tuple[int, int | None]] = {}

        def one() -> None:
            result = select(send(tx, 1), recv(rx2))
            done["one"] = result.index, result.value

        def two() -> None:
            result = select(send(tx2, 2), recv(rx))
            done["two"] = result.index, result.value

        together(one, two)
        assert done in ({"one": (0, None), "two": (1, 1)}, {"one": (1, 2), "two": (0, None)})
        assert is_untouched(*pairs)

    in_every_interleaving(program, seed=SEED, preemptions=1)


@pytest.mark.statement("S97", "S96")
def test_selects_that_both_send_and_receive_on_one_rendezvous_pair_with_each_other() -> None:
    def program() -> None:
        tx, rx = bounded[str](0)
        done: list[tuple[str, str | None]] = []

        def one() -> None:
            done.append(("one", select(send(tx, "one"), recv(rx)).value))

        def two() -> None:
            done.append(("two", select(send(tx, "two"), recv(rx)).value))

        together(one, two)
        assert sorted(done, key=str) in (
            [("one", "two"), ("two", None)],
            [("one", None), ("two", "one")],
        )
        assert is_untouched((tx, rx))

    in_every_interleaving(program, seed=SEED, preemptions=1)


@pytest.mark.statement("S97", "S85")
def test_of_three_selects_in_a_ring_two_pair_and_the_third_waits() -> None:
    """Each sends to the next and receives from the one before."""
    executions: list[list[tuple[int, int, int | None]]] = []

    def program() -> None:
        pairs = [bounded[int](0) for _ in range(3)]
        done: list[tuple[int, int, int | None]] = []
        executions.append(done)

        def node(i: int) -> None:
            result = select(send(pairs[i][0], i), recv(pairs[i - 1][1]))
            done.append((i, result.index, result.value))

        together(partial(node, 0), partial(node, 1), partial(node, 2))

    result = in_every_interleaving(program, preemptions=0, allow_deadlock=True)
    assert result.deadlocked == result.executions
    for done in executions[-result.executions :]:
        ((sender, value),) = [(i, value) for i, index, value in done if index == 0]
        assert value is None
        assert [(i, value) for i, index, value in done if index == 1] == [((sender + 1) % 3, sender)]


@every_kind
@pytest.mark.statement("S85", "S99", "S75")
def test_two_selects_share_two_messages(make: Make) -> None:
    def program() -> None:
        pairs = (tx1, rx1), (tx2, rx2) = make(), make()
        got: list[int] = []

        def one() -> None:
            got.append(select(recv(rx1), recv(rx2)).value)

        def two() -> None:
            got.append(select(recv(rx2), recv(rx1)).value)

        def sender() -> None:
            tx1.send(1)
            tx2.send(2)

        together(one, two, sender)
        assert sorted(got) == [1, 2]
        assert is_untouched(*pairs)

    in_every_interleaving(program, seed=SEED, preemptions=0)


@pytest.mark.parametrize("capacity", [0, 1])
@pytest.mark.statement("S85", "S99", "S75")
def test_two_selects_that_send_are_both_received(capacity: int) -> None:
    def program() -> None:
        pair = tx, rx = bounded[int](capacity)
        got: list[int] = []

        def one() -> None:
            select(send(tx, 1), recv(never()))

        def two() -> None:
            select(recv(never()), send(tx, 2))

        def receiver() -> None:
            got.extend((select(recv(rx), recv(never())).value, rx.recv()))

        together(one, two, receiver)
        assert sorted(got) == [1, 2]
        assert is_untouched(pair)

    in_every_interleaving(program, seed=SEED, preemptions=0)


@every_kind
@pytest.mark.statement("S101", "S102", "S49")
def test_a_message_is_not_lost_to_a_select_that_gives_up(make: Make) -> None:
    def program() -> None:
        pairs = (tx, rx), (_tx2, rx2) = make(), make()
        got: list[int] = []
        sent: list[bool] = []

        def waiting() -> None:
            try:
                got.append(select(recv(rx2), recv(rx), timeout=1).value)
            except SelectTimeout:
                rx2.close()

        def sender() -> None:
            try:
                tx.send_timeout(7, 1)
                sent.append(True)
            except SendTimeout:
                pass

        together(waiting, sender)
        got.extend(rx.drain())
        assert got == [7] * len(sent)
        assert sent or rx.capacity == 0
        assert is_untouched(pairs[0])

    in_every_interleaving(program, preemptions=0)


@every_kind
@pytest.mark.statement("S99", "S41", "P12")
def test_a_select_that_may_block_ends_when_its_channels_do(make: Make) -> None:
    def program() -> None:
        (tx, rx), (tx2, rx2) = make(), make()
        sent: list[Any] = []

        def waiting() -> None:
            sent.append(select(recv(rx), recv(rx2)).error)

        def closer() -> None:
            tx.close()
            rx2.close()

        together(waiting, closer)
        assert isinstance(sent[0], ChannelError)
        assert tx2

    in_every_interleaving(program, seed=SEED, preemptions=int(make is KINDS[SEED]))


@pytest.mark.statement("S99", "S102")
def test_a_timer_and_a_message_race_and_one_is_taken() -> None:
    def program() -> None:
        tx, rx = unbounded[int]()
        timer = after(1)
        found: list[int] = []

        def waiting() -> None:
            found.append(select(recv(timer), recv(rx)).index)

        def sender() -> None:
            tx.send(1)

        together(waiting, sender)
        assert len(rx) == (1 if found == [0] else 0)
        assert is_untouched((tx, rx), (tx, timer))

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S115", "S116", "S114")
def test_ready_and_a_try_of_two_threads_get_each_message_once() -> None:
    def program() -> None:
        tx, rx = bounded[int](1)
        got: list[int] = []

        def take() -> None:
            sel = Select[int]()
            sel.recv(rx)
            sel.recv(never())
            while True:
                assert sel.ready() == 0
                try:
                    got.append(rx.try_recv())
                except Empty:
                    continue
                except RecvError:
                    return

        def sender() -> None:
            tx.send(1)
            tx.send(2)
            tx.close()

        together(take, sender)
        assert got == [1, 2]

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S115", "S116", "S114")
def test_ready_wakes_when_a_peer_arrives_at_a_rendezvous() -> None:
    def program() -> None:
        tx, rx = bounded[int](0)
        got: list[int] = []

        def take() -> None:
            sel = Select[int]()
            sel.recv(never())
            sel.recv(rx)
            while not got:
                assert sel.ready() == 1
                try:
                    got.append(rx.try_recv())
                except Empty:
                    continue

        def sender() -> None:
            tx.send(1)

        together(take, sender)
        assert got == [1]

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S115", "S116")
def test_two_observers_of_one_rendezvous_are_both_told_of_a_sender() -> None:
    def program() -> None:
        tx, rx = bounded[int](0)
        told: list[int] = []

        def observe() -> None:
            sel = Select[int]()
            sel.recv(rx)
            told.append(sel.ready())

        def one() -> None:
            observe()

        def two() -> None:
            observe()

        def sender() -> None:
            with pytest.raises(SendTimeout):
                tx.send_timeout(1, 9)

        together(one, two, sender)
        assert told == [0, 0]
        assert is_untouched((tx, rx))

    in_every_interleaving(program, timeouts="idle", preemptions=0)
