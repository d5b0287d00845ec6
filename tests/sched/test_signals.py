"""Faults that come only where CPython runs signal handlers: the same outcomes as with signals at these points."""

import dataclasses
import dis
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from tests.sched.programs import holds, together
from treadle.sched import Finalizer, Handler, Interrupt, Verdict, check, replay
from treadle.sched.faults import At

HERE = sys.modules[__name__]
Log = list[Any]


# -- what a signal can cut short ------------------------------------------------------------------------------------


def takes(log: Log) -> None:
    queue = deque([1])
    try:
        message = queue.popleft()
        log.append("taken")
        log.append(message)
    finally:
        log.append(len(queue))


def assigns(log: Log) -> None:
    one = two = 0
    try:
        one = 1
        two = 1
        len([])
    finally:
        log.append((one, two))


def returned(log: Log) -> int:
    log.append("inside")
    return 1


def calls(log: Log) -> None:
    value = 0
    try:
        value = returned(log)
        value += 1
        value += returned(log)
    finally:
        log.append(value)


def tried_inside(log: Log) -> None:
    def inner() -> None:
        try:
            log.append(1)
        finally:
            log.append("inner")

    try:
        inner()
    finally:
        log.append("outer")


def waits(log: Log) -> None:
    left = [1, 1, 1]

    def take() -> int:
        return left.pop() if left else 0

    got = 0
    try:
        while took := take():
            got += took
    finally:
        log.append((got, len(left)))


def goes_on(log: Log) -> None:
    last = 0
    try:
        for number in range(1, 5):
            if number == 2:
                continue
            last = number
    finally:
        log.append(last)


def turns_for_ever(log: Log) -> None:
    turns = 0
    try:
        while True:
            turns += 1
            if turns == 3:
                break
    finally:
        log.append(turns)


def generated(log: Log) -> None:
    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            log.append("closed")

    for number in numbers():
        log.append(number)


def comprehended(log: Log) -> None:
    source = deque([1, 2, 3])
    try:
        log.append([number for number in source if number != 2])
        log.append(sum(number for number in source))
    finally:
        log.append("done")


def shows(log: Log) -> None:
    text = ""
    try:
        text = "begun"
        text = f"{len(log)}"
        text = "%s" % text  # noqa: UP031 - it is one of the points
    finally:
        log.append(text)


def moves_all(log: Log) -> None:
    source, out = deque([1, 2, 3]), list[int]()
    try:
        out.extend(map(deque.popleft, [source, source]))
    finally:
        log.append((list(source), out[:]))


class Made:
    made = 0

    def __init__(self) -> None:
        self.made = 1


def makes(log: Log) -> None:
    thing = None
    try:
        thing = Made()
        thing.made = 2
        anonymous: Callable[[], int] = lambda: thing.made  # noqa: E731 - it begins, too
        anonymous()
    finally:
        log.append(None if thing is None else thing.made)


SAMPLES = [
    takes, assigns, calls, tried_inside, waits, goes_on, turns_for_ever, generated, comprehended, shows, moves_all, makes,
]  # fmt: skip

#: Instructions after which CPython looks for signals: in the next instruction, or where it stands.
CHECKED = ("RESUME", "JUMP_BACKWARD", "POP_JUMP_BACKWARD_IF_TRUE", "CALL", "CALL_KW", "CALL_FUNCTION_EX")
SHOWING = ("FORMAT_VALUE", "FORMAT_SIMPLE")


