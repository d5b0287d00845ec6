"""Announcing accesses to memory, those that have to be operations, and what is shown of them."""

from collections.abc import Callable
from typing import Any, cast

from treadle.sched.access import READ, WRITE, Accesses
from treadle.sched.memory import locations as memory
from treadle.sched.memory.locations import MemoryLocation
from treadle.sched.operation import Operation
from treadle.sched.points import ACCESS
from treadle.sched.values import short
from treadle.sched.world import ControlledThread


class Touch(Operation):
    """An access with the value it moves, for executions that are shown."""

    __slots__ = ("outlook",)

    def __init__(
        self, kind: str, location: MemoryLocation, accesses: Accesses, outlook: Callable[[], str]
    ) -> None:
        super().__init__(kind, location, None, *accesses)
        self.outlook: Callable[[ControlledThread], str] = lambda _: outlook()

    def forget(self) -> None:
        self.outlook = _executed


def _executed(_: ControlledThread) -> str:
    return ""


def visible(thread: ControlledThread, accesses: Accesses) -> bool:
    """Say whether *accesses* have to be an operation.

    Accesses that always come one after the other, whatever the schedule, need not be: exchanging what comes before
    them exchanges them too. So each kind of memory is taken to be free of races until an execution shows that it is
    not; then it is an operation from the next execution on, and the exploration begins anew. When an exploration
    has ended, no execution of it had a race among the accesses that were left out. Only the first race of an execution
    counts: those after it may be ones only because what orders them is no operation yet.
    """
    world = thread.world
    if world.faults is not None and not world.over and not thread.masked:
        world.faults.reach(thread, ACCESS)
    if world.on_access is not None and not world.over:
        world.on_access(thread, accesses)
    world.unscheduled += 1
    if world.unscheduled > world.patience:
        # A spin on memory that nobody was seen to race for: make it steps, which are limited.
        world.learned.shared.update(cast("MemoryLocation", location).kind for location, _ in accesses)
        world.relearn()
    shown = world.learned.everything
    index = thread.index
    clock = world.causality.now[index]
    touched: Any = accesses  # their locations are all of memory
    for location, mode in touched:
        if location.shared:
            shown = True
        elif location.races(index, clock, mode) and not world.over and not world.learned.news:
            world.learned.shared.add(location.kind)
            world.learned.news = True
    return shown


def perform(thread: ControlledThread, operation: Operation) -> None:
    """Announce *operation* if it has to be one; the caller performs it next."""
    if visible(thread, operation.accesses(thread)):
        give_way(thread, operation)


def give_way(thread: ControlledThread, operation: Operation) -> None:
    """Announce *operation*, which has to be one; the caller performs it next."""
    thread.announce(operation)
    if operation.varies and thread.world.on_access is not None and not thread.world.over:
        thread.world.on_access(thread, operation.accesses(thread))
    operation.forget()


class _Reaching(Operation):
    """An operation that touches what it finds inside a container: it may be something else in another state."""

    __slots__ = ()
    varies = True


def perform_all(thread: ControlledThread, kind: str, accesses: Accesses) -> None:
    """Announce *accesses* as one operation: what follows performs them all at once."""
    if accesses and visible(thread, accesses):
        make = Operation if len(accesses) == 1 else _Reaching
        give_way(thread, make(kind, accesses[0][0], None, *accesses))


def announce(
    thread: ControlledThread,
    location: MemoryLocation,
    write: bool,
    peek: Callable[[], object],
    more: Accesses = (),
) -> None:
    """Announce that *location* is read or written; *peek* returns the value that is moved."""
    accesses = ((location, WRITE if write else READ), *more)
    if not visible(thread, accesses):
        return
    kind = "write" if write else "read"
    if memory.present.recording:
        arrow = "←" if write else "→"
        operation: Operation = Touch(kind, location, accesses, lambda: f"{arrow} {short(peek())}")
    elif more:
        operation = Operation(kind, location, None, *accesses)
    else:
        operation = location.write if write else location.read
    thread.announce(operation)
    operation.forget()
