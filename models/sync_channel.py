"""std::sync::mpsc's `sync_channel(n)`, n at least 1: a send waits while n messages are queued.

Statements S2, S9 (exactly n without waiting), S16 (a send waits), S19 and S20 (disconnection ends every wait),
S25, S36-S42, S53-S61, S68-S70.

Its broken twins are `OneTooMany`, which lets in a message more than it has room for, and `LostPermit`, where a
receive from a full channel does not give its place back.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

from models import channel
from models.channel import Channel, Step
from models.clients import Clients
from models.expected import Expected, run
from treadle.spec import Verdict


class SyncChannel(Clients):
    """Senders and a receiver round a bounded channel."""

    def __init__(
        self, *, capacity: int = 1, senders: int = 2, messages: int = 2, early_drop: bool = False
    ) -> None:
        if capacity < 1:
            raise ValueError("a capacity of 0 is a rendezvous, which is another model")
        super().__init__(senders=senders, messages=messages, early_drop=early_drop, capacity=capacity)


class OneTooMany(SyncChannel):
    """The broken twin with the fence post: it compares with the capacity too late."""

    def send_step(self, state: Channel, handle: str, message: object) -> Iterator[Step[Channel]]:
        """Send as if there were room for one more."""
        assert state.capacity is not None
        for after, outcome in super().send_step(replace(state, capacity=state.capacity + 1), handle, message):
            yield replace(after, capacity=state.capacity), outcome


class LostPermit(SyncChannel):
    """The broken twin that leaks: a place freed in a full channel is never used again."""

    def recv_step(self, state: Channel, handle: str) -> Iterator[Step[Channel]]:
        """Receive, and forget the place if the channel was full."""
        assert state.capacity is not None
        lost = int(channel.is_full(state) and len(state.buffer) > 0)
        for after, outcome in super().recv_step(state, handle):
            yield replace(after, capacity=state.capacity - lost), outcome


OVERFULL = "invariant channel_is_consistent is violated"
DEADLOCK = "deadlock: no action is enabled, and the state is not terminal"

EXPECTED = (
    Expected(SyncChannel(capacity=1, senders=1, messages=1), Verdict.HOLDS, 7, 6),
    Expected(SyncChannel(capacity=1, senders=2, messages=2), Verdict.HOLDS, 101, 13),
    Expected(SyncChannel(capacity=1, senders=2, messages=2, early_drop=True), Verdict.HOLDS, 353, 13),
    Expected(SyncChannel(capacity=2, senders=2, messages=2), Verdict.HOLDS, 143, 13),
    Expected(OneTooMany(capacity=1), Verdict.VIOLATED, 9, 3, OVERFULL),
    Expected(OneTooMany(capacity=2), Verdict.VIOLATED, 21, 4, OVERFULL),
    Expected(LostPermit(capacity=1), Verdict.VIOLATED, 5, 3, DEADLOCK),
    Expected(LostPermit(capacity=2), Verdict.VIOLATED, 37, 5, DEADLOCK),
)

#: Configurations that take seconds each.
LARGE = (Expected(SyncChannel(capacity=2, senders=3, messages=2), Verdict.HOLDS, 4_021, 18),)

if __name__ == "__main__":
    sys.exit(not run((*EXPECTED, *LARGE)))
