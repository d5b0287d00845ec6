"""Threads that go round a loop and learn nothing: found, and parked until something they looked at has changed.

A turn of such a loop begins and ends with the thread in the same state, has changed nothing and has let go of all it
held, and nothing it looked at has been written since. To go round again is to do the same again, so the executions in
which the thread waits at the head of the loop are all that can differ. When nobody is left who could change what is
looked at, that is a livelock.

A turn is judged as a whole: what it did to a lock, say, was undone by its end. So it is no change for those who wait
since before it began, and for the turns of others that go on since then; it is one for who saw it half done.
"""

import ast
import dis
import enum
import queue
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import _base
from concurrent.futures import thread as executors
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, cast

from treadle.sched.access import READ, Accesses, Location
from treadle.sched.loops import NONE, Loops, calls, counts_up, leaves_no_trace, loops_around, values_of
from treadle.sched.operation import Operation
from treadle.sched.threads import run_main, run_thread

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread, Turn, World

_OURS = str(Path(__file__).parent)
_LIBRARY = tuple(str(module.__file__) for module in (threading, queue, executors, _base))


class Await(Operation):
    """An operation with which a thread would begin a turn that changes nothing, until one of *reads* is written."""

    __slots__ = (
        "blocking",
        "confirming",
        "enabling",
        "finds",
        "inner",
        "looked_at",
        "passing",
        "reads",
        "since",
        "timed",
        "unbounded",
        "varies",
        "watched",
    )

    def __init__(self, inner: Operation, looked_at: Iterable[Location], since: int) -> None:
        self.kind, self.target = inner.kind, inner.target
        self.inner = inner
        self.looked_at = tuple(looked_at)
        own = {location for location, _ in inner.fixed}
        self.reads: Accesses = tuple((location, READ) for location in self.looked_at if location not in own)
        self.watched = len(self.reads)
        self.since = since  #: the steps when it was announced
        self.fixed = inner.fixed + self.reads
        self.blocking, self.timed = inner.blocking, inner.timed
        self.enabling, self.varies, self.passing = inner.enabling, inner.varies, inner.passing
        self.finds, self.unbounded = inner.finds, inner.unbounded
        self.confirming = False  #: it may go round once more, because nobody else can do anything

    def accesses(self, thread: "ControlledThread") -> Accesses:
        return self.inner.accesses(thread) + self.reads

    def performed(self, thread: "ControlledThread") -> Accesses:
        return self.inner.performed(thread) + self.reads

    def alternatives(self, thread: "ControlledThread") -> tuple[Accesses, Accesses] | None:
        found = self.inner.alternatives(thread)
        return None if found is None else (found[0] + self.reads, found[1] + self.reads)

    def enabled(self, thread: "ControlledThread") -> bool:
        return self.inner.enabled(thread)

    def deadline(self, thread: "ControlledThread") -> float | None:
        return self.inner.deadline(thread)

    def sleeps(self, thread: "ControlledThread") -> bool:
        """Say whether nothing that *thread* looked at has been written since."""
        if self.confirming:
            return False
        return not thread.world.history.changed_since(self.looked_at, self.since)


def look(thread: "ControlledThread", operation: Operation) -> Operation:
    """Return what *thread* announces: *operation*, or its wait for a change if it goes round and learns nothing."""
    frame: FrameType | None = sys._getframe(3)  # what calls `announce` is ours
    while frame is not None:  # most steps stand in no loop, and this is all that they pay
        code = id(frame.f_code)
        if code not in _calm:
            if code in _BASES:
                return operation
            if (code, frame.f_lasti) not in _calm_places:
                break
        frame = frame.f_back
    return operation if frame is None else _look(thread, operation, sys._getframe(3))


def _look(thread: "ControlledThread", operation: Operation, here: FrameType) -> Operation:
    frames = _frames_from(here)
    if frames is None:
        return operation
    key = tuple((id(frame.f_code), frame.f_lasti) for frame, _ in frames)
    values: list[object] = []
    for frame, loops in frames:
        found = values_of(frame, loops.assigned) if loops.nodes else ()
        if found is None:
            return operation
        values.append(found)
    free = getattr(thread.world.chooser, "is_free", None)
    if free is not None and free(thread):
        return operation  # no step in the execution that is being written down, so no place to wait at
    before = thread.marks.get(key)
    thread.marks[key] = (tuple(values), len(thread.turn), thread.counts.get("Lock", 0))
    if before is None or before[0] != tuple(values):
        return operation
    turn = thread.turn[before[1] :]
    if not turn or not _is_over(thread, turn, before[2]) or not _is_harmless(frames, key):
        return operation
    history = thread.world.history
    history.was_in_vain([step.position for step in turn])
    history.end_trial(thread.index)
    reads = dict.fromkeys(location for step in turn for location, _ in step.accesses)
    return Await(operation, reads, len(thread.world.steps))


class _Kind(enum.Enum):
    """What a frame's code may be."""

    OURS = enum.auto()
    LIBRARY = enum.auto()  #: of the modules whose waits are understood
    STRAIGHT = enum.auto()  #: the program's, without a loop
    LOOPING = enum.auto()


#: Kinds, and loops by instruction, of codes by identity: to compare codes would take long. They are kept alive.
_kinds: dict[int, tuple[_Kind, CodeType]] = {}
_loops: dict[tuple[int, int], Loops | None] = {}
#: Of the functions that call a thread's own code: there is nothing of the program's outside.
_BASES = frozenset((id(run_main.__code__), id(run_thread.__code__)))
#: Those in which nobody can spin, wherever they stand; and where nobody can in the others.
_calm: set[int] = set()
_calm_places: set[tuple[int, int]] = set()


