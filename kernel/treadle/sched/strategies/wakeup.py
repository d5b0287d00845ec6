"""Wake-up trees: the continuations that must still be explored from one decision.

A tree is an ordered list of branches, each a step and the branches after it. A sequence of steps is inserted unless
what the tree holds already covers it. Sequences come from one execution and trees from others, so that steps are
compared by what means the same in all of them: whose step it is, and the names of what it touches.
"""

import sys
from collections.abc import Iterable
from typing import NamedTuple

from treadle.sched.access import WRITE, Accesses, Location, Mode


class Touch(NamedTuple):
    """An access, named so that it can be compared with those of another execution.

    Where the name is empty it is to any location of that kind that has its name since a later decision.
    """

    name: str
    mode: Mode
    kind: object = (
        None  #: of a location whose name may be another where independent steps come in another order
    )
    since: int = 0  #: the decision before which the name was given


Touches = tuple[Touch, ...]


def certain(accesses: Accesses) -> Touches:
    """Return *accesses* to locations that had their names before the decision they are kept at."""
    return tuple(Touch(location.name, mode, kind_of(location)) for location, mode in accesses)


def kind_of(location: Location) -> object:
    """Return what is the same of *location* in every execution; None where its name is."""
    kind = getattr(location, "kind", None)
    return kind[0] if isinstance(kind, tuple) else None  # the class; a variable's kind is its name


#: The kind of what may be any memory.
ANY_MEMORY = object()


class Event:
    """A step of a sequence."""

    __slots__ = ("bit", "past", "touches", "who")

    def __init__(self, who: str, bit: int, past: int, touches: Touches) -> None:
        self.who = who  #: the thread, by who started it; the same in every execution
        self.bit = bit
        self.past = past  #: the bits of the steps that come before it, its own included
        self.touches = touches


class Branch:
    """A step to explore, and what to explore after it; nothing in particular where that is empty."""

    __slots__ = ("branches", "touches", "who")

    def __init__(self, who: str, touches: Touches = ()) -> None:
        self.who = who
        self.touches = touches
        self.branches: list[Branch] = []


class Sequence:
    """Steps of one execution, in an order in which they can be executed."""

    def __init__(self, events: list[Event]) -> None:
        self._set(events)

    def _set(self, events: list[Event]) -> None:
        self.events = events
        self._mask = 0
        self._first: dict[str, Event] = {}
        for event in events:
            self._mask |= event.bit
            self._first.setdefault(event.who, event)
        self._summary: Summary | None = None

    def can_begin_with(self, who: str) -> bool | None:
        """Say whether the sequence can begin with the first step of *who*; None if *who* has none."""
        event = self._first.get(who)
        return None if event is None else event.past & self._mask == event.bit

    def without_first(self, who: str) -> None:
        """Take the first step of *who* out."""
        gone = self._first[who]
        self._set([event for event in self.events if event is not gone])

    def is_independent_of(self, touches: Touches) -> bool:
        """Say whether exchanging the whole sequence with a step that makes *touches* can never matter."""
        if self._summary is None:
            self._summary = Summary(touch for event in self.events for touch in event.touches)
        return self._summary.is_independent_of(touches)

    def as_branch(self, decision: int) -> Branch:
        """Return the sequence as a branch of the tree at *decision*."""
        root = last = Branch("")
        for event in self.events:
            branch = Branch(event.who, tuple(_kept(touch, decision) for touch in event.touches))
            last.branches.append(branch)
            last = branch
        return root.branches[0]


def _kept(touch: Touch, decision: int) -> Touch:
    """Return what is known of *touch* in all executions that agree up to *decision*."""
    if touch.kind is None or touch.since <= decision:
        return touch
    return Touch("", touch.mode, touch.kind, decision)


class Summary:
    """In which mode locations are touched by several steps."""

    def __init__(self, touches: Iterable[Touch]) -> None:
        self._names: dict[str, Mode] = {}
        self._any = False  #: some of it may be any memory
        #: Of each kind: how, and before which decision the last of its locations had its name.
        self._kinds: dict[object, tuple[Mode, int]] = {}
        #: The same of locations that are not known: how, and since which decision they have their names.
        self._unknown: dict[object, tuple[Mode, int]] = {}
        for name, mode, kind, since in touches:
            if name:
                self._names[name] = _stronger(self._names.get(name, mode), mode)
            if kind is ANY_MEMORY:
                self._any = True
            elif kind is not None:
                known, latest = self._kinds.get(kind, (mode, since))
                self._kinds[kind] = _stronger(known, mode), max(latest, since if name else _ALWAYS)
                if not name:
                    unknown, earliest = self._unknown.get(kind, (mode, since))
                    self._unknown[kind] = _stronger(unknown, mode), min(earliest, since)

    def is_independent_of(self, touches: Touches) -> bool:
        """Say whether *touches* conflict with none of those summed up."""
        for name, mode, kind, since in touches:
            if kind is not None and (self._any or (kind is ANY_MEMORY and self._kinds)):
                return False
            if not name:
                other, latest = self._kinds.get(kind, (None, 0))
                if other is not None and latest > since and _conflict(mode, other):
                    return False
                continue
            named = self._names.get(name)
            if named is not None and _conflict(mode, named):
                return False
            if kind is not None and self._unknown:
                other, earliest = self._unknown.get(kind, (None, 0))
                if other is not None and since > earliest and _conflict(mode, other):
                    return False
        return True


#: Later than every decision.
_ALWAYS = sys.maxsize


def _stronger(first: Mode, second: Mode) -> Mode:
    """Return a mode that conflicts with whatever one of the two conflicts with."""
    return first if first is second else WRITE


def _conflict(first: Mode, second: Mode) -> bool:
    return first is not second or first is WRITE


def insert(branches: list[Branch], sequence: Sequence, decision: int, *, maximal: bool) -> bool:
    """Insert *sequence* into the tree at *decision*, whose first branch is being explored, unless it is covered.

    Say whether it was inserted.

    A step that has no part in a sequence and is independent of it comes before it as well as after it, but only where
    the sequence is all that comes: the execution that it was taken from must have been *maximal*.
    """
    level = branches[1:]
    home = branches
    while True:
        for branch in level:
            begins = sequence.can_begin_with(branch.who)
            if begins:
                sequence.without_first(branch.who)
            if begins or (begins is None and maximal and sequence.is_independent_of(branch.touches)):
                break
        else:
            home.append(sequence.as_branch(decision))
            return True
        if not branch.branches or not sequence.events:
            return False
        level = home = branch.branches
