"""Channels with the semantics of Rust's std::sync::mpsc, threads, and actors. Imports the standard library only."""

from treadle.channels.actors import Actor, ActorRef, start_actor
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
from treadle.channels.making import channel, sync_channel
from treadle.channels.scopes import Scope, scope
from treadle.channels.threads import JoinHandle, spawn

__all__ = [
    "Actor",
    "ActorRef",
    "ChannelError",
    "Disconnected",
    "Empty",
    "Full",
    "HandleClosed",
    "JoinHandle",
    "Receiver",
    "RecvError",
    "RecvTimeout",
    "Scope",
    "SendError",
    "SendTimeout",
    "Sender",
    "SyncSender",
    "channel",
    "scope",
    "spawn",
    "start_actor",
    "sync_channel",
]
