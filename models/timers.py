"""The channels whose messages time makes: `after`, with one message, and `tick`, with one a period.

Nobody sends and nobody wakes: a receiver sleeps until the message is due or its own time is up, then tries again.
Which of several gets a message is decided by one atomic claim of it. Time is a number that grows; a receiver may be as
slow as it likes.

Statements S117-S130: not before it is due, each message once, ticks that nobody takes are not made up for, no drift.

Its broken twins are `TooEarly`, which rounds down, and `LooksThenTakes`, without a claim.
"""

import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, eventually, invariant

Got = tuple[int, int]  # the instant that the message says, and when it was taken


class State(NamedTuple):
    """The time, the channel, and where each receiver is."""

    now: int
    due: int | None  # None: never again
    at: tuple[str, ...]
    seen: tuple[int | None, ...]  # by receiver: the message it is about to claim
    got: tuple[tuple[Got, ...], ...]  # by receiver


class Timer(Model[State]):
    """Receivers of some messages each, the first of which have a time limit."""

    def __init__(
        self,
        *,
        period: int | None = None,
        first: int = 1,
        wanted: int = 1,
        limits: tuple[int | None, ...],
        until: int,
    ) -> None:
        """Without a *period* there is one message, due at *first*; time ends at *until*."""
        self.period = period
        self.first = first
        self.wanted = wanted
        self.limits = limits
        self.until = until

    def init(self) -> Iterator[State]:
        """Time begins."""
        receivers = len(self.limits)
        nothing: tuple[None, ...] = (None,) * receivers
        yield State(0, self.first, ("tries",) * receivers, nothing, ((),) * receivers)

    def everyone(self) -> range:
        """The receivers."""
        return range(len(self.limits))

    def terminal(self, state: State) -> bool:
        """Time is over; who is left sleeps."""
        return state.now == self.until

    def _goes(self, state: State, receiver: int, where: str) -> State:
        return state._replace(at=put(state.at, receiver, where))

    def wakes_at(self, state: State, receiver: int) -> int | None:
        """When a sleeper tries again: when a message is due, or at its limit."""
        known = [instant for instant in (state.due, self.limits[receiver]) if instant is not None]
        return min(known, default=None)

    def is_due(self, state: State) -> bool:
        """Whether there is a message."""
        return state.due is not None and state.due <= state.now

    # --- actions ---

    @action(fair="weak")
    def pass_time(self, state: State) -> Iterator[State]:
        """Time goes on."""
        if state.now < self.until:
            yield state._replace(now=state.now + 1)

    @action(fair="weak", receiver=everyone)
    def look(self, state: State, receiver: int) -> Iterator[State]:
        """See a message, or sleep, or give up."""
        if state.at[receiver] != "tries":
            return
        limit = self.limits[receiver]
        if self.is_due(state):
            yield self._goes(state._replace(seen=put(state.seen, receiver, state.due)), receiver, "claims")
        elif limit is not None and limit <= state.now:
            yield self._goes(state, receiver, "timed out")
        else:
            yield self._goes(state, receiver, "asleep")

    @action(fair="weak", receiver=everyone)
    def claim(self, state: State, receiver: int) -> Iterator[State]:
        """Take the message that was seen, if nobody was quicker, and make the next one."""
        if state.at[receiver] != "claims":
            return
        seen = state.seen[receiver]
        after = self._goes(state._replace(seen=put(state.seen, receiver, None)), receiver, "tries")
        if seen is not None and self.may_take(state, seen):
            got = (*state.got[receiver], (seen, state.now))
            after = after._replace(got=put(after.got, receiver, got), due=self.following(seen, state.now))
            if len(got) == self.wanted:
                after = self._goes(after, receiver, "done")
        yield after

    def may_take(self, state: State, seen: int) -> bool:
        """Whether the message is still there."""
        return state.due == seen

    def following(self, taken: int, now: int) -> int | None:
        """When the next message is due: a period after this one, or from now if that has passed."""
        if self.period is None:
            return None
        return taken + self.period if taken + self.period > now else now + self.period

    @action(fair="weak", receiver=everyone)
    def wake_up(self, state: State, receiver: int) -> Iterator[State]:
        """Try again when it is time."""
        until = self.wakes_at(state, receiver)
        if state.at[receiver] == "asleep" and until is not None and until <= state.now:
            yield self._goes(state, receiver, "tries")

    # --- invariants ---

    @invariant
    def none_comes_early(self, state: State) -> bool:
        """S118, S124: a message is taken when it is due, or later."""
        return all(instant <= taken for got in state.got for instant, taken in got)

    @invariant
    def each_is_taken_once(self, state: State) -> bool:
        """S119, S127: receivers that wait at once get different messages."""
        taken = [instant for got in state.got for instant, _ in got]
        return len(taken) == len(set(taken))

    @invariant
    def ticks_keep_their_distance(self, state: State) -> bool:
        """S125: between two ticks there is a period at least."""
        taken = sorted(instant for got in state.got for instant, _ in got)
        period = self.period
        return period is None or all(later - earlier >= period for earlier, later in pairwise(taken))

    @invariant
    def none_gives_up_early(self, state: State) -> bool:
        """S47: a receive times out at its limit, or later."""
        return all(
            where != "timed out" or (limit is not None and limit <= state.now)
            for where, limit in zip(state.at, self.limits, strict=True)
        )

    # --- liveness ---

    @eventually
    def every_receive_ends_or_waits_for_ever(self, state: State) -> bool:
        """S117, S46: a message that is due is taken if somebody waits, and a limit is kept."""
        return all(
            where in {"done", "timed out"}
            or (
                where == "asleep"
                and ((until := self.wakes_at(state, receiver)) is None or until > self.until)
            )
            for receiver, where in enumerate(state.at)
        )


class TooEarly(Timer):
    """The broken twin that rounds down: it takes what is due in a moment."""

    def is_due(self, state: State) -> bool:
        """Whether it is nearly time."""
        return state.due is not None and state.due <= state.now + 1


class LooksThenTakes(Timer):
    """The broken twin without a claim: what was seen is taken, whoever was quicker."""

    def may_take(self, state: State, seen: int) -> bool:
        """Take it."""
        return True


EARLY = "invariant none_comes_early is violated"
TWICE = "invariant each_is_taken_once is violated"

EXPECTED = (
    Expected(Timer(limits=(None,), until=2), Verdict.HOLDS, 11, 5),
    Expected(Timer(first=2, limits=(None, 1), until=3), Verdict.HOLDS, 55, 7),
    Expected(Timer(first=2, limits=(None, 2, None), until=3), Verdict.HOLDS, 169, 8),
    Expected(Timer(period=2, first=2, wanted=2, limits=(None, None), until=6), Verdict.HOLDS, 705, 14),
    Expected(Timer(period=1, wanted=2, limits=(None, 3), until=4), Verdict.HOLDS, 626, 13),
    Expected(TooEarly(limits=(None,), first=2, until=3), Verdict.VIOLATED, 10, 4, EARLY),
    Expected(LooksThenTakes(limits=(None, None), until=2), Verdict.VIOLATED, 41, 6, TWICE),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
