"""Rust's channels for Python threads, and the deterministic checker that proves them."""

from treadle.channels import (
    ChannelError,
    Disconnected,
    Empty,
    Full,
    HandleClosed,
    Receiver,
    RecvError,
    RecvTimeout,
    Sender,
    SendError,
    SendTimeout,
    SyncSender,
    channel,
    sync_channel,
)

__all__ = [
    "ChannelError",
    "Disconnected",
    "Empty",
    "Full",
    "HandleClosed",
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
