"""Announcing accesses to memory, those that have to be operations, and what is shown of them."""

from collections.abc import Callable
from typing import Any, cast

from treadle.sched.access import READ, WRITE, Accesses, Mode
from treadle.sched.memory import locations as memory
from treadle.sched.memory.locations import MemoryLocation
from treadle.sched.operation import Operation
from treadle.sched.points import ACCESS
from treadle.sched.values import short
from treadle.sched.world import ControlledThread


class Touch(Operation):
    """An access with the value it moves, for executions that are shown."""

    __slots__ = ("outlook",)

    def __init__(self, kind: str, location: MemoryLocation, mode: Mode, outlook: Callable[[], str]) -> None:
        super().__init__(kind, location, mode)
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
    return _note(thread, accesses) or world.learned.everything


def _note(thread: ControlledThread, accesses: Accesses) -> bool:
    """Note *accesses* to memory that is free of races so far; say whether there are others."""
    world = thread.world
    shown = False
    index = thread.index
    clock = world.history.now[index]
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
    world = thread.world
    if (operation.varies or operation.finds) and not world.over:
        accesses = operation.accesses(thread)
        if world.on_access is not None:
            world.on_access(thread, accesses)
        if operation.finds:
            _note(thread, accesses)
    operation.forget()


class Finding(Operation):
    """An operation that touches what it finds, as inside of a container, when it is executed.

    That follows from the contents of what it touches. So as long as no operation of its kind was seen to touch
    something else than when it was announced, none can, whatever the schedule: the first execution in which one does
    is explored like any other. From then on each may touch any memory in another state.
    """

    __slots__ = ("_find", "_found", "outlook", "unbounded", "varies")
    finds = True

    def __init__(
        self,
        thread: ControlledThread,
        kind: str,
        find: Callable[[], Accesses],
        accesses: Accesses,
        outlook: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(kind, accesses[0][0], None, *accesses)
        self._find = find
        self._found: Accesses | None = None
        self.varies = self.unbounded = thread.world.learned.varying
        if outlook is not None:
            self.outlook: Callable[[ControlledThread], str] = lambda _: outlook()

    def accesses(self, thread: ControlledThread) -> Accesses:
        if self._found is not None:
            return self._found
        if not self.varies:
            return self.fixed
        with memory.present.looking():
            return self._find()

    def performed(self, thread: ControlledThread) -> Accesses:
        found = self._found = self._find()
        if found != self.fixed:
            memory.present.learn_varying()
        return found

    def forget(self) -> None:
        self._find = tuple
        if hasattr(self, "outlook"):
            self.outlook = _executed


def perform_all(thread: ControlledThread, kind: str, accesses: Accesses) -> None:
    """Announce *accesses* as one operation: what follows performs them all at once, whatever the state."""
    if accesses and visible(thread, accesses):
        give_way(thread, Operation(kind, accesses[0][0], None, *accesses))


def perform_found(
    thread: ControlledThread,
    kind: str,
    find: Callable[[], Accesses],
    peek: Callable[[], object] | None = None,
) -> None:
    """Announce, as one operation, what *find* says that the following touches; it is asked again in other states.

    It must follow from the contents of what it returns, and run no code of the program's. *peek* returns the value that
    is moved.
    """
    memory.present.crossed.clear()
    accesses = find()
    if accesses and visible(thread, accesses):
        memory.present.learned.whole |= memory.present.crossed
        outlook = None
        if peek is not None and memory.present.recording:
            outlook = _moving(peek, accesses[0][1] is WRITE)
        give_way(thread, Finding(thread, kind, find, accesses, outlook))


def _moving(peek: Callable[[], object], write: bool) -> Callable[[], str]:
    arrow = "←" if write else "→"
    return lambda: f"{arrow} {short(peek())}"


def announce(
    thread: ControlledThread, location: MemoryLocation, write: bool, peek: Callable[[], object]
) -> None:
    """Announce that *location* alone is read or written; *peek* returns the value that is moved."""
    mode = WRITE if write else READ
    if not visible(thread, ((location, mode),)):
        return
    operation = location.write if write else location.read
    if memory.present.recording:
        operation = Touch(operation.kind, location, mode, _moving(peek, write))
    thread.announce(operation)
    operation.forget()
