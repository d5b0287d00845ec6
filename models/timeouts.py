"""A send that may time out, beside one that waits for as long as it takes: what is left of it when time runs out.

The channel is bounded. A sender tries, enters the line, looks again and sleeps; a receiver takes a message and then
wakes one of the line. Time and the wake-up race for the one-shot waiter. A sender whose time ran out leaves the
line and tries a last time: it either uses the place that it may have been woken for, or sees that there is none.

Statements S28-S34: a timed-out send leaves no trace, and gives its message back.

Its broken twins are `SwallowsWakeup`, which does not try again, `TooLate`, which looks at the clock after it has
sent, and `RemovesByName`, whose receiver takes a sender out of the line that has come back in the meantime.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import Entry, entered, put, without
from treadle.spec import Model, Verdict, action, eventually, invariant


class State(NamedTuple):
    """The channel, and where each thread is; a sender's message is its number."""

    buffer: tuple[int, ...]
    line: tuple[Entry, ...]  # of senders that wait
    waits: tuple[int, ...]  # by sender: how often it has entered the line
    over: tuple[bool, ...]  # by sender, whether its present wait has ended
    late: tuple[bool, ...]  # by sender, whether its time ran out
    at: tuple[str, ...]
    receiver: str
    found: Entry | None  # whom the receiver is about to wake
    received: frozenset[int]


