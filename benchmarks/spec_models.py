"""The models that `spec` measures, in the style of the documentation."""

from collections.abc import Iterator

from treadle.spec import Model, State, action, invariant

Counts = tuple[int, ...]


def counted(counts: Counts, place: int) -> Counts:
    """The counts with one of them one higher."""
    return (*counts[:place], counts[place] + 1, *counts[place + 1 :])


class Wire(State):
    """A bounded channel with its senders and its receiver."""

    sent: Counts  # by sender
    taken: Counts  # by sender, received
    buffer: tuple[int, ...]  # the sender of each message queued, the oldest first
    open: frozenset[int]  # senders that hold their handle
    told: bool = False  # the receiver knows that nothing more comes


class Mpsc(Model[Wire]):
    """Some senders with some messages each; a send waits while the channel is full."""

    def __init__(self, senders: int, messages: int, capacity: int) -> None:
        self.senders = senders
        self.messages = messages
        self.capacity = capacity

    def init(self) -> Iterator[Wire]:
        """Nothing is sent, and every handle is open."""
        none = (0,) * self.senders
        yield Wire(none, none, (), frozenset(range(self.senders)))

    def terminal(self, state: Wire) -> bool:
        """The receiver was told."""
        return state.told

    @action(sender=lambda model: range(model.senders))
    def send(self, state: Wire, sender: int) -> Iterator[Wire]:
        """The sender's next message is queued."""
        if sender in state.open and state.sent[sender] < self.messages and len(state.buffer) < self.capacity:
            yield state.evolve(sent=counted(state.sent, sender), buffer=(*state.buffer, sender))

    @action(sender=lambda model: range(model.senders))
    def drop(self, state: Wire, sender: int) -> Iterator[Wire]:
        """A sender drops its handle, whether it sent everything or not."""
        if sender in state.open:
            yield state.evolve(open=state.open - {sender})

    @action
    def recv(self, state: Wire) -> Iterator[Wire]:
        """The oldest message is received."""
        if state.buffer:
            yield state.evolve(taken=counted(state.taken, state.buffer[0]), buffer=state.buffer[1:])

    @action
    def disconnect(self, state: Wire) -> Iterator[Wire]:
        """The receiver is told that every sender is gone and nothing is left."""
        if not state.buffer and not state.open and not state.told:
            yield state.evolve(told=True)

    @invariant
    def nothing_is_lost(self, state: Wire) -> bool:
        """What was sent was received or is queued."""
        return sum(state.sent) == sum(state.taken) + len(state.buffer)
