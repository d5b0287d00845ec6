"""The state of a channel, and what all flavours share.

A flavour says how messages are kept: `offer`, `take`, `withdraw`, `empty`, `count`, `room`. Everything
else - who holds the channel, disconnection, and what became of an operation that raced with it - is here.

Disconnection. `END` enters the receivers' line first, then the side is marked as gone, then waiters are
woken. A send that is under way through a handle being closed may publish its message after that; it then
finds END and settles. Receivers that find nothing, and no senders, announce it (`ending`): from then on such a
sender withdraws its message again. When the channel is empty after the announcement it is `finished`,
and nothing is taken out of it any more. So RecvError is final (S57), and a send has succeeded exactly if
its message was received, or was discarded with the last receiver.
"""

from abc import ABC, abstractmethod
from enum import Enum
from typing import Final, Generic, Never, TypeAlias, TypeVar

from treadle.channels.discarding import discard
from treadle.channels.errors import Full, HandleClosed, RecvError, SendError
from treadle.channels.waiting import END, Side

__all__ = ["CLOSED", "NOTHING", "Channel", "Failure", "Nothing", "State"]

T = TypeVar("T")

Failure: TypeAlias = type[SendError] | type[Full] | type[HandleClosed]


class Nothing(Enum):
    """The absence of a message, which no message can be mistaken for."""

    NOTHING = 0


NOTHING: Final = Nothing.NOTHING


class State(ABC):
    """What a handle needs to know of its channel apart from the messages."""

    __slots__ = ("ending", "finished", "receivers", "senders")

    def __init__(self) -> None:
        self.senders = Side()
        self.receivers = Side()
        self.ending = False
        self.finished = False

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
        return self.count() > 0 or self.senders.gone or self.receivers.gone

    def can_send(self) -> bool:
        """Say whether a send would not block."""
        return self.room() > 0 or self.receivers.gone

    def disconnect_senders(self) -> None:
        """Let receivers find the end (S40, S41). Doing it twice is doing it once."""
        self.receivers.waiting.append(END)
        self.senders.gone = True
        self.receivers.wake_all()

    def disconnect_receivers(self) -> None:
        """Refuse all further messages, wake all senders (S20), destroy what is queued (S59)."""
        self.receivers.waiting.append(END)
        self.receivers.gone = True
        self.senders.wake_all()
        discard(self.empty)


class Channel(State, Generic[T]):
    """The messages too."""

    __slots__ = ()

    @abstractmethod
    def offer(self, message: T) -> Failure | None:
        """Put the message in without blocking; say what prevented it, if anything did.

        `Full` is exact: at some instant of the call the channel was full and connected.
        """

    @abstractmethod
    def take(self) -> T:
        """Take the oldest message out.

        Raises:
            IndexError: there was none at some instant of the call.
        """

    def look(self) -> T | Nothing:
        """Take the oldest message out, or give NOTHING if there is none yet.

        Raises:
            RecvError: there is none, and there will be none (S42: never while one is left).
            HandleClosed: all receivers are gone, so the caller's handle is.
        """
        try:
            return self.take()
        except IndexError:
            pass
        if self.senders.gone:
            return self._take_rest()
        if self.receivers.gone:
            raise HandleClosed
        return NOTHING

    def _take_rest(self) -> T:
        """Take what is left after the last sender."""
        self.ending = True
        while not self.finished and self.count():
            try:
                return self.take()
            except IndexError:  # withdrawn
                pass
        self.finished = True
        raise RecvError


class Closed(Channel[Never]):
    """What a closed handle refers to: every operation fails with HandleClosed, and none blocks (P13)."""

    __slots__ = ()

    @property
    def capacity(self) -> None:
        return None

    def count(self) -> int:
        return 0

    def room(self) -> int:
        return 0

    def empty(self) -> None:
        pass

    def can_receive(self) -> bool:
        return True

    def can_send(self) -> bool:
        return True

    def offer(self, message: object) -> Failure:
        return HandleClosed

    def take(self) -> Never:
        raise HandleClosed

    look = take


CLOSED: Final = Closed()