class TimedSends(Model[State]):
    """Senders of one message each, the first of which wait for a limited time, and a receiver that takes all."""

    def __init__(self, *, capacity: int = 1, timed: int = 1, untimed: int = 2) -> None:
        self.capacity = capacity
        self.timed = timed
        self.untimed = untimed

    def init(self) -> Iterator[State]:
        """Everybody has called."""
        senders = self.timed + self.untimed
        no, tries = (False,) * senders, ("tries",) * senders
        yield State((), (), (0,) * senders, (True,) * senders, no, tries, "takes", None, frozenset())

    def everyone(self) -> range:
        """All senders, those with a time limit first."""
        return range(self.timed + self.untimed)

    def with_limit(self) -> range:
        """The senders with a time limit."""
        return range(self.timed)

    def terminal(self, state: State) -> bool:
        """Every send has ended, and every message was taken."""
        return set(state.at) <= {"sent", "timed out"} and state.receiver == "takes" and not state.buffer

    def _goes(self, state: State, sender: int, where: str) -> State:
        return state._replace(at=put(state.at, sender, where))

    def has_room(self, state: State) -> bool:
        """Whether a message fits in."""
        return len(state.buffer) < self.capacity

    # --- a send ---

    @action(fair="weak", sender=everyone)
    def try_to_send(self, state: State, sender: int) -> Iterator[State]:
        """Put the message in; if there is no room, wait, or give up if time ran out."""
        if state.at[sender] != "tries":
            return
        if self.has_room(state):
            yield self.sent(state, sender)
        else:
            yield self._goes(state, sender, "timed out" if state.late[sender] else "enters")

    def sent(self, state: State, sender: int) -> State:
        """The message is in."""
        return self._goes(state._replace(buffer=(*state.buffer, sender)), sender, "sent")

    @action(fair="weak", sender=everyone)
    def enter(self, state: State, sender: int) -> Iterator[State]:
        """Enter the line."""
        if state.at[sender] == "enters":
            line, waits, over = entered(state.line, state.waits, state.over, sender)
            yield self._goes(state._replace(line=line, waits=waits, over=over), sender, "looks")

    @action(fair="weak", sender=everyone)
    def look_again(self, state: State, sender: int) -> Iterator[State]:
        """Look again, and sleep if there is no room."""
        if state.at[sender] == "looks":
            yield self._goes(state, sender, "withdraws" if self.has_room(state) else "asleep")

    @action(sender=with_limit)
    def run_out_of_time(self, state: State, sender: int) -> Iterator[State]:
        """Time runs out, whether or not somebody has just ended the wait."""
        if state.at[sender] == "asleep":
            yield self._goes(state._replace(late=put(state.late, sender, True)), sender, "withdraws")

    @action(fair="weak", sender=everyone)
    def wake_up(self, state: State, sender: int) -> Iterator[State]:
        """Wake when somebody ended the wait."""
        if state.at[sender] == "asleep" and state.over[sender]:
            yield self._goes(state, sender, "withdraws")

    @action(fair="weak", sender=everyone)
    def withdraw(self, state: State, sender: int) -> Iterator[State]:
        """End the own wait, if nobody was quicker."""
        if state.at[sender] == "withdraws":
            yield self._goes(state._replace(over=put(state.over, sender, True)), sender, "leaves")

    @action(fair="weak", sender=everyone)
    def leave(self, state: State, sender: int) -> Iterator[State]:
        """Leave the line, and try again."""
        if state.at[sender] == "leaves":
            after = state._replace(line=without(state.line, (sender, state.waits[sender])))
            yield self._goes(after, sender, self.after_leaving(state, sender))

    def after_leaving(self, state: State, sender: int) -> str:
        """Where one goes who has left the line."""
        return "tries"

    # --- the receiver ---

    @action(fair="weak")
    def take(self, state: State) -> Iterator[State]:
        """Take the oldest message."""
        if state.receiver == "takes" and state.buffer:
            received = state.received | {state.buffer[0]}
            yield state._replace(buffer=state.buffer[1:], received=received, receiver="looks")

    @action(fair="weak")
    def look(self, state: State) -> Iterator[State]:
        """Find the first of the line, or nobody."""
        if state.receiver == "looks":
            if state.line:
                yield state._replace(receiver="ends", found=state.line[0])
            else:
                yield state._replace(receiver="takes")

    @action(fair="weak")
    def end(self, state: State) -> Iterator[State]:
        """End its wait, if that is not over: the atomic claim."""
        if state.receiver == "ends" and state.found:
            sender, wait = state.found
            if state.waits[sender] == wait and not state.over[sender]:
                yield state._replace(over=put(state.over, sender, True), receiver="removes, done")
            else:
                yield state._replace(receiver="removes")

    @action(fair="weak")
    def remove(self, state: State) -> Iterator[State]:
        """Take it out of the line; look on if it was over."""
        if state.receiver.startswith("removes") and state.found:
            where = "takes" if state.receiver == "removes, done" else "looks"
            yield state._replace(line=self.removed(state.line, state.found), receiver=where, found=None)

    def removed(self, line: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
        """The line without the very entry."""
        return without(line, entry)

    # --- invariants ---

    @invariant
    def within_capacity(self, state: State) -> bool:
        """S9: never more than the capacity."""
        return len(state.buffer) <= self.capacity

    @invariant
    def a_timed_out_send_leaves_no_trace(self, state: State) -> bool:
        """S32: its message is nowhere, and it stands in no line."""
        late = {sender for sender in self.everyone() if state.at[sender] == "timed out"}
        return not late & (set(state.buffer) | state.received | {sender for sender, _ in state.line})

    @invariant
    def what_was_sent_arrives(self, state: State) -> bool:
        """Sent = queued + received."""
        sent = {sender for sender in self.everyone() if state.at[sender] == "sent"}
        return sent <= set(state.buffer) | state.received

    # --- liveness ---

    @eventually
    def everybody_comes_to_an_end(self, state: State) -> bool:
        """A send without a time limit ends, too, while the receiver takes."""
        return self.terminal(state)


class SwallowsWakeup(TimedSends):
    """The broken twin that gives up at once: if it was woken too, the place stays free and nobody knows."""

    def after_leaving(self, state: State, sender: int) -> str:
        """Give up."""
        return "timed out" if state.late[sender] else "tries"


class TooLate(TimedSends):
    """The broken twin that sends and then says that time ran out."""

    def sent(self, state: State, sender: int) -> State:
        """Look at the clock."""
        after = super().sent(state, sender)
        return self._goes(after, sender, "timed out") if state.late[sender] else after


class RemovesByName(TimedSends):
    """The broken twin that takes whatever entry the sender has out of the line."""

    def removed(self, line: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
        """The line without the sender."""
        return tuple(other for other in line if other[0] != entry[0])


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"
TRACE = "invariant a_timed_out_send_leaves_no_trace is violated"

EXPECTED = (
    Expected(TimedSends(timed=1, untimed=1), Verdict.HOLDS, 117, 13),
    Expected(TimedSends(timed=1, untimed=2), Verdict.HOLDS, 4_640, 34),
    Expected(TimedSends(capacity=2, timed=1, untimed=2), Verdict.HOLDS, 439, 16),
    Expected(SwallowsWakeup(timed=1, untimed=2), Verdict.VIOLATED, 2_485, 15, DEADLOCK),
    Expected(RemovesByName(timed=1, untimed=2), Verdict.VIOLATED, 3_263, 17, DEADLOCK),
    Expected(TooLate(timed=1, untimed=1), Verdict.VIOLATED, 98, 10, TRACE),
)

#: Configurations that take seconds each.
LARGE = (Expected(TimedSends(timed=2, untimed=1), Verdict.HOLDS, 6_560, 35),)

if __name__ == "__main__":
    sys.exit(not run((*EXPECTED, *LARGE)))
