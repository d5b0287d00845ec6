"""Threads of spawn: their values, their exceptions, and what they let go of as they end."""

import gc
import math
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

import treadle.channels
from tests.channels.support import LONG, Interrupt, interruption_of_joins
from treadle import ChannelError, JoinHandle, Receiver, Sender, channel, spawn
from treadle.sched import Verdict, check

Reports = list[threading.ExceptHookArgs]


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    """What is reported to `threading.excepthook`."""
    reported: Reports = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    return reported


def fail(error: BaseException) -> None:
    raise error


def test_join_gives_what_the_function_returned_at_every_call() -> None:
    def function(fn: int, /, *args: int, self: int, name: int) -> object:
        return fn, args, self, name

    handle = spawn(function, 1, 2, 3, self=4, name=5)
    assert [handle.join(), handle.join(0), handle.join(None)] == [(1, (2, 3), 4, 5)] * 3


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(1), Interrupt(), ExceptionGroup("two", [KeyError()])]
)
def test_join_raises_the_very_exception_at_every_call(error: BaseException) -> None:
    handle = spawn(fail, error)
    lengths = set()
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            handle.join()
        assert caught.value is error
        lengths.add(len(caught.traceback))
    assert len(lengths) == 1, "the traceback grows"


def test_a_timeout_that_passes_takes_nothing() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)
    for timeout in (0, -1, 0.001):
        with pytest.raises(TimeoutError, match=r"Thread-\d+ \(recv\) has not ended within") as caught:
            handle.join(timeout)
        assert not isinstance(caught.value, ChannelError)
    tx.send(7)
    assert handle.join(math.inf) == 7


@pytest.mark.parametrize(("timeout", "error"), [(math.nan, ValueError), (True, TypeError), ("1", TypeError)])
def test_a_timeout_that_is_no_number_is_refused(timeout: Any, error: type[Exception]) -> None:
    handle = spawn(int)
    with pytest.raises(error):
        handle.join(timeout)
    assert handle.join() == 0


def test_is_finished_says_whether_the_thread_has_ended() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)
    assert not handle.is_finished()
    tx.send(1)
    handle.thread.join()
    assert handle.is_finished()


def test_a_thread_that_joins_itself_is_told() -> None:
    def join_oneself(rx: Receiver[JoinHandle[str]]) -> str:
        with pytest.raises(RuntimeError, match="cannot join itself"):
            rx.recv().join()
        return "told"

    tx, rx = channel[JoinHandle[str]]()
    handle = spawn(join_oneself, rx)
    tx.send(handle)
    assert handle.join() == "told"


def test_many_threads_may_join_one() -> None:
    tx, rx = channel[int]()
    handle = spawn(rx.recv)
    joiners = [spawn(handle.join) for _ in range(4)]
    tx.send(5)
    assert [joiner.join() for joiner in joiners] == [5] * 4


def test_what_cannot_be_called_is_refused() -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match="a thread calls a function, not int"):
        spawn(wrong)
    with pytest.raises(TypeError, match=r"made by spawn\(\)"):
        JoinHandle(wrong)


def test_the_thread_is_named_after_the_function_and_the_value_is_not_shown() -> None:
    handle = spawn(str, "secret")
    handle.join()
    assert isinstance(handle.thread, threading.Thread)
    assert "(str)" in handle.thread.name
    assert repr(handle) == f"JoinHandle({handle.thread.name})"


class Callback:
    def __call__(self) -> threading.Thread:
        return threading.current_thread()


def test_a_callable_object_gives_the_thread_the_name_of_its_class() -> None:
    handle = spawn(Callback())
    assert handle.join() is handle.thread
    assert "(Callback)" in handle.thread.name


# -- what an ending thread lets go of ---------------------------------------------------------------------------


def give_back(tx: Sender[int]) -> str:
    return "done"


def raise_deep(tx: Sender[int], depth: int = 50) -> None:
    if depth:
        raise_deep(tx, depth - 1)
    raise ValueError


