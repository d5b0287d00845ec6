"""Stress: real threads that switch at every chance, interrupts by the ten thousand, finalizers by the hundred thousand.

So many are they over all versions of Python.

Whatever the timing, what is asserted holds; the tests wait for channels, joins and acknowledgements only.
"""

import gc
import itertools
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from types import FrameType
from typing import Any

import pytest

from tests.channels.support import LONG, Background, Interrupt, waiters
from treadle import (
    ChannelError,
    Empty,
    HandleClosed,
    RecvError,
    SharedReceiver,
    bounded,
    recv,
    select,
    send,
    unbounded,
)

Sending = Callable[[Any, list[int]], object]
Receiving = Callable[[Any], list[int]]


@pytest.fixture(autouse=True)
def switch_at_every_chance() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def make(capacity: int | None) -> tuple[Any, SharedReceiver[Any]]:
    return unbounded[Any]() if capacity is None else bounded[Any](capacity)


# --- no loss, no duplicate, the order of each producer (S68, S70) ---


def one_by_one(tx: Any, batch: list[int]) -> None:
    for message in batch:
        tx.send(message)


def timed(tx: Any, batch: list[int]) -> None:
    for message in batch:
        tx.send_timeout(message, LONG)


def selected(tx: Any, batch: list[int]) -> None:
    for message in batch:
        select(send(tx, message))


def all_at_once(tx: Any, batch: list[int]) -> None:
    tx.send_many(batch)


def tried(tx: Any, batch: list[int]) -> None:
    for message in batch:
        try:
            tx.try_send(message)
        except ChannelError:
            tx.send(message)


def try_first(rx: Any) -> list[int]:
    try:
        return [rx.try_recv()]
    except Empty:
        return [rx.recv()]


SENDING: list[Sending] = [one_by_one, timed, selected, all_at_once, tried]
RECEIVING: list[Receiving] = [
    lambda rx: [rx.recv()],
    lambda rx: [rx.recv_timeout(LONG)],
    lambda rx: [select(recv(rx)).value],
    lambda rx: rx.recv_many(),
    lambda rx: rx.recv_many(3),
    lambda rx: rx.drain(),
    try_first,
]
PRODUCERS = 3
BATCH = 20


def produce(tx: Any, numbers: range, ways: list[Sending]) -> None:
    """Send the numbers in batches, each in another way, and drop the handle."""
    way = itertools.cycle(ways)
    with tx:
        for start in range(numbers.start, numbers.stop, BATCH):
            next(way)(tx, list(numbers[start - numbers.start :][:BATCH]))


def consume(rx: Any, ways: list[Receiving]) -> list[int]:
    """Receive in one way after the other until the end."""
    way = itertools.cycle(ways)
    got: list[int] = []
    with rx, suppress(RecvError):
        while True:
            got += next(way)(rx)
    return got


