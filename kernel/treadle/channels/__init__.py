"""Rust's channels for Python threads, and what goes with them. Imports the standard library only."""

from treadle.channels.actors import Actor, ActorRef, start_actor
from treadle.channels.blocked import Blocked, BlockedThreads, blocked, dump_blocked
from treadle.channels.choices import Case
from treadle.channels.errors import (
    ChannelError,
    Disconnected,
    Empty,
    Full,
    HandleClosed,
    RecvError,
    RecvTimeout,
    SelectTimeout,
    SendError,
    SendTimeout,
)
from treadle.channels.mailboxes import Mailboxes
from treadle.channels.making import after, at, bounded, channel, never, sync_channel, tick, unbounded
from treadle.channels.owned import MovedError, Owned
from treadle.channels.receivers import Receiver, SharedReceiver
from treadle.channels.scopes import Scope, scope
from treadle.channels.selecting import Select, Selected, recv, select, send
from treadle.channels.senders import Sender, SyncSender, WeakSender
from treadle.channels.threads import JoinHandle, spawn

__all__ = [
    "Actor",
    "ActorRef",
    "Blocked",
    "BlockedThreads",
    "Case",
    "ChannelError",
    "Disconnected",
    "Empty",
    "Full",
    "HandleClosed",
    "JoinHandle",
    "Mailboxes",
    "MovedError",
    "Owned",
    "Receiver",
    "RecvError",
    "RecvTimeout",
    "Scope",
    "Select",
    "SelectTimeout",
    "Selected",
    "SendError",
    "SendTimeout",
    "Sender",
    "SharedReceiver",
    "SyncSender",
    "WeakSender",
    "after",
    "at",
    "blocked",
    "bounded",
    "channel",
    "dump_blocked",
    "never",
    "recv",
    "scope",
    "select",
    "send",
    "spawn",
    "start_actor",
    "sync_channel",
    "tick",
    "unbounded",
]
