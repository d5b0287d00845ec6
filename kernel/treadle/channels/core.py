"""The state of a channel, and what all flavours share.

A flavour says how messages are kept: `enter`, `source`, `refuse`, `empty`, `count`, `room`, `_put_back`, and
what differs from a buffer in `ready`, `spare` and `due`. Everything else - who holds the channel,
disconnection, and what became of an operation that raced with it - is here.

The last sender. A send that is under way keeps its handle counted (see `leases`), so nothing is published
once `senders_gone` is set: a receiver that finds it, and then no message, has seen the end, and the end is
final (S57).

The last receiver. `END` enters the receivers' line, then the flavour refuses further messages, then those
that are left are destroyed. A send looks at the line after it has published. So one that starts after the
disconnection is refused; one that overlaps it finds END, destroys what nobody can receive any more, its own
message included, and counts as having come before (S21, S59).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Never, NoReturn, Protocol, TypeAlias, TypeVar

from treadle.channels._primitives import deque
from treadle.channels.discarding import discard
from treadle.channels.errors import Full, HandleClosed, RecvError, SendError
from treadle.channels.waiting import END, Entry, Side

if TYPE_CHECKING:
    from weakref import ref

    from treadle.channels.leases import Lease

__all__ = [
    "CLOSED",
    "NOTHING",
    "Channel",
    "Closed",
    "Failure",
    "Nothing",
    "Refusal",
    "Returning",
    "Seat",
    "Source",
    "State",
    "untouched",
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

    pairs: ClassVar[bool] = False  # whether the message of a waiting sender may be taken out of its entry

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

    def ready(self, entry: Entry) -> bool:
        """Say whether the operation of the entry, which may stand in its line already, would not block."""
        side = entry.side
        return self.receivers_gone or self.spare(side) > 0 or (side is self.receivers and self.senders_gone)

    def spare(self, side: Side) -> int:
        """Count what the operations of a side can go on with: messages, or room."""
        return self.count() if side is self.receivers else self.room()

    def left(self, side: Side) -> int:
        """Count the same for those that wait."""
        return self.spare(side)

    def due(self) -> float | None:
        """Give the instant at which a message comes by itself, if one does."""
        return None

    @abstractmethod
    def mark(self) -> object:
        """Give something to tell by, later, whether anything changed since."""

    @abstractmethod
    def unchanged(self, mark: Any) -> bool:
        """Say whether no message came or went since the mark was made, and no side."""

    def pass_on(self, side: Side) -> None:
        """Wake one waiter if there is something for it: the obligation of one who leaves empty-handed."""
        if side.waiting and self.left(side):
            side.wake()

    def published(self) -> None:
        """Wake a receiver for a message that was published; destroy it if they are gone."""
        if self.receivers_gone:
            self.empty()
        else:  # if they go now, they destroy it
            self.receivers.wake()

    def disconnect(self, side: Side) -> None:
        """Let the other side know that this one is gone. Doing it twice is doing it once."""
        if side is self.senders:
            self.senders_gone = True
            self.receivers.wake_all()  # S40, S41
        else:
            self.receivers.waiting.append(END)
            self.refuse()
            self.senders.wake_all()  # S20
            discard(self.empty)  # S59


def untouched(line: Iterator[object]) -> bool:
    """Say whether a deque is as it was when the iterator over it was made: it refuses to go on if not."""
    try:
        next(line, None)
    except RuntimeError:
        return False
    return True


class Seat:
    """The place of one handle among those of its side.

    While it is `closing`, the one who closes the handle will leave it, and not the finalizer of the lease:
    that one would swallow a Ctrl-C. The closer takes `closing` back and then looks at `unused`, the finalizer
    sets `unused` and then looks at `closing`, so that one of the two leaves.
    """

    __slots__ = ("_channel", "_left", "closing", "lease", "side", "unused")

    def __init__(self, channel: State, side: Side, lease: "ref[Lease[State]]") -> None:
        self.closing = False
        self.unused = False
        self.lease = lease
        self.side = side
        self._channel = channel
        self._left = False

    def take(self) -> None:
        self.side.seats[self] = None

    def leave(self) -> None:
        """Leave, and disconnect if this was the last. Doing it twice is doing it once."""
        if self._left:
            return
        seats = self.side.seats
        seats.pop(self, None)
        if not seats:
            self._channel.disconnect(self.side)
        self._left = True


class Channel(State, Generic[T]):
    """The messages too."""

    __slots__ = ()

    @abstractmethod
    def enter(self, message: list[T]) -> Failure | None:
        """Put the message that the list holds in without blocking; say what prevented it, if anything did.

        The list is emptied if it went in, also if this is cut short. `Full` is exact: at some instant of the
        call the channel was full and connected.
        """

    def offer(self, message: T) -> Failure | None:
        """Put a message in, as `enter` does."""
        return self.enter([message])

    @property
    @abstractmethod
    def source(self) -> Source[T]:
        """What messages are taken out of."""

    def offer_many(self, messages: deque[T]) -> Failure | None:
        """Put the messages in without blocking, in order, and take each that went in off the deque.

        Returns:
            What prevented the rest, if anything did.
        """
        while messages:
            failure = self.offer(messages[0])
            if failure is not None:
                return failure
            messages.popleft()
        return None

    def take_many(self, messages: list[T], limit: int) -> None:
        """Take up to `limit` messages out without blocking, in order, and append each to the list.

        If this is cut short, the list has what was taken, and giving it back is up to the caller.
        """
        try:
            for _ in range(limit):
                messages.append(self.source.popleft())  # noqa: PERF401 - extend would lose track of what came
        except IndexError:
            pass

    def give_back(self, messages: list[T]) -> None:
        """Put messages back that were taken by a receive which was then cut short (P2)."""
        try:
            self._put_back(messages)
            self.published()
        except BaseException:
            self.published()
            raise

    @abstractmethod
    def _put_back(self, messages: list[T]) -> None:
        """Put messages where the next receives find them first."""

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


class Returning(Channel[T]):
    """A channel that is its own source, and keeps apart what cut-short receives gave back."""

    __slots__ = ("receivers_gone", "returned")

    receivers_gone: bool

    def __init__(self) -> None:
        super().__init__()
        self.receivers_gone = False
        self.returned: deque[T] = deque()

    @property
    def source(self) -> Source[T]:
        return self

    @abstractmethod
    def popleft(self) -> T:
        """Take the oldest message out, as a deque does."""

    def refuse(self) -> None:
        self.receivers_gone = True

    def take_many(self, messages: list[T], limit: int) -> None:
        limit += len(messages)
        self.take_returned(messages, limit)
        super().take_many(messages, limit - len(messages))

    def take_returned(self, messages: list[T], size: int) -> None:
        """Take what was given back, until the list has a size: by one call, so that an interrupt loses none."""
        if self.returned:
            try:  # noqa: SIM105 - a context manager is more steps to be interrupted at
                messages.extend(map(deque.popleft, repeat(self.returned, size - len(messages))))
            except IndexError:
                pass

    def _put_back(self, messages: list[T]) -> None:
        self.returned.extendleft(reversed(messages))

    def empty(self) -> None:
        self.returned.clear()


class Refusal:
    """Stands where messages were: none goes in, and none comes out."""

    __slots__ = ("_failure",)

    returned = True  # to `shortcuts`: look closer

    def __init__(self, failure: type[SendError] | type[HandleClosed]) -> None:
        self._failure = failure

    def append(self, message: object, /) -> NoReturn:
        raise self._failure(message)

    def insert(self, index: int, message: object, /) -> NoReturn:
        raise self._failure(message)

    def extend(self, messages: Iterable[object], /) -> NoReturn:
        raise self._failure(list(messages))

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
        """Do nothing: it refuses everything."""

    def empty(self) -> None:
        """Do nothing: it is empty."""

    def count(self) -> int:
        return 0

    def room(self) -> int:
        return 0

    def enter(self, message: list[Never]) -> Failure:
        return HandleClosed

    def _put_back(self, messages: list[Never]) -> None:
        """Lose them: the handle is closed."""

    def mark(self) -> None:
        """Give nothing: it never changes."""

    def unchanged(self, mark: None) -> bool:
        return True


CLOSED: Final = Closed()
