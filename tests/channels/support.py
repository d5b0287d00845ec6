"""Helpers for the tests of channels: flavours, threads, waiting without luck, and injection at every step."""

import dis
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Generic, TypeVar

import pytest

import treadle.channels
from treadle import ChannelError, Receiver, Sender, SyncSender, bounded, channel, sync_channel, unbounded
from treadle.channels.core import State
from treadle.channels.waiting import END, Entry, Side, Waiter
from treadle.sched import Result, Verdict, check

T = TypeVar("T")
AnySender = Sender[Any] | SyncSender[Any]
Pair = tuple[AnySender, Receiver[Any]]
Make = Callable[[], Pair]

LONG = 300.0  # seconds after which a test gives up; nothing waits this long unless it failed


#: Every flavour that has a sender, in both faces: that of std, and that of crossbeam, whose receivers can be cloned.
FLAVOURS: dict[str, Make] = {
    "channel()": channel[Any],
    "unbounded()": unbounded[Any],
    "sync_channel(4)": partial(sync_channel[Any], 4),
    "bounded(4)": partial(bounded[Any], 4),
    "sync_channel(1)": partial(sync_channel[Any], 1),
    "bounded(1)": partial(bounded[Any], 1),
    "sync_channel(0)": partial(sync_channel[Any], 0),
    "bounded(0)": partial(bounded[Any], 0),
}


def flavours(*names: str) -> pytest.MarkDecorator:
    """Run a test with each of some flavours."""
    return pytest.mark.parametrize("make", [FLAVOURS[name] for name in names], ids=names)


every_flavour = flavours(*FLAVOURS)
every_buffer = flavours(*list(FLAVOURS)[:4])  # which hold four messages at least
both_buffers = flavours("channel()", "sync_channel(4)")  # where it is one face as well as the other
every_state = flavours("channel()", "sync_channel(4)", "sync_channel(1)", "sync_channel(0)")  # likewise
every_shared = flavours("unbounded()", "bounded(4)", "bounded(1)", "bounded(0)")  # whose receivers are cloned
every_rendezvous = flavours("sync_channel(0)", "bounded(0)")


class Background(threading.Thread, Generic[T]):
    """A thread whose outcome can be asked for."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._value: list[T] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value.append(self._work())
        except BaseException as error:
            self._error = error

    def outcome(self) -> T:
        """Give what the work returned, or raise what it raised."""
        self.join(LONG)
        assert not self.is_alive(), "the thread is still blocked"
        if self._error is not None:
            raise self._error
        return self._value[0]

    def error(self) -> BaseException:
        """Give what the work raised."""
        self.join(LONG)
        assert not self.is_alive(), "the thread is still blocked"
        assert self._error is not None, "the work raised nothing"
        return self._error


def refused(operation: Callable[[], object]) -> type[BaseException] | None:
    """Do it, and say which error of the channel came of it, if any did."""
    try:
        operation()
    except ChannelError as error:
        return type(error)
    return None


def waiters(side: Side) -> list[Entry]:
    return [entry for entry in side.waiting.copy() if entry is not END]


def until_blocked(side: Side, count: int = 1) -> None:
    """Return when `count` operations have registered to wait on the side."""
    give_up = time.monotonic() + LONG
    while len(waiters(side)) < count:
        assert time.monotonic() < give_up, "nobody blocks"
        time.sleep(0)


def plant(state: State, side: Side) -> Entry:
    """Register a waiter as a blocked thread would."""
    entry = Entry(Waiter(), None, state, side, None, False)  # type: ignore[arg-type]
    side.waiting.append(entry)
    return entry


def is_notified(entry: Entry) -> bool:
    return entry.waiter.is_over() and not entry.waiter._gate.locked()


def in_every_interleaving(program: Callable[[], None], **options: Any) -> Result:
    """Explore the program and the channels' code, and find nothing wrong."""
    result = check(program, instrument=[treadle.channels], **options)
    assert result.verdict is Verdict.HOLDS, result
    return result


def together(*bodies: Callable[[], object]) -> None:
    """Run each in a thread of its own, and wait for all."""
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def received(rx: Receiver[T]) -> list[T]:
    """Receive what is in the channel now."""
    return [rx.try_recv() for _ in range(len(rx))]


class Interrupt(BaseException):
    """What a signal handler raises."""


