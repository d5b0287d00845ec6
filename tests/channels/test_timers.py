"""`after`, `at`, `tick` and `never`, on the virtual clock of the scheduler unless the clock does not matter."""

import math
import threading
from collections.abc import Callable
from time import monotonic, sleep

import pytest

from tests.channels.support import in_every_interleaving, together
from treadle import (
    Empty,
    Receiver,
    RecvTimeout,
    SelectTimeout,
    SharedReceiver,
    after,
    at,
    never,
    recv,
    select,
    tick,
)

Program = Callable[[], None]


def in_virtual_time(program: Program) -> Program:
    """Make a test of the program: nothing sleeps, and a timeout fires when nothing else can run."""

    def test() -> None:
        in_every_interleaving(program, timeouts="idle", preemptions=1)

    test.__name__ = program.__name__
    return test


@pytest.mark.statement("S118", "S120", "S5")
@in_virtual_time
def test_a_timer_gives_the_instant_it_was_set_for() -> None:
    start = monotonic()
    for rx in (after(2.0), at(start + 2.0)):
        assert (rx.capacity, rx.is_disconnected()) == (1, False)
    late, soon = after(2.0), at(start + 3.0)
    assert late.recv() == start + 2
    assert monotonic() == start + 2
    sleep(5)
    assert soon.recv() == start + 3, "not the instant of the receive"
    assert not late.is_disconnected()


@pytest.mark.statement("S120")
@in_virtual_time
def test_a_timer_is_empty_before_its_time_and_full_until_it_is_received() -> None:
    def measures(rx: Receiver[float]) -> tuple[int, bool, bool]:
        return len(rx), rx.is_empty(), rx.is_full()

    rx = after(2)
    assert measures(rx) == (0, True, False)
    sleep(1.5)
    assert measures(rx) == (0, True, False)
    sleep(0.5)
    assert measures(rx) == (1, False, True)
    rx.recv()
    assert measures(rx) == (0, True, False)


@pytest.mark.statement("S119", "S128")
def test_a_timer_whose_time_is_past_is_ready_at_once() -> None:
    now = monotonic()
    for instant in (now, now - 9, 0.0, -math.inf):
        assert at(instant).try_recv() == instant
    assert after(0).try_recv() >= now
    assert after(-1).try_recv() >= now
    done = select(recv(never()), recv(after(0)), default=None)
    assert done is not None
    assert done.index == 1


@pytest.mark.statement("S121", "S122", "S44")
def test_clones_share_one_message() -> None:
    def program() -> None:
        rx = after(1)
        other = rx.clone()
        assert rx.same_channel(other)
        got: list[float] = []
        gave_up: list[float] = []

        def receive(handle: SharedReceiver[float]) -> None:
            try:
                got.append(handle.recv_timeout(3))
            except RecvTimeout:
                gave_up.append(monotonic())

        start = monotonic()
        together(lambda: receive(rx), lambda: receive(other))
        assert got == [start + 1]
        assert gave_up == [start + 3]

    in_every_interleaving(program, timeouts="idle", preemptions=1)


@pytest.mark.statement("S121", "S85")
def test_selects_of_several_threads_hit_each_timer_once() -> None:
    timers = [after(0) for _ in range(500)]
    hits: list[int] = []

    def take() -> None:
        clones = [timer.clone() for timer in timers]
        while True:
            done = select(*map(recv, clones), default=None)
            if done is None:
                return
            hits.append(done.index)

    together(take, take, take)
    assert sorted(hits) == list(range(500))


@pytest.mark.statement("S122")
@in_virtual_time
def test_a_timer_whose_message_was_taken_is_empty_for_ever() -> None:
    rx = after(1)
    assert not rx.is_disconnected()
    rx.recv()
    with pytest.raises(Empty):
        rx.try_recv()
    start = monotonic()
    with pytest.raises(RecvTimeout):
        rx.recv_timeout(4)
    assert monotonic() == start + 4
    with pytest.raises(SelectTimeout):
        select(recv(rx), timeout=4)
    assert monotonic() == start + 8
    assert list(rx.try_iter()) == []


@pytest.mark.statement("S122")
def test_a_receive_that_comes_second_blocks_for_ever() -> None:
    def program() -> None:
        rx = after(1)
        together(rx.recv, rx.clone().recv)

    result = in_every_interleaving(program, timeouts="idle", preemptions=1, allow_deadlock=True)
    assert result.deadlocked == result.executions


@pytest.mark.parametrize("seconds", [None, math.inf, 1e300, threading.TIMEOUT_MAX * 2])
@pytest.mark.statement("S123", "S12")
def test_a_time_too_far_is_never(seconds: float | None) -> None:
    for rx in (after(seconds), at(seconds), tick(seconds)):
        assert rx.same_channel(never())