def raise_from(tx: Sender[int]) -> None:
    try:
        raise_deep(tx)
    except ValueError as error:
        raise KeyError from error


def raise_in_context(tx: Sender[int]) -> None:
    try:
        raise_from(tx)
    except KeyError:
        raise_deep(tx)


def raise_group(tx: Sender[int]) -> None:
    errors = []
    for function in (raise_deep, raise_in_context):
        try:
            function(tx)
        except (KeyError, ValueError) as error:
            errors.append(error)
    raise ExceptionGroup("both", [*errors, ExceptionGroup("again", errors)])


def raise_in_circle(tx: Sender[int]) -> None:
    error = ValueError()
    error.__cause__ = error.__context__ = error
    raise error


def ticks(tx: Sender[int]) -> Iterator[int]:
    yield 1
    raise_deep(tx)


def raise_in_generator(tx: Sender[int]) -> None:
    for _ in ticks(tx):
        pass


@contextmanager
def kept(tx: Sender[int]) -> Iterator[Sender[int]]:
    inside = tx
    yield inside


def raise_through_context_manager(tx: Sender[int]) -> None:
    with kept(tx):
        raise ValueError


def caught_below(tx: Sender[int]) -> Exception:
    def catch() -> Exception:
        try:
            raise ValueError
        except ValueError as error:
            return error

    return catch()


def raise_from_one_caught_in_a_frame_that_returned(tx: Sender[int]) -> None:
    raise KeyError from caught_below(tx)


def leave(tx: Sender[int]) -> None:
    sys.exit(1)


ENDS: list[Callable[[Sender[int]], object]] = [
    give_back,
    raise_deep,
    raise_from,
    raise_in_context,
    raise_group,
    raise_in_circle,
    raise_in_generator,
    raise_through_context_manager,
    raise_from_one_caught_in_a_frame_that_returned,
    leave,
]


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("function", ENDS)
def test_the_handles_of_a_thread_are_gone_when_join_returns(
    function: Callable[[Sender[int]], object],
) -> None:
    """P5: while the JoinHandle, and the exception in it, live."""
    tx, rx = channel[int]()
    handle = spawn(function, tx)
    del tx
    with suppress(BaseException):
        handle.join()
    assert rx.is_disconnected()
    assert handle.is_finished()


@pytest.mark.usefixtures("_no_collector")
def test_the_thread_object_keeps_neither_function_nor_arguments() -> None:
    class Thing:
        def method(self, other: "Thing") -> None:
            pass

    first, second = Thing(), Thing()
    references = [weakref.ref(first), weakref.ref(second)]
    handle = spawn(first.method, other=second)
    handle.join()
    del first, second
    assert [reference() for reference in references] == [None, None]


def test_a_generator_that_is_suspended_is_not_closed() -> None:
    """It caught the exception that the thread raises once more, and goes on elsewhere."""

    def catching(caught: list[Exception]) -> Iterator[str]:
        message = "still here"
        try:
            raise ValueError
        except ValueError as error:
            caught.append(error)
        yield "caught"
        yield message

    def raise_what_it_caught(generator: Iterator[str], caught: list[Exception]) -> None:
        next(generator)
        raise caught.pop()

    caught: list[Exception] = []
    generator = catching(caught)
    with pytest.raises(ValueError):
        spawn(raise_what_it_caught, generator, caught).join()
    assert next(generator) == "still here"


def test_frames_of_other_threads_are_left_alone() -> None:
    """An exception that was raised elsewhere before, in a frame that runs and in one that has ended."""

    def below(mark: str, error: Exception) -> None:
        raise error

    caught = ValueError()
    with suppress(ValueError):
        below("mark", caught)
    local = "mine"
    with pytest.raises(ValueError):
        spawn(fail, caught).join()
    assert local == "mine"
    trace = caught.__traceback__
    marks = []
    while trace is not None:
        marks.append(trace.tb_frame.f_locals.get("mark"))
        trace = trace.tb_next
    assert "mark" in marks


