"""The virtual clock: what stands in for the functions of `time`."""

import time
from collections.abc import Callable
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import Accesses
from treadle.sched.locks import require_seconds
from treadle.sched.operation import Operation
from treadle.sched.world import ControlledThread, World

#: What time.time() says when the virtual clock stands at zero; fixed, so that executions do not differ.
EPOCH = 1_700_000_000.0

# Taken before anything is patched.
_real_monotonic, _real_time = time.monotonic, time.time


class _Sleep(Operation):
    """Wait for the thread's deadline."""

    __slots__ = ()
    timed = True
    passing = True
    varies = False

    def accesses(self, thread: ControlledThread) -> Accesses:
        return thread.world.expiry(thread)

    def enabled(self, thread: ControlledThread) -> bool:
        return thread.world.may_expire()

    def deadline(self, thread: ControlledThread) -> float | None:
        return thread.deadline


def sleep(thread: ControlledThread, seconds: float) -> None:
    """Let *thread* sleep on the virtual clock."""
    require_seconds(seconds, "sleep length must be non-negative")
    world = thread.world
    if seconds == 0:
        thread.announce(Operation("yield", world.time))
        return
    world.start_timer(thread, seconds)
    thread.announce(_Sleep("sleep", world.time))
    world.expire(thread)


def now(thread: ControlledThread) -> float:
    """Return the virtual time."""
    world: World = thread.world
    if world.timeouts == "explore":
        world.learn(clock=True)
        thread.announce(world.read_clock)
    return world.clock


def private(thread: ControlledThread) -> float:
    """Return the time as *thread* alone knows it: it passes as the thread's own timed waits run out.

    The standard library reads the clock to find out what is left of a timeout. Where a timed wait may time out
    whenever it could, other threads' time does not matter for that, and the reading is no operation.
    """
    world: World = thread.world
    return max(world.clock, thread.elapsed) if world.timeouts == "idle" else thread.elapsed


class PrivateTime:
    """Stands in for the module `time` where the standard library only looks for what is left of a timeout."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def monotonic(self) -> float:
        thread = runtime.running()
        return _real_monotonic() if thread is None else private(thread)

    def time(self) -> float:
        thread = runtime.running()
        return _real_time() if thread is None else EPOCH + private(thread)

    def time_ns(self) -> int:
        return int(self.time() * 1_000_000_000)


def stand_in_for(real: Callable[[], float], offset: float = 0.0) -> Callable[[], float]:
    """Return what stands in for the clock *real*, which counts seconds."""

    def clock() -> float:
        thread = runtime.running()
        return real() if thread is None else now(thread) + offset

    return clock


def stand_in_for_ns(real: Callable[[], int], offset: float = 0.0) -> Callable[[], int]:
    """Return what stands in for the clock *real*, which counts nanoseconds."""

    def clock() -> int:
        thread = runtime.running()
        return real() if thread is None else int((now(thread) + offset) * 1_000_000_000)

    return clock
