"""A lock, and Peterson's algorithm, which implements it. tlaplus/Examples Lock.tla and Peterson.tla.

Without fairness, as published, and with it: whoever waits for the lock gets it, if nobody stays inside for ever.

The broken twins are `KeepsTurn`, where each gives the turn to itself, and `OneIsLazy`, who may stay inside.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, invariant, leads_to, strong_fair, weak_fair

BOTH = (0, 1)


class Locked(NamedTuple):
    """Where both processes are, and whether the lock is free."""

    at: tuple[str, ...]  # idle, waiting, critical, leaving
    free: bool


class Lock(Model[Locked]):
    """Two processes and a lock."""

    def init(self) -> Iterator[Locked]:
        """Both are idle."""
        yield Locked(("idle", "idle"), free=True)

    @action(who=BOTH)
    def want(self, state: Locked, who: int) -> Iterator[Locked]:
        """Go for it."""
        if state.at[who] == "idle":
            yield state._replace(at=put(state.at, who, "waiting"))

    @action(who=BOTH)
    def acquire(self, state: Locked, who: int) -> Iterator[Locked]:
        """Take the lock."""
        if state.at[who] == "waiting" and state.free:
            yield Locked(put(state.at, who, "critical"), free=False)

    @action(who=BOTH)
    def leave(self, state: Locked, who: int) -> Iterator[Locked]:
        """Come to the end of the critical section."""
        if state.at[who] == "critical":
            yield state._replace(at=put(state.at, who, "leaving"))

    @action(who=BOTH)
    def release(self, state: Locked, who: int) -> Iterator[Locked]:
        """Give the lock back."""
        if state.at[who] == "leaving":
            yield Locked(put(state.at, who, "idle"), free=True)

    @invariant
    def one_holds_it(self, state: Locked) -> bool:
        """Mutual exclusion."""
        return sum(where in {"critical", "leaving"} for where in state.at) == (not state.free)


class Flags(NamedTuple):
    """Where both processes are, and what they say to each other."""

    at: tuple[str, ...]  # idle, raising, yielding, waiting, critical, leaving
    wants: tuple[bool, bool]
    turn: int


class Peterson(Model[Flags]):
    """Two processes, a flag of each, and a turn."""

    def init(self) -> Iterator[Flags]:
        """Both are idle."""
        yield Flags(("idle", "idle"), (False, False), 0)

    @action(who=BOTH)
    def want(self, state: Flags, who: int) -> Iterator[Flags]:
        """Go for it."""
        if state.at[who] == "idle":
            yield state._replace(at=put(state.at, who, "raising"))

    @action(who=BOTH)
    def raise_flag(self, state: Flags, who: int) -> Iterator[Flags]:
        """Say so."""
        if state.at[who] == "raising":
            yield Flags(put(state.at, who, "yielding"), flag(state.wants, who, up=True), state.turn)

    @action(who=BOTH)
    def yield_turn(self, state: Flags, who: int) -> Iterator[Flags]:
        """Give the other the turn."""
        if state.at[who] == "yielding":
            yield Flags(put(state.at, who, "waiting"), state.wants, 1 - who)

    @action(who=BOTH)
    def enter(self, state: Flags, who: int) -> Iterator[Flags]:
        """Enter if the other does not want to, or has given the turn."""
        if state.at[who] == "waiting" and (not state.wants[1 - who] or state.turn == who):
            yield state._replace(at=put(state.at, who, "critical"))

    @action(who=BOTH)
    def leave(self, state: Flags, who: int) -> Iterator[Flags]:
        """Come to the end of the critical section."""
        if state.at[who] == "critical":
            yield state._replace(at=put(state.at, who, "leaving"))

    @action(who=BOTH)
    def lower_flag(self, state: Flags, who: int) -> Iterator[Flags]:
        """Say that it is over."""
        if state.at[who] == "leaving":
            yield Flags(put(state.at, who, "idle"), flag(state.wants, who, up=False), state.turn)

    @invariant
    def excludes(self, state: Flags) -> bool:
        """Mutual exclusion."""
        return not all(where in {"critical", "leaving"} for where in state.at)


def flag(wants: tuple[bool, bool], who: int, *, up: bool) -> tuple[bool, bool]:
    """The flags with one raised or lowered."""
    return (up, wants[1]) if who == 0 else (wants[0], up)


class FairLock(Lock):
    """The lock of which nobody is kept out for ever."""

    fairness = strong_fair("acquire", who=0) & strong_fair("acquire", who=1)
    fairness &= weak_fair("leave", who=0) & weak_fair("leave", who=1)
    fairness &= weak_fair("release", who=0) & weak_fair("release", who=1)

    @leads_to(who=BOTH)
    def whoever_waits_gets_in(self, state: Locked, who: int) -> tuple[bool, bool]:
        """No starvation."""
        return state.at[who] == "waiting", state.at[who] == "critical"


#: What a process of Peterson's does once it wants to go in.
ON_THE_WAY = ("raise_flag", "yield_turn", "enter", "leave", "lower_flag")


class FairPeterson(Peterson):
    """Neither process stops between wanting in and being out again; it may be idle for ever."""

    fairness = weak_fair(*ON_THE_WAY, who=0) & weak_fair(*ON_THE_WAY, who=1)

    @leads_to(who=BOTH)
    def whoever_wants_gets_in(self, state: Flags, who: int) -> tuple[bool, bool]:
        """No starvation."""
        return state.at[who] == "raising", state.at[who] == "critical"


class KeepsTurn(Peterson):
    """The broken twin: each gives the turn to itself."""

    @action(who=BOTH)
    def yield_turn(self, state: Flags, who: int) -> Iterator[Flags]:
        """Give the other the turn."""
        if state.at[who] == "yielding":
            yield Flags(put(state.at, who, "waiting"), state.wants, who)


class OneIsLazy(FairPeterson):
    """The broken twin in which the first process may stop anywhere."""

    fairness = weak_fair(*ON_THE_WAY, who=1)


# --- the coarser model ---

#: Where a process of the lock stands while one of Peterson's stands elsewhere: the three steps of asking are one.
STANDS = {"raising": "waiting", "yielding": "waiting"}


def as_lock(state: Flags) -> Locked:
    """The lock that the flags are."""
    at = tuple(STANDS.get(where, where) for where in state.at)
    return Locked(at, free=not any(where in {"critical", "leaving"} for where in at))


EXPECTED = (
    Expected(Lock(), Verdict.HOLDS, 12, 5),
    Expected(FairLock(), Verdict.HOLDS, 12, 5),
    Expected(Peterson(), Verdict.HOLDS, 42, 11),
    Expected(FairPeterson(), Verdict.HOLDS, 42, 11),
    Expected(KeepsTurn(), Verdict.VIOLATED, 45, 9, "invariant excludes is violated"),
    Expected(OneIsLazy(), Verdict.VIOLATED, 42, 11, "leads_to whoever_wants_gets_in(who=0) is violated"),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
