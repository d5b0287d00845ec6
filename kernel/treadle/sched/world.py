"""One controlled execution: its threads, its clock, and the loop that decides who runs next.

Each thread is a greenlet, and all of them share one operating-system thread. A thread runs until it reaches its
next visible operation and *announces* it; only then is it *decided* which of the announced operations is executed
next, by the thread it belongs to. Between a decision and the next announcement exactly one thread runs, so the
set of enabled threads is always exact.

Starting a thread, joining it without a timeout, and its end are not decisions: a new thread runs at once to its
first announcement, and so does a joiner when what it joined has ended.

Rules: this file knows no primitive, no strategy and nothing of source code.
"""

import contextlib
import contextvars
import enum
import functools
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, Protocol

from greenlet import GreenletExit, getcurrent, greenlet

from treadle.sched import runtime
from treadle.sched.access import READ, TICK, WRITE, Accesses
from treadle.sched.carriers import Carriers
from treadle.sched.causality import Causality
from treadle.sched.errors import CheckError, NondeterminismError, ScheduleError, UncontrolledError
from treadle.sched.history import History
from treadle.sched.operation import Operation, Place
from treadle.sched.points import UNSEEN

if TYPE_CHECKING:
    from random import Random

    from treadle.sched.faults import Faults

#: Operations that a thread may still begin while it is being unwound, before it is left suspended for good.
UNWINDING_PATIENCE = 1_000

#: How much later than its deadline a thread finds its time to have run out, by its own reading.
_LATE = 1e-6

#: Threads that refuse to be unwound: kept, because dropping a suspended greenlet would run them again.
_unwindable: list[greenlet] = []

Timeouts = Literal["explore", "idle"]


class Outcome(enum.Enum):
    """How an execution ended."""

    COMPLETE = "complete"  #: every thread the program waits for ran to its end
    DEADLOCKED = "deadlocked"  #: a thread the program waits for can never run again
    CUT = "cut"  #: the strategy saw that the rest has been explored already
    LIMIT = "limit"  #: the step limit was reached
    RELEARN = "relearn"  #: the program looked at something that must become an operation first
    ABORTED = "aborted"  #: the check itself has to stop


class Turn(NamedTuple):
    """A step that left nothing behind."""

    position: int
    operation: Operation
    accesses: Accesses


class _End(Operation):
    """The end of a thread, where the program polls for it."""

    __slots__ = ()
    enabling = True


class _Exit(Operation):
    """The end of the program, which daemons do not outlive; it waits for all other threads."""

    __slots__ = ()

    def enabled(self, thread: "ControlledThread") -> bool:
        return thread.world.may_exit()


