"""The virtual clock: what stands in for the functions of `time`."""

from collections.abc import Callable

from treadle.sched import runtime
from treadle.sched.access import Accesses
from treadle.sched.operation import Operation
from treadle.sched.world import ControlledThread, World

#: What time.time() says when the virtual clock stands at zero; fixed, so that executions do not differ.
EPOCH = 1_700_000_000.0


class _Sleep(Operation):
    """Wait for the thread's deadline."""

    __slots__ = ()
    timed = True
    varies = False

    def accesses(self, thread: ControlledThread) -> Accesses:
        return thread.world.expiry(thread)

    def enabled(self, thread: ControlledThread) -> bool:
        return thread.world.may_expire()

    def deadline(self, thread: ControlledThread) -> float | None:
        return thread.deadline


def sleep(thread: ControlledThread, seconds: float) -> None:
    """Let *thread* sleep on the virtual clock."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
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
    world.learn(clock=True)
    if world.timeouts == "explore":
        thread.announce(world.read_clock)
    return world.clock


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
