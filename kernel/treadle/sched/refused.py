"""Real blocking calls that no scheduler in this process can control: refused by name, never a hang."""

import builtins
import multiprocessing.process
import os
import select
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable
from types import ModuleType
from typing import Any

from treadle.sched import runtime

_SELECTORS = [
    value
    for value in vars(selectors).values()
    if isinstance(value, type) and issubclass(value, selectors.BaseSelector) and "select" in vars(value)
]

_CALLS: tuple[tuple[ModuleType | type, tuple[str, ...]], ...] = (
    (builtins, ("input",)),
    (
        os,
        (
            "fork",
            "forkpty",
            "system",
            "wait",
            "waitpid",
            "wait3",
            "wait4",
            "waitid",
            "posix_spawn",
            "posix_spawnp",
        ),
    ),
    (multiprocessing.process.BaseProcess, ("start",)),
    (select, ("select", "poll", "epoll", "kqueue")),
    *((selector, ("select",)) for selector in _SELECTORS),
    (signal, ("pause", "sigwait", "sigwaitinfo", "sigtimedwait")),
    (socket, ("getaddrinfo", "gethostbyname", "gethostbyaddr")),
    (socket.socket, ("accept", "connect", "recv", "recv_into", "recvfrom", "recvmsg", "sendall", "sendto")),
    (subprocess.Popen, ("__init__",)),
)


def refusals() -> list[tuple[ModuleType | type, str, Callable[..., Any]]]:
    """Return (owner, attribute, stand-in) for each call that is refused inside a controlled execution."""
    return [
        (owner, name, _refusing(owner, name))
        for owner, names in _CALLS
        for name in names
        if hasattr(owner, name)
    ]


def _refusing(owner: ModuleType | type, name: str) -> Callable[..., Any]:
    real: Callable[..., Any] = getattr(owner, name)
    described = f"{owner.__name__}.{name}" if name != "__init__" else f"{owner.__module__}.{owner.__name__}"

    def refuse(*args: Any, **kwargs: Any) -> Any:
        thread = runtime.running()
        if thread is None or thread.world.over:
            return real(*args, **kwargs)
        raise thread.world.refuse(
            f"{described}() was called by {thread.label}: a real call that can block, and that no simulated thread "
            "may make. Replace it in the program under test, for example by a function that returns at once."
        )

    return refuse
