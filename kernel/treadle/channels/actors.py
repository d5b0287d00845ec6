"""Actors: state that one thread owns, and that others change and ask for by messages.

All references to an actor share one sender of its mailbox. To stop the actor is to close that sender: what was
sent before is handled, and then the receiver's loop ends. No lock is needed, and no message says "stop".

An ask ends when the actor does: the actor's thread then closes the reply senders that are left.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from weakref import ref

from treadle.channels._primitives import monotonic
from treadle.channels.errors import HandleClosed, SendError
from treadle.channels.making import channel, sync_channel
from treadle.channels.receivers import Receiver
from treadle.channels.scopes import fail_with
from treadle.channels.senders import Sender, SyncSender
from treadle.channels.threads import JoinHandle, spawn
from treadle.channels.timeouts import deadline_after

__all__ = ["Actor", "ActorRef", "start_actor"]

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Actor(ABC, Generic[M_contra]):
    """Something that handles messages of type M one after the other, in a thread of its own."""

    def started(self) -> None:
        """Do what comes before the first message; called in the thread of the actor.

        If it raises, the actor ends without a call of `stopped`.
        """

    @abstractmethod
    def receive(self, message: M_contra, /) -> None:
        """Handle one message. If this raises, the actor ends, and what is queued is destroyed."""

    def stopped(self) -> None:
        """Do what comes last, also after `receive` raised; no message can be sent by then."""


class _Asks:
    """The reply channels of asks that may be unanswered.

    The receiver is kept for as long as anybody has the sender, so that an answer which comes after its ask was
    given up goes nowhere and is no error of the actor's.
    """

    __slots__ = ("_replies",)

    def __init__(self) -> None:
        self._replies: dict[ref[Sender[Any]], Receiver[Any]] = {}

    def add(self, sender: Sender[Any], receiver: Receiver[Any]) -> None:
        replies = self._replies
        replies[ref(sender, lambda dead: replies.pop(dead, None) and None)] = receiver

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        """Let the asks that are unanswered fail."""
        for sender in filter(None, [reply() for reply in self._replies.copy()]):
            sender.close()


class _Mailbox(Generic[M_contra]):
    """What all references to one actor share. The actor itself does not refer to it."""

    __slots__ = ("asks", "handle", "sender")

    def __init__(
        self, sender: Sender[M_contra] | SyncSender[M_contra], asks: _Asks, handle: JoinHandle[None]
    ) -> None:
        self.sender = sender
        self.asks = asks
        self.handle = handle

    def send(self, message: M_contra, deadline: float | None) -> None:
        try:
            if deadline is None:
                self.sender.send(message)
            else:
                self.sender.send_timeout(message, deadline - monotonic())
        except HandleClosed:
            pass
        else:
            return
        raise SendError(message)  # the actor was stopped


class ActorRef(Generic[M_contra]):
    """A reference to a running actor, through which any number of threads may send and ask at once.

    The actor ends when it was stopped, when its `receive` raises, and when the last reference to it is closed or
    collected as garbage; in the first and the last case it handles what was sent before. Leaving a `with` block
    of the reference stops the actor and waits for it; what the actor raised, and nobody took by `join`, is
    raised then, as by the block of a `scope`.
    """

    __slots__ = ("__weakref__", "_mailbox")

    def __init__(self, mailbox: _Mailbox[M_contra], /) -> None:
        if not isinstance(mailbox, _Mailbox):
            raise TypeError("references to actors are made by start_actor()")
        self._mailbox: _Mailbox[M_contra] | None = mailbox

    def send(self, message: M_contra, /) -> None:
        """Send the message, blocking while the mailbox is full; one without a capacity never is.

        Raises:
            SendError: the actor has ended or was stopped; `.message` is the message, which is not handled.
            HandleClosed: this reference is closed; `.message` is the message.
        """
        mailbox = self._mailbox
        if mailbox is None:
            raise HandleClosed(message)
        mailbox.send(message, None)

    def ask(self, make: Callable[[Sender[R]], M_contra], /, timeout: float | None = None) -> R:
        """Send the message that `make` gives for a reply sender, and wait for the reply.

        `timeout` is in seconds and for the whole call (P8, P9). An answer that comes too late is dropped. The
        actor may keep the reply sender and answer later, while it lives.

        Raises:
            SendError: the actor has ended or was stopped before; `.message` is the message.
            RecvError: the actor ended, or dropped the reply sender, without a reply.
            SendTimeout, RecvTimeout: the mailbox was full, or no reply came, until the timeout.
            RuntimeError: an actor asks itself.
            HandleClosed: this reference is closed.
            TypeError, ValueError: the timeout is no number, or NaN.
        """
        deadline = deadline_after(timeout)
        mailbox = self._open()
        if mailbox.handle.thread is threading.current_thread():
            raise RuntimeError("an actor cannot ask itself: it would wait for ever")
        sender, receiver = channel[R]()
        mailbox.asks.add(sender, receiver)
        message = make(sender)
        del sender
        mailbox.send(message, deadline)
        del message
        return receiver.recv_timeout(None if deadline is None else deadline - monotonic())

    def stop(self) -> None:
        """Let the actor end when it has handled what was sent before; do not wait for that.

        Stopping again does nothing. This never blocks, and may be called by the actor itself.

        Raises:
            HandleClosed: this reference is closed.
        """
        self._open().sender.close()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the actor has ended, `timeout` seconds at most; this does not stop it.

        Raises:
            BaseException: the very exception that the actor raised, at every call.
            TimeoutError: the actor has not ended within the timeout.
            RuntimeError: an actor joins itself.
            HandleClosed: this reference is closed.
            TypeError, ValueError: the timeout is no number, or NaN.
        """
        self._open().handle.join(timeout)

    def clone(self) -> Self:
        """Make another reference to the same actor.

        Raises:
            HandleClosed: this reference is closed.
        """
        return type(self)(self._open())

    def close(self) -> None:
        """Drop this reference; closing it again does nothing."""
        self._mailbox = None

    def _open(self) -> _Mailbox[M_contra]:
        mailbox = self._mailbox
        if mailbox is None:
            raise HandleClosed
        return mailbox

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mailbox = self._mailbox
        if mailbox is None:
            return
        mailbox.sender.close()
        task = mailbox.handle._task
        task.wait(None)
        failure = task.take_error()
        try:
            fail_with(error, [] if failure is None else [failure])
        finally:
            del failure, mailbox, task

    def __repr__(self) -> str:
        mailbox = self._mailbox
        return f"ActorRef({'closed' if mailbox is None else mailbox.handle.thread.name})"


