"""The capacity is never exceeded, and nothing is queued for nobody: by induction, for every channel.

The models check this for capacities of 1 and 2. Here it holds for all capacities, all buffers and all messages:
a fresh channel is consistent, and no operation leads from a consistent channel to another kind; nor does
one change the length by more than one, except the drop of the last receiver. The functions under
proof are those the models run.

Assumes: two handles a side stand for any number. The operations only ask whether a handle is open
and whether its side has one, so that a third handle can make no further difference.
"""

import sys
from collections.abc import Iterator

from models import channel
from models.channel import Channel, Step
from models.sync_channel import OneTooMany
from proofs.confirmation import Confirmation
from proofs.confirmation import confirm as confirm_one
from treadle.verdict import Verdict

Sides = tuple[bool, bool, bool, bool]  # which of tx, tx2, rx, rx2 are open


def make(capacity: int | None, buffer: tuple[int, ...], sides: Sides) -> Channel:
    """A channel with the given handles open."""
    senders = frozenset(name for name, is_open in zip(("tx", "tx2"), sides[:2], strict=True) if is_open)
    receivers = frozenset(name for name, is_open in zip(("rx", "rx2"), sides[2:], strict=True) if is_open)
    return Channel(capacity, buffer, senders, receivers)


def keeps(before: Channel, steps: Iterator[Step[Channel]], most: int = 1) -> bool:
    """Whether every step leads to a consistent channel of the same capacity, by so many messages at most."""
    return all(
        channel.consistent(after)
        and after.capacity == before.capacity
        and abs(len(after.buffer) - len(before.buffer)) <= most
        for after, _ in steps
    )


# --- the base ---


def fresh(capacity: int | None, sides: Sides) -> None:
    """A new channel is consistent, whichever of its handles were dropped since."""
    assert capacity is None or capacity >= 0
    assert channel.consistent(make(capacity, (), sides))


# --- the steps ---


def send(capacity: int | None, buffer: tuple[int, ...], sides: Sides, message: int) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.send(before, "tx", message))


def try_send(capacity: int | None, buffer: tuple[int, ...], sides: Sides, message: int) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.try_send(before, "tx", message))


def send_timeout(capacity: int | None, buffer: tuple[int, ...], sides: Sides, message: int) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.send_timeout(before, "tx", message))


def recv(capacity: int | None, buffer: tuple[int, ...], sides: Sides) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.recv(before, "rx"))


def try_recv(capacity: int | None, buffer: tuple[int, ...], sides: Sides) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.try_recv(before, "rx"))


def recv_timeout(capacity: int | None, buffer: tuple[int, ...], sides: Sides) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.recv_timeout(before, "rx"))


def clone(capacity: int | None, buffer: tuple[int, ...], sides: Sides, of_sender: bool) -> None:
    """From consistent to consistent."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, channel.clone(before, "tx" if of_sender else "rx", "new"))


def close(capacity: int | None, buffer: tuple[int, ...], sides: Sides, of_sender: bool) -> None:
    """From consistent to consistent; only the last receiver takes messages with it."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    handle = "tx" if of_sender else "rx"
    assert keeps(before, channel.close(before, handle), most=len(buffer))
    [(after, _)] = channel.close(before, handle)
    assert after.buffer == (buffer if after.receivers else ())


CONTRACTS = (fresh, send, try_send, send_timeout, recv, try_recv, recv_timeout, clone, close)


# --- the contract that must be refuted ---


def send_one_too_many(capacity: int, buffer: tuple[int, ...], sides: Sides, message: int) -> None:
    """The send of the model's broken twin."""
    assert channel.consistent(make(capacity, buffer, sides))
    before = make(capacity, buffer, sides)
    assert keeps(before, OneTooMany().send_step(before, "tx", message))


def confirm(per_condition_timeout: float = 60.0) -> Iterator[Confirmation]:
    """CrossHair's answer on each contract in turn."""
    return (confirm_one(contract, per_condition_timeout) for contract in CONTRACTS)


if __name__ == "__main__":
    answers = list(confirm())
    print(*answers, sep="\n")
    sys.exit(any(answer.verdict is not Verdict.HOLDS for answer in answers))