@pytest.mark.parametrize("make", [after, at, tick])
@pytest.mark.statement("S123", "P8")
def test_a_time_that_is_none_is_refused(make: Callable[[float], object]) -> None:
    with pytest.raises(ValueError, match="NaN"):
        make(math.nan)
    for wrong in ("1", True):
        with pytest.raises(TypeError, match="None or a number"):
            make(wrong)  # type: ignore[arg-type]


@pytest.mark.statement("S124", "S126", "S5")
@in_virtual_time
def test_ticks_come_each_period_and_say_when_they_were_due() -> None:
    start = monotonic()
    rx = tick(1.0)
    assert (rx.capacity, rx.is_disconnected(), len(rx)) == (1, False, 0)
    assert [rx.recv() for _ in range(3)] == [start + 1, start + 2, start + 3]
    assert monotonic() == start + 3
    with pytest.raises(Empty):
        rx.try_recv()


@pytest.mark.parametrize("how", ["recv", "try_recv", "select"])
@pytest.mark.statement("S126")
def test_ticks_do_not_drift_however_they_are_received(how: str) -> None:
    def program() -> None:
        start = monotonic()
        rx = tick(1.0)
        for i in range(1, 5):
            sleep(max(0, start + i + 0.25 - monotonic()))  # a receiver that is late, but keeps up
            received = select(recv(rx), recv(never())).value if how == "select" else getattr(rx, how)()
            assert received == start + i

    in_every_interleaving(program, timeouts="idle")


@pytest.mark.statement("S125", "S120")
@in_virtual_time
def test_ticks_that_nobody_took_are_not_made_up_for() -> None:
    start = monotonic()
    rx = tick(1.0)
    sleep(3.5)
    assert (len(rx), rx.is_full()) == (1, True)
    assert rx.try_recv() == start + 1, "one is overdue"
    with pytest.raises(Empty):
        rx.try_recv()
    assert rx.recv() == start + 4.5, "the next comes a period from when that was taken"
    assert rx.recv() == start + 5.5


@pytest.mark.statement("S127")
def test_receivers_that_wait_at_once_get_different_ticks() -> None:
    def program() -> None:
        start = monotonic()
        rx = tick(1.0)
        other = rx.clone()
        got: list[float] = []
        together(lambda: got.append(rx.recv()), lambda: got.append(select(recv(other)).value))
        assert sorted(got) == [start + 1, start + 2]

    in_every_interleaving(program, timeouts="idle", preemptions=1)


@pytest.mark.statement("S128")
def test_a_tick_without_a_period_is_always_ready() -> None:
    rx = tick(0)
    ticks = [rx.try_recv() for _ in range(50)]
    assert ticks == sorted(ticks)
    for _ in range(50):
        assert select(recv(rx), default=None) is not None


@pytest.mark.statement("S129", "S12")
@in_virtual_time
def test_never_gives_no_message_and_no_end() -> None:
    rx = never()
    assert (rx.capacity, len(rx), rx.is_empty(), rx.is_full(), rx.is_disconnected()) == (
        0,
        0,
        True,
        True,
        False,
    )
    assert rx.same_channel(rx.clone())
    assert rx.same_channel(never())
    assert not rx.same_channel(after(1))
    with pytest.raises(Empty):
        rx.try_recv()
    start = monotonic()
    with pytest.raises(RecvTimeout):
        rx.recv_timeout(2)
    assert monotonic() == start + 2
    assert select(recv(rx), default="none") == "none"
    with pytest.raises(SelectTimeout):
        select(recv(rx), recv(rx), timeout=2)
    assert monotonic() == start + 4


@pytest.mark.statement("S129")
def test_a_receive_from_never_blocks_for_ever() -> None:
    result = in_every_interleaving(lambda: never().recv(), allow_deadlock=True)
    assert result.deadlocked == result.executions


@pytest.mark.statement("S130")
def test_timers_start_no_thread() -> None:
    before = set(threading.enumerate())
    timers = [*(after(i / 1e6) for i in range(100)), *(tick(1e-6) for _ in range(100)), at(0), never()]
    assert select(*map(recv, timers)).error is None
    assert set(threading.enumerate()) == before


@pytest.mark.statement("S99", "S118", "S124")
@in_virtual_time
def test_deadlines_come_in_their_order() -> None:
    start = monotonic()
    timers = [after(3), at(start + 1), tick(2), never()]
    order = []
    for _ in range(4):
        done = select(*map(recv, timers))
        order.append((done.index, done.value - start))
        assert monotonic() == start + order[-1][1]
    assert order[:2] == [(1, 1), (2, 2)]
    assert order[2:] == [(0, 3), (2, 4)]
    with pytest.raises(SelectTimeout):
        select(*map(recv, timers), timeout=1.5)
    assert monotonic() == start + 5.5
