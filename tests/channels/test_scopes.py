"""Scopes: a block ends when its threads have, and raises what they raised."""

import gc
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress

import pytest

import treadle.channels
from tests.channels.support import Interrupt, interruption_of_joins
from treadle import JoinHandle, Receiver, Scope, channel, scope, spawn
from treadle.sched import Verdict, check


def fail(error: BaseException) -> None:
    raise error


def test_a_block_ends_when_its_threads_have() -> None:
    tx, rx = channel[int]()
    with scope() as s:
        handles = [s.spawn(tx.send, number) for number in range(5)]
        assert isinstance(handles[0].thread, threading.Thread)
        assert all(isinstance(handle, JoinHandle) for handle in handles)
    assert all(handle.is_finished() for handle in handles)
    assert sorted(rx.try_recv() for _ in range(5)) == [0, 1, 2, 3, 4]


def test_spawn_gives_the_value_by_join_and_passes_every_argument() -> None:
    with scope() as s:
        handle = s.spawn(lambda fn, /, *args, self: (fn, args, self), 1, 2, self=3)
        assert handle.join() == (1, (2,), 3)


def test_a_block_without_threads_ends_at_once() -> None:
    with scope():
        pass


def test_threads_that_threads_of_the_scope_spawn_are_joined_too() -> None:
    tx, rx = channel[int]()

    def descend(s: Scope, depth: int) -> None:
        if depth:
            s.spawn(descend, s, depth - 1)
            s.spawn(descend, s, depth - 1)
        tx.send(depth)

    with scope() as s:
        s.spawn(descend, s, 4)
    assert len(rx) == 31


def test_what_one_thread_raised_is_raised_itself() -> None:
    error = ValueError()
    with pytest.raises(ValueError) as caught, scope() as s:  # noqa: PT012 - the scope raises
        s.spawn(fail, error)
        s.spawn(int)
    assert caught.value is error


def test_what_several_threads_raised_is_a_group() -> None:
    errors = [ValueError(1), KeyError(2)]
    with pytest.raises(ExceptionGroup) as caught, scope() as s:  # noqa: PT012 - the scope raises
        for error in errors:
            s.spawn(fail, error)
    assert list(caught.value.exceptions) == errors


def test_a_group_that_is_no_exception_group_if_need_be() -> None:
    with pytest.raises(BaseExceptionGroup) as caught, scope() as s:  # noqa: PT012 - the scope raises
        s.spawn(fail, SystemExit(1))
        s.spawn(fail, ValueError())
    assert not isinstance(caught.value, Exception)


def test_what_was_taken_by_join_is_not_raised_again() -> None:
    with scope() as s:
        handle = s.spawn(fail, ValueError())
        with pytest.raises(ValueError):
            handle.join()


def test_what_a_thread_of_the_scope_took_is_not_raised_again() -> None:
    with scope() as s:
        failing = s.spawn(fail, KeyError())

        def take() -> None:
            with suppress(KeyError):
                failing.join()

        s.spawn(take)


def test_the_exception_of_the_body_is_raised_alone_if_no_thread_failed() -> None:
    tx, rx = channel[int]()
    error = ValueError()
    with pytest.raises(ValueError) as caught, scope() as s, tx:  # noqa: PT012 - the scope raises
        handle = s.spawn(rx.recv)
        tx.send(1)
        raise error
    assert caught.value is error
    assert handle.join() == 1


def test_the_exception_of_the_body_leads_the_group_if_threads_failed() -> None:
    body, error = ValueError(1), KeyError(2)
    with pytest.raises(ExceptionGroup) as caught, scope() as s:  # noqa: PT012 - the scope raises
        s.spawn(fail, error)
        raise body
    assert caught.value.exceptions == (body, error)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_cycle_keeps_what_threads_raised() -> None:
    class Failure(Exception):
        pass

    gc.disable()
    try:
        with suppress(Failure, ExceptionGroup), scope() as s:
            s.spawn(fail, error := Failure())
            reference = weakref.ref(error)
            del error
        del s
        assert reference() is None
    finally:
        gc.enable()


def test_a_scope_is_used_inside_its_block_only_and_once() -> None:
    s = scope()
    assert repr(s) == "Scope(not entered)"
    with pytest.raises(RuntimeError, match="inside the with block"):
        s.spawn(int)
    with s:
        assert repr(s) == "Scope(open)"
        with pytest.raises(RuntimeError, match="one with block"), s:
            pass
    assert repr(s) == "Scope(ended)"
    with pytest.raises(RuntimeError, match="inside the with block"):
        s.spawn(int)
    with pytest.raises(RuntimeError, match="one with block"), s:
        pass


def test_a_long_scope_does_not_keep_what_its_threads_gave() -> None:
    class Value:
        pass

    with scope() as s:
        with suppress(KeyError):
            s.spawn(fail, KeyError()).join()
        failing = s.spawn(fail, ValueError())
        values = []
        for _ in range(500):
            handle = s.spawn(Value)
            values.append(weakref.ref(handle.join()))
        assert sum(value() is not None for value in values) < 100
        with pytest.raises(ValueError):
            failing.join()


def test_an_interrupt_while_the_block_waits_ends_the_scope_and_the_threads_run_on() -> None:
    def disturb_and_receive(go: Receiver[Callable[[], None]], rx: Receiver[int]) -> int:
        go.recv()()
        return rx.recv()

    tx, rx = channel[int]()
    go, ready = channel[Callable[[], None]]()
    s = scope()
    with interruption_of_joins() as disturb:
        with pytest.raises(Interrupt), s:  # noqa: PT012 - the scope raises
            handle = s.spawn(disturb_and_receive, ready, rx)
            go.send(disturb)
        assert not handle.is_finished()
        with pytest.raises(RuntimeError, match="inside the with block"):
            s.spawn(int)
        tx.send(1)
        assert handle.join() == 1


def test_a_thread_is_joined_or_refused_in_every_interleaving_with_the_end_of_the_scope() -> None:
    seen = set()

    def program() -> None:
        s = scope()
        late: list[JoinHandle[int]] = []

        def come_late() -> None:
            with suppress(RuntimeError):
                late.append(s.spawn(int))

        with s:
            stranger = spawn(come_late)
        finished = [handle.is_finished() for handle in late]
        assert all(finished)
        seen.add(len(finished))
        stranger.join()

    result = check(program, instrument=[treadle.channels])
    assert result.verdict is Verdict.HOLDS, result
    assert seen == {0, 1}
