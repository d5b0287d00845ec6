"""crossbeam's channels with several receivers: each message goes to one of them.

Each sender sends its messages and drops its handle; each receiver receives until it is told that nothing more can
come, and drops its own; with ``early_drop`` it may do so at any moment. The channel between them is
`models.channel`'s, unbounded or bounded.

Statements S10, S40, S41 (all receivers are told), S53-S61 (only the last handle of a side disconnects), S68-S71
(order, and each message once).

Its broken twins are `OneIsTold`, where the end of the senders reaches one receiver only, and `NewestFirst`, where
a receive takes from the wrong end.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from models import channel
from models.channel import Channel, Step
from models.exchange import Exchanged
from models.expected import Expected, run
from models.tuples import put
from treadle.spec import Model, Verdict, action, eventually, invariant, leads_to

Message = tuple[int, int]  # sender, number


class State(NamedTuple):
    """The channel, and what the processes went through."""

    channel: Channel
    ended: tuple[int, ...]  # by sender: how many sends have ended, well or not
    refused: tuple[int, ...]  # by sender: how many of these were refused
    received: tuple[tuple[Message, ...], ...]  # by receiver
    discarded: frozenset[Message]
    told: tuple[bool, ...]  # by receiver


class Mpmc(Model[State]):
    """Senders, receivers and a channel."""

    def __init__(
        self,
        *,
        senders: int = 2,
        receivers: int = 2,
        messages: int = 1,
        capacity: int | None = None,
        early_drop: bool = False,
    ) -> None:
        self.senders = senders
        self.receivers = receivers
        self.messages = messages
        self.capacity = capacity
        self.early_drop = early_drop

    def init(self) -> Iterator[State]:
        """Every handle open, nothing sent."""
        senders = frozenset(f"tx{sender}" for sender in range(self.senders))
        receivers = frozenset(f"rx{receiver}" for receiver in range(self.receivers))
        none = (0,) * self.senders
        yield State(
            Channel(self.capacity, (), senders, receivers),
            none,
            none,
            ((),) * self.receivers,
            frozenset(),
            (False,) * self.receivers,
        )

    def terminal(self, state: State) -> bool:
        """Every process came to its end."""
        return not state.channel.senders and not state.channel.receivers

    def recv_step(self, state: State, handle: str) -> Iterator[Step[Channel]]:
        """What a receive does to the channel."""
        return channel.recv(state.channel, handle)

    # --- actions ---

    @action(fair="weak", sender=lambda model: range(model.senders))
    def send(self, state: State, sender: int) -> Iterator[State]:
        """The sender's next message goes out, or comes back."""
        number = state.ended[sender]
        if number == self.messages:
            return
        for after, outcome in channel.send(state.channel, f"tx{sender}", (sender, number)):
            refused = state.refused[sender] + (outcome.kind != "ok")
            yield state._replace(
                channel=after,
                ended=put(state.ended, sender, number + 1),
                refused=put(state.refused, sender, refused),
            )

    @action(fair="weak", sender=lambda model: range(model.senders))
    def drop_sender(self, state: State, sender: int) -> Iterator[State]:
        """A sender that is through drops its handle."""
        handle = f"tx{sender}"
        if handle in state.channel.senders and state.ended[sender] == self.messages:
            for after, _ in channel.close(state.channel, handle):
                yield state._replace(channel=after)

    @action(fair="weak", receiver=lambda model: range(model.receivers))
    def recv(self, state: State, receiver: int) -> Iterator[State]:
        """A receiver gets a message, or is told that none can come."""
        handle = f"rx{receiver}"
        if handle not in state.channel.receivers or state.told[receiver]:
            return
        for after, outcome in self.recv_step(state, handle):
            if outcome.kind == "ok":
                assert isinstance(outcome.value, tuple)
                received = (*state.received[receiver], outcome.value)
                yield state._replace(channel=after, received=put(state.received, receiver, received))
            else:
                yield state._replace(channel=after, told=put(state.told, receiver, True))

    @action(fair="weak", receiver=lambda model: range(model.receivers))
    def drop_receiver(self, state: State, receiver: int) -> Iterator[State]:
        """A receiver drops its handle; the last one drops what is queued with it."""
        handle = f"rx{receiver}"
        if handle in state.channel.receivers and (state.told[receiver] or self.early_drop):
            for after, _ in channel.close(state.channel, handle):
                gone = state.channel.buffer[len(after.buffer) :]
                yield state._replace(channel=after, discarded=state.discarded | _messages(gone))

    # --- invariants ---

    @invariant
    def channel_is_consistent(self, state: State) -> bool:
        """S9, S59: never more than the capacity; nothing is queued for nobody."""
        return channel.consistent(state.channel)

    @invariant
    def each_message_is_somewhere_once(self, state: State) -> bool:
        """S60, S70: sent = received by one + queued + discarded."""
        found = [message for received in state.received for message in received]
        found += [*_messages(state.channel.buffer), *state.discarded]
        return len(found) == len(set(found)) and set(found) == _sent(state)

    @invariant
    def each_receiver_sees_each_sender_in_order(self, state: State) -> bool:
        """S68: of two messages of one sender, nobody gets the later one first."""
        return all(
            numbers == sorted(numbers)
            for received in state.received
            for sender in range(self.senders)
            for numbers in [[number for who, number in received if who == sender]]
        )

    @invariant
    def told_only_when_drained(self, state: State) -> bool:
        """S38, S42: whoever is told has left nothing behind."""
        return not any(state.told) or not state.channel.buffer

    # --- liveness ---

    @leads_to(sender=lambda model: range(model.senders), number=lambda model: range(model.messages))
    def a_message_is_received_or_its_channel_disconnects(
        self, state: State, sender: int, number: int
    ) -> tuple[bool, bool]:
        """What was sent is received by somebody, unless all receivers are gone."""
        received = any((sender, number) in received for received in state.received)
        return (sender, number) in _sent(state), received or not state.channel.receivers

    @eventually
    def everybody_comes_to_an_end(self, state: State) -> bool:
        """S20, S40, S41: nobody waits for ever."""
        return self.terminal(state)


