"""The report of blocked threads: what it says of each, and that it disturbs none."""

import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.channels.support import LONG, Background, Make, every_buffer, injections
from treadle import (
    Blocked,
    BlockedThreads,
    Receiver,
    RecvError,
    Select,
    SendError,
    after,
    blocked,
    bounded,
    channel,
    dump_blocked,
    never,
    recv,
    scope,
    select,
    send,
    spawn,
    sync_channel,
    unbounded,
)

ROW = Blocked("ann", 1, ("recv",), ("channel #1 (unbounded, holds 0)",), "/a/work.py", 7, "main", None)


def row_of(thread: threading.Thread) -> Blocked:
    """Give the row of the thread, which is about to block."""
    return rows_of(thread)[0]


def rows_of(*threads: threading.Thread) -> list[Blocked]:
    """Give the rows of the threads, from one report, when all of them are blocked."""
    give_up = time.monotonic() + LONG
    while True:
        rows = {row.ident: row for row in blocked()}
        if all(thread.ident in rows for thread in threads):
            return [rows[thread.ident or 0] for thread in threads]
        assert time.monotonic() < give_up, "a thread does not block"
        time.sleep(0)


def test_a_blocked_receive_is_listed_with_its_channel_and_its_line() -> None:
    tx, rx = channel[int]()
    twin = tx.clone()

    def wait_for_it() -> int:
        return rx.recv()

    thread = Background(wait_for_it)
    row = row_of(thread)
    assert (row.thread, row.ident, row.left) == (thread.name, thread.ident, None)
    assert row.operations == ("recv",)
    (text,) = row.on
    assert text.endswith(" (unbounded, holds 0, 2 senders, 1 receiver)")
    assert (row.file, row.function) == (__file__, "wait_for_it")
    assert row.line == wait_for_it.__code__.co_firstlineno + 1
    twin.send(1)
    assert thread.outcome() == 1
    assert thread.ident not in {row.ident for row in blocked()}


def test_a_blocked_send_is_listed_with_the_capacity_and_the_time_left() -> None:
    tx, rx = bounded[str](1)
    tx.send("secret")
    thread = Background(lambda: tx.send_timeout("secret", LONG))
    row = row_of(thread)
    assert row.operations == ("send",)
    assert row.on[0].endswith(" (bounded, capacity 1, holds 1, 1 sender, 1 receiver)")
    assert row.left is not None
    assert 0 < row.left <= LONG
    assert "secret" not in str(row)
    rx.recv()
    thread.outcome()


def test_a_select_is_listed_with_all_its_cases() -> None:
    tx, rx = sync_channel[int](0)
    thread = Background(lambda: select(recv(rx), recv(never()), recv(after(LONG)), send(tx, 1)).error)
    row = row_of(thread)
    assert row.operations == ("recv", "recv", "recv", "send")
    rendezvous, nothing, timer, same = row.on
    assert rendezvous == same
    assert rendezvous.endswith(" (rendezvous, capacity 0, holds 0, 1 sender, 1 receiver)")
    assert "(never, nothing comes, " in nothing
    assert "(at, due in " in timer
    tx.close()
    rx.close()
    assert thread.outcome() is not None


def test_a_wait_for_readiness_is_listed() -> None:
    tx, rx = channel[int]()
    selector = Select[int]()
    selector.recv(rx)
    thread = Background(selector.ready)
    assert row_of(thread).operations == ("recv",)
    tx.send(1)
    assert thread.outcome() == 0


def test_a_select_of_nothing_is_listed_while_it_waits_its_time_out() -> None:
    thread = Background(lambda: Select[int]().select(timeout=0.05, default=None))
    row = row_of(thread)
    assert (row.operations, row.on) == ((), ())
    assert "select  nothing" in str(BlockedThreads([row], 1))
    thread.outcome()


def test_one_channel_has_one_number_in_all_rows_of_a_report() -> None:
    tx, rx = unbounded[int]()
    _other, another = channel[int]()
    first, second, third = (Background(receiver.recv) for receiver in (rx, rx.clone(), another))
    rows = rows_of(first, second, third)
    assert rows[0].on == rows[1].on != rows[2].on
    tx.send_many([1, 2])
    _other.send(3)
    assert {first.outcome(), second.outcome(), third.outcome()} == {1, 2, 3}