class ControlledThread:
    """A thread of the program under test."""

    __slots__ = (
        "body",
        "checked",
        "counts",
        "daemon",
        "deadline",
        "digest",
        "due",
        "elapsed",
        "ended",
        "greenlet",
        "hand_back",
        "ident",
        "index",
        "joiners",
        "label",
        "locals",
        "marks",
        "masked",
        "name",
        "path",
        "pending",
        "random",
        "turn",
        "unwinding",
        "waits_for",
        "within",
        "world",
    )

    def __init__(self, world: "World", index: int, path: str, label: str, ident: int, daemon: bool) -> None:
        self.world = world
        self.index = index  #: order of creation, which is the same whenever the choices are
        self.path = path  #: who created it, and as which of its children
        self.digest = zlib.crc32(path.encode())  #: what is named by a number is named after that
        self.label = label  #: what the program calls it
        self.name = f"thread {path}"
        self.ident = ident
        self.daemon = daemon
        self.pending: Operation | None = None  #: announced and not yet executed
        self.waits_for: ControlledThread | None = None  #: the thread whose end it joins
        self.joiners: list[ControlledThread] = []
        self.hand_back: greenlet | None = None  #: who advanced it to its next announcement
        self.ended = False
        self.deadline = 0.0  #: of the timed operation it announced, on the virtual clock
        self.elapsed = 0.0  #: the time that it knows to have passed, because its own timed waits ran out
        self.due = 0.0  #: the deadline on that clock
        self.locals: list[
            Callable[[ControlledThread], None]
        ] = []  #: called at its end, to forget its own data
        self.turn: list[Turn] = []  #: its latest steps that left nothing behind
        self.marks: dict[object, tuple[object, int, int]] = {}  #: where it was meanwhile, in which state
        self.checked = -1  #: the steps made when it last went round although it had learned nothing
        self.counts: dict[str, int] = {}  #: objects made so far, per kind
        self.random: Random | None = None  #: the numbers that it draws, once it has drawn one
        self.masked = False  #: no fault can happen to it
        #: What C code that it runs touches, where that calls the program's code.
        self.within: Callable[[], Accesses] | None = None
        self.unwinding = 0  #: operations begun since the execution was given up
        self.body: Callable[[], None] | None = None
        self.greenlet: greenlet

    def announce(self, operation: Operation) -> None:
        """Announce *operation* and return when it is this thread's turn to execute it."""
        world = self.world
        if world.over or self.ended:
            if not self.ended:
                self._unwind()
            return
        if world.faults is not None and getattr(operation.target, "kind", None) is None:
            world.faults.before(self)  # accesses to memory were there before they were announced
        self.pending = operation
        if world.look is not None and operation.heads:
            self.pending = world.look(self, operation)
        self._give_way()
        self.pending = None

    def join(self, target: "ControlledThread") -> None:
        """Return when *target* has ended."""
        world = self.world
        if world.over:
            self._unwind()
            return
        if world.faults is not None:
            world.faults.reach(self, UNSEEN)
        if target.ended:
            world.history.joined(self.index, target.index)
            return
        self.waits_for = target
        target.joiners.append(self)
        self._give_way()
        self.waits_for = None

    def _give_way(self) -> None:
        """Let whoever is chosen run, and return when this thread is."""
        if self.hand_back is None:
            chosen = self.world.decide()
            if chosen is not self:
                (self.world.hub if chosen is None else chosen.greenlet).switch()
        else:
            back, self.hand_back = self.hand_back, None
            back.switch()
        runtime.current = self

    def new_name(self, kind: str) -> str:
        """Name an object this thread is making: the same name in every execution with the same choices."""
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind} {self.path}/{number}"

    def _unwind(self) -> None:
        self.unwinding += 1
        if self.unwinding == 1:
            raise GreenletExit
        if self.unwinding > UNWINDING_PATIENCE:
            _unwindable.append(self.greenlet)
            self.world.hub.switch()


class Learned:
    """What a program was seen to look at; such things become operations, at some cost, in later executions."""

    def __init__(self) -> None:
        self.ends = False  #: whether a thread is alive: the end of a thread is then an operation
        self.clock = False  #: the time: starting a timed wait then reads the clock, and a timeout moves it
        self.foreign = (
            False  #: somebody releases a lock that another holds: whoever holds it may ask whether it does
        )
        self.width = 4  #: how many threads there may be
        self.everything = False  #: every access to instrumented memory is an operation
        #: Kinds of memory that threads were seen to race for: touching them is an operation.
        self.shared: set[object] = set()
        #: Classes whose objects' attributes are touched through `__dict__` too.
        self.namespaces: set[tuple[str, str]] = set()
        #: Attributes that were stored to on a class, or over what a class has: they are not constant.
        self.stored: set[str] = set()
        #: Classes whose objects' ends were seen to be seen: by name, as by weak references.
        self.watched: set[object] = set()
        #: Classes whose objects were given another `__dict__`, which may be that of others, too.
        self.aliased: set[tuple[str, str]] = set()
        self.unseen: set[str] = set()  #: where it runs source text whose accesses are not seen
        self.whole: set[str] = set()  #: code whose own steps are not seen, and that was in a race
        self.evicting = False  #: a function's cache was full, and forgot something
        self.varying = False  #: an operation touched something else than when it was announced
        self.news = False  #: the execution that runs found another kind


class Chooser(Protocol):
    """What a world asks at each step; every strategy is one."""

    def choose(self, world: "World", enabled: list[ControlledThread]) -> ControlledThread | None:
        """Return one of *enabled* (never empty), or None to cut the execution short."""