class Tracer:
    """Raises at one of the places where CPython looks for signals in the code of this file: the *step*-th."""

    def __init__(self, step: int) -> None:
        self.left = step
        self.last: tuple[int, str] = (0, "")

    def enter(self, frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != __file__ or frame.f_code.co_name == "run":
            return None
        self.last = (id(frame), "RESUME")
        frame.f_trace = self.trace
        frame.f_trace_opcodes = True
        return self.trace

    def trace(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "opcode":
            name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
            before, self.last = self.last, (id(frame), name)
            is_mod = name == "BINARY_OP" and frame.f_code.co_code[frame.f_lasti + 1] == 6
            if (before[0] == id(frame) and before[1] in CHECKED) or name in SHOWING or is_mod:
                self.left -= 1
                if self.left < 0:
                    sys.settrace(None)
                    raise KeyboardInterrupt
        return self.trace


def run(sample: Callable[[Log], object]) -> tuple[Any, ...]:
    log: Log = []
    ended = "ended"
    try:
        sample(log)
    except KeyboardInterrupt:
        ended = "interrupted"
    return (*map(str, log), ended)


def warmed_up(frame: FrameType, event: str, arg: object) -> Any:
    """3.12 tells of instructions only where some frame asked for them before a tracing begins."""
    frame.f_trace_opcodes = True
    return warmed_up


def nothing(log: Log) -> None:
    """Be traced."""


def really(sample: Callable[[Log], object]) -> set[tuple[Any, ...]]:
    """Return the outcomes of *sample* when each place in turn is the one where a signal comes."""
    outcomes: set[tuple[Any, ...]] = set()
    for step in range(1_000):
        tracer = Tracer(step)
        before = sys.gettrace()
        sys.settrace(warmed_up)
        run(nothing)
        sys.settrace(tracer.enter)
        try:
            outcomes.add(run(sample))
        finally:
            sys.settrace(before)
        if tracer.left >= 0:
            return outcomes
    raise AssertionError("it does not end")


def explored(sample: Callable[[Log], object], at: At) -> set[tuple[Any, ...]]:
    outcomes: set[tuple[Any, ...]] = set()
    holds(lambda: outcomes.add(run(sample)), instrument=[sample, returned, Made], faults=[Interrupt(at=at)])
    return outcomes


@pytest.mark.parametrize("sample", SAMPLES)
def test_signals_are_where_the_interpreter_has_them(sample: Callable[[Log], object]) -> None:
    outcomes = explored(sample, "signals")
    assert len(outcomes) > 1
    assert outcomes == really(sample)


@pytest.mark.parametrize("sample", SAMPLES)
def test_any_point_is_each_of_these_and_more(sample: Callable[[Log], object]) -> None:
    assert explored(sample, "any") >= explored(sample, "signals")


# -- locks ----------------------------------------------------------------------------------------------------------


def leaks_by_acquiring() -> None:
    lock = threading.Lock()
    try:
        lock.acquire()
        try:
            len([])
        finally:
            lock.release()
    except KeyboardInterrupt:
        pass
    assert not lock.locked()


def keeps_by_with() -> None:
    lock = threading.Lock()
    try:
        with lock:
            len([])
    except KeyboardInterrupt:
        pass
    assert not lock.locked()


def test_an_acquired_lock_is_leaked_and_a_with_statement_leaks_none() -> None:
    leaking = check(leaks_by_acquiring, instrument=[leaks_by_acquiring], faults=[Interrupt(at="signals")])
    assert leaking.verdict is Verdict.VIOLATED
    holds(keeps_by_with, instrument=[keeps_by_with], faults=[Interrupt(at="signals")])


def wait_for(lock: threading.Lock, interrupted: list[bool]) -> None:
    try:
        lock.acquire()
    except KeyboardInterrupt:
        interrupted.append(True)
    else:
        lock.release()


@pytest.mark.parametrize("contended", [False, True])
def test_a_wait_is_interrupted_only_where_there_is_something_to_wait_for(contended: bool) -> None:
    """A free lock is acquired first, and the signal comes when the call has returned."""
    held: set[bool] = set()

    def program() -> None:
        lock, interrupted = threading.Lock(), list[bool]()

        def other() -> None:
            with lock:
                pass

        together(lambda: wait_for(lock, interrupted), *([other] if contended else []))
        if interrupted:
            held.add(lock.locked())

    check(program, instrument=[wait_for], faults=[Interrupt("T0", at="signals")], allow_deadlock=True)
    assert held == ({False, True} if contended else {True})


def test_a_reentrant_lock_is_held_as_often_as_it_was_acquired() -> None:
    counts: set[int] = set()

    def program() -> None:
        lock = threading.RLock()
        try:
            acquire_twice(lock)
        except KeyboardInterrupt:
            counts.add(lock._recursion_count())  # type: ignore[attr-defined]

    holds(program, instrument=[acquire_twice], faults=[Interrupt(at="signals")])
    assert counts == {0, 1, 2}


def acquire_twice(lock: Any) -> None:
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()


# -- handlers and finalizers ----------------------------------------------------------------------------------------


class Shared:
    """What a program and its faults share."""

    values: list[int]


def puts_two() -> None:
    Shared.values.append(2)


def puts_one_last() -> None:
    Shared.values = []
    Shared.values.append(1)


@pytest.mark.parametrize("fault", [Finalizer(puts_two), Handler(puts_two), Handler(puts_two, at="signals")])
def test_something_runs_after_the_last_that_a_thread_does_too(fault: Finalizer | Handler) -> None:
    seen: set[tuple[int, ...]] = set()

    def program() -> None:
        thread = threading.Thread(target=puts_one_last, name="putting")
        Shared.values = []
        thread.start()
        thread.join()
        seen.add(tuple(Shared.values))

    named = dataclasses.replace(fault, thread="putting")
    holds(program, instrument=[puts_one_last, puts_two], faults=[named])
    assert (1, 2) in seen


def test_a_failure_at_a_signal_replays_and_says_where_it_was() -> None:
    def program() -> None:
        log: Log = []
        try:
            takes(log)
        except KeyboardInterrupt:
            assert log != [0], "the message is lost"

    result = check(program, instrument=[takes], faults=[Interrupt(at="signals")])
    assert result.failure is not None
    assert "KeyboardInterrupt is raised" in result.failure.trace
    assert "replays 10/10" in result.failure.trace


def test_the_line_of_python_that_is_shown_replays_the_fault() -> None:
    result = check(leaks_by_acquiring, instrument=[leaks_by_acquiring], faults=[Interrupt(at="signals")])
    assert result.failure is not None
    line = result.failure.trace.partition("to replay: ")[2].partition("\n")[0]
    with pytest.raises(AssertionError):
        eval(line, {**globals(), "replay": replay})  # noqa: S307 - it is ours


def test_an_interrupt_swallowed_by_a_finalizer_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Last:
        def __del__(self) -> None:
            threading.Lock().acquire()

    def program() -> None:
        Last()

    assert holds(program, faults=[Interrupt()]).executions > 1
    assert capsys.readouterr().err == ""


def test_where_a_fault_may_come_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="'any' point or at 'signals'"):
        check(keeps_by_with, faults=[Interrupt(at="often")])  # type: ignore[arg-type]