# -- exceptions that nobody took --------------------------------------------------------------------------------


def test_an_exception_never_taken_is_reported_when_the_handle_is_gone(reports: Reports) -> None:
    handle = spawn(fail, error := ValueError())
    thread = handle.thread
    thread.join()
    assert reports == []
    del handle
    (report,) = reports
    assert (report.exc_type, report.exc_value, report.thread) == (ValueError, error, thread)
    assert report.exc_traceback is error.__traceback__


def test_an_exception_of_a_thread_whose_handle_is_gone_is_reported_as_it_ends(reports: Reports) -> None:
    go, started = channel[None]()

    def wait_and_fail(started: Receiver[None]) -> None:
        started.recv()
        raise KeyError

    thread = spawn(wait_and_fail, started).thread
    assert reports == []
    go.send(None)
    thread.join()
    assert [report.exc_type for report in reports] == [KeyError]


def test_an_exception_that_was_taken_is_not_reported(reports: Reports) -> None:
    handle = spawn(fail, ValueError())
    with pytest.raises(ValueError):
        handle.join()
    del handle
    gc.collect()
    assert reports == []


def test_nothing_is_reported_at_interpreter_shutdown() -> None:
    """P17."""
    script = "import treadle\nhandle = treadle.spawn(lambda: 1 // 0)\nhandle.thread.join()\nkept = [handle]"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")


# -- interruption, and every interleaving -----------------------------------------------------------------------


def test_a_join_that_was_interrupted_can_be_repeated() -> None:
    """P1. CPython 3.11 takes the running thread for ended then."""

    def disturb_and_receive(go: Receiver[Callable[[], None]], rx: Receiver[int]) -> int:
        go.recv()()
        return rx.recv()

    tx, rx = channel[int]()
    go, ready = channel[Callable[[], None]]()
    handle = spawn(disturb_and_receive, ready, rx)
    with interruption_of_joins() as disturb:
        go.send(disturb)
        with pytest.raises(Interrupt):
            handle.join()
        assert not handle.is_finished()
        with pytest.raises(TimeoutError):
            handle.join(0)
        joiner = spawn(handle.join)
        tx.send(1)
        assert joiner.join() == handle.join(LONG) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_receiver_always_sees_the_end_of_a_thread_that_held_the_sender(fails: bool) -> None:
    """Before and after it blocks, and when join returns."""

    def program() -> None:
        tx, rx = channel[int]()
        told = threading.Lock()

        def send_and_end(tx: Sender[int]) -> None:
            with told:
                tx.send(1)
                if fails:
                    raise ValueError

        with told:
            handle = spawn(send_and_end, tx)
            del tx
        if rx.recv() == 1:
            assert list(rx) == []
        with suppress(ValueError):
            handle.join()

    result = check(program, instrument=[treadle.channels], preemptions=2 if fails else 1)
    assert result.verdict is Verdict.HOLDS, result
    assert result.executions > 10


def test_the_disconnection_is_visible_when_join_returns_in_every_interleaving() -> None:
    def program() -> None:
        tx, rx = channel[int]()
        told = threading.Lock()

        def fail_when_told(tx: Sender[int]) -> None:
            with told:
                raise ValueError

        with told:
            handle = spawn(fail_when_told, tx)
            del tx
            rx.is_empty()
        with suppress(ValueError):
            handle.join()
        assert rx.is_disconnected()

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result


def test_a_timed_join_ends_either_way_in_every_interleaving() -> None:
    ends = set()

    def program() -> None:
        handle = spawn(int)
        try:
            ends.add(str(handle.join(1)))
        except TimeoutError:
            ends.add("timeout")
            assert handle.join() == 0

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result
    assert ends == {"0", "timeout"}


def test_an_exception_never_taken_is_a_failure_under_check() -> None:
    def program() -> None:
        spawn(fail, KeyError())

    result = check(program, instrument=[treadle.channels])
    assert result.failure is not None
    assert isinstance(result.failure.error, KeyError)
