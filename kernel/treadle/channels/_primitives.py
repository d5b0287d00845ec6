"""The primitives that the channels stand on.

Every other file here takes these names from this one. The rules of what is built on them: shared state
lives in attributes of ordinary objects and in deques, dicts, lists and sets touched one method call at a
time; such a call, an attribute load or store, and `lock.acquire(False)` are the only atomic steps.
"""

import os
from _thread import TIMEOUT_MAX, LockType, allocate_lock, get_ident
from collections import deque
from collections.abc import Callable
from time import monotonic

__all__ = [
    "TIMEOUT_MAX",
    "LockType",
    "allocate_lock",
    "deque",
    "get_ident",
    "in_each_fork",
    "monotonic",
]


def _nothing(*_: object, **__: object) -> None:
    """Do nothing, where the system has no such call."""


# Registers what a forked process is to do first.
in_each_fork: Callable[..., None] = getattr(os, "register_at_fork", _nothing)
