"""The abstract channel: what each operation does, in one atomic step.

An operation is a pure generator. From a channel it yields every effect permitted now, as the next channel
and the outcome its caller sees; when the operation has to wait in this channel, it yields nothing. Three
uses share these functions: the closed models (`models.mpsc`, `models.sync_channel`), the conformance of
the real channels, and the inductive contract in `proofs`.

Statements of the channel contract: S2, S14-S17 and S21 (send), S24, S25, S27 (try_send), S28-S30 (send_timeout),
S36-S39 (recv), S43 (try_recv), S45, S46, S48 (recv_timeout), S53-S61 (disconnection), S68, S69 (order), P12, P13 (own
handle closed). Rendezvous pairs two callers, and is no channel of this kind.

Rules: no function here knows a process or a message's meaning; none compares messages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from models.outcome import Outcome

S = TypeVar("S")

Step: TypeAlias = tuple[S, Outcome]


@dataclass(frozen=True)
class Channel:
    """A channel between calls. It is connected while both sides have an open handle."""

    capacity: int | None  # None: unbounded
    buffer: tuple[object, ...] = ()  # the oldest message first
    senders: frozenset[str] = frozenset()  # names of the open handles
    receivers: frozenset[str] = frozenset()


Send: TypeAlias = Callable[[Channel, str, object], Iterator[Step[Channel]]]  # channel, handle, message
Receive: TypeAlias = Callable[[Channel, str], Iterator[Step[Channel]]]  # channel, handle


def consistent(state: Channel) -> bool:
    """What holds of a channel at all times: 0 <= len <= capacity (S9), and nothing queued for nobody (S59)."""
    within = state.capacity is None or len(state.buffer) <= state.capacity
    return within and (len(state.receivers) > 0 or len(state.buffer) == 0)


def is_full(state: Channel) -> bool:
    """Whether a connected channel makes a sender wait."""
    return state.capacity is not None and len(state.buffer) >= state.capacity


def send(state: Channel, handle: str, message: object) -> Iterator[Step[Channel]]:
    """Queue the message; wait while the channel is full. Disconnection outranks fullness (S25)."""
    if handle not in state.senders:
        yield state, Outcome("HandleClosed", message)
    elif not state.receivers:
        yield state, Outcome("SendError", message)
    elif not is_full(state):
        queued = state.buffer + (message,)  # noqa: RUF005  # CrossHair confirms +, and walks an unpacking forever
        yield replace(state, buffer=queued), Outcome("ok")


def try_send(state: Channel, handle: str, message: object) -> Iterator[Step[Channel]]:
    """Send, or say that the channel is full; never wait."""
    yield from _or_else(send(state, handle, message), state, Outcome("Full", message))


def send_timeout(state: Channel, handle: str, message: object) -> Iterator[Step[Channel]]:
    """Send; where that would wait, time may run out, and the message is never delivered (S32)."""
    yield from _or_else(send(state, handle, message), state, Outcome("Timeout", message))


def recv(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """Take the oldest message; wait while there is none, unless no sender is left to send one."""
    if handle not in state.receivers:
        yield state, Outcome("HandleClosed")
    elif state.buffer:
        yield replace(state, buffer=state.buffer[1:]), Outcome("ok", state.buffer[0])
    elif not state.senders:
        yield state, Outcome("RecvError")


def try_recv(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """Receive, or say that the channel is empty; never wait."""
    yield from _or_else(recv(state, handle), state, Outcome("Empty"))


def recv_timeout(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """Receive; where that would wait, time may run out."""
    yield from _or_else(recv(state, handle), state, Outcome("Timeout"))


def clone(state: Channel, handle: str, new: str) -> Iterator[Step[Channel]]:
    """Open another handle, under a new name, to the same side; also of a disconnected channel (S58)."""
    if new in state.senders | state.receivers:
        raise ValueError(f"the handle {new!r} is open already")
    if handle in state.senders:
        yield replace(state, senders=state.senders | {new}), Outcome("ok", new)
    elif handle in state.receivers:
        yield replace(state, receivers=state.receivers | {new}), Outcome("ok", new)
    else:
        yield state, Outcome("HandleClosed")


def close(state: Channel, handle: str) -> Iterator[Step[Channel]]:
    """Close a handle, as often as one likes; the last receiver takes what is queued with it (S59)."""
    receivers = state.receivers - {handle}
    buffer = state.buffer if receivers else ()
    yield replace(state, senders=state.senders - {handle}, receivers=receivers, buffer=buffer), Outcome("ok")


def _or_else(steps: Iterator[Step[Channel]], state: Channel, outcome: Outcome) -> Iterator[Step[Channel]]:
    """The steps; if there are none, the outcome, with the channel as it was."""
    step = next(steps, None)
    if step is None:
        yield state, outcome
    else:
        yield step
        yield from steps
