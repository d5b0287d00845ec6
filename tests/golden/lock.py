"""A lock, and Peterson's algorithm, which implements it. tlaplus/Examples Lock.tla and Peterson.tla."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant

BOTH = (0, 1)


def moved(at: tuple[str, ...], who: int, where: str) -> tuple[str, ...]:
    return (*at[:who], where, *at[who + 1 :])


class Locked(NamedTuple):
    at: tuple[str, ...]  # idle, waiting, critical, leaving
    free: bool


class Lock(Model[Locked]):
    def init(self) -> Iterator[Locked]:
        yield Locked(("idle", "idle"), free=True)

    @action(who=BOTH)
    def want(self, state: Locked, who: int) -> Iterator[Locked]:
        if state.at[who] == "idle":
            yield state._replace(at=moved(state.at, who, "waiting"))

    @action(who=BOTH)
    def acquire(self, state: Locked, who: int) -> Iterator[Locked]:
        if state.at[who] == "waiting" and state.free:
            yield Locked(moved(state.at, who, "critical"), free=False)

    @action(who=BOTH)
    def leave(self, state: Locked, who: int) -> Iterator[Locked]:
        if state.at[who] == "critical":
            yield state._replace(at=moved(state.at, who, "leaving"))

    @action(who=BOTH)
    def release(self, state: Locked, who: int) -> Iterator[Locked]:
        if state.at[who] == "leaving":
            yield Locked(moved(state.at, who, "idle"), free=True)

    @invariant
    def one_holds_it(self, state: Locked) -> bool:
        return sum(where in {"critical", "leaving"} for where in state.at) == (not state.free)


class Flags(NamedTuple):
    at: tuple[str, ...]  # idle, raising, yielding, waiting, critical, leaving
    wants: tuple[bool, bool]
    turn: int


class Peterson(Model[Flags]):
    def init(self) -> Iterator[Flags]:
        yield Flags(("idle", "idle"), (False, False), 0)

    @action(who=BOTH)
    def want(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "idle":
            yield state._replace(at=moved(state.at, who, "raising"))

    @action(who=BOTH)
    def raise_flag(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "raising":
            yield Flags(moved(state.at, who, "yielding"), flag(state.wants, who, up=True), state.turn)

    @action(who=BOTH)
    def yield_turn(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "yielding":
            yield Flags(moved(state.at, who, "waiting"), state.wants, 1 - who)

    @action(who=BOTH)
    def enter(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "waiting" and (not state.wants[1 - who] or state.turn == who):
            yield state._replace(at=moved(state.at, who, "critical"))

    @action(who=BOTH)
    def leave(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "critical":
            yield state._replace(at=moved(state.at, who, "leaving"))

    @action(who=BOTH)
    def lower_flag(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "leaving":
            yield Flags(moved(state.at, who, "idle"), flag(state.wants, who, up=False), state.turn)

    @invariant
    def excludes(self, state: Flags) -> bool:
        return not all(where in {"critical", "leaving"} for where in state.at)


def flag(wants: tuple[bool, bool], who: int, *, up: bool) -> tuple[bool, bool]:
    return (up, wants[1]) if who == 0 else (wants[0], up)


class KeepsTurn(Peterson):
    """The broken twin: each gives the turn to itself."""

    @action(who=BOTH)
    def yield_turn(self, state: Flags, who: int) -> Iterator[Flags]:
        if state.at[who] == "yielding":
            yield Flags(moved(state.at, who, "waiting"), state.wants, who)


#: Where a process of the lock stands while one of Peterson's stands elsewhere: the three steps of asking are one.
STANDS = {"raising": "waiting", "yielding": "waiting"}


def as_lock(state: Flags) -> Locked:
    """The lock that the flags are."""
    at = tuple(STANDS.get(where, where) for where in state.at)
    return Locked(at, free=not any(where in {"critical", "leaving"} for where in at))
