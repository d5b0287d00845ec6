"""Operations: what a thread announces before it does it.

An operation is announced, then scheduled, then executed by its own thread. It says whether it is enabled and what
it would touch if it were executed *now*; both are asked again at each step, because the answer may depend on the
state: a try-lock that fails only reads the lock.
"""

from typing import TYPE_CHECKING

from treadle.sched.access import Access, Accesses, Location, Mode

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread


class Operation:
    """An operation that is always enabled and always touches the same things."""

    __slots__ = ("fixed", "kind", "target")

    #: What it touches depends on the state in which it is executed.
    varies = False
    # Of its class, noted because the question itself takes longer at each step than the answer is worth:
    #: what it touches has to be asked for, and is not just what is `fixed`.
    asked = False
    #: There are states in which it is not enabled.
    conditional = False
    #: There are states in which its thread would only do again what it has done.
    parks = False
    #: A blocking acquisition: it can only be exchanged with the acquisition before it, never with the release.
    blocking = False
    #: It gives up at a deadline.
    timed = False
    #: How many of its accesses, at the end, only say for what changes it waits.
    watched = 0
    #: What it does is undone by the same thread, mostly, as acquiring is by releasing; or nobody sees it.
    passing = False
    #: In another state it may touch memory of any kind.
    unbounded = False
    #: What it touches is looked for again when it is executed, and may have been named only then.
    finds = False
    #: A turn of a loop that changes nothing may begin with it.
    heads = True
    #: It can only be followed by the operations that wait for it, never exchanged with them.
    enabling = False

    def __init_subclass__(cls) -> None:
        if "accesses" in vars(cls) and "varies" not in vars(cls):
            cls.varies = True
        cls.asked |= "accesses" in vars(cls) or "performed" in vars(cls)
        cls.conditional |= "enabled" in vars(cls)
        cls.parks |= "sleeps" in vars(cls)

    def __init__(self, kind: str, target: Location, mode: Mode | None = None, *more: Access) -> None:
        self.kind = kind
        self.target = target
        self.fixed: Accesses = more if mode is None else ((target, mode), *more)

    def accesses(self, thread: "ControlledThread") -> Accesses:
        """Return what the operation touches if *thread* executes it in the present state.

        Every location it may touch in any state is among `fixed` and those returned in any one state, or is of the
        kind of one of them.
        """
        return self.fixed

    def performed(self, thread: "ControlledThread") -> Accesses:
        """Return what the operation touches, now that *thread* executes it."""
        return self.accesses(thread)

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses] | None:
        """Return what it touches while its target is free, and while it is held; None if that is not what decides."""
        return None

    def forget(self) -> None:
        """Let go of the program's objects, once executed: steps are kept to the execution's end, and finalizers matter."""

    def enabled(self, thread: "ControlledThread") -> bool:
        """Say whether *thread* can execute the operation in the present state."""
        return True

    def sleeps(self, thread: "ControlledThread") -> bool:
        """Say whether *thread* would only do again what it has done, because nothing has changed."""
        return False

    def deadline(self, thread: "ControlledThread") -> float | None:
        """Return when the operation gives up, on the virtual clock, if all it can do now is to give up."""
        return None

    @property
    def signature(self) -> tuple[str, str]:
        """The operation's identity over executions that made the same choices."""
        return self.kind, self.target.name

    def __str__(self) -> str:
        return f"{self.kind} {self.target.name}"


class Place:
    """A location with nothing but a name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
