"""Channels with the semantics of Rust's std::sync::mpsc and crossbeam-channel. Imports the standard library only."""

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
from treadle.channels.selecting import Select, Selected, recv, select, send
from treadle.channels.senders import Sender, SyncSender, WeakSender

__all__ = [
    "ChannelError",
    "Disconnected",
    "Empty",
    "Full",
    "HandleClosed",
    "Mailboxes",
    "MovedError",
    "Owned",
    "Receiver",
    "RecvError",
    "RecvTimeout",
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
    "bounded",
    "channel",
    "never",
    "recv",
    "select",
    "send",
    "sync_channel",
    "tick",
    "unbounded",
]
