"""std::sync::mpsc's `sync_channel(0)`: nothing is stored, a sender and a receiver meet.

First what each operation does in one atomic step, as `models.channel` says it of the others. Where a send and a
receive meet, both take effect by one step (`meet`); the functions of a single operation say how it ends without a
peer. One that does not wait may always miss its peer, who may have called and not yet be in line.

Then the closed model of how they find each other. A thread tries, and if it finds nobody in the opposite line it
enters its own line, looks again, and sleeps. Of two that are both in line the lower one withdraws and tries
again, either by itself or woken by the higher one.

Statements S3, S19, S22, S23 (a send ends when its message was taken), S26, S44 (what does not wait), S70, S85.

The broken twins of the closed model are `OneLook`, which sleeps without looking again, and `NobodyWithdraws`, where
the lower one trusts that the higher one saw it.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from models.channel import Step
from models.expected import Expected, run
from models.outcome import Outcome
from treadle.spec import Model, Verdict, action, eventually, invariant

T = TypeVar("T")


@dataclass(frozen=True)
class Rendezvous:
    """A rendezvous between calls: the names of the open handles."""

    senders: frozenset[str]
    receivers: frozenset[str]


def send(state: Rendezvous, handle: str, message: object) -> Iterator[Step[Rendezvous]]:
    """Fail if the handle or the other side is gone; otherwise wait for a receiver."""
    if handle not in state.senders:
        yield state, Outcome("HandleClosed", message)
    elif not state.receivers:
        yield state, Outcome("SendError", message)


def recv(state: Rendezvous, handle: str) -> Iterator[Step[Rendezvous]]:
    """Fail if the handle or the other side is gone; otherwise wait for a sender."""
    if handle not in state.receivers:
        yield state, Outcome("HandleClosed")
    elif not state.senders:
        yield state, Outcome("RecvError")


def meet(state: Rendezvous, sender: str, receiver: str) -> bool:
    """Whether a send and a receive through these handles may take effect together."""
    return sender in state.senders and receiver in state.receivers


def close(state: Rendezvous, handle: str) -> Iterator[Step[Rendezvous]]:
    """Close a handle, as often as one likes."""
    yield Rendezvous(state.senders - {handle}, state.receivers - {handle}), Outcome("ok")


# --- how they find each other ---

Thread: TypeAlias = int
Line: TypeAlias = tuple[Thread, ...]

CALLED, MISSED, IN_LINE, ASLEEP, LEAVING, DONE = "called", "missed", "in line", "asleep", "leaving", "done"


@dataclass(frozen=True)
class State:
    """Where each thread is, who stands in the lines, and who met whom."""

    phases: tuple[str, ...]
    lines: tuple[Line, ...]  # of the senders, and of the receivers; the first to enter first
    peers: tuple[Thread | None, ...]


class Meeting(Model[State]):
    """Threads that send one message each, and threads that receive one."""

    def __init__(self, sides: str) -> None:
        """Take the side of each thread, the lowest first: s sends, r receives."""
        self.sides = tuple("sr".index(side) for side in sides)

    def init(self) -> Iterator[State]:
        """Everybody has called."""
        yield State((CALLED,) * len(self.sides), ((), ()), (None,) * len(self.sides))

    def terminal(self, state: State) -> bool:
        """One side is served; who is left on the other sleeps."""
        left = {thread for thread in self.threads() if state.phases[thread] != DONE}
        return len({self.sides[thread] for thread in left}) < 2 and all(
            state.phases[thread] == ASLEEP for thread in left
        )

    def threads(self) -> range:
        """Every thread, the lowest first."""
        return range(len(self.sides))

    def opposite(self, state: State, thread: Thread) -> Line:
        """The line in which the thread finds its peers."""
        return state.lines[1 - self.sides[thread]]

    @action(fair="weak", thread=threads)
    def try_it(self, state: State, thread: Thread) -> Iterator[State]:
        """Meet the first of the opposite line; if there is nobody, miss."""
        if state.phases[thread] != CALLED:
            return
        others = self.opposite(state, thread)
        if not others:
            yield replace(state, phases=_with(state.phases, thread, MISSED))
            return
        met = _moved(_moved(state, thread, DONE), others[0], DONE)
        yield replace(met, peers=_with(_with(state.peers, thread, others[0]), others[0], thread))

    @action(fair="weak", thread=threads)
    def enter(self, state: State, thread: Thread) -> Iterator[State]:
        """Enter the line."""
        if state.phases[thread] != MISSED:
            return
        side = self.sides[thread]
        lines = _with(state.lines, side, (*state.lines[side], thread))
        yield State(_with(state.phases, thread, IN_LINE), lines, state.peers)

    @action(fair="weak", thread=threads)
    def look_again(self, state: State, thread: Thread) -> Iterator[State]:
        """Look through the opposite line: withdraw for one who is higher, or wake one who is lower; then sleep."""
        if state.phases[thread] != IN_LINE:
            return
        for other in self.opposite(state, thread):
            if other > thread:
                if self.withdraws:
                    yield _moved(state, thread, LEAVING)
                    return
            else:
                yield _moved(_moved(state, thread, ASLEEP), other, LEAVING)
                return
        yield _moved(state, thread, ASLEEP)

    withdraws = True

    @action(fair="weak", thread=threads)
    def leave(self, state: State, thread: Thread) -> Iterator[State]:
        """Go and try again; where there is more than one peer, wake another of the own side."""
        if state.phases[thread] != LEAVING:
            return
        after = _moved(state, thread, CALLED)
        own = state.lines[self.sides[thread]]
        if own and len(self.opposite(state, thread)) > 1 and self.passes_on:
            after = _moved(after, own[0], LEAVING)
        yield after

    passes_on = True

    @invariant
    def those_who_met_agree(self, state: State) -> bool:
        """Each message is taken once, and a send ends when its message was taken (S22, S70)."""
        return all(
            (state.phases[thread] == DONE) == (peer is not None)
            and (peer is None or (state.peers[peer] == thread and self.sides[peer] != self.sides[thread]))
            for thread, peer in enumerate(state.peers)
        )

    @invariant
    def those_who_stand_in_line_wait(self, state: State) -> bool:
        """Only who waits stands in the line, and in that of its side (S101)."""
        return all(
            (state.phases[thread] in (IN_LINE, ASLEEP)) == (thread in state.lines[self.sides[thread]])
            and thread not in self.opposite(state, thread)
            for thread in self.threads()
        )

    # --- liveness ---

    @eventually
    def whoever_can_meet_does(self, state: State) -> bool:
        """S85: nobody tries for ever while one waits on the other side."""
        return self.terminal(state)


class OneLook(Meeting):
    """The broken twin that sleeps without looking again."""

    @action(fair="weak", thread=Meeting.threads)
    def look_again(self, state: State, thread: Thread) -> Iterator[State]:
        """See nobody."""
        if state.phases[thread] == IN_LINE:
            yield _moved(state, thread, ASLEEP)


class NobodyWithdraws(Meeting):
    """The broken twin in which the lower one sleeps, and trusts that the higher one sees it."""

    withdraws = False


class NobodyPassesOn(Meeting):
    """The broken twin in which one who was woken thinks of itself only: it takes the peer that woke another."""

    passes_on = False


def _moved(state: State, thread: Thread, phase: str) -> State:
    """The thread in another phase, and out of its line unless it goes on waiting."""
    senders, receivers = state.lines
    if phase != ASLEEP:
        senders = tuple(other for other in senders if other != thread)
        receivers = tuple(other for other in receivers if other != thread)
    return State(_with(state.phases, thread, phase), (senders, receivers), state.peers)


def _with(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    return (*values[:index], value, *values[index + 1 :])


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"

EXPECTED = (
    Expected(Meeting("sr"), Verdict.HOLDS, 18, 6),
    Expected(Meeting("ssr"), Verdict.HOLDS, 100, 10),
    Expected(Meeting("srs"), Verdict.HOLDS, 102, 10),
    Expected(Meeting("rss"), Verdict.HOLDS, 94, 9),
    Expected(Meeting("ssrr"), Verdict.HOLDS, 530, 12),
    Expected(Meeting("srsr"), Verdict.HOLDS, 586, 13),
    Expected(Meeting("srrs"), Verdict.HOLDS, 574, 12),
    Expected(OneLook("sr"), Verdict.VIOLATED, 17, 7, DEADLOCK),
    Expected(NobodyWithdraws("sr"), Verdict.VIOLATED, 18, 7, DEADLOCK),
    Expected(NobodyWithdraws("rs"), Verdict.VIOLATED, 18, 7, DEADLOCK),
    Expected(NobodyPassesOn("ssrr"), Verdict.VIOLATED, 538, 13, DEADLOCK),
)

#: Configurations that take seconds each.
LARGE = (Expected(Meeting("sssrr"), Verdict.HOLDS, 3_620, 15),)

if __name__ == "__main__":
    sys.exit(not run((*EXPECTED, *LARGE)))
