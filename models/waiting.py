"""How a receiver that waits and a sender find each other without a lock, at the true atomic steps.

A sender appends its message and then looks for waiters. A receiver tries, and if there is nothing it enters
the line, looks again, and only then sleeps: whichever is second sees the other. Who is woken competes again. The
steps are those of `kernel/treadle/channels`: `Unbounded.offer`, `Side.wake`, `Channel.look` and `operations.perform`; each
reads or writes one shared thing.

The invariant is the one that `channels/waiting.py` states: while there is a message and one sleeps whom nobody woke,
some running thread is obliged to wake one.

The broken twins leave one step out, or take two in the wrong order: `NoSecondLook`, `WakesFirst` (before the message is
there), `WakesOneAtTheEnd`.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.exchange import Exchanged
from models.expected import Expected, run
from models.tuples import Entry, entered, put, without
from treadle.spec import Model, Verdict, action, eventually, invariant, leads_to


class State(NamedTuple):
    """What is shared, and where each thread is: the senders first, then the receivers."""

    queued: int
    gone: bool  # all senders are
    line: tuple[Entry, ...]
    waits: tuple[int, ...]  # by receiver: how often it has entered the line
    over: tuple[bool, ...]  # by receiver: whether its present wait has ended
    at: tuple[str, ...]
    hands: tuple[tuple[Entry, ...], ...]  # by thread: the entries it is about to wake
    left: tuple[int, ...]  # by sender: messages to send
    received: int


class Waiting(Model[State]):
    """Senders with some messages each, and receivers that take what comes until the senders are gone."""

    def __init__(
        self, *, senders: int = 1, messages: int = 1, receivers: int = 1, stays: bool = False
    ) -> None:
        """With *stays* the senders never drop their handles, and the receivers wait on."""
        self.senders = senders
        self.messages = messages
        self.receivers = receivers
        self.stays = stays

    def init(self) -> Iterator[State]:
        """Nothing is sent, and nobody waits."""
        yield State(
            0,
            gone=False,
            line=(),
            waits=(0,) * self.receivers,
            over=(True,) * self.receivers,
            at=(self.sends,) * self.senders + ("tries",) * self.receivers,
            hands=((),) * (self.senders + self.receivers),
            left=(self.messages,) * self.senders,
            received=0,
        )

    sends = "appends"  # where a send begins

    def terminal(self, state: State) -> bool:
        """Everybody is through; or those that stay sleep, and nothing is there for them."""
        receivers = state.at[self.senders :]
        through = set(state.at[: self.senders]) == {"done"} and not state.queued
        return through and (
            set(receivers) == {"done"} or (self.stays and all(map(self.sleeps, *self._of(state))))
        )

    def _of(self, state: State) -> tuple[list[State], range]:
        return [state] * self.receivers, range(self.receivers)

    def sleeps(self, state: State, receiver: int) -> bool:
        """Whether the receiver sleeps, and nobody has woken it."""
        return state.at[self.senders + receiver] == "asleep" and not state.over[receiver]

    def all_senders(self) -> range:
        """The senders."""
        return range(self.senders)

    def all_receivers(self) -> range:
        """The receivers, by their number among themselves."""
        return range(self.receivers)

    def everyone(self) -> range:
        """All threads."""
        return range(self.senders + self.receivers)

    def _goes(self, state: State, thread: int, where: str) -> State:
        return state._replace(at=put(state.at, thread, where))

    def _holds(self, state: State, thread: int, entries: tuple[Entry, ...]) -> State:
        return state._replace(hands=put(state.hands, thread, entries))

    # --- a send ---

    @action(fair="weak", sender=all_senders)
    def append(self, state: State, sender: int) -> Iterator[State]:
        """Publish a message."""
        if state.at[sender] == "appends" and state.left[sender]:
            left = put(state.left, sender, state.left[sender] - 1)
            yield self._goes(state._replace(queued=state.queued + 1, left=left), sender, "looks")

    @action(fair="weak", sender=all_senders)
    def close(self, state: State, sender: int) -> Iterator[State]:
        """Drop the handle when all is sent; the last one says so, and takes a copy of the line."""
        if state.at[sender] != self.sends or state.left[sender]:
            return
        others = any(where != "done" for who, where in enumerate(state.at[: self.senders]) if who != sender)
        if self.stays or others:
            yield self._goes(state, sender, "done")
        else:
            yield self._goes(state._replace(gone=True), sender, "copies")

    @action(fair="weak", sender=all_senders)
    def copy_line(self, state: State, sender: int) -> Iterator[State]:
        """Take a copy of the line, to wake all in it."""
        if state.at[sender] == "copies":
            yield self._goes(self._holds(state, sender, self.to_wake(state.line)), sender, "wakes all")

    def to_wake(self, line: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Whom the end of the senders wakes."""
        return line

    @action(fair="weak", sender=all_senders)
    def wake_next(self, state: State, sender: int) -> Iterator[State]:
        """Wake the next one of the copy."""
        if state.at[sender] != "wakes all":
            return
        if not state.hands[sender]:
            yield self._goes(state, sender, "done")
            return
        entry, *rest = state.hands[sender]
        yield self._holds(self._ended(state, entry), sender, tuple(rest))

    # --- to wake one: by a sender, or by a receiver that passes a wake-up on ---

    @action(fair="weak", thread=everyone)
    def look(self, state: State, thread: int) -> Iterator[State]:
        """Find the first of the line, or nobody."""
        if state.at[thread] != "looks":
            return
        if state.line:
            yield self._goes(self._holds(state, thread, state.line[:1]), thread, "ends")
        else:
            yield self._goes(state, thread, self.after_wake(thread))

    @action(fair="weak", thread=everyone)
    def end(self, state: State, thread: int) -> Iterator[State]:
        """End its wait, if that is not over: the atomic claim."""
        if state.at[thread] == "ends":
            [entry] = state.hands[thread]
            won = self._is_waiting(state, entry)
            yield self._goes(self._ended(state, entry), thread, "removes, done" if won else "removes")

    @action(fair="weak", thread=everyone)
    def remove(self, state: State, thread: int) -> Iterator[State]:
        """Take the entry out of the line; look on if somebody else was quicker."""
        if not state.at[thread].startswith("removes"):
            return
        [entry] = state.hands[thread]
        after = self._holds(state._replace(line=without(state.line, entry)), thread, ())
        won = state.at[thread] == "removes, done"
        yield self._goes(after, thread, self.after_wake(thread) if won else "looks")

    def after_wake(self, thread: int) -> str:
        """Where a thread goes on when its obligation is discharged."""
        return self.sends if thread < self.senders else "tries"

    def _is_waiting(self, state: State, entry: Entry) -> bool:
        receiver, wait = entry
        return state.waits[receiver] == wait and not state.over[receiver]

    def _ended(self, state: State, entry: Entry) -> State:
        receiver, _ = entry
        return (
            state._replace(over=put(state.over, receiver, True)) if self._is_waiting(state, entry) else state
        )

    # --- a receive ---

    @action(fair="weak", receiver=all_receivers)
    def take(self, state: State, receiver: int) -> Iterator[State]:
        """Take a message; if there is none, see whether one can come."""
        thread = self.senders + receiver
        if state.at[thread] not in {"tries", "tries last"}:
            return
        if state.queued:
            after = state._replace(queued=state.queued - 1, received=state.received + 1)
            yield self._goes(after, thread, "tries")
        else:
            yield self._goes(state, thread, "missed" if state.at[thread] == "tries" else "done")

    @action(fair="weak", receiver=all_receivers)
    def miss(self, state: State, receiver: int) -> Iterator[State]:
        """There was nothing: if the senders are gone, try a last time; if not, wait."""
        thread = self.senders + receiver
        if state.at[thread] == "missed":
            yield self._goes(state, thread, "tries last" if state.gone else "enters")

    @action(fair="weak", receiver=all_receivers)
    def enter(self, state: State, receiver: int) -> Iterator[State]:
        """Enter the line with a new waiter."""
        thread = self.senders + receiver
        if state.at[thread] == "enters":
            line, waits, over = entered(state.line, state.waits, state.over, receiver)
            yield self._goes(state._replace(line=line, waits=waits, over=over), thread, "looks for messages")

    @action(fair="weak", receiver=all_receivers)
    def look_again(self, state: State, receiver: int) -> Iterator[State]:
        """Look again: first for messages, then for the end of the senders."""
        thread = self.senders + receiver
        if state.at[thread] == "looks for messages":
            yield self._goes(state, thread, "withdraws" if state.queued else "looks for the end")
        elif state.at[thread] == "looks for the end":
            yield self._goes(state, thread, "withdraws" if state.gone else "asleep")

    @action(fair="weak", receiver=all_receivers)
    def wake_up(self, state: State, receiver: int) -> Iterator[State]:
        """Wake when somebody ended the wait."""
        thread = self.senders + receiver
        if state.at[thread] == "asleep" and state.over[receiver]:
            yield self._goes(state, thread, "leaves")

    @action(fair="weak", receiver=all_receivers)
    def withdraw(self, state: State, receiver: int) -> Iterator[State]:
        """End the wait oneself, if nobody was quicker."""
        thread = self.senders + receiver
        if state.at[thread] == "withdraws":
            yield self._goes(state._replace(over=put(state.over, receiver, True)), thread, "leaves")

    @action(fair="weak", receiver=all_receivers)
    def leave(self, state: State, receiver: int) -> Iterator[State]:
        """Leave the line."""
        thread = self.senders + receiver
        if state.at[thread] == "leaves":
            line = without(state.line, (receiver, state.waits[receiver]))
            yield self._goes(state._replace(line=line), thread, "passes on")

    @action(fair="weak", receiver=all_receivers)
    def pass_on(self, state: State, receiver: int) -> Iterator[State]:
        """Of one message the receiver makes use itself; for more, the next is woken."""
        thread = self.senders + receiver
        if state.at[thread] == "passes on":
            yield self._goes(state, thread, "looks" if state.line and state.queued > 1 else "tries")

    # --- invariants ---

    @invariant
    def messages_are_counted(self, state: State) -> bool:
        """Sent = received + queued."""
        return self.senders * self.messages - sum(state.left) == state.received + state.queued

    @invariant
    def somebody_is_obliged(self, state: State) -> bool:
        """While there is a message and one sleeps whom nobody woke, some thread is on its way."""
        if not state.queued or not any(map(self.sleeps, *self._of(state))):
            return True
        awake = [receiver for receiver in range(self.receivers) if not self.sleeps(state, receiver)]
        running = any(state.at[self.senders + receiver] != "done" for receiver in awake)
        return running or any(where in self.busy for where in state.at[: self.senders])

    busy = frozenset({"looks", "ends", "removes", "removes, done", "copies", "wakes all"})

    # --- liveness ---

    @leads_to(receiver=all_receivers)
    def a_blocked_receiver_is_woken(self, state: State, receiver: int) -> tuple[bool, bool]:
        """One that sleeps while there is a message is woken, or another has taken it."""
        return self.sleeps(state, receiver) and state.queued > 0, not self.sleeps(
            state, receiver
        ) or not state.queued

    @eventually
    def everything_is_received(self, state: State) -> bool:
        """Every message, and the end of the senders is heard of."""
        return self.terminal(state)


