"""A select over rendezvous: it stands in several lines at once, and one atomic claim decides who meets it.

All entries of one wait share a waiter. A peer that finds an entry claims the waiter: the claim performs the
operation, so that no reserved and unfinished state exists (one phase). The steps are those of
`kernel/treadle/channels`: `choices.choose` and `_wait`, and `flavours/rendezvous.py`. Of two that wait for each
other the lower one withdraws and tries again.

A thread is written by its cases: "a?b!" receives from a or sends to b.

Statements S84-S87, S93-S102.

Its broken twins are `ClaimsEachEntry`, where each entry is claimed by itself, so that a select is performed twice, and
`OneLook`, which sleeps without looking again.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put, without
from treadle.spec import Model, Verdict, action, eventually, invariant

Entry = tuple[int, int, int]  # the thread, which of its waits this is, and which of its cases
Met = tuple[int, int]  # the peer, and the own case that was performed
Line = tuple[str, str]  # a channel, and the side: ! sends, ? receives

WAITING, OVER = None, (-1, -1)


class State(NamedTuple):
    """The lines, and where each thread is."""

    lines: tuple[tuple[Entry, ...], ...]  # by the number of the line
    waits: tuple[int, ...]  # how often each has waited
    ends: tuple[Met | None, ...]  # what ended its present wait, if that is over
    at: tuple[str, ...]
    case: tuple[int, ...]  # which case the thread is at
    hands: tuple[tuple[Entry, ...], ...]  # whom it is about to claim
    met: tuple[Met | None, ...]
    claims: tuple[int, ...]  # how often its operation was performed


class Selecting(Model[State]):
    """Threads that perform one of their cases each."""

    def __init__(self, *threads: str) -> None:
        self.threads = threads
        self._cases = [list(zip(cases[::2], cases[1::2], strict=True)) for cases in threads]
        channels = sorted({channel for cases in self._cases for channel, _ in cases})
        self._lines: list[Line] = [(channel, side) for channel in channels for side in "!?"]

    def init(self) -> Iterator[State]:
        """Everybody has called."""
        threads = len(self.threads)
        none: tuple[None, ...] = (None,) * threads
        zero = (0,) * threads
        yield State(
            ((),) * len(self._lines),
            zero,
            (OVER,) * threads,
            ("tries",) * threads,
            zero,
            ((),) * threads,
            none,
            zero,
        )

    def everyone(self) -> range:
        """All threads."""
        return range(len(self.threads))

    def own(self, thread: int, case: int) -> int:
        """The number of the line in which the case waits."""
        return self._lines.index(self._cases[thread][case])

    def opposite(self, thread: int, case: int) -> int:
        """The number of the line in which the case finds its peers."""
        return self.own(thread, case) ^ 1

    def terminal(self, state: State) -> bool:
        """Those that are left sleep, and no two of them could meet."""
        left = [thread for thread in self.everyone() if state.at[thread] != "done"]
        wants = {(self.own(thread, case), thread) for thread in left for case in self._numbers(thread)}
        could_meet = any(
            (line ^ 1, other) in wants for line, thread in wants for other in left if other != thread
        )
        asleep = all(state.at[thread] == "asleep" and state.ends[thread] is WAITING for thread in left)
        return asleep and not could_meet

    def _numbers(self, thread: int) -> range:
        return range(len(self._cases[thread]))

    def _goes(self, state: State, thread: int, where: str, case: int = 0) -> State:
        return state._replace(at=put(state.at, thread, where), case=put(state.case, thread, case))

    def is_waiting(self, state: State, entry: Entry) -> bool:
        """Whether the wait of the entry can still be ended."""
        thread, wait, _ = entry
        return state.waits[thread] == wait and state.ends[thread] is WAITING

    # --- actions ---

    @action(fair="weak", thread=everyone)
    def try_case(self, state: State, thread: int) -> Iterator[State]:
        """Look who waits for the case; after the last case, go and wait."""
        if state.at[thread] != "tries":
            return
        case = state.case[thread]
        if case == len(self._cases[thread]):
            waits = put(state.waits, thread, state.waits[thread] + 1)
            after = state._replace(waits=waits, ends=put(state.ends, thread, WAITING))
            yield self._goes(after, thread, "enters")
        else:
            line = state.lines[self.opposite(thread, case)]
            yield self._goes(state._replace(hands=put(state.hands, thread, line)), thread, "claims", case)

    @action(fair="weak", thread=everyone)
    def claim(self, state: State, thread: int) -> Iterator[State]:
        """Claim the next of those found: this performs both operations, or nothing."""
        if state.at[thread] != "claims":
            return
        case = state.case[thread]
        if not state.hands[thread]:
            yield self._goes(state, thread, "tries", case + 1)
            return
        entry, *rest = state.hands[thread]
        after = state._replace(hands=put(state.hands, thread, tuple(rest)))
        if self.is_waiting(state, entry):
            peer, _, theirs = entry
            claims = put(put(after.claims, peer, after.claims[peer] + 1), thread, after.claims[thread] + 1)
            after = after._replace(ends=put(after.ends, peer, (thread, theirs)), claims=claims)
            after = after._replace(
                met=put(after.met, thread, (peer, case)), hands=put(after.hands, thread, ())
            )
            yield self._goes(self._removed(after, entry), thread, "done")
        else:
            yield self._removed(after, entry)

    @action(fair="weak", thread=everyone)
    def enter(self, state: State, thread: int) -> Iterator[State]:
        """Enter the line of the next case."""
        if state.at[thread] != "enters":
            return
        case = state.case[thread]
        line = self.own(thread, case)
        entry = (thread, state.waits[thread], case)
        after = state._replace(lines=put(state.lines, line, (*state.lines[line], entry)))
        last = case + 1 == len(self._cases[thread])
        yield self._goes(after, thread, "looks" if last else "enters", 0 if last else case + 1)

    @action(fair="weak", thread=everyone)
    def look_again(self, state: State, thread: int) -> Iterator[State]:
        """Look who waits for the next case: withdraw for one who is higher, or wake one who is lower."""
        if state.at[thread] != "looks":
            return
        case = state.case[thread]
        if case == len(self._cases[thread]):
            yield self._goes(state, thread, "asleep")
            return
        after = state
        for entry in state.lines[self.opposite(thread, case)]:
            other = entry[0]
            if other == thread or not self.is_waiting(state, entry):
                continue
            if other > thread:
                yield self._goes(state, thread, "withdraws")
                return
            after = state._replace(ends=put(state.ends, other, OVER))
            break
        yield self._goes(after, thread, "looks", case + 1)

    @action(fair="weak", thread=everyone)
    def withdraw(self, state: State, thread: int) -> Iterator[State]:
        """End the own wait, if nobody was quicker."""
        if state.at[thread] == "withdraws":
            ends = state.ends if state.ends[thread] else put(state.ends, thread, OVER)
            yield self._goes(state._replace(ends=ends), thread, "leaves")

    @action(fair="weak", thread=everyone)
    def wake_up(self, state: State, thread: int) -> Iterator[State]:
        """Wake when the wait is over."""
        if state.at[thread] == "asleep" and state.ends[thread] is not WAITING:
            yield self._goes(state, thread, "leaves")

    @action(fair="weak", thread=everyone)
    def leave(self, state: State, thread: int) -> Iterator[State]:
        """Leave the next line; after the last, be done if a peer has performed a case."""
        if state.at[thread] != "leaves":
            return
        case = state.case[thread]
        if case < len(self._cases[thread]):
            after = self._removed(state, (thread, state.waits[thread], case))
            yield self._goes(after, thread, "leaves", case + 1)
        elif state.ends[thread] != OVER:
            after = state._replace(met=put(state.met, thread, state.ends[thread]))
            yield self._goes(after, thread, "done")
        else:
            yield self._goes(self._passed_on(state, thread), thread, "tries")

    def _passed_on(self, state: State, thread: int) -> State:
        """Of one peer the thread makes use itself, if it can only go to that one; for more, wake its neighbours."""
        used = len(self._cases[thread]) == 1
        for case in self._numbers(thread):
            line, others = state.lines[self.own(thread, case)], state.lines[self.opposite(thread, case)]
            # A select in both lines is no peer of itself: two of that kind would wake each other for ever.
            several = len({entry[0] for entry in line + others}) > 1
            if line and several and len(others) > used and self.is_waiting(state, line[0]):
                state = state._replace(ends=put(state.ends, line[0][0], OVER))
        return state

    def _removed(self, state: State, entry: Entry) -> State:
        line = self.own(entry[0], entry[2])
        return state._replace(lines=put(state.lines, line, without(state.lines[line], entry)))

    # --- invariants ---

    @invariant
    def performed_once(self, state: State) -> bool:
        """S85, S102: of all cases of a thread one is performed, and once."""
        return all(claims <= 1 for claims in state.claims)

    @invariant
    def those_who_met_agree(self, state: State) -> bool:
        """S22, S70: whom one met has met it, by the opposite case of the same channel, and is another."""
        found = {
            thread: met or end
            for thread, (met, end) in enumerate(zip(state.met, state.ends, strict=True))
            if met or (end is not WAITING and end != OVER)
        }
        return all(
            met is not None
            and met[0] != thread
            and (peer := found.get(met[0])) is not None
            and peer[0] == thread
            and self.own(met[0], peer[1]) == self.opposite(thread, met[1])
            for thread, met in found.items()
        )

    # --- liveness ---

    @eventually
    def whoever_can_meet_does(self, state: State) -> bool:
        """Two that wait for each other meet, or meet others."""
        return self.terminal(state)


class ClaimsEachEntry(Selecting):
    """The broken twin without a common waiter: an entry can be claimed for as long as it stands in its line."""

    def is_waiting(self, state: State, entry: Entry) -> bool:
        """Whether the entry is there."""
        return entry in state.lines[self.own(entry[0], entry[2])]


class OneLook(Selecting):
    """The broken twin that sleeps without looking again."""

    @action(fair="weak", thread=Selecting.everyone)
    def look_again(self, state: State, thread: int) -> Iterator[State]:
        """See nobody."""
        if state.at[thread] == "looks":
            yield self._goes(state, thread, "asleep")


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"
TWICE = "invariant performed_once is violated"

EXPECTED = (
    Expected(Selecting("a?", "a!"), Verdict.HOLDS, 92, 20),
    Expected(Selecting("a?b?", "b!a!"), Verdict.HOLDS, 242, 32),
    Expected(Selecting("a!a?", "a!a?"), Verdict.HOLDS, 297, 32),
    Expected(Selecting("a!a?"), Verdict.HOLDS, 11, 11),
    Expected(Selecting("a?b?", "a!", "b!"), Verdict.HOLDS, 1_588, 33),
    Expected(ClaimsEachEntry("a?b?", "a!", "b!"), Verdict.VIOLATED, 405, 12, TWICE),
    Expected(OneLook("a?b?", "b!a!"), Verdict.VIOLATED, 117, 17, DEADLOCK),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
