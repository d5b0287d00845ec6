"""Operations that may have to wait: they are tried, waited for, and tried again.

`perform` does one of several cases: a plain receive or send has a single case, a select has many. A case is
done by the thread that waits, or by a peer that finds its entry in the line of a rendezvous and pairs with
it. Of the entries of one operation at most one is paired, because they share a waiter (S85, S102); and an
operation is not paired with itself, because it does not try while it stands in a line (S96).

Rule: no loop stands in the `try` that repairs for it, but in a function called there. CPython 3.13 leaves the
jump back to a loop's beginning out of what the `try` covers (python/cpython#130279), and signal handlers run at it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, cast

from treadle.channels._primitives import yield_to_others
from treadle.channels.core import CLOSED, NOTHING, Channel, Nothing, State
from treadle.channels.errors import Full
from treadle.channels.handles import Handle
from treadle.channels.owned import Owned, empty_owned
from treadle.channels.timeouts import NOW
from treadle.channels.waiting import Entry, Match, Waiter

if TYPE_CHECKING:
    from treadle.channels.senders import BaseSender

__all__ = ["EXPIRED", "Case", "RecvCase", "SendCase", "Turns", "await_ready", "perform"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Gives the order in which so many cases are tried.
Turns: TypeAlias = Callable[[int], Iterable[int]]

EXPIRED: Final = -1  # stands where the index of a case would: the deadline has passed


class Case(ABC, Generic[T_co]):
    """What a `select` may do: a receive or a send by one handle. `recv` and `send` make it.

    It is typed by what it gives: a receive from a `Receiver[int]` is a `Case[int]`, and every send a `Case[None]`.
    """

    __slots__ = ("_handle", "_message")

    def __init__(self, handle: Handle, message: object = None) -> None:
        self._handle = handle
        self._message: Any = message

    @abstractmethod
    def _attempt(self) -> T_co | Nothing:
        """Do it, or give NOTHING if it would block.

        Raises:
            Disconnected: it failed, as it will always.
            HandleClosed: the handle is closed.
        """

    def _undo(self, result: object) -> None:
        """Put back what it took: nobody will be given the result (P2)."""

    def _entry(self, waiter: Waiter, observes: bool) -> Entry:
        """Make the entry with which it waits in the line of its channel."""
        state = self._handle._lease.channel
        return Entry(waiter, self._handle, state, self._handle._side(state), self._message, observes)

    def _lend(self, entry: Entry, lent: list[Entry]) -> None:
        """Move what is to be moved into the entry, for as long as it stands in its line."""


class RecvCase(Case[T_co]):
    """A receive."""

    __slots__ = ()

    def _attempt(self) -> T_co | Nothing:
        return cast("Channel[T_co]", self._handle._lease.channel).look()

    def _undo(self, result: object) -> None:
        cast("Channel[object]", self._handle._lease.channel).give_back([result])


class SendCase(Case[None]):
    """A send."""

    __slots__ = ()

    def _attempt(self) -> Nothing | None:
        failure = cast("BaseSender[Any]", self._handle)._offer(self._message)
        if failure is None:
            return None
        if failure is Full:
            return NOTHING
        raise failure(self._message)

    def _lend(self, entry: Entry, lent: list[Entry]) -> None:
        if type(self._message) is not Owned or entry.observes or not entry.state.pairs:
            return
        for other in lent:
            if other.lender is self._message:  # two cases may send the same: whichever is first
                entry.message, entry.lender = other.message, self._message
                return
        entry.message, entry.lender = empty_owned(), self._message
        self._message._move_to(entry.message)


def _attempt(case: Case[T]) -> T | Nothing:
    return case._attempt()


def perform(
    cases: Sequence[Case[T]],
    deadline: float | None,
    turns: Turns = range,
    attempt: Callable[[Case[T]], T | Nothing] = _attempt,
) -> tuple[int, T | Nothing]:
    """Do one of the cases; give its index and result, or EXPIRED and NOTHING when the deadline has passed.

    Each case is tried before the deadline is looked at (S29, S45, S89). At EXPIRED there was an instant of the
    call at which every case would have blocked (S100).
    """
    states = [case._handle._lease.channel for case in cases]
    try:
        return _perform(cases, states, deadline, turns, attempt)
    except BaseException:
        _pass_on(cases, states)
        raise


def _perform(
    cases: Sequence[Case[T]],
    states: list[State],
    deadline: float | None,
    turns: Turns,
    attempt: Callable[[Case[T]], T | Nothing],
) -> tuple[int, T | Nothing]:
    in_time = deadline != NOW
    has_yielded = len(cases) == 1  # a plain operation did, before it came here
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
        if not has_yielded:
            has_yielded = True
            yield_to_others()
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
            if _ready(cases[index]._entry(waiter, observes=True)):
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
    waiter = Waiter()
    entries: list[Entry] = []
    for case in cases:
        entries.append(case._entry(waiter, observes))  # noqa: PERF401 - a comprehension would be a closure
    try:
        _enter_all(cases, entries)
        in_time = _any_ready(entries) or _sleep(waiter, entries, deadline)
        index, match = _leave(waiter, entries)
        # Of one thing the caller makes use, for more the next waiter is woken.
        _wake_others(entries, len(entries) == 1 and not observes)
    except BaseException:
        index, match = _leave(waiter, entries)
        if match is not None and entries[index].side is entries[index].state.receivers:
            cast("Channel[Any]", entries[index].state).give_back([match.message])
        raise
    return in_time, index, match


def _enter_all(cases: Sequence[Case[T]], entries: list[Entry]) -> None:
    for case, entry in zip(cases, entries, strict=True):
        case._lend(entry, entries)
        _enter(entry)


def _wake_others(entries: list[Entry], used: bool) -> None:
    for entry in entries:
        if entry.side.waiting and entry.state.left(entry.side) > used:
            entry.side.wake()


def _enter(entry: Entry) -> None:
    """Put an entry in its line: with a lease, so that no peer finds it there after the end (S57)."""
    lease = entry.owner._lease
    try:
        if lease.channel is entry.state is not CLOSED:
            entry.side.waiting.append(entry)
    finally:
        del lease


def _leave(waiter: Waiter, entries: list[Entry]) -> tuple[int, Match | None]:
    """End the wait, and take its entries out of their lines. Doing it twice is doing it once."""
    end = waiter.withdraw()
    match = end if isinstance(end, Match) else None
    done = EXPIRED
    for index, entry in enumerate(entries):
        if end is None or entry in entry.side.waiting:  # whoever ended the wait may have removed it
            entry.side.remove(entry)
        if match is not None and match.took(entry):
            done = index
    for entry in entries:
        if entry.lender is not None and (match is None or entries[done].message is not entry.message):
            entry.message._move_back_to(entry.lender)
    return done, match


def _ready(entry: Entry) -> bool:
    """Say whether the operation would not block; on a closed handle none does."""
    return entry.owner._lease.channel is not entry.state or entry.state.ready(entry)


def _any_ready(entries: list[Entry]) -> bool:
    for entry in entries:  # noqa: SIM110 - any() with a generator is twice as slow
        if _ready(entry):
            return True
    return False


def _sleep(waiter: Waiter, entries: list[Entry], deadline: float | None) -> bool:
    """Sleep until woken, or until a message is due; say whether that was before the deadline."""
    until = deadline
    for entry in entries:
        due = entry.state.due()
        if due is not None and (until is None or due < until):
            until = due
    return waiter.sleep(until) or until != deadline


def _pass_on(cases: Sequence[Case[T]], states: list[State]) -> None:
    try:
        for case, state in zip(cases, states, strict=True):  # the handle may be closed by now
            state.pass_on(case._handle._side(state))
    except BaseException:
        for case, state in zip(cases, states, strict=True):
            state.pass_on(case._handle._side(state))
        raise
