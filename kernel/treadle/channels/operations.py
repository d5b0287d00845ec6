"""A plain receive or send that has to wait: it stands in the line of its side, looks again, sleeps, and is tried again.

It is done by the thread that waits, or by a peer that finds its entry in the line of a rendezvous and pairs with
it. `choices` does the same for one of several, with the steps that are told here.

Rule: no loop stands in the `try` that repairs for it, but in a function called there. CPython 3.13 leaves the
jump back to a loop's beginning out of what the `try` covers (python/cpython#130279), and signal handlers run at it.

How much is done from a wake-up to the next sleep decides the speed of two threads that take turns: the thread that
was woken needs about 2.5 microseconds until it asks for the GIL, and one that finds it taken sleeps once more.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from treadle.channels.core import CLOSED, NOTHING, Channel, State
from treadle.channels.handles import Handle
from treadle.channels.owned import Owned, empty_owned
from treadle.channels.timeouts import NOW
from treadle.channels.waiting import Entry, Match, Waiter

__all__ = ["EXPIRED", "enter", "give_back", "leave", "lend", "perform", "ready", "reserve", "sleep"]

EXPIRED: Final = -1  # stands where the index of an entry would: none was paired


def perform(handle: Handle, message: object, deadline: float | None) -> Any:
    """Do what was just tried by the handle and would have blocked; give the result.

    NOTHING means that the deadline has passed: there was an instant of the call at which it would have blocked.

    Raises:
        ChannelError: it failed, as it will always.
        MovedError: the message is an Owned whose value was moved.
    """
    state = handle._lease.channel
    try:
        return _perform(handle, state, message, deadline)
    except BaseException:
        _pass_on(handle, state)
        raise


def _perform(handle: Handle, state: State, message: object, deadline: float | None) -> object:
    side = handle._side(state)
    in_time = deadline != NOW
    while in_time:
        reserve()
        waiter = Waiter()
        entry = Entry(waiter, handle, state, side, message, False)
        try:
            if state.pairs:
                lend(entry, ())
            enter(entry)
            # The first two are `ready`, written out for speed.
            in_time = (
                handle._lease.channel is not state or state.ready(entry) or sleep(waiter, (entry,), deadline)
            )
            end = waiter.withdraw()
            match = end if type(end) is Match else None
            if end is None or entry in side.waiting:  # whoever ended the wait may have removed it
                side.remove(entry)
            if entry.lender is not None:
                leave(waiter, (entry,))
            if side.waiting and state.left(side) > 1:  # the caller makes use of one thing
                side.wake()
        except BaseException:
            _, match = leave(waiter, (entry,))
            if match is not None:
                give_back(match, entry)
            raise
        if match is not None:
            return match.message
        result = handle._attempt(message)
        if result is not NOTHING:
            return result
    return _try_last(handle, state, message)


def _try_last(handle: Handle, state: State, message: object) -> object:
    """Try until it is done, or would have blocked at some instant."""
    while True:
        mark = state.mark()
        result = handle._attempt(message)
        if result is not NOTHING or state.unchanged(mark):
            return result


def _pass_on(handle: Handle, state: State) -> None:
    """Pass on the obligation of a waiter that was woken and is cut short, or whose handle was closed."""
    side = handle._side(state)
    try:
        state.pass_on(side)
    except BaseException:
        state.pass_on(side)
        raise


def reserve(calls: int = 5) -> None:
    """Make sure that calls can nest as deep as a wait and its repairs need: from here on none may fail for that.

    Raises:
        RecursionError: they cannot, and nothing was begun.
    """
    if calls:
        reserve(calls - 1)


def lend(entry: Entry, lent: Sequence[Entry]) -> None:
    """Move an owned value into the entry, for as long as it stands in its line."""
    owned = entry.message
    if type(owned) is not Owned or entry.observes or not entry.state.pairs:
        return
    for other in lent:
        if other.lender is owned:  # two cases may send the same: whichever is first
            entry.message, entry.lender = other.message, owned
            return
    entry.message, entry.lender = empty_owned(), owned
    owned._move_to(entry.message)


def enter(entry: Entry) -> None:
    """Put an entry in its line: with a lease, so that no peer finds it there after the end (S57)."""
    lease = entry.owner._lease
    try:
        if lease.channel is entry.state is not CLOSED:
            entry.side.waiting.append(entry)
    finally:
        del lease


def ready(entry: Entry) -> bool:
    """Say whether the operation would not block; on a closed handle none does."""
    return entry.owner._lease.channel is not entry.state or entry.state.ready(entry)


def sleep(waiter: Waiter, entries: Sequence[Entry], deadline: float | None) -> bool:
    """Sleep until woken, or until a message is due; say whether that was before the deadline."""
    until = deadline
    for entry in entries:
        due = entry.state.due()
        if due is not None and (until is None or due < until):
            until = due
    return waiter.sleep(until) or until != deadline


def leave(waiter: Waiter, entries: Sequence[Entry]) -> tuple[int, Match | None]:
    """End the wait, and take its entries out of their lines. Doing it twice is doing it once.

    Returns:
        The index of the entry that a peer has paired with, and the match, if one has.
    """
    end = waiter.withdraw()
    match = end if type(end) is Match else None
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


def give_back(match: Match, entry: Entry) -> None:
    """Put the message back that a receive got by a match: nobody will be given it (P2)."""
    if entry.side is entry.state.receivers:
        cast("Channel[Any]", entry.state).give_back([match.message])
