"""The safety invariants of the channels' clients, by induction: every capacity, every buffer, every number of messages.

The models check them for a few messages and capacities of 1 and 2. Here each action of `models.clients` and of
`models.zero_capacity` is proved to keep them from any state at all, reached or not. What they say of order, message by
message, is left to the models: it is no matter of one action.

Assumes: two senders stand for any number. The operations ask of a handle whether it is open, and of its side whether
any is, so that a third handle can make no further difference.
"""

from models.channel import Channel
from models.clients import RECEIVER, Clients, State, sender_handle
from models.mpsc import DisconnectionDiscards, Mpsc
from models.rendezvous import Rendezvous
from models.sync_channel import OneTooMany, SyncChannel
from models.zero_capacity import HandsOverTwice, ZeroCapacity
from models.zero_capacity import State as Meeting

INVARIANTS = (
    "channel_is_consistent",
    "messages_are_counted",
    "discards_only_when_it_leaves",
    "the_end_is_final",
)
MEETING = ("messages_are_counted", "the_end_is_final")

Two = tuple[int, int]


def handles(first: bool, second: bool) -> frozenset[str]:
    """The handles of the senders that are open."""
    return frozenset(sender_handle(number) for number, is_open in enumerate((first, second)) if is_open)


def receiver(is_open: bool) -> frozenset[str]:
    """The receiver's handle, if it is open."""
    return frozenset({RECEIVER}) if is_open else frozenset()


# --- models of any size ---


def queued(capacity: int | None = 1, messages: int = 1, early_drop: bool = True) -> Clients:
    """Any capacity from 1, or none, and any number of messages."""
    if capacity is None:
        return Mpsc(senders=2, messages=messages, early_drop=early_drop)
    return SyncChannel(capacity=capacity, senders=2, messages=messages, early_drop=early_drop)


def rendezvous(messages: int = 1, early_drop: bool = True) -> ZeroCapacity:
    """Any number of messages."""
    return ZeroCapacity(senders=2, messages=messages, early_drop=early_drop)


# --- any state ---


def queueing(
    capacity: int | None,
    buffer: tuple[int, ...],
    received: tuple[int, ...],
    discarded: tuple[int, ...],
    sent: Two,
    refused: Two,
    tx0: bool,
    tx1: bool,
    rx: bool,
    told: bool,
) -> State:
    """A state of the clients of a channel; the capacity is the model's."""
    channel = Channel(capacity, buffer, handles(tx0, tx1), receiver(rx))
    return State(channel, sent, refused, received, discarded, told)


def meeting(
    received: tuple[Two, ...], sent: Two, refused: Two, tx0: bool, tx1: bool, rx: bool, told: bool
) -> Meeting:
    """A state of the clients that meet."""
    return Meeting(Rendezvous(handles(tx0, tx1), receiver(rx)), sent, refused, received, told)


# --- the twins that must be refuted ---


def discarding(capacity: int | None = None, messages: int = 1) -> DisconnectionDiscards:
    """The receiver is told too early."""
    if capacity is not None:
        raise ValueError("it is unbounded")
    return DisconnectionDiscards(senders=2, messages=messages)


def one_too_many(capacity: int | None = 1, messages: int = 1) -> OneTooMany:
    """One message more than there is room for."""
    if capacity is None:
        raise ValueError("it is bounded")
    return OneTooMany(capacity=capacity, senders=2, messages=messages)


def twice(messages: int = 1) -> HandsOverTwice:
    """A sender that does not learn that its message was taken."""
    return HandsOverTwice(senders=2, messages=messages)