class NoSecondLook(Waiting):
    """The broken twin that sleeps without looking again."""

    @action(fair="weak", receiver=Waiting.all_receivers)
    def look_again(self, state: State, receiver: int) -> Iterator[State]:
        """See nothing."""
        thread = self.senders + receiver
        if state.at[thread] == "looks for messages":
            yield self._goes(state, thread, "asleep")


class WakesFirst(Waiting):
    """The broken twin that looks for waiters before its message is there."""

    sends = "begins"

    @action(fair="weak", sender=Waiting.all_senders)
    def begin(self, state: State, sender: int) -> Iterator[State]:
        """Look first."""
        if state.at[sender] == "begins" and state.left[sender]:
            yield self._goes(state, sender, "looks")

    @action(fair="weak", sender=Waiting.all_senders)
    def append(self, state: State, sender: int) -> Iterator[State]:
        """Then publish."""
        for after in super().append(state, sender):
            yield self._goes(after, sender, "begins")

    def after_wake(self, thread: int) -> str:
        """Append when somebody was woken."""
        return "appends" if thread < self.senders else "tries"


class WakesOneAtTheEnd(Waiting):
    """The broken twin whose disconnection wakes one."""

    def to_wake(self, line: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The first only."""
        return line[:1]


# --- the coarser model ---


def as_exchange(state: State) -> Exchanged:
    """What of the exchange has happened, of one sender: what was received, and whether the receivers are through."""
    return Exchanged((state.received,), left=False, told=set(state.at[len(state.left) :]) == {"done"})


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"
NOBODY = "invariant somebody_is_obliged is violated"

EXPECTED = (
    Expected(Waiting(), Verdict.HOLDS, 367, 35),
    Expected(Waiting(messages=2), Verdict.HOLDS, 974, 55),
    Expected(Waiting(receivers=2, stays=True), Verdict.HOLDS, 4_165, 39),
    Expected(NoSecondLook(), Verdict.VIOLATED, 46, 7, NOBODY),
    Expected(WakesFirst(stays=True), Verdict.VIOLATED, 50, 9, NOBODY),
    Expected(WakesOneAtTheEnd(receivers=2), Verdict.VIOLATED, 6_455, 23, DEADLOCK),
)

#: Configurations that take seconds each.
LARGE = (
    Expected(Waiting(senders=2), Verdict.HOLDS, 4_855, 56),
    Expected(Waiting(receivers=2), Verdict.HOLDS, 16_717, 53),
    Expected(Waiting(messages=2, receivers=2, stays=True), Verdict.HOLDS, 29_695, 66),
)

if __name__ == "__main__":
    sys.exit(not run((*EXPECTED, *LARGE)))
