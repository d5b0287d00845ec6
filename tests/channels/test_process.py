"""Forks, and the end of the interpreter."""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from tests.channels.support import (
    LONG,
    Background,
    Make,
    every_buffer,
    every_flavour,
    every_shared,
    refused,
    until_blocked,
    waiters,
)
from treadle import (
    Empty,
    Full,
    Receiver,
    RecvError,
    RecvTimeout,
    recv,
    select,
    send,
    sync_channel,
)
from treadle.channels import discarding
from treadle.channels.waiting import Waiter

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def in_child(work: Callable[[], None]) -> None:
    """Do the work in a forked process and fail if it failed there, or hung."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 and later warn of forks beside threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def blocked(make: Make, side: str) -> Iterator[tuple[Any, Receiver[Any]]]:
    """Give a channel that several threads are blocked on, by plain operations and by selects."""
    tx, rx = make()
    state = tx._lease.channel
    if side == "receivers":
        threads = [Background(partial(refused, rx.recv)) for _ in range(2)]
        threads += [Background(partial(refused, lambda: select(recv(rx)).value)) for _ in range(2)]
        until_blocked(state.receivers, 4)
    else:
        for i in range(tx.capacity or 0):
            tx.send(i)
        threads = [Background(partial(refused, partial(tx.send, "lost"))) for _ in range(2)]
        threads += [Background(partial(refused, lambda: select(send(tx, "lost")).value)) for _ in range(2)]
        until_blocked(state.senders, 4)
    yield tx, rx
    tx.close()
    rx.close()
    for thread in threads:
        thread.outcome()


@pytest.mark.statement("P11")
@every_flavour
def test_a_child_hands_no_message_to_a_thread_that_is_not_in_it(make: Make) -> None:
    with blocked(make, "receivers") as (tx, rx):

        def work() -> None:
            if tx.capacity == 0:
                assert refused(partial(tx.try_send, "no")) is Full
            else:
                tx.send("mine")
                assert rx.try_recv() == "mine"
            receiver = Background(rx.recv)
            until_blocked(tx._lease.channel.receivers)
            tx.send("my thread's")
            assert receiver.outcome() == "my thread's"
            assert not waiters(tx._lease.channel.receivers)

        in_child(work)


@pytest.mark.statement("P11")
@pytest.mark.parametrize("capacity", [0, 1, 4])
def test_a_child_gets_no_message_of_a_thread_that_is_not_in_it(capacity: int) -> None:
    with blocked(partial(sync_channel[Any], capacity), "senders") as (tx, rx):

        def work() -> None:
            assert [rx.recv() for _ in range(capacity)] == list(range(capacity))
            assert refused(rx.try_recv) is Empty
            assert refused(partial(rx.recv_timeout, 0)) is RecvTimeout
            sender = Background(lambda: [tx.send(i) for i in range(capacity + 1)])
            assert [rx.recv() for _ in range(capacity + 1)] == list(range(capacity + 1))
            sender.outcome()

        in_child(work)


@pytest.mark.statement("P11")
@every_shared
def test_a_child_can_disconnect_what_others_were_blocked_on(make: Make) -> None:
    with blocked(make, "receivers") as (tx, rx):

        def work() -> None:
            receiver = Background(rx.recv)
            until_blocked(tx._lease.channel.receivers, 5)
            tx.close()
            assert type(receiver.error()) is RecvError
            rx.close()

        in_child(work)
        assert not rx.is_disconnected()  # in the parent nothing has changed
        tx.send("still open")


@pytest.mark.statement("P4", "P11")
@every_flavour
def test_a_thread_that_forks_in_the_midst_of_a_wait_is_woken_in_both_processes(make: Make) -> None:
    """As a signal handler may do. A hang in the child ends it by an alarm."""
    tx, rx = make()
    state = tx._lease.channel
    main = threading.main_thread()
    children: list[int] = []
    begun = threading.Lock()

    def fork(signum: int, frame: object) -> None:
        if not begun.acquire(blocking=False):  # another signal, perhaps in the midst of this very handler
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            children.append(os.fork())
        if not children[0]:
            signal.alarm(int(LONG))
            Background(partial(tx.send, "child"))

    def disturb() -> None:
        until_blocked(state.receivers)
        while not begun.locked():  # a signal that comes just before the wait for a lock is not noticed
            signal.pthread_kill(main.ident or 0, signal.SIGUSR1)
            time.sleep(0)
        while not children:
            time.sleep(0)
        tx.send("parent")

    before = signal.signal(signal.SIGUSR1, fork)
    try:
        disturber = Background(disturb)
        got = rx.recv()
    finally:
        if children and not children[0]:
            os._exit(got != "child")
        signal.signal(signal.SIGUSR1, before)
    disturber.outcome()
    assert got == "parent"
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0


@pytest.mark.statement("P11")
def test_a_thread_with_the_ident_of_one_that_is_gone_is_not_taken_for_it() -> None:
    """Not even when it forks again: the waiter was left behind by the first fork."""
    waiter = Waiter()

    def look() -> None:
        assert waiter.is_over()
        assert not waiter.end(object())

    def fork_again() -> None:
        waiter.thread = threading.get_ident()  # as the system may give it once more
        in_child(look)

    in_child(lambda: Background(fork_again).outcome())
    assert not waiter.is_over()


@pytest.mark.statement("P11")
@every_buffer
def test_a_child_discards_for_itself_what_a_thread_of_its_parent_was_discarding(make: Make) -> None:
    """A thread of the child may have the ident of one that is not in it."""
    entered, go_on = threading.Event(), threading.Event()

    class Slow:
        def __del__(self) -> None:
            entered.set()
            go_on.wait()

    tx, rx = make()
    tx.send(Slow())
    closer = Background(rx.close)
    entered.wait()

    def work() -> None:
        assert not discarding._noted
        destroyed: list[None] = []

        class Parcel:
            def __del__(self) -> None:
                destroyed.append(None)

        mine_tx, mine_rx = make()
        mine_tx.send(Parcel())
        mine_rx.close()
        assert destroyed

    in_child(work)
    assert discarding._noted
    go_on.set()
    closer.outcome()
    assert not discarding._noted


@pytest.mark.statement("P11")
@every_buffer
def test_a_fork_by_a_message_that_is_being_discarded_lets_both_processes_go_on(make: Make) -> None:
    destroyed: list[str] = []
    outer_tx, outer_rx = make()
    inner_tx, inner_rx = make()

    class Forking:
        def __del__(self) -> None:
            in_child(after_it.close)
            destroyed.append("forking")

    class Parcel:
        def __del__(self) -> None:
            destroyed.append("parcel")

    other_tx, after_it = make()
    other_tx.send(1)
    inner_tx.send(Parcel())
    outer_tx.send(inner_rx)
    outer_tx.send(Forking())
    del inner_rx
    outer_rx.close()
    assert sorted(destroyed) == ["forking", "parcel"]
    assert not discarding._noted


PROGRAM = """
import sys, threading, treadle
from treadle import after, bounded, channel, never, recv, select, send, sync_channel, tick, Select