class World:
    """The state of one execution."""

    __slots__ = (
        "__weakref__",
        "_reducing",
        "barrier",
        "carriers",
        "chooser",
        "clock",
        "cycle",
        "error",
        "exited",
        "failed",
        "failed_after",
        "failure",
        "faults",
        "history",
        "hub",
        "injected",
        "interrupt",
        "last",
        "learned",
        "leaver",
        "livelock",
        "look",
        "max_steps",
        "observer",
        "on_access",
        "on_settle",
        "on_stop",
        "outcome",
        "outlived",
        "over",
        "patience",
        "plain",
        "seed",
        "shared",
        "stack_size",
        "steps",
        "stuck",
        "threads",
        "tick",
        "timeouts",
        "unscheduled",
        "wake_one",
    )

    time = Place("clock")
    read_clock = Operation("read", time, READ)
    program = Place("program")
    exit = _Exit("exit", program, WRITE)
    lifetime: Accesses = ((program, READ),)  #: a daemon's timer fires only while the program runs

    def __init__(
        self,
        chooser: Chooser,
        *,
        timeouts: Timeouts = "explore",
        max_steps: int = 100_000,
        learned: "Learned | None" = None,
        seed: int = 0,
        carriers: Carriers | None = None,
        reducing: bool = True,
        history: type[History] = Causality,
    ) -> None:
        self.chooser = chooser
        self._reducing = reducing  #: the chooser asks what each step could have come before
        self.carriers = Carriers() if carriers is None else carriers
        #: Finds out whether a thread that announces something goes round a loop and learns nothing.
        self.look: Callable[[ControlledThread, Operation], Operation] | None = None
        self.wake_one: Callable[[World], ControlledThread | None] = lambda _: None
        self.livelock = ""  #: who goes round where, if that is how it ended
        self.timeouts = timeouts
        self.max_steps = max_steps
        self.learned = Learned() if learned is None else learned
        self.seed = seed  #: of the numbers that the threads draw
        self.threads: list[ControlledThread] = []
        self.last: ControlledThread | None = None  #: who executed the last step
        self.steps: list[int] = []  #: the schedule: whose operation was executed, step by step
        #: As `Learned.shared`; what is learned while the execution runs is for the next one.
        self.shared = frozenset(self.learned.shared)
        #: Nothing was seen to touch attributes through `__dict__`, nor to assign to `__class__`.
        self.plain = not self.learned.namespaces and "__class__" not in self.learned.stored
        self.history = history(self.learned.width)
        self.over = False
        self.outcome = Outcome.ABORTED
        self.error: CheckError | None = None  #: why the check has to stop
        self.failure: BaseException | None = None  #: the first exception that left a thread
        self.failed: ControlledThread | None = None
        self.failed_after = 0  #: steps until then
        self.interrupt: BaseException | None = None  #: a real Ctrl-C or a strategy's, for the caller of check
        self.outlived = False  #: there are daemons, so that the program's exit matters
        self.leaver: ControlledThread | None = None  #: whose only operation is the program's exit
        self.exited = False  #: every thread the program waits for has ended
        self.clock = 1_000.0
        self.stack_size = 0  #: what the program asked for
        self.tick: Accesses = ((self.time, TICK),) if self.learned.clock else ()  #: a timeout moves the clock
        self.observer: Callable[[ControlledThread, Operation], None] | None = None
        self.faults: Faults | None = None
        self.injected: list[BaseException] = []  #: what faults raised
        self.on_access: Callable[[ControlledThread, Accesses], None] | None = None
        self.on_settle: Callable[[], bool] | None = None
        self.on_stop: Callable[[], None] | None = None
        self.stuck: list[tuple[str, str, str]] = []  #: who waited for what at the end, and where
        self.cycle = ""  #: who of these waited for each other
        self.hub = getcurrent()
        self.barrier = False
        self.unscheduled = 0  #: accesses to memory since the last step that were no steps
        self.patience = 10 * max_steps  #: how many there may be

    # -- threads ------------------------------------------------------------------------------------------------

    def spawn(self, body: Callable[[], None], label: str, ident: int, *, daemon: bool) -> ControlledThread:
        """Make a thread that will run *body*; it does not run before `advance`."""
        parent = runtime.current
        if parent is None:
            path = "0"
        else:
            number = parent.counts["thread"] = parent.counts.get("thread", 0) + 1
            path = f"{parent.path}.{number}"
        thread = self._new_thread(path, label, ident, daemon=daemon)
        thread.masked = self.faults is not None and not self.faults.can_hit(thread)
        thread.body = body
        self.outlived |= daemon
        if thread.index >= self.history.width:
            self.learned.width *= 2  # for the next execution: the clocks have no room for it in this one
            self.relearn()
        if parent is not None:
            self.history.spawned(parent.index, thread.index)
        return thread

    def _new_thread(self, path: str, label: str, ident: int, *, daemon: bool) -> ControlledThread:
        thread = ControlledThread(self, len(self.threads), path, label, ident, daemon)
        thread.greenlet = self.carriers.carry(functools.partial(self._live, thread), self.hub)
        self.threads.append(thread)
        return thread

    def advance(self, thread: ControlledThread) -> None:
        """Run *thread* to its next announcement, or to its end, without deciding anything."""
        me, here = runtime.current, getcurrent()
        thread.hand_back = here
        thread.greenlet.parent = here
        runtime.current = thread
        thread.greenlet.switch()
        runtime.current = me
        thread.greenlet.parent = self.hub

    def _live(self, thread: ControlledThread) -> greenlet:
        """Run *thread* to its end; return who goes on then."""
        body, thread.body = thread.body, None
        assert body is not None
        try:
            body()
            del body  # and with it whatever the thread alone refers to, while the thread can still act
            if not self.over:
                self._announce_end(thread)
        except GreenletExit:
            pass
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not self._is_injected(error):
                self.interrupt = error
                self.stop(Outcome.ABORTED)
            else:
                self.fail(thread, error)
            if not self.over:
                with contextlib.suppress(GreenletExit):
                    self._announce_end(thread)
        thread.ended = True
        thread.pending = None
        back, thread.hand_back = thread.hand_back, None
        if back is not None:
            return back
        chosen = None if self.over else self._release_joiners() or self.decide()
        return self.hub if chosen is None else chosen.greenlet

    def fail(self, thread: ControlledThread, error: BaseException) -> None:
        """Record that *error* left *thread*; one that a fault raised is none of the program's."""
        if self.over or self._is_injected(error):
            return
        if isinstance(error, CheckError):
            self.abort(error)
        elif self.failure is None:
            self.failure, self.failed = error, thread
            self.failed_after = len(self.steps)

    def _is_injected(self, error: BaseException) -> bool:
        return any(error is injected for injected in self.injected)

    @property
    def running(self) -> ControlledThread:
        """The thread whose code is running."""
        thread = runtime.current
        assert thread is not None
        return thread

    def _announce_end(self, thread: ControlledThread) -> None:
        if self.learned.ends and thread is not self.leaver:
            thread.announce(_End("end", thread, WRITE))

    def may_exit(self) -> bool:
        """Say whether every thread that the program waits for has ended."""
        return not self._is_waited_for()

    def _announce_exit(self) -> None:
        """Let the program's exit be the next operation of a thread of its own.

        It is no part of the thread that ends last: which one that is depends on the order of independent steps.
        """
        leaver = self.leaver = self._new_thread("exit", "exit", 0, daemon=True)
        leaver.body = self._leave
        if leaver.index >= self.history.width:
            self.learned.width *= 2
            self.stop(Outcome.RELEARN)
            return
        for thread in self.threads:
            if not thread.daemon:
                self.history.joined(leaver.index, thread.index)
        leaver.pending = self.exit

    def _leave(self) -> None:
        self.exited = True

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self, body: Callable[[], None], label: str, ident: int) -> None:
        """Execute the program *body* from its beginning to an outcome."""
        self.carriers.begin()
        main = self.spawn(body, label, ident, daemon=False)
        main.greenlet.gr_context = contextvars.copy_context()  # other threads begin with an empty one
        try:
            runtime.current = main
            main.greenlet.switch()
        finally:
            if self.learned.news:
                self.learned.news = False
                self.outcome = Outcome.RELEARN
                if isinstance(self.error, (NondeterminismError, ScheduleError)):
                    self.error = (
                        None  # it was compared with executions, or a schedule, of which more was known
                    )
            self._note_left()
            if self.outcome is Outcome.DEADLOCKED and self.on_stop is not None:
                self.on_stop()
            self._unwind_all()
            runtime.current = None

    def _release_joiners(self) -> ControlledThread | None:
        """Let those go on that joined a thread which has ended; if that is a single one it is returned, to go first."""
        joined = [thread for thread in self.threads if thread.joiners and thread.ended]
        if not joined:
            return None
        released = [(joiner, thread) for thread in joined for joiner in thread.joiners]
        for joiner, thread in released:
            thread.joiners.clear()
            self.history.joined(joiner.index, thread.index)
        if len(released) == 1:
            runtime.current = first = released[0][0]
            return first
        for joiner, _ in released:
            self.advance(joiner)
        return self._release_joiners()

    def decide(self) -> ControlledThread | None:
        """Choose who executes its announced operation next; None when the execution is over."""
        if self.over:
            return None
        if self.outlived and self.leaver is None and self.may_exit():
            self._announce_exit()
            if self.over:
                return None
        enabled = [
            thread
            for thread in self.threads
            if (pending := thread.pending) is not None
            and not (pending.parks and pending.sleeps(thread))
            and (not pending.conditional or pending.enabled(thread))
        ]  # as `_enabled` says, with a call less
        barrier = False
        if not enabled:
            enabled = self._settle()
            barrier = bool(enabled) and self.timeouts == "idle"
        if not enabled:
            self.stop(Outcome.DEADLOCKED if self._is_waited_for() else Outcome.COMPLETE)
            return None
        if len(self.steps) >= self.max_steps:
            self.stop(Outcome.LIMIT)
            return None
        self.barrier = barrier
        self.unscheduled = 0
        me, runtime.current = runtime.current, None  # libraries that strategies use may be instrumented
        try:
            chosen = self.chooser.choose(self, enabled)
        except CheckError as error:
            self.abort(error)
            return None
        except BaseException as error:  # not the program's: whoever called `check` gets it
            self.interrupt = error
            self.stop(Outcome.ABORTED)
            return None
        if chosen is None:
            self.stop(Outcome.CUT)
            return None
        runtime.current = me
        operation = chosen.pending
        assert operation is not None
        self.history.step(
            chosen.index,
            operation,
            operation.performed(chosen) if operation.asked else operation.fixed,
            waits=self._reducing and self._waits(operation),
            barrier=barrier,
        )
        self.steps.append(chosen.index)
        if chosen.marks:
            self._note_turn(chosen, operation)
        elif self.history.trial is not None:
            self.history.end_trial(chosen.index)
        if self.observer is not None:
            self.observer(chosen, operation)
        self.last = chosen
        return chosen

    def _enabled(self) -> list[ControlledThread]:
        return [
            thread
            for thread in self.threads
            if (pending := thread.pending) is not None
            and not (pending.parks and pending.sleeps(thread))
            and (not pending.conditional or pending.enabled(thread))
        ]

    def _note_turn(self, thread: ControlledThread, operation: Operation) -> None:
        """Note whether the step that *thread* is about to make leaves anything behind."""
        accesses = self.history.steps[-1].accesses
        if operation.passing or all(mode is READ for _, mode in accesses):
            thread.turn.append(Turn(len(self.steps) - 1, operation, accesses))
        else:
            thread.turn.clear()
            thread.marks.clear()
            self.history.end_trial(thread.index)

    def _waits(self, operation: Operation) -> bool:
        """Say whether *operation* can only follow what enables it, and never be tried before."""
        return operation.blocking or (operation.timed and self.timeouts == "idle")

    def _settle(self) -> list[ControlledThread]:
        """Look for what can still happen when no operation is enabled."""
        me, runtime.current = runtime.current, None
        settled = self.on_settle is not None and self.on_settle()
        runtime.current = me
        if settled:
            enabled = self._enabled()
            if enabled:
                return enabled
        if self.exited:
            return []
        if self.timeouts == "explore":
            return self._go_round()
        due = [
            (t.pending.deadline(t), t)
            for t in self.threads
            if t.pending is not None and not t.pending.sleeps(t)
        ]
        waits = [(deadline, thread) for deadline, thread in due if deadline is not None]
        first = min((deadline for deadline, _ in waits), default=None)
        return [thread for deadline, thread in waits if deadline == first] or self._go_round()

    def _go_round(self) -> list[ControlledThread]:
        """Let one of those that wait for a change go round their loop once more, if that may help."""
        if self.history.end_trial():
            enabled = self._enabled()
            if enabled:
                return enabled
        woken = self.wake_one(self) if self._is_waited_for() else None
        return [] if woken is None else [woken]

    def _is_waited_for(self) -> bool:
        """Say whether a thread lives that the program waits for."""
        for thread in self.threads:  # noqa: SIM110 - a generator would take longer, and every execution ends here
            if not thread.ended and not thread.daemon:
                return True
        return False

    def stop(self, outcome: Outcome) -> None:
        """End the execution with *outcome*."""
        if not self.over:
            self.over = True
            self.outcome = outcome

    def abort(self, error: CheckError) -> None:
        """End the execution because the check itself cannot go on."""
        if self.error is None:
            self.error = error
        self.stop(Outcome.ABORTED)

    def refuse(self, reason: str) -> UncontrolledError:
        """Give the check up for *reason*; the caller raises what this returns, through the program's own code."""
        error = UncontrolledError(reason)
        self.abort(error)
        return error

    def _note_left(self) -> None:
        if not self._reducing:
            return
        for thread in self.threads:
            operation = thread.pending
            if operation is not None and not thread.ended:
                accesses, waits = operation.accesses(thread), self._waits(operation)
                blocked = not operation.enabled(thread)
                self.history.left(thread.index, operation, accesses, waits=waits, blocked=blocked)

    def _unwind_all(self) -> None:
        self.over = True
        for thread in self.threads:
            if not thread.ended and not thread.greenlet.dead:
                runtime.current = thread
                thread.unwinding = 1
                thread.greenlet.parent = self.hub
                thread.greenlet.throw(GreenletExit)

    def learn(self, *, ends: bool = False, clock: bool = False, foreign: bool = False) -> None:
        """Note what the program looks at, or does; if that is news, give this execution up: it must be made anew."""
        learned = self.learned
        if (ends and not learned.ends) or (clock and not learned.clock) or (foreign and not learned.foreign):
            learned.ends |= ends
            learned.clock |= clock
            learned.foreign |= foreign
            self.relearn()

    def relearn(self) -> NoReturn:
        """Give this execution up, because what was learned changes what its steps are."""
        self.stop(Outcome.RELEARN)
        raise GreenletExit

    def dispose(self) -> None:
        """Take apart what refers to itself, so that it is gone at once and not when the collector runs.

        What the execution was (its steps, its outcome, its failure) stays.
        """
        self.threads.clear()
        self.stuck.clear()
        self.history.clear()
        self.last = self.leaver = self.observer = self.on_access = self.on_settle = self.on_stop = None

    # -- time ---------------------------------------------------------------------------------------------------

    def may_expire(self) -> bool:
        """Say whether a timed wait may time out although something else can run."""
        return self.timeouts == "explore" and not self.exited

    def start_timer(self, thread: ControlledThread, seconds: float) -> None:
        """Set the deadline of the timed operation that *thread* is about to announce."""
        if self.learned.clock and self.timeouts == "explore":
            thread.announce(self.read_clock)
        thread.deadline = self.clock + seconds
        thread.due = thread.elapsed + seconds

    def expiry(self, thread: ControlledThread) -> Accesses:
        """Return what is touched, beside the operation's own location, when the time of *thread* runs out."""
        if self.timeouts == "idle":
            return ()  # it comes after everything before it anyway
        return self.tick + self.lifetime if thread.daemon else self.tick

    def expire(self, thread: ControlledThread) -> None:
        """Move the clock to the deadline of *thread*, whose time has run out."""
        self.clock = max(self.clock, thread.deadline)
        # A little later than that, as in reality: what is left of the timeout is then less than nothing.
        thread.elapsed = max(thread.due, self.clock if self.timeouts == "idle" else 0.0) + _LATE
