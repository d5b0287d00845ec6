"""Faults as choices: an interrupt, a signal handler or a finalizer at any point of a thread.

A fault happens to one thread, just before what that thread does next, and nothing else sees it happen: what others can
see is what the thread does afterwards, and that is scheduled like all it does. So *where in its thread* a fault happens
is all there is to choose, and for each such place the interleavings are explored as ever. A point is each operation and
each access of instrumented code to memory, race-free ones included, and each join. While a thread is blocked it stands
at the point before the operation that it waits for.

A `with` statement on a lock releases it in C, where nothing can happen in between: that release is no point.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from treadle.sched.operation import Operation, Place

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread, World

#: The path of the thread that runs the program.
_MAIN = "0"


@dataclass(frozen=True)
class Interrupt:
    """Raise *error* in the thread named *thread*, the program's main one without a name, as Ctrl-C does.

    An error that was raised so and leaves its thread is no failure. It happens at most *times* times in an execution.
    """

    thread: str | None = None
    error: type[BaseException] = KeyboardInterrupt
    times: int = 1

    def hits(self, thread: "ControlledThread") -> bool:
        """Say whether it can happen to *thread*."""
        return _is_named(thread, self.thread)

    def happen(self, world: "World") -> None:
        """Happen to the thread that is running."""
        error = self.error()
        world.injected.append(error)
        raise error

    def __str__(self) -> str:
        return f"{self.error.__name__} is raised"


@dataclass(frozen=True)
class Handler:
    """Run *function* on top of the thread named *thread*, the main one without a name, as a signal handler is run.

    What it raises goes through the thread. It is run at most *times* times in an execution.
    """

    function: Callable[[], object]
    thread: str | None = None
    times: int = 1

    def hits(self, thread: "ControlledThread") -> bool:
        """Say whether it can happen to *thread*."""
        return _is_named(thread, self.thread)

    def happen(self, world: "World") -> None:
        """Happen to the thread that is running."""
        self.function()

    def __str__(self) -> str:
        return f"the handler {_name(self.function)} runs"


@dataclass(frozen=True)
class Finalizer:
    """Run *function* on top of the thread named *thread*, of any one without a name, as the collector runs finalizers.

    What it raises is a failure, and does not go through the thread. It is run at most *times* times in an execution.
    """

    function: Callable[[], object]
    thread: str | None = None
    times: int = 1

    def hits(self, thread: "ControlledThread") -> bool:
        """Say whether it can happen to *thread*."""
        return self.thread is None or thread.label == self.thread

    def happen(self, world: "World") -> None:
        """Happen to the thread that is running."""
        thread = world.running
        try:
            self.function()
        except Exception as error:
            world.fail(thread, error)

    def __str__(self) -> str:
        return f"the finalizer {_name(self.function)} runs"


Fault = Interrupt | Handler | Finalizer


def _is_named(thread: "ControlledThread", name: str | None) -> bool:
    return thread.path == _MAIN if name is None else thread.label == name


def _name(function: Callable[[], object]) -> str:
    return str(getattr(function, "__name__", "function"))


class Injection(NamedTuple):
    """A fault at one point of one thread."""

    fault: int  #: its number in the list of faults
    thread: str  #: the thread's path
    point: int  #: the first is 1

    def __str__(self) -> str:
        return f"f{self.fault}@{self.thread}@{self.point}"


#: What happens in an execution, in the order of injections.
Plan = tuple[Injection, ...]


class Faults:
    """The faults of one execution: those of its plan, and which points there were for more."""

    def __init__(self, faults: tuple[Fault, ...], plan: Plan) -> None:
        self._faults = faults
        self.plan = plan
        self._due = {(injection.thread, injection.point): injection.fault for injection in plan}
        self._points: dict[str, int] = {}
        self.open: set[Injection] = set()  #: where a fault could happen

    def reach(self, thread: "ControlledThread") -> None:
        """Note that *thread* is at its next point, and let happen what the plan says."""
        path = thread.path
        point = self._points[path] = self._points.get(path, 0) + 1
        number = self._due.get((path, point))
        if number is None:
            self.open.update(
                Injection(index, path, point)
                for index, fault in enumerate(self._faults)
                if fault.hits(thread)
            )
            return
        fault = self._faults[number]
        if thread.world.observer is not None:
            thread.world.observer(thread, Operation("fault:", Place(str(fault))))
        fault.happen(thread.world)


class Plans:
    """All plans that an exploration has to try: nothing, then one fault more than another plan at a point it has."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self._faults = faults
        self.known: list[Plan] = [()]
        self._seen: set[Plan] = {()}
        self._turn = -1

    def learn(self, plan: Plan, open_points: set[Injection]) -> None:
        """Add the plans that go on from *plan*, whose executions had *open_points*."""
        for injection in sorted(open_points):
            used = sum(other.fault == injection.fault for other in plan)
            if used >= self._faults[injection.fault].times:
                continue
            longer = tuple(sorted((*plan, injection)))
            if longer not in self._seen:
                self._seen.add(longer)
                self.known.append(longer)

    def next(self) -> Plan:
        """Return the plans one after the other, round and round."""
        self._turn = (self._turn + 1) % len(self.known)
        return self.known[self._turn]

    def __iter__(self) -> Iterator[Plan]:
        position = 0
        while position < len(self.known):
            yield self.known[position]
            position += 1


def require_faults(faults: object) -> tuple[Fault, ...]:
    """Return *faults* as a tuple.

    Raises:
        TypeError: they are no faults.
        ValueError: one may happen less than once.
    """
    if isinstance(faults, Fault) or not isinstance(faults, (list, tuple)):
        raise TypeError(f"faults is a list, such as faults=[Interrupt()], not {faults!r}")
    for fault in faults:
        if not isinstance(fault, Fault):
            raise TypeError(f"a fault is an Interrupt, a Handler or a Finalizer, not {fault!r}")
        if isinstance(fault.times, bool) or fault.times < 1:
            raise ValueError(f"a fault happens at least once: times={fault.times!r}")
    return tuple(faults)
