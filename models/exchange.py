"""The exchange of messages: what every channel is, seen from far enough.

Some senders have some messages each. A message is exchanged when it is received: each once, and those of one sender in
their order. The receiving side may leave, if the model says so, and is told at the end that all is exchanged.
Whether messages wait in between, and where, is not said: `models.ladder` shows that the channels refine this.

Its broken twin is `GivesUp`, which need not go on.
"""

import sys
from collections.abc import Iterator

from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, State, Verdict, action, eventually, invariant


class Exchanged(State):
    """How far it has come."""

    received: tuple[int, ...]  # by sender, how many of its messages
    left: bool  # the receiving side has left
    told: bool


class Exchange(Model[Exchanged]):
    """Senders of some messages each, and one receiving side."""

    def __init__(self, *, senders: int, messages: int, may_leave: bool = False) -> None:
        self.senders = senders
        self.messages = messages
        self.may_leave = may_leave

    def init(self) -> Iterator[Exchanged]:
        """Nothing is exchanged."""
        yield Exchanged((0,) * self.senders, left=False, told=False)

    def terminal(self, state: Exchanged) -> bool:
        """The receiving side has left."""
        return state.left

    @action(fair="weak", sender=lambda model: range(model.senders))
    def exchange(self, state: Exchanged, sender: int) -> Iterator[Exchanged]:
        """The sender's next message is received."""
        if not state.left and state.received[sender] < self.messages:
            yield state.evolve(received=put(state.received, sender, state.received[sender] + 1))

    @action(fair="weak")
    def tell(self, state: Exchanged) -> Iterator[Exchanged]:
        """All is exchanged, and the receiving side hears of it."""
        if not state.left and not state.told and self.is_complete(state):
            yield state.evolve(told=True)

    @action
    def leave(self, state: Exchanged) -> Iterator[Exchanged]:
        """The receiving side leaves: when it was told, or, if it may, at any moment."""
        if not state.left and (state.told or self.may_leave):
            yield state.evolve(left=True)

    def is_complete(self, state: Exchanged) -> bool:
        """Whether every message was received."""
        return state.received == (self.messages,) * self.senders

    @invariant
    def told_only_when_complete(self, state: Exchanged) -> bool:
        """S38: the end comes last."""
        return not state.told or self.is_complete(state)

    @eventually
    def all_is_exchanged_or_nobody_is_there(self, state: Exchanged) -> bool:
        """A message is received, or its channel disconnects."""
        return self.is_complete(state) or state.left


class GivesUp(Exchange):
    """The broken twin that may stop half-way."""

    @action(sender=lambda model: range(model.senders))
    def exchange(self, state: Exchanged, sender: int) -> Iterator[Exchanged]:
        """Exchange a message, or do nothing for ever."""
        yield from super().exchange(state, sender)


EXPECTED = (
    Expected(Exchange(senders=1, messages=1), Verdict.HOLDS, 4, 4),
    Expected(Exchange(senders=2, messages=2), Verdict.HOLDS, 11, 7),
    Expected(Exchange(senders=2, messages=2, may_leave=True), Verdict.HOLDS, 20, 7),
    Expected(
        GivesUp(senders=1, messages=1),
        Verdict.VIOLATED,
        4,
        4,
        "eventually all_is_exchanged_or_nobody_is_there is violated",
    ),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
