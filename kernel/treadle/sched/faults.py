"""Faults as choices: an interrupt, a signal handler or a finalizer at any point of a thread.

A fault happens to one thread, just before what that thread does next, and nothing else sees it happen: what others can
see is what the thread does afterwards, and that is scheduled like all it does. So *where in its thread* a fault happens
is all there is to choose, and for each such place the interleavings are explored as ever. `points` says where that is.

A `with` statement on a lock releases it in C, where nothing can happen in between: that release is no point.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, get_args

from treadle.sched.operation import Operation, Place
from treadle.sched.points import ACCESS, END, SIGNAL, UNSEEN, after_a_call, instrumented_caller

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread, World

#: The path of the thread that runs the program.
_MAIN = "0"

#: Where an interrupt or a handler may come: at any point, or only where CPython runs signal handlers.
At = Literal["any", "signals"]

_POINTS: dict[At, int] = {"any": ACCESS | SIGNAL | UNSEEN, "signals": SIGNAL | UNSEEN}


@dataclass(frozen=True)
class Interrupt:
    """Raise *error* in the thread named *thread*, the program's main one without a name, as Ctrl-C does.

    An error that was raised so and leaves its thread is no failure. It happens at most *times* times in an execution.
    With *at* "signals" it comes only where CPython runs signal handlers: as a function begins, as a loop goes on, when
    what is written in C has returned, its result then lost, and while the thread is blocked.
    """

    thread: str | None = None
    error: type[BaseException] = KeyboardInterrupt
    times: int = 1
    at: At = "any"

    @property
    def points(self) -> int:
        """At which points it can come."""
        return _POINTS[self.at]

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

    What it raises goes through the thread. It is run at most *times* times in an execution, and with *at* "signals" only
    where CPython runs signal handlers, as for `Interrupt`.
    """

    function: Callable[[], object]
    thread: str | None = None
    times: int = 1
    at: At = "any"

    @property
    def points(self) -> int:
        """At which points it can come."""
        return _POINTS[self.at] | END

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

    #: It raises nothing, so that only what comes before it and after it matters.
    points: ClassVar[int] = ACCESS | UNSEEN | END

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
    point: int  #: of those at which the fault can come; the first is 1

    def __str__(self) -> str:
        return f"f{self.fault}@{self.thread}@{self.point}"


#: What happens in an execution, in the order of injections.
Plan = tuple[Injection, ...]


class Faults:
    """The faults of one execution: those of its plan, and which points there were for more."""

    def __init__(self, faults: tuple[Fault, ...], plan: Plan) -> None:
        self._faults = faults
        self.plan = plan
        self._masks = [fault.points for fault in faults]
        self._points: dict[tuple[int, str], int] = {}  #: so far, of each fault in each thread
        self.open: set[Injection] = set()  #: where a fault could happen

    def can_hit(self, thread: "ControlledThread") -> bool:
        """Say whether any of them can happen to *thread*."""
        return any(fault.hits(thread) for fault in self._faults)

    def before(self, thread: "ControlledThread") -> None:
        """*thread* is about to do something that others may see."""
        if not thread.masked:
            self.reach(thread, ACCESS if instrumented_caller() else UNSEEN)

    def after(self, thread: "ControlledThread") -> None:
        """What stands in for a function in C has done its work for *thread*, and returns."""
        if not thread.masked and not thread.world.over and after_a_call():
            self.reach(thread, SIGNAL)

    def waiting(self, thread: "ControlledThread") -> Fault | None:
        """*thread* is about to wait in C, if it has to; return what happens to it meanwhile."""
        if thread.masked or not instrumented_caller():  # otherwise the point before it is the same
            return None
        return next(iter(self._due_at(thread, SIGNAL)), None)

    def reach(self, thread: "ControlledThread", point: int) -> None:
        """Note that *thread* is at its next point, and let happen what the plan says."""
        for fault in self._due_at(thread, point):
            self.happen(fault, thread)

    def happen(self, fault: Fault, thread: "ControlledThread") -> None:
        """Let *fault* happen to *thread*, which is running."""
        if thread.world.observer is not None:
            thread.world.observer(thread, Operation("fault:", Place(str(fault))))
        fault.happen(thread.world)

    def _due_at(self, thread: "ControlledThread", point: int) -> list[Fault]:
        """Count a point for each fault that can come there, and return those that do."""
        path, due = thread.path, []
        for index, fault in enumerate(self._faults):
            if point & self._masks[index] and fault.hits(thread):
                number = self._points[index, path] = self._points.get((index, path), 0) + 1
                injection = Injection(index, path, number)
                if injection in self.plan:
                    due.append(fault)
                else:
                    self.open.add(injection)
        return due


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
        if not isinstance(fault, Finalizer) and fault.at not in get_args(At):
            raise ValueError(f"a fault comes at 'any' point or at 'signals', not at={fault.at!r}")
    return tuple(faults)
