"""Every operation on a channel keeps what holds of it: for every capacity, every buffer, every history.

`proofs.inductive_models` proves the clients, who send and receive; here is each operation of `models.channel`, the ones
that do not wait, the ones with a time limit, clones and closes among them, through any handle and in any order.

Assumes: two handles a side stand for any number. The operations ask of a handle whether it is open, and of its side
whether any is, so that a third handle can make no further difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models import channel
from models.channel import Channel, Receive, Send, Step
from treadle.spec import Model, action, invariant

SENDS: dict[str, Send] = {"send": channel.send, "try": channel.try_send, "timeout": channel.send_timeout}
RECEIVES: dict[str, Receive] = {
    "recv": channel.recv,
    "try": channel.try_recv,
    "timeout": channel.recv_timeout,
}

INVARIANTS = (
    "is_consistent",
    "keeps_its_capacity",
    "messages_are_counted",
    "only_the_last_receiver_destroys",
)


@dataclass(frozen=True)
class Used:
    """A channel, and what went through it."""

    channel: Channel
    sent: int = 0  # sends that ended Ok; the next message is this number
    received: int = 0
    destroyed: int = 0  # messages that the last receiver took with it


class Operations(Model[Used]):
    """One channel with two handles a side, and everything that can be done with it."""

    def __init__(self, capacity: int | None) -> None:
        if capacity is not None and capacity < 0:
            raise ValueError("a capacity is not negative")
        self.capacity = capacity

    def init(self) -> Iterator[Used]:
        """Nothing sent."""
        yield Used(Channel(self.capacity, (), frozenset({"tx", "tx2"}), frozenset({"rx", "rx2"})))

    def close_step(self, state: Channel, handle: str) -> Iterator[Step[Channel]]:
        """What a close does to the channel."""
        return channel.close(state, handle)

    # --- actions ---

    @action(kind=tuple(SENDS))
    def send(self, state: Used, kind: str) -> Iterator[Used]:
        """A send of any kind, through a handle open or closed."""
        for after, outcome in SENDS[kind](state.channel, "tx", state.sent):
            yield replace(state, channel=after, sent=state.sent + (outcome.kind == "ok"))

    @action(kind=tuple(RECEIVES))
    def recv(self, state: Used, kind: str) -> Iterator[Used]:
        """A receive of any kind, through a handle open or closed."""
        for after, outcome in RECEIVES[kind](state.channel, "rx"):
            yield replace(state, channel=after, received=state.received + (outcome.kind == "ok"))

    @action(handle=("tx", "rx"))
    def clone(self, state: Used, handle: str) -> Iterator[Used]:
        """A clone of a handle, open or closed, unless the other is open still."""
        new = f"{handle}2"
        if new not in state.channel.senders | state.channel.receivers:
            for after, _ in channel.clone(state.channel, handle, new):
                yield replace(state, channel=after)

    @action(handle=("tx", "rx"))
    def close(self, state: Used, handle: str) -> Iterator[Used]:
        """A close of a handle, open or closed."""
        for after, _ in self.close_step(state.channel, handle):
            gone = len(state.channel.buffer) - len(after.buffer)
            yield replace(state, channel=after, destroyed=state.destroyed + gone)

    # --- invariants ---

    @invariant
    def is_consistent(self, state: Used) -> bool:
        """S9, S59: never more than the capacity; nothing is queued for nobody."""
        return channel.consistent(state.channel)

    @invariant
    def keeps_its_capacity(self, state: Used) -> bool:
        """No operation changes it."""
        return state.channel.capacity == self.capacity

    @invariant
    def messages_are_counted(self, state: Used) -> bool:
        """S60: sent = received + queued + destroyed, so that no operation loses, invents or doubles one."""
        return state.sent == state.received + len(state.channel.buffer) + state.destroyed

    @invariant
    def only_the_last_receiver_destroys(self, state: Used) -> bool:
        """S59: while a receiver is there nothing is destroyed."""
        return state.destroyed == 0 or len(state.channel.receivers) == 0


# --- any channel, any state ---


def operations(capacity: int | None = 1) -> Operations:
    """Any capacity, or none."""
    return Operations(capacity)


def used(
    capacity: int | None,
    buffer: tuple[int, ...],
    sent: int,
    received: int,
    destroyed: int,
    tx: bool,
    tx2: bool,
    rx: bool,
    rx2: bool,
) -> Used:
    """A channel with any of its handles open, and any history."""
    senders = frozenset(name for name, is_open in (("tx", tx), ("tx2", tx2)) if is_open)
    receivers = frozenset(name for name, is_open in (("rx", rx), ("rx2", rx2)) if is_open)
    return Used(Channel(capacity, buffer, senders, receivers), sent, received, destroyed)


# --- the twin that must be refuted ---


class KeepsForNobody(Operations):
    """The broken twin whose last receiver leaves the messages where they are."""

    def close_step(self, state: Channel, handle: str) -> Iterator[Step[Channel]]:
        """Close, and keep what is queued."""
        for after, outcome in channel.close(state, handle):
            yield replace(after, buffer=state.buffer), outcome


def keeps_for_nobody(capacity: int | None = 1) -> KeepsForNobody:
    """Any capacity, or none."""
    return KeepsForNobody(capacity)
