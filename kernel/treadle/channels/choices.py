"""One of several operations: they are tried, waited for together, and tried again. A `select` is one of these.

Of the entries of one choice at most one is paired, because they share a waiter (S85, S102); and an operation is not
paired with itself, because it does not try while it stands in a line (S96). The steps of a wait are told in
`operations`, and so is a rule that holds here too.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, cast

from treadle.channels.core import NOTHING, Channel, Nothing, State
from treadle.channels.handles import Handle
from treadle.channels.operations import EXPIRED, enter, give_back, leave, lend, ready, reserve, sleep
from treadle.channels.timeouts import NOW
from treadle.channels.waiting import Entry, Match, Waiter

__all__ = ["Case", "RecvCase", "SendCase", "Turns", "await_ready", "choose"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Gives the order in which so many cases are tried.
Turns: TypeAlias = Callable[[int], Iterable[int]]


class Case(ABC, Generic[T_co]):
    """What a `select` may do: a receive or a send by one handle. `recv` and `send` make it.

    It is typed by what it gives: a receive from a `Receiver[int]` is a `Case[int]`, and every send a `Case[None]`.
    """

    __slots__ = ("_handle", "_message")

    def __init__(self, handle: Handle, message: object = None) -> None:
        self._handle = handle
        self._message: Any = message

    def _attempt(self) -> T_co | Nothing:
        """Do it, or give NOTHING if it would block.

        Raises:
            ChannelError: it failed, as it will always.
        """
        # No call may come between these two: a signal handler could run there, and lose a message.
        result: T_co | Nothing = self._handle._attempt(self._message)
        return result

    @abstractmethod
    def _undo(self, result: object) -> None:
        """Put back what it took: nobody will be given the result (P2)."""

    def _entry(self, waiter: Waiter, observes: bool) -> Entry:
        """Make the entry with which it waits in the line of its channel."""
        state = self._handle._lease.channel
        return Entry(waiter, self._handle, state, self._handle._side(state), self._message, observes)


class RecvCase(Case[T_co]):
    """A receive."""

    __slots__ = ()

    def _undo(self, result: object) -> None:
        cast("Channel[object]", self._handle._lease.channel).give_back([result])


class SendCase(Case[None]):
    """A send."""

    __slots__ = ()

    def _undo(self, result: object) -> None:
        """Do nothing: what was sent is sent."""


def choose(
    cases: Sequence[Case[T]],
    deadline: float | None,
    turns: Turns,
    attempt: Callable[[Case[T]], T | Nothing],
) -> tuple[int, T | Nothing]:
    """Do one of the cases; give its index and result, or EXPIRED and NOTHING when the deadline has passed.

    Each case is tried before the deadline is looked at (S29, S45, S89). At EXPIRED there was an instant of the
    call at which every case would have blocked (S100).
    """
    states = [case._handle._lease.channel for case in cases]
    try:
        return _choose(cases, states, deadline, turns, attempt)
    except BaseException:
        _pass_on(cases, states)
        raise


def _choose(
    cases: Sequence[Case[T]],
    states: list[State],
    deadline: float | None,
    turns: Turns,
    attempt: Callable[[Case[T]], T | Nothing],
) -> tuple[int, T | Nothing]:
    in_time = deadline != NOW
    while True:
        marks = None if in_time else [state.mark() for state in states]
        for index in turns(len(cases)):
            result = attempt(cases[index])
            if result is not NOTHING:
                if cases[index]._handle._lease.channel is not states[index]:  # it may have failed for that
                    _pass_on(cases, states)
                return index, result
        if marks is not None:
            if all(state.unchanged(mark) for state, mark in zip(states, marks, strict=True)):
                return EXPIRED, NOTHING
            continue
        in_time, index, match = _wait(cases, deadline)
        if match is not None:
            return index, match.message


def await_ready(cases: Sequence[Case[T]], deadline: float | None, turns: Turns) -> int:
    """Give the index of a case that would not block, or EXPIRED when the deadline has passed (S113-S116)."""
    states = [case._handle._lease.channel for case in cases]
    try:
        return _await_ready(cases, deadline, turns)
    except BaseException:
        _pass_on(cases, states)
        raise


def _await_ready(cases: Sequence[Case[T]], deadline: float | None, turns: Turns) -> int:
    in_time = True
    while True:
        waiter = Waiter()
        for index in turns(len(cases)):
            if ready(cases[index]._entry(waiter, observes=True)):
                return index
        if not in_time:
            return EXPIRED
        in_time, _, _ = _wait(cases, deadline, observes=True)


def _wait(
    cases: Sequence[Case[T]], deadline: float | None, observes: bool = False
) -> tuple[bool, int, Match | None]:
    """Wait until a case can go on; give whether that was before the deadline.

    Returns:
        And if a peer has done a case: its index, and the match.
    """
    reserve()
    waiter = Waiter()
    entries: list[Entry] = []
    for case in cases:
        entries.append(case._entry(waiter, observes))  # noqa: PERF401 - a comprehension would be a closure
    try:
        _enter_all(entries)
        in_time = _any_ready(entries) or sleep(waiter, entries, deadline)
        index, match = leave(waiter, entries)
        # Of one thing the caller makes use, for more the next waiter is woken.
        _wake_others(entries, len(entries) == 1 and not observes)
    except BaseException:
        index, match = leave(waiter, entries)
        if match is not None:
            give_back(match, entries[index])
        raise
    return in_time, index, match


def _enter_all(entries: list[Entry]) -> None:
    for entry in entries:
        lend(entry, entries)
        enter(entry)


def _wake_others(entries: list[Entry], used: bool) -> None:
    for entry in entries:
        if entry.side.waiting and entry.state.left(entry.side) > used:
            entry.side.wake()


def _any_ready(entries: list[Entry]) -> bool:
    for entry in entries:  # noqa: SIM110 - any() with a generator is twice as slow
        if ready(entry):
            return True
    return False


def _pass_on(cases: Sequence[Case[T]], states: Sequence[State]) -> None:
    try:
        for case, state in zip(cases, states, strict=True):  # the handle may be closed by now
            state.pass_on(case._handle._side(state))
    except BaseException:
        for case, state in zip(cases, states, strict=True):
            state.pass_on(case._handle._side(state))
        raise