def test_a_thread_that_runs_nothing_but_the_operation_is_listed_with_the_operation() -> None:
    tx, rx = channel[int]()
    plain = threading.Thread(target=rx.recv)
    plain.start()
    spawned = spawn(rx.recv)
    for row in rows_of(plain, spawned.thread):
        assert (Path(row.file).name, row.function) == ("receivers.py", "recv")
    tx.send_many([1, 2])
    plain.join()
    spawned.join()


def test_a_join_and_the_end_of_a_scope_are_listed_with_the_thread_they_wait_for() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)

    def enter_a_scope() -> None:
        with scope() as s:
            s.spawn(handle.join)

    joining, scoped = Background(handle.join), Background(enter_a_scope)
    direct, at_end = rows_of(joining, scoped)
    assert (direct.operations, direct.on) == (("join",), (handle.thread.name,))
    assert at_end.operations == ("join",)
    assert (at_end.file, at_end.function) == (__file__, "enter_a_scope")
    tx.send(5)
    assert joining.outcome() == 5
    scoped.outcome()


def test_a_wait_that_is_over_is_not_listed() -> None:
    """Its thread may sleep on, for it has not been given the interpreter yet."""
    tx, rx = channel[int]()
    thread = Background(rx.recv)
    row_of(thread)
    for entry in tx._lease.channel.receivers.waiting:
        entry.waiter._end.setdefault("by", None)
    assert thread.ident not in {row.ident for row in blocked()}
    tx.close()
    assert type(thread.error()) is RecvError


def test_a_join_that_is_over_is_not_listed() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)
    joining = Background(handle.join)
    row_of(joining)
    handle._task.done = True  # as it is while the thread ends
    assert joining.ident not in {row.ident for row in blocked()}
    handle._task.done = False
    tx.send(1)
    assert joining.outcome() == 1


def test_a_row_is_a_value() -> None:
    assert Blocked("ann", 1, ("recv",), ROW.on, "/a/work.py", 7, "main", None) == ROW
    with pytest.raises(FrozenInstanceError):
        ROW.thread = "bob"  # type: ignore[misc]


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_report_keeps_no_handle_alive() -> None:
    def consume(rx: Receiver[int]) -> int:
        return rx.recv()

    with without_collector():
        tx, rx = channel[int]()
        watch = weakref.ref(rx)
        handle = spawn(consume, rx)
        del rx
        row_of(handle.thread)
        report = blocked()
        assert watch() is not None
        tx.send(1)
        assert handle.join() == 1
        assert watch() is None
        with pytest.raises(SendError):
            tx.send(2)
        assert report


def test_the_error_of_a_thread_that_was_listed_keeps_no_handle_alive() -> None:
    with without_collector():
        tx, rx = channel[int]()
        watch = weakref.ref(rx)
        handle = spawn(Receiver.recv, rx)
        del rx
        row_of(handle.thread)
        tx.close()
        with pytest.raises(RecvError):
            handle.join()
        assert watch() is None


def test_a_report_leaves_no_garbage_that_keeps_its_caller_alive() -> None:
    class Local:
        pass

    def look() -> weakref.ref[Local]:
        local = Local()
        blocked()
        dump_blocked(StringIO())
        return weakref.ref(local)

    with without_collector():
        assert look()() is None


def test_the_table_has_a_line_for_each_operation_and_says_who_waits_for_what() -> None:
    rows = [
        ROW,
        Blocked("bob", 2, ("send",), ("channel #2 (bounded)",), "/a/work.py", 9, "work", None),
        Blocked("cleo", 3, ("recv",), ROW.on, "/a/work.py", 7, "main", None),
        Blocked("dan", 4, ("join",), ("bob (x)",), "/a/work.py", 8, "main", None),
        Blocked("eve", 5, ("recv", "send"), (*ROW.on, "channel #2 (bounded)"), "/a/b.py", 1, "f", None),
        Blocked("fay", 6, ("recv",), ROW.on, "/a/b.py", 2, "g", 0.5),
    ]
    waits = "ann and cleo wait to receive on channel #1 while bob waits to send on channel #2"
    assert str(BlockedThreads(rows, 1)).splitlines() == [
        "6 threads blocked",
        "  ann   recv  channel #1 (unbounded, holds 0)  work.py:7 in main",
        "  bob   send  channel #2 (bounded)             work.py:9 in work",
        "  cleo  recv  channel #1 (unbounded, holds 0)  work.py:7 in main",
        "  dan   join  bob (x)                          work.py:8 in main",
        "  eve   recv  channel #1 (unbounded, holds 0)  b.py:1 in f",
        "        send  channel #2 (bounded)",
        "  fay   recv  channel #1 (unbounded, holds 0)  b.py:2 in g        0.500 s left",
        f"{waits} while dan waits for the end of bob (x).",
    ]


