"""Senders and a receiver round one channel: the closed system that `mpsc` and `sync_channel` share.

Each sender sends its messages, (sender, number), and drops its handle. The receiver receives until it is told that
nothing more can come, and drops its handle; with ``early_drop`` it may do so at any moment. A model says
which channel stands between them, and may replace `send_step` and `recv_step` by steps that are wrong.

A process that waits is one whose action is not enabled; if all wait, that is a deadlock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models import channel
from models.channel import Channel, Step
from models.exchange import Exchanged
from treadle.spec import Model, action, eventually, invariant, leads_to

RECEIVER = "rx"


def sender_handle(sender: int) -> str:
    """The name of a sender's handle."""
    return f"tx{sender}"


@dataclass(frozen=True)
class State:
    """The channel, and what the processes went through."""

    channel: Channel
    sent: tuple[int, ...]  # by sender: how many sends ended Ok
    refused: tuple[int, ...]  # by sender: how many sends ended with SendError
    received: tuple[object, ...] = ()  # messages, in the order of reception
    discarded: tuple[object, ...] = ()  # messages the receiver left behind
    told: bool = False  # the receiver got RecvError


class Clients(Model[State]):
    """Some senders with some messages each, one receiver, and a channel."""

    def __init__(self, *, senders: int, messages: int, early_drop: bool, capacity: int | None) -> None:
        self.senders = senders
        self.messages = messages
        self.early_drop = early_drop
        self.capacity = capacity

    def init(self) -> Iterator[State]:
        """Every handle open, nothing sent."""
        handles = frozenset(map(sender_handle, range(self.senders)))
        none = (0,) * self.senders
        yield State(Channel(self.capacity, (), handles, frozenset({RECEIVER})), none, none)

    def terminal(self, state: State) -> bool:
        """Every process came to its end."""
        return not state.channel.senders and not state.channel.receivers

    def send_step(self, state: Channel, handle: str, message: object) -> Iterator[Step[Channel]]:
        """What a send does to the channel."""
        return channel.send(state, handle, message)

    def recv_step(self, state: Channel, handle: str) -> Iterator[Step[Channel]]:
        """What a receive does to the channel."""
        return channel.recv(state, handle)

    def number(self, state: State, sender: int) -> int:
        """The number of the sender's next message: its program counter."""
        return state.sent[sender] + state.refused[sender]

    # --- actions ---

    @action(fair="weak", sender=lambda model: range(model.senders))
    def send(self, state: State, sender: int) -> Iterator[State]:
        """The sender's next message goes out, or comes back."""
        number = self.number(state, sender)
        if number == self.messages:
            return
        for after, outcome in self.send_step(state.channel, sender_handle(sender), (sender, number)):
            if outcome.kind == "ok":
                yield replace(state, channel=after, sent=_increment(state.sent, sender))
            else:
                yield replace(state, channel=after, refused=_increment(state.refused, sender))

    @action(fair="weak", sender=lambda model: range(model.senders))
    def drop_sender(self, state: State, sender: int) -> Iterator[State]:
        """A sender that is through drops its handle."""
        handle = sender_handle(sender)
        if handle in state.channel.senders and self.number(state, sender) == self.messages:
            for after, _ in channel.close(state.channel, handle):
                yield replace(state, channel=after)

    @action(fair="weak")
    def recv(self, state: State) -> Iterator[State]:
        """The receiver gets a message, or is told that none can come."""
        if RECEIVER not in state.channel.receivers or state.told:
            return
        for after, outcome in self.recv_step(state.channel, RECEIVER):
            if outcome.kind == "ok":
                received = state.received + (outcome.value,)  # noqa: RUF005  # as in `models.channel`
                yield replace(state, channel=after, received=received)
            else:
                yield replace(state, channel=after, told=True)

    @action(fair="weak")
    def drop_receiver(self, state: State) -> Iterator[State]:
        """The receiver drops its handle, and with it what is queued."""
        if RECEIVER in state.channel.receivers and (state.told or self.early_drop):
            for after, _ in channel.close(state.channel, RECEIVER):
                gone = state.channel.buffer[len(after.buffer) :]
                yield replace(state, channel=after, discarded=gone)

    # --- invariants ---

    @invariant
    def channel_is_consistent(self, state: State) -> bool:
        """S9, S59: never more than the capacity; nothing is queued for nobody."""
        return channel.consistent(state.channel)

    @invariant
    def each_sender_is_received_in_order(self, state: State) -> bool:
        """S68, S70: what was received of one sender is its first messages, in order, each once."""
        return all(_is_prefix_received(state, _sent_by(state, sender)) for sender in range(self.senders))

    @invariant
    def every_message_is_somewhere_once(self, state: State) -> bool:
        """S60: sent = received + queued + discarded, message by message."""
        found = (*state.received, *state.channel.buffer, *state.discarded)
        return len(found) == len(set(found)) and set(found) == _sent(state)

    @invariant
    def messages_are_counted(self, state: State) -> bool:
        """S60 by numbers, which are inductive: sent = received + queued + discarded."""
        found = len(state.received) + len(state.channel.buffer) + len(state.discarded)
        return sum(state.sent) == found

    @invariant
    def discards_only_when_it_leaves(self, state: State) -> bool:
        """S59: while the receiver is there nothing is destroyed."""
        return len(state.discarded) == 0 or len(state.channel.receivers) == 0

    @invariant
    def told_only_when_drained(self, state: State) -> bool:
        """S38, S42: RecvError comes after the last message, not instead of it."""
        return not state.told or set(state.received) == _sent(state)

    @invariant
    def the_end_is_final(self, state: State) -> bool:
        """S38, S57: whoever is told has left nothing queued, and nobody can send any more."""
        return not state.told or (len(state.channel.buffer) == 0 and len(state.channel.senders) == 0)

    # --- liveness ---

    @leads_to(sender=lambda model: range(model.senders), number=lambda model: range(model.messages))
    def a_message_is_received_or_its_channel_disconnects(
        self, state: State, sender: int, number: int
    ) -> tuple[bool, bool]:
        """What was sent is received, unless the receiver is gone."""
        message = (sender, number)
        ended = message in state.received or not state.channel.receivers
        return number < state.sent[sender], ended

    @eventually
    def everybody_comes_to_an_end(self, state: State) -> bool:
        """S20, S40: nobody waits for ever."""
        return self.terminal(state)


def _sent_by(state: State, sender: int) -> list[object]:
    """What the sender sent Ok, in its order; a refusal is final, so these are its first messages."""
    return [(sender, number) for number in range(state.sent[sender])]


def _sent(state: State) -> set[object]:
    return {message for sender in range(len(state.sent)) for message in _sent_by(state, sender)}


def _is_prefix_received(state: State, sent: list[object]) -> bool:
    received = [message for message in state.received if message in sent]
    return received == sent[: len(received)]


def _increment(counts: tuple[int, ...], index: int) -> tuple[int, ...]:
    return (*counts[:index], counts[index] + 1, *counts[index + 1 :])


# --- the coarser model ---


def as_exchange(state: State) -> Exchanged:
    """What of the exchange has happened: a message is exchanged when it is received."""
    counts = [0] * len(state.sent)
    for message in state.received:
        assert isinstance(message, tuple)
        sender, number = message
        if counts[sender] == number:  # one that overtakes another is not the sender's next
            counts[sender] += 1
    return Exchanged(tuple(counts), left=not state.channel.receivers, told=state.told)