def start_actor(actor: Actor[M], capacity: int | None = None) -> ActorRef[M]:
    """Start the actor in a thread of its own, named after its class.

    With a capacity, its mailbox holds so many messages, and `send` blocks while it is full. The interpreter waits
    at exit for an actor that nobody has stopped, as for any thread.

    Raises:
        TypeError: the actor is no Actor, or the capacity is no int.
        ValueError: the capacity is none of a `sync_channel`.
    """
    if not isinstance(actor, Actor):
        raise TypeError(f"an actor is an instance of a subclass of Actor, not {type(actor).__name__}")
    sender: Sender[M] | SyncSender[M]
    if capacity is None:
        sender, receiver = channel[M]()
    else:
        sender, receiver = sync_channel[M](capacity)
    asks = _Asks()

    def live(actor: Actor[M], receiver: Receiver[M]) -> None:
        _live(actor, receiver, asks)

    live.__name__ = type(actor).__name__
    return ActorRef(_Mailbox(sender, asks, spawn(live, actor, receiver)))


def _live(actor: Actor[M], receiver: Receiver[M], asks: _Asks) -> None:
    started = False
    try:
        with asks, receiver:  # left in the opposite order: an ask that was accepted is among the asks
            actor.started()
            started = True
            for message in receiver:
                actor.receive(message)
                del message  # and with it the reply sender
    finally:
        if started:
            actor.stopped()
