"""The interface between the engine and a policy, and the path of decisions that systematic policies share."""

from typing import Protocol

from treadle.sched.errors import NondeterminismError
from treadle.sched.world import ControlledThread, World


class Strategy(Protocol):
    """A policy over one tape of choices."""

    @property
    def exhaustive(self) -> bool:
        """Whether running out of executions means that everything within the bound was covered."""

    @property
    def bound(self) -> str | None:
        """What limits the coverage, in words; None when nothing does."""

    def restart(self) -> None:
        """Forget everything: the program's operations have changed."""

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        """Return one of *enabled* (never empty), or None to cut the execution short."""

    def more(self, world: World) -> bool:
        """Learn from the execution that has just ended; say whether there is another one to make."""


class Node:
    """One decision on the current path."""

    __slots__ = ("backtrack", "chosen", "enabled", "kind", "name", "preemptions", "running", "sleep")

    def __init__(self, enabled: list[int], running: int | None) -> None:
        self.enabled = enabled  #: who could go, in order of creation
        self.running = running  #: who executed the step before
        self.chosen = -1  #: who goes in the present execution
        self.kind: str | None = None  #: what the chosen thread does, None before it was seen
        self.name: str | None = None
        self.backtrack: set[int] = set()  #: whose turn must be explored here, done ones included
        self.sleep: set[int] = set()  #: whose turn need not be explored (again) here
        self.preemptions = 0  #: preemptions before this decision


class Path:
    """The decisions of the current execution: a prefix that is replayed, then new ones.

    While replaying, every step is compared with what was seen before, so that a program which is not deterministic
    is caught at the first operation that differs.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.depth = 0

    def replay(self, world: World, enabled: list[ControlledThread]) -> ControlledThread:
        """Return the thread chosen at this depth of the prefix."""
        node = self.nodes[self.depth]
        self.depth += 1
        if [thread.index for thread in enabled] != node.enabled:
            raise _different(world, self.depth, node, enabled)
        chosen = world.threads[node.chosen]
        operation = chosen.pending
        assert operation is not None
        if node.kind is None:
            node.kind, node.name = operation.kind, operation.target.name
        elif node.kind != operation.kind or node.name != operation.target.name:
            raise _different(world, self.depth, node, enabled)
        return chosen

    def extend(self, node: Node, chosen: ControlledThread) -> ControlledThread:
        """Add a new decision for *chosen*."""
        operation = chosen.pending
        assert operation is not None
        node.chosen, node.kind, node.name = chosen.index, operation.kind, operation.target.name
        self.nodes.append(node)
        self.depth += 1
        return chosen


def _different(world: World, step: int, node: Node, enabled: list[ControlledThread]) -> NondeterminismError:
    now = {thread.index: thread for thread in enabled}
    if node.chosen in now and list(now) == node.enabled:
        thread = now[node.chosen]
        before, after = f"{node.kind} {node.name}", str(thread.pending)
        what = f"{thread.label} was about to {before} before, and to {after} now"
    else:
        labels = {thread.index: f"{thread.label} ({thread.pending})" for thread in world.threads}
        able = ", ".join(labels[index] for index in now)
        before = ", ".join(labels.get(index, f"thread {index}") for index in node.enabled)
        what = f"the threads that could run were {before} before, and are {able} now"
    return NondeterminismError(
        f"the program is not deterministic: after the same {step - 1} steps, {what}. "
        "Look for state kept between executions, real time, randomness, or the order of a set of objects."
    )


def by_preference(
    enabled: list[ControlledThread], running: ControlledThread | None
) -> list[ControlledThread]:
    """Order *enabled* so that the thread that ran last comes first: the first execution has no preemption."""
    if running in enabled:
        return [running, *(thread for thread in enabled if thread is not running)]
    return enabled