class Late:
    def __init__(self, *handles):
        self.handles = handles
        self.itself = self
    def __del__(self):
        for handle in self.handles:
            handle.close()

def block(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()

tx, rx = channel()
full, other = sync_channel(1)
full.send(tx.clone())
meet, met = bounded(0)
block(rx.recv)
block(lambda: list(rx))
block(rx.recv_timeout, 1000)
block(full.send, 1)
block(full.send_many, [1, 2])
block(met.recv)
block(select, recv(met), send(full, 1), recv(never()))
ready = Select()
ready.recv(rx)
block(ready.ready)
block(after(1000).recv)
block(tick(1000).recv)
while len(rx._lease.channel.receivers.waiting) < 4 or len(full._lease.channel.senders.waiting) < 3:
    pass
sys.modules["late"] = Late(tx, rx, full, other, meet, met)
kept = [tx.clone(), full.clone(), tx.downgrade(), iter(rx), rx.try_iter()]
{ending}
"""


@pytest.mark.statement("P17")
@pytest.mark.parametrize(
    "ending", ["", "sys.exit(0)", "del tx, rx, full, other", "threading.Thread(target=sys.exit).start()"]
)
def test_the_interpreter_ends_quietly_whatever_is_blocked(ending: str) -> None:
    command = [sys.executable, "-c", PROGRAM.replace("{ending}", ending)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.statement("S67")
@every_flavour
def test_channels_work_while_a_thread_ends(make: Make) -> None:
    """In the finalizers of its thread-local values."""
    tx, rx = make()
    end = tx.clone()
    local = threading.local()

    class Farewell:
        def __del__(self) -> None:
            for message in "ab":
                end.send(message)
            end.close()

    def work() -> None:
        local.farewell = Farewell()

    thread = Background(work)
    tx.close()
    assert list(rx) == ["a", "b"]
    thread.outcome()