@contextmanager
def interruption_of_joins() -> Iterator[Callable[[], None]]:
    """Give what another thread calls to raise Interrupt once in the main thread, when that joins a thread."""
    main = threading.main_thread().ident or 0
    pending = [True]

    def interrupt(signum: int, frame: object) -> None:
        if pending:
            pending.clear()
            raise Interrupt

    def disturb() -> None:
        while sys._current_frames()[main].f_code.co_filename != threading.__file__:
            time.sleep(0)
        while pending:  # a signal that comes just before a lock is waited for is not noticed
            signal.pthread_kill(main, signal.SIGUSR1)
            time.sleep(0)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        yield disturb
    finally:
        signal.signal(signal.SIGUSR1, before)


def _ask_for_opcodes(frame: FrameType, event: str, arg: object) -> Any:
    frame.f_trace_opcodes = True
    return _ask_for_opcodes


def _warm_up() -> None:
    """Have some frame ask for bytecodes: 3.12 tells of them only where that was so before a tracing begins."""
    before = sys.gettrace()
    sys.settrace(_ask_for_opcodes)
    _nothing()
    sys.settrace(before)


def _nothing() -> None:
    """Be traced."""


class Injection:
    """Runs an operation and acts at one bytecode of the channels' code: the `step`-th.

    With `then`, acts a second time, so many bytecodes after the first.
    """

    def __init__(self, step: int, act: Callable[[], object], *then: tuple[int, Callable[[], object]]) -> None:
        self._left = step
        self._act = act
        self._then = then
        self.done = False

    def run(self, operation: Callable[[], T]) -> T:
        # A trace function may raise where no instruction does, and then the exception that is being handled
        # stays so: that of a generator goes with it.
        collects = gc.isenabled()
        gc.disable()  # it would finalize the channels of earlier tests, at steps that are none of the operation
        try:
            return next(self._traced(operation))
        finally:
            if collects:
                gc.enable()

    def _traced(self, operation: Callable[[], T]) -> Iterator[T]:
        before = sys.gettrace()
        _warm_up()
        sys.settrace(self._enter)
        try:
            result = operation()
        finally:
            sys.settrace(before)
        yield result

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        if "channels" not in frame.f_code.co_filename or "tests" in frame.f_code.co_filename:
            return None
        frame.f_trace = self._trace  # 3.13 heeds the next line only after this one
        frame.f_trace_opcodes = True
        return self._trace

    def _trace(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "opcode" and not self.done:
            self._left -= 1
            if self._left < 0:
                self._begin_next()()
                if self.done:  # nothing is waited for in the rest of the operation
                    sys.settrace(None)
        return self._trace

    def _begin_next(self) -> Callable[[], object]:
        """Give the act whose step has come, and set up the one after it."""
        act = self._act
        if self._then:
            (self._left, self._act), *rest = self._then
            self._then = tuple(rest)
        else:
            self.done = True
        return act


def injections(act: Callable[[], object]) -> Iterator[Injection]:
    """Give an injection for every step, until an operation ends before its step comes."""
    step = 0
    while True:
        injection = Injection(step, act)
        yield injection
        if not injection.done:
            return
        step += 1


class SignalInjection(Injection):
    """Acts only where CPython looks for signals: as a function begins, as a loop goes on, and after a C call.

    So it tells what can happen from what a bytecode would allow: nothing comes between the end of a function
    and what its caller does next.
    """

    CHECKED = frozenset(
        dis.opmap[name]
        for name in ("RESUME", "JUMP_BACKWARD", "CALL", "CALL_KW", "CALL_FUNCTION_EX")
        if name in dis.opmap
    )

    def __init__(self, step: int, act: Callable[[], object], *then: tuple[int, Callable[[], object]]) -> None:
        super().__init__(step, act, *then)
        self._frame, self._checked = 0, False  #: of the last bytecode; a frame itself would live on

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        self._frame, self._checked = id(frame), True
        return super()._enter(frame, event, arg)

    def _trace(self, frame: FrameType, event: str, arg: object) -> Any:
        if event != "opcode":
            return self._trace
        comes = self._checked and self._frame == id(frame)
        self._frame, self._checked = id(frame), frame.f_code.co_code[frame.f_lasti] in self.CHECKED
        return super()._trace(frame, event, arg) if comes else self._trace