@pytest.mark.statement("S10", "S68", "S70", "S75", "P16")
@pytest.mark.parametrize(("capacity", "total"), [(None, 240_000), (64, 90_000), (1, 10_000), (0, 10_000)])
def test_each_message_is_received_once_and_in_the_order_of_its_producer(
    capacity: int | None, total: int
) -> None:
    """A million with three versions of Python. One costs a change of threads where the channel holds none or one: there are fewer of them."""
    tx, rx = make(capacity)
    each = total // PRODUCERS
    consumers = [
        Background(partial(consume, rx.clone(), RECEIVING[turn:] + RECEIVING[:turn])) for turn in (0, 2, 4)
    ]
    producers = [
        Background(partial(produce, tx.clone(), range(p * each, (p + 1) * each), SENDING[p:] + SENDING[:p]))
        for p in range(PRODUCERS)
    ]
    tx.close()
    rx.close()
    for producer in producers:
        producer.outcome()
    received = [consumer.outcome() for consumer in consumers]
    assert sorted(itertools.chain(*received)) == list(range(PRODUCERS * each))
    for got in received:
        for p in range(PRODUCERS):
            mine = [number for number in got if number // each == p]
            assert mine == sorted(mine)


# --- interrupts by the ten thousand (P1-P3) ---

INTERRUPTS = 300  # of each of sixteen tests, with each version of Python


class Interrupts:
    """Raises Interrupt in the main thread by a real signal, once for each time it is asked."""

    def __init__(self) -> None:
        self.raised = 0
        self._asked = threading.Semaphore(0)
        self._stopped = False
        self._main = threading.main_thread().ident or 0

    def ask(self) -> None:
        self._asked.release()

    def raise_it(self, signum: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code is self.unraisable.__code__:  # out of there it would go nowhere
                self.ask()
                return
            frame = frame.f_back
        self.raised += 1
        raise Interrupt

    def unraisable(self, found: Any) -> None:
        """Ask again for one that a finalizer swallowed."""
        if found.exc_type is Interrupt:
            self.ask()
        else:
            sys.__unraisablehook__(found)

    def serve(self) -> None:
        while True:
            self._asked.acquire()
            if self._stopped:
                return
            signal.pthread_kill(self._main, signal.SIGUSR1)

    def stop(self) -> None:
        self._stopped = True
        self._asked.release()

    def rounds(self, number: int, work: Callable[[], object], after: Callable[[], object]) -> None:
        """Run `work` again and again until it is interrupted, so often, and `after` each time."""
        for _ in range(number):
            with suppress(Interrupt):
                self._until_interrupted(work)
            after()

    def _until_interrupted(self, work: Callable[[], object]) -> None:
        # A function of its own: not all of a loop in a `with` block is guarded by it on 3.13.
        give_up = monotonic() + LONG
        self.ask()
        while monotonic() < give_up:
            work()
        raise AssertionError("the interrupt was swallowed")


@contextmanager
def interrupting() -> Iterator[Interrupts]:
    interrupts = Interrupts()
    before = signal.signal(signal.SIGUSR1, interrupts.raise_it)
    report = sys.unraisablehook
    sys.unraisablehook = interrupts.unraisable
    server = Background(interrupts.serve)
    try:
        yield interrupts
    finally:
        interrupts.stop()
        server.outcome()
        sys.unraisablehook = report
        signal.signal(signal.SIGUSR1, before)


every_capacity = pytest.mark.parametrize("capacity", [None, 64, 1, 0])


def assert_usable(tx: Any, rx: Any) -> None:
    """Nobody is in line, a message passes, and then the end comes."""
    state = tx._lease.channel
    assert not waiters(state.senders)
    assert not waiters(state.receivers)
    message = object()
    receiver = Background(lambda: [*rx])
    tx.send(message)
    tx.close()
    assert receiver.outcome()[-1:] == [message]


@pytest.mark.statement("P1", "P3")
@every_capacity
def test_interrupted_sends_have_delivered_or_not(capacity: int | None) -> None:
    """What is confirmed is received, each message at most once, and no interrupted send is left in the line."""
    tx, rx = make(capacity)
    state = tx._lease.channel
    other = rx.clone()
    consumer = Background(lambda: list[int](other))
    numbers, confirmed, left = itertools.count(), list[int](), list[object]()
    ways = itertools.cycle(SENDING)

    def work() -> None:
        batch = [next(numbers), next(numbers)]
        next(ways)(tx, batch)
        confirmed.extend(batch)

    with interrupting() as interrupts:
        interrupts.rounds(INTERRUPTS, work, lambda: left.extend(waiters(state.senders)))
        assert interrupts.raised >= INTERRUPTS
    assert not left
    tx.close()
    received = consumer.outcome()
    assert received == sorted(set(received))
    assert set(received) >= set(confirmed)


@pytest.mark.statement("P1", "P2")
@every_capacity
def test_an_interrupted_receive_loses_at_most_what_it_had_in_hand(capacity: int | None) -> None:
    """That is, between the return of a C function and the store of what it returned: one run of messages."""
    tx, rx = make(capacity)
    state = tx._lease.channel
    stop = threading.Event()
    got, left = list[int](), list[object]()
    ways = itertools.cycle(RECEIVING)

    def feed(tx: Any) -> int:
        with tx:
            for number in itertools.count():
                if stop.is_set():
                    return number
                tx.send(number)
                while len(tx) > 1_000 and not stop.is_set():
                    stop.wait(0)
        raise AssertionError

    producer = Background(partial(feed, tx.clone()))
    with interrupting() as interrupts:
        interrupts.rounds(
            INTERRUPTS, lambda: got.extend(next(ways)(rx)), lambda: left.extend(waiters(state.receivers))
        )
        assert interrupts.raised >= INTERRUPTS
    assert not left
    stop.set()
    rest = Background(lambda: [*iter(rx.recv, None)])
    sent = producer.outcome()
    tx.send(None)
    numbers = sorted(got + rest.outcome())
    assert_usable(tx, rx)
    assert numbers == sorted(set(numbers))
    runs = sum(after - before > 1 for before, after in itertools.pairwise([-1, *numbers, sent]))
    assert runs <= INTERRUPTS


@pytest.mark.statement("P1", "P5")
@every_capacity
def test_interrupted_clones_and_closes_leave_the_counts_right(capacity: int | None) -> None:
    tx, rx = make(capacity)

    def work() -> None:
        twin, weak = tx.clone(), tx.downgrade()
        other = rx.clone()
        twin.close()
        with weak.upgrade():
            pass
        other.close()

    with interrupting() as interrupts:
        interrupts.rounds(INTERRUPTS, work, lambda: None)
        assert interrupts.raised >= INTERRUPTS
    gc.collect()
    assert (tx.sender_count(), rx.receiver_count()) == (1, 1)
    assert_usable(tx, rx)


@pytest.mark.statement("P1", "S101")
@every_capacity
def test_interrupted_selects_leave_no_line(capacity: int | None) -> None:
    """Two selects, each over both channels; a message that one confirmed is received by the other."""
    there, back = make(capacity), make(capacity)
    lines = [channel for pair in (there, back) for channel in (pair[0]._lease.channel,)]
    confirmed, received, left = list[int](), list[int](), list[object]()
    numbers = itertools.count()

    def answer() -> None:
        with suppress(RecvError):
            while True:
                done = select(recv(there[1]), send(back[0], 0))
                if done.index == 0:
                    received.append(done.value)

    def work() -> None:
        number = next(numbers)
        if select(send(there[0], number), recv(back[1])).index == 0:
            confirmed.append(number)

    other = Background(answer)
    with interrupting() as interrupts:
        interrupts.rounds(
            INTERRUPTS,
            work,
            lambda: left.extend(entry for state in lines for entry in mine(state)),
        )
        assert interrupts.raised >= INTERRUPTS
    there[0].close()
    back[1].close()
    with suppress(ChannelError):
        other.outcome()
    assert not left
    assert received == sorted(set(received))
    assert set(received) >= set(confirmed)


def mine(state: Any) -> list[Any]:
    """The entries of the calling thread."""
    me = threading.get_ident()
    return [
        entry
        for side in (state.senders, state.receivers)
        for entry in waiters(side)
        if entry.waiter.thread == me
    ]


# --- finalizers inside operations by the hundred thousand (P4) ---

INSIDE = 40_000  # with each version of Python


class Garbage:
    """A reference cycle whose finalizer uses the channel, and notes whether it ran inside one of its operations."""

    def __init__(self, act: Callable[[], object], inside: Counter[bool]) -> None:
        self.act = act
        self.inside = inside
        self.cycle = self

    def __del__(self) -> None:
        file = sys._getframe(1).f_code.co_filename
        self.inside["channels" in file and "tests" not in file] += 1
        self.act()


@contextmanager
def eager_collector() -> Iterator[None]:
    """Collect the youngest at every chance, and nothing else."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(1, 1_000_000, 1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@pytest.mark.statement("P4")
@every_capacity
def test_finalizers_inside_operations_use_the_very_channel(capacity: int | None) -> None:
    """What they send is received once, what they close is closed, and nothing hangs."""
    tx, rx = make(capacity)
    numbers, sent, got = itertools.count(), list[int](), list[int]()
    inside: Counter[bool] = Counter()

    def try_send() -> None:
        number = next(numbers)
        with suppress(ChannelError):
            tx.try_send(number)
            sent.append(number)

    def try_recv() -> None:
        with suppress(ChannelError):
            got.append(rx.try_recv())

    def close_clones() -> None:
        try:
            tx.clone().close()
            rx.clone()
        except HandleClosed:  # garbage that is collected after the test
            pass

    def try_select() -> None:
        done = select(recv(rx), default=None)
        if done is not None:
            got.append(done.value)

    acts = itertools.cycle([try_send, try_recv, close_clones, try_send])
    operations = itertools.cycle([try_send, try_recv, close_clones, try_select])
    with eager_collector():
        while inside[True] < INSIDE // 4:
            Garbage(next(acts), inside)
            next(operations)()
    while True:
        try:
            got.append(rx.try_recv())
        except Empty:
            break
    assert sorted(got) == sorted(sent)
    assert (tx.sender_count(), rx.receiver_count()) == (1, 1)
    assert_usable(tx, rx)