def test_a_report_of_nothing_says_so() -> None:
    assert str(BlockedThreads([], 3)) == "no thread is blocked on a channel"


DEADLOCK = "Every thread is blocked and none has a deadline: this is a deadlock."
TIMED = Blocked("bob", 2, ("recv",), ("channel #2 (at, due in 1.000 s)",), "/a/work.py", 9, "work", None)


def test_a_deadlock_is_called_one_only_if_nothing_can_end_it() -> None:
    limited = Blocked("bob", 2, ("recv",), ROW.on, "/a/work.py", 9, "work", 1.0)
    assert str(BlockedThreads([ROW], 0)).endswith(DEADLOCK)
    for report in (
        BlockedThreads([ROW], 1),
        BlockedThreads([ROW, limited], 0),
        BlockedThreads([ROW, TIMED], 0),
    ):
        assert DEADLOCK not in str(report)


def test_a_signal_handler_lists_the_operation_that_it_interrupted(tmp_path: Path) -> None:
    tx, rx = channel[int]()
    main = threading.main_thread()
    written = tmp_path / "report"
    handled: list[bool] = []

    def show(signum: int, frame: object) -> None:
        if handled:
            return
        handled.append(True)
        with written.open("w") as file:
            dump_blocked(file)
        tx.send(1)

    def disturb() -> None:
        row_of(main)
        while not handled:  # a signal that comes just before a lock is waited for is not noticed
            signal.pthread_kill(main.ident or 0, signal.SIGUSR1)
            time.sleep(0)

    before = signal.signal(signal.SIGUSR1, show)
    try:
        disturber = Background(disturb)
        assert rx.recv() == 1
        disturber.outcome()
    finally:
        signal.signal(signal.SIGUSR1, before)
    (line,) = [line for line in written.read_text().splitlines() if line.startswith(f"  {main.name} ")]
    assert "recv  channel #" in line
    assert "test_a_signal_handler_lists_the_operation_that_it_interrupted" in line


@every_buffer
def test_a_report_in_the_middle_of_an_operation_disturbs_nothing(make: Make) -> None:
    for injection in injections(lambda: str(blocked())):
        tx, rx = make()
        with rx:
            injection.run(partial(tx.send, "message"))
            assert injection.run(rx.recv) == "message"
            injection.run(tx.close)
            with pytest.raises(RecvError):
                injection.run(rx.recv)


class Unwritable(StringIO):
    def write(self, text: str, /) -> int:
        raise ValueError("I/O operation on closed file")


def write_to_closed_descriptor() -> Any:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


@pytest.mark.parametrize("make_file", [Unwritable, write_to_closed_descriptor])
def test_what_cannot_be_written_is_let_be(make_file: Callable[[], Any]) -> None:
    with make_file() as file:
        dump_blocked(file)


def test_without_a_file_the_report_goes_to_stderr(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tx, rx = channel[int]()
    thread = Background(rx.recv)
    row_of(thread)
    dump_blocked()
    dump_blocked(memory := StringIO())
    monkeypatch.setattr(sys, "stderr", None)  # as in a program without a console
    dump_blocked()
    tx.send(1)
    thread.outcome()
    written = capfd.readouterr().err
    for text in (written, memory.getvalue()):
        assert thread.name in text
        assert text.endswith("\n")


def test_a_thread_that_threading_does_not_know_is_listed_by_its_number() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)
    row_of(handle.thread)
    ident = handle.thread.ident or 0
    known = vars(threading)["_active"]
    thread = known.pop(ident)
    try:
        names = [row.thread for row in blocked() if row.ident == ident]
    finally:
        known[ident] = thread
    assert names == [f"thread {ident}"]
    tx.send(1)
    handle.join()
