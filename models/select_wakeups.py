"""A select over buffered channels that is woken for one and takes from the other: it passes the wake-up on.

Each sender publishes one message in its channel and then wakes the first of the line. A receiver stands in the
line of each of its channels, with one waiter. One that receives from a single channel makes use of what woke
it; a select may take from another channel, so that when it leaves the lines it wakes the next one wherever a message is
left (S74, S101). The steps are those of `choices.choose`.

A thread is written by its channels: the receiver "ab" selects from two.

Its broken twin is `PassesNothingOn`.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models.expected import Expected, run
from models.tuples import put, without
from treadle.spec import Model, Verdict, action, eventually, invariant


class State(NamedTuple):
    """The channels, and where each thread is."""

    queued: tuple[int, ...]  # by channel
    lines: tuple[tuple[int, ...], ...]  # by channel, the receivers that wait
    over: tuple[bool, ...]  # by receiver, whether somebody ended its wait
    senders: tuple[str, ...]
    receivers: tuple[str, ...]


class Wakeups(Model[State]):
    """Senders of one message each, and receivers of one."""

    def __init__(self, senders: str, receivers: tuple[str, ...]) -> None:
        self.senders = senders
        self.receivers = receivers
        self._names = sorted(set("".join((senders, *receivers))))

    def init(self) -> Iterator[State]:
        """Nothing is sent."""
        count = len(self._names)
        receivers = len(self.receivers)
        yield State(
            (0,) * count,
            ((),) * count,
            (True,) * receivers,
            ("sends",) * len(self.senders),
            ("tries",) * receivers,
        )

    def channels(self, receiver: int) -> list[int]:
        """The channels that a receiver receives from."""
        return [self._names.index(name) for name in self.receivers[receiver]]

    def terminal(self, state: State) -> bool:
        """All is sent; who is left sleeps, and there is nothing for it."""
        return set(state.senders) <= {"done"} and all(
            where == "done" or self.sleeps_well(state, receiver)
            for receiver, where in enumerate(state.receivers)
        )

    def sleeps_well(self, state: State, receiver: int) -> bool:
        """Whether it sleeps, nobody woke it, and there is nothing for it."""
        nothing = not any(state.queued[channel] for channel in self.channels(receiver))
        return state.receivers[receiver] == "asleep" and not state.over[receiver] and nothing

    def all_senders(self) -> range:
        """The senders."""
        return range(len(self.senders))

    def all_receivers(self) -> range:
        """The receivers."""
        return range(len(self.receivers))

    def _goes(self, state: State, receiver: int, where: str) -> State:
        return state._replace(receivers=put(state.receivers, receiver, where))

    def _woken(self, state: State, channel: int) -> State:
        """One of the line is woken: the first whose wait is not over."""
        for receiver in state.lines[channel]:
            lines = put(state.lines, channel, without(state.lines[channel], receiver))
            state = state._replace(lines=lines)
            if not state.over[receiver]:
                return state._replace(over=put(state.over, receiver, True))
        return state

    # --- actions ---

    @action(fair="weak", sender=all_senders)
    def publish(self, state: State, sender: int) -> Iterator[State]:
        """Append the message."""
        if state.senders[sender] == "sends":
            channel = self._names.index(self.senders[sender])
            queued = put(state.queued, channel, state.queued[channel] + 1)
            yield state._replace(queued=queued, senders=put(state.senders, sender, "wakes"))

    @action(fair="weak", sender=all_senders)
    def wake(self, state: State, sender: int) -> Iterator[State]:
        """Wake one who waits."""
        if state.senders[sender] == "wakes":
            after = self._woken(state, self._names.index(self.senders[sender]))
            yield after._replace(senders=put(state.senders, sender, "done"))

    @action(fair="weak", receiver=all_receivers)
    def receive(self, state: State, receiver: int) -> Iterator[State]:
        """Take a message of any channel that has one, or go and wait."""
        if state.receivers[receiver] != "tries":
            return
        there = [channel for channel in self.channels(receiver) if state.queued[channel]]
        for channel in there:
            queued = put(state.queued, channel, state.queued[channel] - 1)
            yield self._goes(state._replace(queued=queued), receiver, "done")
        if not there:
            yield self._goes(state, receiver, "enters")

    @action(fair="weak", receiver=all_receivers)
    def enter(self, state: State, receiver: int) -> Iterator[State]:
        """Enter the lines."""
        if state.receivers[receiver] == "enters":
            lines = state.lines
            for channel in self.channels(receiver):
                lines = put(lines, channel, (*lines[channel], receiver))
            yield self._goes(
                state._replace(lines=lines, over=put(state.over, receiver, False)), receiver, "looks"
            )

    @action(fair="weak", receiver=all_receivers)
    def look_again(self, state: State, receiver: int) -> Iterator[State]:
        """Look again, and sleep if there is nothing."""
        if state.receivers[receiver] == "looks":
            there = any(state.queued[channel] for channel in self.channels(receiver))
            yield self._goes(state, receiver, "leaves" if there else "asleep")

    @action(fair="weak", receiver=all_receivers)
    def wake_up(self, state: State, receiver: int) -> Iterator[State]:
        """Wake when somebody ended the wait."""
        if state.receivers[receiver] == "asleep" and state.over[receiver]:
            yield self._goes(state, receiver, "leaves")

    @action(fair="weak", receiver=all_receivers)
    def leave(self, state: State, receiver: int) -> Iterator[State]:
        """End the wait, if nobody did, and leave the lines."""
        if state.receivers[receiver] == "leaves":
            lines = tuple(without(line, receiver) for line in state.lines)
            yield self._goes(
                state._replace(lines=lines, over=put(state.over, receiver, True)), receiver, "passes on"
            )

    @action(fair="weak", receiver=all_receivers)
    def pass_on(self, state: State, receiver: int) -> Iterator[State]:
        """Of one message in its only channel a receiver makes use itself; for others, wake the next."""
        if state.receivers[receiver] == "passes on":
            used = len(self.channels(receiver)) == 1
            after = state
            for channel in self.channels(receiver):
                if after.lines[channel] and after.queued[channel] > used:
                    after = self._woken(after, channel)
            yield self._goes(after, receiver, "tries")

    # --- invariants ---

    @invariant
    def each_line_is_of_those_who_wait(self, state: State) -> bool:
        """S101: no entry is left behind."""
        return all(
            state.receivers[receiver] in {"looks", "asleep", "leaves"}
            for line in state.lines
            for receiver in line
        )

    # --- liveness ---

    @eventually
    def whoever_can_go_on_does(self, state: State) -> bool:
        """Nobody sleeps on a message for ever."""
        return self.terminal(state)


class PassesNothingOn(Wakeups):
    """The broken twin in which a select that was woken thinks of itself only."""

    @action(fair="weak", receiver=Wakeups.all_receivers)
    def pass_on(self, state: State, receiver: int) -> Iterator[State]:
        """Try, whoever else waits."""
        if state.receivers[receiver] == "passes on":
            yield self._goes(state, receiver, "tries")


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"

EXPECTED = (
    Expected(Wakeups("ab", ("ab", "a")), Verdict.HOLDS, 650, 13),
    Expected(Wakeups("ab", ("ab", "ab")), Verdict.HOLDS, 884, 13),
    Expected(Wakeups("aab", ("ab", "a")), Verdict.HOLDS, 2_415, 15),
    Expected(PassesNothingOn("ab", ("ab", "a")), Verdict.VIOLATED, 631, 14, DEADLOCK),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
