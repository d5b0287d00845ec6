"""std::sync::mpsc's `sync_channel(0)` between senders and a receiver: nothing is ever queued, they meet.

The steps are those of `models.rendezvous`: a send and a receive take effect together (`meet`), or one of them ends
because the other side is gone. How the two find each other is the other half of that file.

Statements S3, S19, S20, S22, S23 (a send ends when its message was taken), S38-S42, S68, S70.

Its broken twins are `HandsOverTwice`, whose sender does not learn that its message was taken, and `NobodyIsTold`.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from models import rendezvous
from models.exchange import Exchanged
from models.expected import Expected, run
from models.rendezvous import Rendezvous
from models.tuples import put
from treadle.spec import Model, Verdict, action, eventually, invariant

RECEIVER = "rx"
Message = tuple[int, int]  # sender, number


def sender_handle(sender: int) -> str:
    """The name of a sender's handle."""
    return f"tx{sender}"


@dataclass(frozen=True)
class State:
    """The channel, and what the processes went through."""

    channel: Rendezvous
    sent: tuple[int, ...]  # by sender: how many sends ended Ok
    refused: tuple[int, ...]
    received: tuple[Message, ...] = ()
    told: bool = False


class ZeroCapacity(Model[State]):
    """Some senders with some messages each, and one receiver, who meet."""

    def __init__(self, *, senders: int = 2, messages: int = 2, early_drop: bool = False) -> None:
        self.senders = senders
        self.messages = messages
        self.early_drop = early_drop

    def init(self) -> Iterator[State]:
        """Every handle open, nothing sent."""
        handles = frozenset(map(sender_handle, range(self.senders)))
        none = (0,) * self.senders
        yield State(Rendezvous(handles, frozenset({RECEIVER})), none, none)

    def terminal(self, state: State) -> bool:
        """Every process came to its end."""
        return not state.channel.senders and not state.channel.receivers

    def number(self, state: State, sender: int) -> int:
        """The number of the sender's next message: its program counter."""
        return state.sent[sender] + state.refused[sender]

    # --- actions ---

    @action(fair="weak", sender=lambda model: range(model.senders))
    def meet(self, state: State, sender: int) -> Iterator[State]:
        """A send and a receive take effect together."""
        number = self.number(state, sender)
        may = rendezvous.meet(state.channel, sender_handle(sender), RECEIVER)
        if number < self.messages and may and not state.told:
            yield replace(
                state,
                sent=self.counted(state.sent, sender),
                received=state.received + ((sender, number),),  # noqa: RUF005  # as in `models.channel`
            )

    def counted(self, sent: tuple[int, ...], sender: int) -> tuple[int, ...]:
        """The sender's own count of what was taken."""
        return put(sent, sender, sent[sender] + 1)

    @action(fair="weak", sender=lambda model: range(model.senders))
    def send_alone(self, state: State, sender: int) -> Iterator[State]:
        """A send ends because nobody is there to receive."""
        number = self.number(state, sender)
        if number < self.messages:
            for after, _ in rendezvous.send(state.channel, sender_handle(sender), (sender, number)):
                yield replace(
                    state, channel=after, refused=put(state.refused, sender, state.refused[sender] + 1)
                )

    @action(fair="weak", sender=lambda model: range(model.senders))
    def drop_sender(self, state: State, sender: int) -> Iterator[State]:
        """A sender that is through drops its handle."""
        handle = sender_handle(sender)
        if handle in state.channel.senders and self.number(state, sender) == self.messages:
            for after, _ in rendezvous.close(state.channel, handle):
                yield replace(state, channel=after)

    @action(fair="weak")
    def recv_alone(self, state: State) -> Iterator[State]:
        """The receiver is told that nobody is left to send."""
        if RECEIVER in state.channel.receivers and not state.told:
            for after, _ in rendezvous.recv(state.channel, RECEIVER):
                yield replace(state, channel=after, told=True)

    @action(fair="weak")
    def drop_receiver(self, state: State) -> Iterator[State]:
        """The receiver drops its handle."""
        if RECEIVER in state.channel.receivers and (state.told or self.early_drop):
            for after, _ in rendezvous.close(state.channel, RECEIVER):
                yield replace(state, channel=after)

    # --- invariants ---

    @invariant
    def a_send_ends_when_its_message_is_taken(self, state: State) -> bool:
        """S22, S23, S70: what was sent Ok was received, once; nothing else was."""
        return len(state.received) == sum(state.sent) == len(set(state.received))

    @invariant
    def messages_are_counted(self, state: State) -> bool:
        """S70 by numbers, which are inductive: nothing is queued, so sent = received."""
        return sum(state.sent) == len(state.received)

    @invariant
    def the_end_is_final(self, state: State) -> bool:
        """S38, S57: whoever is told knows that nobody can send any more."""
        return not state.told or len(state.channel.senders) == 0

    @invariant
    def each_sender_is_received_in_order(self, state: State) -> bool:
        """S68: of each sender its first messages, in order."""
        return all(
            [number for who, number in state.received if who == sender] == list(range(state.sent[sender]))
            for sender in range(self.senders)
        )

    # --- liveness ---

    @eventually
    def everybody_comes_to_an_end(self, state: State) -> bool:
        """S20, S40: nobody waits for ever."""
        return self.terminal(state)


class HandsOverTwice(ZeroCapacity):
    """The broken twin whose sender does not learn that its message was taken, the first time."""

    def counted(self, sent: tuple[int, ...], sender: int) -> tuple[int, ...]:
        """Count the second time only."""
        return sent


class NobodyIsTold(ZeroCapacity):
    """The broken twin whose receiver waits on when the senders are gone."""

    @action(fair="weak")
    def recv_alone(self, state: State) -> Iterator[State]:
        """Wait."""
        yield from ()


# --- the coarser model ---


def as_exchange(state: State) -> Exchanged:
    """What of the exchange has happened: a message is exchanged when the two meet."""
    counts = tuple(sum(who == sender for who, _ in state.received) for sender in range(len(state.sent)))
    return Exchanged(counts, left=not state.channel.receivers, told=state.told)


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"
TWICE = "invariant a_send_ends_when_its_message_is_taken is violated"

EXPECTED = (
    Expected(ZeroCapacity(senders=1, messages=1), Verdict.HOLDS, 5, 5),
    Expected(ZeroCapacity(), Verdict.HOLDS, 57, 9),
    Expected(ZeroCapacity(early_drop=True), Verdict.HOLDS, 191, 9),
    Expected(ZeroCapacity(senders=3, messages=1), Verdict.HOLDS, 91, 9),
    Expected(HandsOverTwice(senders=1, messages=1), Verdict.VIOLATED, 2, 2, TWICE),
    Expected(NobodyIsTold(senders=1, messages=1), Verdict.VIOLATED, 3, 3, DEADLOCK),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
