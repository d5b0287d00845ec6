"""The bounded channel: its steps against each other, in every interleaving."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import in_every_interleaving, refused, together
from treadle import Full, Receiver, SendError, SendTimeout, SyncSender, select, send, sync_channel
from treadle.channels.flavours.bounded import Bounded
from treadle.sched import Verdict, check


def full(*messages: int) -> tuple[SyncSender[int], Receiver[int]]:
    tx, rx = sync_channel[int](len(messages))
    for message in messages:
        tx.send(message)
    return tx, rx


def beside(other: Callable[[], object], main: Callable[[], object]) -> None:
    """Run one in a thread of its own and one here."""
    thread = threading.Thread(target=other)
    thread.start()
    main()
    thread.join()


@pytest.mark.statement("S16", "S69", "S75")
def test_a_sender_that_waits_for_room_is_woken_by_a_receive() -> None:
    def program() -> None:
        tx, rx = full(1)
        got: list[int] = []
        beside(lambda: tx.send(2), lambda: got.extend([rx.recv(), rx.recv()]))
        assert got == [1, 2]

    in_every_interleaving(program)


@pytest.mark.statement("S9", "S16", "S70", "S75")
def test_two_senders_that_wait_for_room_both_get_it() -> None:
    def program() -> None:
        tx, rx = full(1)
        senders = [threading.Thread(target=tx.send, args=(message,)) for message in (2, 3)]
        for sender in senders:
            sender.start()
        got = [rx.recv(), rx.recv()]
        assert len(rx) <= 1
        for sender in senders:
            sender.join()
        assert [*got, *rx.drain()] in ([1, 2, 3], [1, 3, 2])

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S32", "S75")
def test_a_send_whose_time_runs_out_beside_a_receive_is_done_or_undone() -> None:
    def program() -> None:
        tx, rx = full(1)
        outcome: list[object] = []
        beside(lambda: outcome.append(refused(lambda: tx.send_timeout(2, 1.0))), rx.recv)
        assert rx.drain() == ([2] if outcome == [None] else [])
        assert outcome in ([None], [SendTimeout])

    in_every_interleaving(program)


@pytest.mark.statement("S24", "S72")
def test_full_is_said_before_a_receive_and_not_after() -> None:
    def program() -> None:
        tx, rx = full(1)
        outcome: list[object] = []
        beside(lambda: outcome.append(refused(lambda: tx.try_send(2))), rx.recv)
        assert rx.drain() == ([2] if outcome == [None] else [])
        assert outcome in ([None], [Full])
        tx.try_send(3)

    in_every_interleaving(program)


@pytest.mark.statement("S17", "S19", "S25", "S59")
@pytest.mark.parametrize("operation", [SyncSender.send, SyncSender.try_send, lambda tx, _: tx.send_many([2])])
def test_what_is_destroyed_makes_no_room(operation: Callable[[Any, int], object]) -> None:
    """Nobody received the message the channel was full of, so nobody is let in, early or late."""

    def program() -> None:
        tx, rx = full(1)
        outcome: list[object] = []
        beside(lambda: outcome.append(refused(lambda: operation(tx, 2))), rx.close)
        assert outcome in ([SendError], [Full])

    in_every_interleaving(program)


@pytest.mark.statement("S55", "S64")
def test_a_receive_beside_the_end_makes_room_for_one() -> None:
    """A send is let in only if the receive was: the other handle is closed by then."""

    def program() -> None:
        tx, rx = full(1)
        outcome: dict[str, object] = {}

        def put() -> None:
            outcome["send"] = refused(lambda: tx.try_send(2))

        def take() -> None:
            outcome["recv"] = refused(rx.try_recv)

        together(put, take, rx.close)
        assert outcome["send"] is not None or outcome["recv"] is None, outcome

    in_every_interleaving(program, preemptions=1)


@pytest.mark.statement("S85", "S99", "S101")
def test_a_select_that_waits_for_room_sends_once() -> None:
    def program() -> None:
        one, rx_one = full(1)
        two, rx_two = full(2)
        chosen: list[int] = []
        beside(
            lambda: chosen.append(select(send(one, 3), send(two, 4), biased=True).index),
            lambda: (rx_one.recv(), rx_two.recv()),
        )
        assert [rx_one.drain(), rx_two.drain()] == ([[3], []] if chosen == [0] else [[], [4]])

    in_every_interleaving(program)


class MakesRoom(Bounded[int]):
    """Broken: what it destroys makes room."""

    def empty(self) -> None:
        self.queue.clear()


class PushesOut(Bounded[int]):
    """Broken: it appends where it looked for room before."""

    def offer(self, message: int) -> Any:
        if len(self.queue) == self.capacity:
            return Full
        self.queue.append(message)
        self.published()
        return None


class WakesNobody(Bounded[int]):
    """Broken: a receive makes room and tells no sender."""

    def popleft(self) -> int:
        return self.queue.popleft()


@pytest.mark.parametrize("broken", [MakesRoom, PushesOut, WakesNobody])
def test_a_broken_channel_is_found_out(broken: type[Bounded[int]]) -> None:
    def program() -> None:
        state = broken(1)
        tx, rx = SyncSender[int](state), Receiver[int](state)
        if broken is not PushesOut:
            tx.send(1)
        got: list[object] = []
        if broken is MakesRoom:
            beside(lambda: got.append(refused(lambda: tx.try_send(2))), rx.close)
            assert got != [None]
        elif broken is PushesOut:
            together(*[lambda message=i: got.append(refused(lambda: tx.try_send(message))) for i in (2, 3)])
            assert got.count(None) == len(rx.drain())
        else:
            beside(lambda: tx.send(2), lambda: got.extend([rx.recv(), rx.recv()]))

    assert check(program, instrument=[treadle.channels, broken]).verdict is Verdict.VIOLATED
