"""The state of a channel, and what all flavours share.

A flavour says how messages are kept: `offer`, `source`, `refuse`, `empty`, `count`, `room`. Everything else -
who holds the channel, disconnection, and what became of an operation that raced with it - is here.

The last sender. A send that is under way keeps its handle counted (see `leases`), so nothing is published
once `senders_gone` is set: a receiver that finds it, and then no message, has seen the end, and the end is
final (S57).

The last receiver. `END` enters the receivers' line, then the flavour refuses further messages, then those that
are left are destroyed. A send looks at the line after it has published. So one that starts after the
disconnection is refused; one that overlaps it finds END, destroys what nobody can receive any more, its own
message included, and counts as having come before (S21, S59).
"""

from abc import ABC, abstractmethod
from enum import Enum
from typing import Final, Generic, Never, NoReturn, Protocol, TypeAlias, TypeVar

from treadle.channels.discarding import discard
from treadle.channels.errors import Full, HandleClosed, RecvError, SendError
from treadle.channels.waiting import END, Side

__all__ = [
    "CLOSED",
    "NOTHING",
    "Channel",
    "Closed",
    "Failure",
    "Nothing",
    "Refusal",
    "Seat",
    "Source",
    "State",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Failure: TypeAlias = type[SendError] | type[Full] | type[HandleClosed]


class Nothing(Enum):
    """The absence of a message, which no message can be mistaken for."""

    NOTHING = 0


NOTHING: Final = Nothing.NOTHING


class Source(Protocol[T_co]):
    """Something that messages are taken out of."""

    def popleft(self) -> T_co:
        """Take the oldest message out.

        Raises:
            IndexError: there was none at some instant of the call.
        """


class State(ABC):
    """What a handle needs to know of its channel apart from the messages."""

    __slots__ = ("receivers", "senders", "senders_gone")

    def __init__(self) -> None:
        self.senders = Side()
        self.receivers = Side()
        self.senders_gone = False

    @property
    @abstractmethod
    def receivers_gone(self) -> bool:
        """Whether all receivers are gone, and messages are refused."""

    @abstractmethod
    def refuse(self) -> None:
        """Set `receivers_gone`: a send that starts from here on fails."""

    @property
    @abstractmethod
    def capacity(self) -> int | None:
        """The number of messages the channel can hold; None for any number (S5)."""

    @abstractmethod
    def count(self) -> int:
        """Count the messages in the channel at some instant of the call."""

    @abstractmethod
    def room(self) -> int:
        """Count the messages for which there is room at some instant of the call."""

    @abstractmethod
    def empty(self) -> None:
        """Destroy every message in the channel."""

    def can_receive(self) -> bool:
        """Say whether a receive would not block."""
        return self.count() > 0 or self.senders_gone or self.receivers_gone

    def can_send(self) -> bool:
        """Say whether a send would not block."""
        return self.room() > 0 or self.receivers_gone

    def published(self) -> None:
        """Wake a receiver for a message that was published; destroy it if they are gone."""
        if self.receivers_gone:
            self.empty()
        else:  # if they go now, they destroy it
            self.receivers.wake()

    def disconnect(self, side: Side) -> None:
        """Let the other side know that the last handle of this one is gone. Doing it twice is doing it once."""
        if side is self.senders:
            self.senders_gone = True
            self.receivers.wake_all()  # S40, S41
        else:
            self.receivers.waiting.append(END)
            self.refuse()
            self.senders.wake_all()  # S20
            discard(self.empty)  # S59


class Seat:
    """The place of one handle among those of its side."""

    __slots__ = ("_channel", "_left", "side")

    def __init__(self, channel: State, side: Side) -> None:
        self.side = side
        self._channel = channel
        self._left = False

    def take(self) -> None:
        self.side.seats.add(self)

    def leave(self) -> None:
        """Leave, and disconnect if this was the last. Doing it twice is doing it once."""
        if self._left:
            return
        seats = self.side.seats
        seats.discard(self)
        if not seats:
            self._channel.disconnect(self.side)
        self._left = True


class Channel(State, Generic[T]):
    """The messages too."""

    __slots__ = ()

    @abstractmethod
    def offer(self, message: T) -> Failure | None:
        """Put the message in without blocking; say what prevented it, if anything did.

        `Full` is exact: at some instant of the call the channel was full and connected.
        """

    @property
    @abstractmethod
    def source(self) -> Source[T]:
        """What messages are taken out of."""

    def look(self) -> T | Nothing:
        """Take the oldest message out, or give NOTHING if there is none yet.

        Raises:
            RecvError: there is none, and there will be none (S42: never while one is left).
            HandleClosed: all receivers are gone, so the caller's handle is.
        """
        try:
            return self.source.popleft()
        except IndexError:
            pass
        if self.senders_gone:
            return self._take_rest()
        if self.receivers_gone:
            raise HandleClosed
        return NOTHING

    def _take_rest(self) -> T:
        """Take once more: what the last sender published is there, and nothing comes after it."""
        try:
            return self.source.popleft()
        except IndexError:
            pass
        raise RecvError


class Refusal:
    """Stands where messages were: none goes in, and none comes out."""

    __slots__ = ("_failure",)

    def __init__(self, failure: type[SendError] | type[HandleClosed]) -> None:
        self._failure = failure

    def append(self, message: object, /) -> NoReturn:
        raise self._failure(message)

    def popleft(self) -> NoReturn:
        raise HandleClosed

    def __len__(self) -> int:
        return 0


class Closed(Channel[Never]):
    """What a closed handle refers to: every operation fails with HandleClosed, and none blocks (P13)."""

    __slots__ = ("messages",)

    receivers_gone = True
    capacity = None

    def __init__(self) -> None:
        super().__init__()
        self.messages = Refusal(HandleClosed)

    @property
    def source(self) -> Refusal:
        return self.messages

    def refuse(self) -> None:
        pass

    def empty(self) -> None:
        pass

    def count(self) -> int:
        return 0

    def room(self) -> int:
        return 0

    def offer(self, message: object) -> Failure:
        return HandleClosed


CLOSED: Final = Closed()
