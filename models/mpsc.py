"""std::sync::mpsc's `channel()`: unbounded, several senders, one receiver.

Statements S14, S15, S17 and S21 (a send never waits, and Ok promises no reception), S36-S42 (the queue is drained
before RecvError), S53-S61 (disconnection), S68-S70 (order, at most once).

Its broken twins are `DisconnectionDiscards`, whose receiver is told that the senders are gone while their
messages are still queued (flume#120, rust#34711), and `LazyReceiver`, which may leave what is queued for ever.
"""

import sys
from collections.abc import Iterator

from models.channel import Channel, Step
from models.clients import Clients, State
from models.expected import Expected, run
from models.outcome import Outcome
from treadle.spec import Verdict, action


class Mpsc(Clients):
    """Senders and a receiver round an unbounded channel."""

    def __init__(self, *, senders: int = 2, messages: int = 2, early_drop: bool = False) -> None:
        super().__init__(senders=senders, messages=messages, early_drop=early_drop, capacity=None)


class DisconnectionDiscards(Mpsc):
    """The broken twin: a receive looks for senders before it looks for messages."""

    def recv_step(self, state: Channel, handle: str) -> Iterator[Step[Channel]]:
        """Say that nothing can come, whatever is queued."""
        if state.senders:
            yield from super().recv_step(state, handle)
        else:
            yield state, Outcome("RecvError")


class LazyReceiver(Mpsc):
    """The broken twin without fairness: the receiver may stop at any time, and keep its handle."""

    @action
    def recv(self, state: State) -> Iterator[State]:
        """Receive, or do nothing for ever."""
        yield from super().recv(state)


TOLD_TOO_EARLY = "invariant told_only_when_drained is violated"

LEFT_QUEUED = "leads_to a_message_is_received_or_its_channel_disconnects(sender=0, number=0) is violated"

EXPECTED = (
    Expected(Mpsc(senders=1, messages=1), Verdict.HOLDS, 7, 6),
    Expected(Mpsc(senders=2, messages=2), Verdict.HOLDS, 203, 13),
    Expected(Mpsc(senders=2, messages=2, early_drop=True), Verdict.HOLDS, 633, 13),
    Expected(
        DisconnectionDiscards(senders=1, messages=1),
        Verdict.VIOLATED,
        6,
        4,
        TOLD_TOO_EARLY,
    ),
    Expected(
        DisconnectionDiscards(senders=2, messages=2),
        Verdict.VIOLATED,
        149,
        8,
        TOLD_TOO_EARLY,
    ),
    Expected(LazyReceiver(senders=1, messages=1), Verdict.VIOLATED, 7, 6, LEFT_QUEUED),
)

#: Configurations that take seconds each.
LARGE = (Expected(Mpsc(senders=3, messages=2), Verdict.HOLDS, 8_311, 18),)

if __name__ == "__main__":
    sys.exit(not run((*EXPECTED, *LARGE)))
