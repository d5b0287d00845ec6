"""Channels with the semantics of Rust's std::sync::mpsc. Imports the standard library only."""

from treadle.channels.errors import (
    ChannelError,
    Disconnected,
    Empty,
    Full,
    HandleClosed,
    RecvError,
    RecvTimeout,
    SendError,
    SendTimeout,
)
from treadle.channels.handles import Receiver, Sender, SyncSender
from treadle.channels.mailboxes import Mailboxes
from treadle.channels.making import channel, sync_channel
from treadle.channels.owned import MovedError, Owned

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
    "SendError",
    "SendTimeout",
    "Sender",
    "SyncSender",
    "channel",
    "sync_channel",
]