def _kind(code: CodeType) -> _Kind:
    if code.co_filename.startswith(_OURS):
        kind = _Kind.OURS
    elif code.co_filename.startswith(_LIBRARY):
        kind = _Kind.LIBRARY
    else:
        jumps = any("JUMP_BACKWARD" in instruction.opname for instruction in dis.get_instructions(code))
        kind = _Kind.LOOPING if jumps else _Kind.STRAIGHT
    _kinds[id(code)] = kind, code
    if kind is not _Kind.LOOPING and id(code) not in _BASES:
        _calm.add(id(code))
    return kind


def _frames_from(here: FrameType) -> list[tuple[FrameType, Loops]] | None:
    """Return the frames of the running thread with the loops round where each stands, if one may spin."""
    found: list[tuple[FrameType, Loops]] = []
    spins = False
    frame: FrameType | None = here
    while frame is not None:
        code = frame.f_code
        known = _kinds.get(id(code))
        kind = _kind(code) if known is None else known[0]
        if kind is _Kind.LOOPING:
            place = id(code), frame.f_lasti
            if place not in _loops:
                _loops[place] = loops_around(code, frame.f_lasti)
            loops = _loops[place]
            if loops is None:
                return None
            if loops.spins:
                spins = True
            else:
                _calm_places.add(place)
            found.append((frame, loops))
        elif kind is not _Kind.OURS:
            found.append((frame, NONE))
        frame = frame.f_back
    return found if spins else None


def _is_over(thread: "ControlledThread", turn: "list[Turn]", locks: int) -> bool:
    """Say whether *turn* has changed nothing, and nobody has changed since what it looked at.

    Locks that were made since there were so many *locks*, to wait in vain, are gone.
    """
    made = {f"Lock {thread.path}/{number + 1}" for number in range(locks, thread.counts.get("Lock", 0))}
    written: set[Location] = set()
    for step in turn:
        written.update(location for location, mode in step.accesses if mode is not READ)
        if step.operation.timed and thread.world.learned.clock:
            return False  # the time that has passed can be seen
    if any(getattr(location, "holder", None) is thread and location.name not in made for location in written):
        return False
    steps = range(turn[0].position, turn[-1].position + 1)
    return not thread.world.history.is_disturbed(steps, thread.index)


#: Stacks, as codes and instructions, from which a turn leaves something behind.
_harmful: set[tuple[tuple[int, int], ...]] = set()


def _is_harmless(frames: list[tuple[FrameType, Loops]], stack: tuple[tuple[int, int], ...]) -> bool:
    """Say whether whatever can lead from here to here again leaves nothing behind but what was announced."""
    if stack in _harmful:
        return False
    last = max(place for place, (_, loops) in enumerate(frames) if loops.spins)
    harmless = all(
        _is_harmless_in(frame, loops, outermost=place == last) and (place < last or _is_called(frames, place))
        for place, (frame, loops) in enumerate(frames)
        if not frame.f_code.co_filename.startswith(_LIBRARY)
    )
    if not harmless:
        _harmful.add(stack)
    return harmless


def _is_harmless_in(frame: FrameType, loops: Loops, *, outermost: bool) -> bool:
    whiles = [node for node in loops.nodes if isinstance(node, ast.While)]
    for node in loops.nodes:
        if isinstance(node, ast.For):
            if not counts_up(frame, node):
                return False
        elif not leaves_no_trace(frame, node, alone=len(whiles) == 1 and outermost):
            return False
    return True


def _is_called(frames: list[tuple[FrameType, Loops]], place: int) -> bool:
    """Say whether a frame that spins, or is outside one that does, was called once from where its caller stands.

    A function in C could have called it several times.
    """
    if place + 1 == len(frames):
        return True
    frame, caller = frames[place][0], frames[place + 1][0]
    if caller.f_code.co_filename.startswith(_LIBRARY):
        return caller.f_code.co_name == "run"
    return calls(caller, frame.f_code)


def sleepers(threads: "list[ControlledThread]") -> "list[ControlledThread]":
    """Return who of *threads* would go round and learn nothing."""
    return [
        thread for thread in threads if isinstance(thread.pending, Await) and thread.pending.sleeps(thread)
    ]


def wake_one(world: "World") -> "ControlledThread | None":
    """Let one of those that wait for a change go round once more, unless all have since anybody else did anything.

    Memory that is not instrumented may have changed.
    """
    for thread in sleepers(world.threads):
        if thread.checked < 0 or world.history.progressed_since(thread.checked):
            thread.checked = len(world.steps)
            cast("Await", thread.pending).confirming = True
            world.history.trial = thread.index, len(world.steps)
            return thread
    return None


def who_spins(world: "World") -> str:
    """Describe a livelock: who goes round where, and who waits for what beside."""
    spinning = {thread.label: cast("Await", thread.pending) for thread in sleepers(world.threads)}
    lines = ["livelock: no thread can change what the others wait for"]
    for label, wait, place in world.stuck:
        at = f" at {place}" if place else ""
        if label in spinning:
            names = (
                ", ".join(dict.fromkeys(location.name for location in spinning[label].looked_at)) or "nothing"
            )
            lines.append(f"  {label} goes round{at}, looking at {names}")
        else:
            lines.append(f"  {label} {wait}{at}")
    return "\n".join(lines)