class OneIsTold(Mpmc):
    """The broken twin whose disconnection wakes one receiver."""

    def recv_step(self, state: State, handle: str) -> Iterator[Step[Channel]]:
        """Tell nobody else."""
        for after, outcome in super().recv_step(state, handle):
            if outcome.kind == "ok" or not any(state.told):
                yield after, outcome


class NewestFirst(Mpmc):
    """The broken twin that takes from the end of the queue."""

    def recv_step(self, state: State, handle: str) -> Iterator[Step[Channel]]:
        """Receive from the queue turned round."""
        turned = state._replace(channel=_turned(state.channel))
        for after, outcome in super().recv_step(turned, handle):
            yield _turned(after), outcome


def _turned(state: Channel) -> Channel:
    return Channel(state.capacity, state.buffer[::-1], state.senders, state.receivers)


def _messages(buffer: tuple[object, ...]) -> frozenset[Message]:
    return frozenset((message[0], message[1]) for message in buffer if isinstance(message, tuple))


def _sent(state: State) -> set[Message]:
    """What was sent Ok; a refusal is final, so these are each sender's first messages."""
    counts = enumerate(zip(state.ended, state.refused, strict=True))
    return {(sender, number) for sender, (ended, refused) in counts for number in range(ended - refused)}


# --- the coarser model ---


def as_exchange(state: State) -> Exchanged:
    """What of the exchange has happened: a message is exchanged when somebody has received it.

    The side has left when all its receivers have, and was told when one was.
    """
    received = {message for received in state.received for message in received}
    counts = [0] * len(state.ended)
    for sender, number in sorted(received):
        # One that overtakes another is not the sender's next: it counts for more than there are.
        counts[sender] = counts[sender] + 1 if counts[sender] == number else number + 1
    return Exchanged(tuple(counts), left=not state.channel.receivers, told=any(state.told))


DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"
UNORDERED = "invariant each_receiver_sees_each_sender_in_order is violated"

EXPECTED = (
    Expected(Mpmc(), Verdict.HOLDS, 109, 11),
    Expected(Mpmc(messages=2), Verdict.HOLDS, 1_091, 15),
    Expected(Mpmc(messages=2, capacity=1), Verdict.HOLDS, 897, 15),
    Expected(Mpmc(early_drop=True), Verdict.HOLDS, 344, 11),
    Expected(Mpmc(capacity=1, early_drop=True), Verdict.HOLDS, 316, 11),
    Expected(Mpmc(senders=1, receivers=3, messages=2), Verdict.HOLDS, 265, 12),
    Expected(OneIsTold(senders=1), Verdict.VIOLATED, 15, 6, DEADLOCK),
    Expected(NewestFirst(senders=1, messages=2), Verdict.VIOLATED, 20, 5, UNORDERED),
)

if __name__ == "__main__":
    sys.exit(not run(EXPECTED))
