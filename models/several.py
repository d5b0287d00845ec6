"""Several channels, and a select over them: what each operation does, in one atomic step.

The handle "a.tx" belongs to the channel "a". A select does one of its cases; with a default it says that none
could be done only where none could: of buffered channels that is exact (S100), and a rendezvous may be missed.

Statements S84-S87, S93-S102, and those of `models.channel` and `models.rendezvous`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from models import channel, rendezvous
from models.channel import Channel, Step
from models.outcome import Outcome
from models.rendezvous import Rendezvous

Place: TypeAlias = Channel | Rendezvous
Case: TypeAlias = tuple[object, ...]  # "send", handle, message; or "recv", handle
Operation: TypeAlias = Callable[..., Iterator[Step["Several"]]]


@dataclass(frozen=True)
class Several:
    """Channels by name."""

    channels: tuple[tuple[str, Place], ...]

    def of(self, handle: str) -> Place:
        """The channel of a handle."""
        return dict(self.channels)[_name(handle)]

    def put(self, handle: str, place: Place) -> "Several":
        """The same, with the channel of the handle changed."""
        return Several(tuple((name, place if name == _name(handle) else old) for name, old in self.channels))


def make(capacities: Mapping[str, int | None]) -> Several:
    """Channels by name, each with a sender tx and a receiver rx; a capacity of 0 is a rendezvous."""
    return Several(tuple((name, _make(name, capacity)) for name, capacity in capacities.items()))


def _make(name: str, capacity: int | None) -> Place:
    senders, receivers = frozenset({f"{name}.tx"}), frozenset({f"{name}.rx"})
    return Rendezvous(senders, receivers) if capacity == 0 else Channel(capacity, (), senders, receivers)


def send(state: Several, handle: str, message: object) -> Iterator[Step[Several]]:
    """Send through the handle, or wait."""
    yield from _case(state, ("send", handle, message))


def recv(state: Several, handle: str) -> Iterator[Step[Several]]:
    """Receive through the handle, or wait."""
    yield from _case(state, ("recv", handle))


def close(state: Several, handle: str) -> Iterator[Step[Several]]:
    """Close the handle."""
    place = state.of(handle)
    steps: Iterator[Step[Place]]
    steps = channel.close(place, handle) if isinstance(place, Channel) else rendezvous.close(place, handle)
    for after, outcome in steps:
        yield state.put(handle, after), outcome


def clone(state: Several, handle: str, new: str) -> Iterator[Step[Several]]:
    """Open another handle, under a new name."""
    place = state.of(handle)
    if handle in place.senders:
        yield state.put(handle, replace(place, senders=place.senders | {new})), Outcome("ok", new)
    elif handle in place.receivers:
        yield state.put(handle, replace(place, receivers=place.receivers | {new})), Outcome("ok", new)
    else:
        yield state, Outcome("HandleClosed")


def select(state: Several, *cases: Case) -> Iterator[Step[Several]]:
    """Do one of the cases, or wait."""
    for index, case in enumerate(cases):
        for after, outcome in _case(state, case):
            yield after, Outcome("selected", (index, outcome))


def _or_not(operation: Operation, kind: str) -> Operation:
    """The operation that does not wait, and ends with the outcome where it would."""

    def either(state: Several, *arguments: object) -> Iterator[Step[Several]]:
        steps = list(operation(state, *arguments))
        message = arguments[1] if operation is send else None
        yield from steps or [(state, Outcome(kind, message))]

    return either


OPERATIONS: dict[str, Operation] = {
    "send": send,
    "recv": recv,
    "select": select,
    "try_send": _or_not(send, "Full"),
    "try_recv": _or_not(recv, "Empty"),
    "try_select": _or_not(select, "Nothing"),
    "send_timeout": _or_not(send, "Timeout"),
    "recv_timeout": _or_not(recv, "Timeout"),
    "select_timeout": _or_not(select, "Timeout"),
    "clone": clone,
    "close": close,
}


def meetings(
    state: Several, first: tuple[str, Case], second: tuple[str, Case]
) -> Iterator[tuple[Several, Outcome, Outcome]]:
    """What two operations, each with its arguments, may do together: the first sends to the second."""
    if first[0].startswith("try") and second[0].startswith("try"):
        return  # somebody has to wait
    for index, given in _cases(*first):
        for number, taken in _cases(*second):
            if given[0] == "send" and taken[0] == "recv" and _meet(state, str(given[1]), str(taken[1])):
                yield state, _selected(index, Outcome("ok")), _selected(number, Outcome("ok", given[2]))


def _meet(state: Several, sender: str, receiver: str) -> bool:
    place = state.of(sender)
    return (
        isinstance(place, Rendezvous)
        and _name(sender) == _name(receiver)
        and rendezvous.meet(place, sender, receiver)
    )


def _cases(operation: str, arguments: Case) -> Iterator[tuple[int | None, Case]]:
    """The cases of an operation: a plain one has one, without an index."""
    _, _, kind = f"_{operation}".replace("_timeout", "").rpartition("_")
    if kind == "select":
        for index, case in enumerate(arguments):
            assert isinstance(case, tuple)
            yield index, case
    else:
        yield None, (kind, *arguments)


def _selected(index: int | None, outcome: Outcome) -> Outcome:
    return outcome if index is None else Outcome("selected", (index, outcome))


def _case(state: Several, case: Case) -> Iterator[Step[Several]]:
    kind, handle, *message = case
    assert isinstance(handle, str)
    place = state.of(handle)
    model = channel if isinstance(place, Channel) else rendezvous
    for after, outcome in getattr(model, str(kind))(place, handle, *message):
        yield state.put(handle, after), outcome


def _name(handle: str) -> str:
    return handle.partition(".")[0]
