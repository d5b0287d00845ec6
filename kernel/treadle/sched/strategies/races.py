"""Races of an execution, and the continuations in which they come the other way round.

Two dependent steps race when the first does not also come before the second in another way. A blocking acquisition
follows the release that enabled it, and that pair cannot be exchanged; what it races with is the acquisition
before. Where timeouts fire only when nothing else can run, a timed acquisition waits just so.

Races are looked for in operations that were announced and never executed, too: a deadlock hides the reversal that
avoids it, unless the blocked acquisition is asked what it races with.

A race is reversed by all steps that do not come after its first one, then its second one. What the second touches
then may differ from what it touched: an attempt to lock that failed may succeed. For locks that follows from who
used the lock last; for an operation that was announced already it was seen; otherwise it is taken to write whatever
it may touch, and all of its kind, which can cost an execution that turns out to be needless, and never one that is needed.
"""

from collections.abc import Iterator

from treadle.sched.access import WRITE, Accesses, Location
from treadle.sched.history import Step
from treadle.sched.strategies.wakeup import (
    ANY_MEMORY,
    Event,
    Sequence,
    Summary,
    Touch,
    Touches,
    kind_of,
)
from treadle.sched.world import World

#: Of each thread, what is known of the operation it had announced at a decision.
Outlook = dict[str, Touches]


class Races:
    """The races of one execution that has ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._steps = world.history.steps
        self._since: dict[Location, int] = {}
        self._touches: dict[int, Touches] = {}  #: of steps, by position
        self._writes: dict[Location, list[int]] | None = None  #: positions of the writes to each location
        self._by_first: dict[int, list[tuple[int, Step]]] = {}
        count = len(self._steps)
        for position, step in enumerate(self._steps):
            if step.rivals:
                self._note(position, step)
        for number, step in enumerate(world.history.pending):
            self._note(count + number, step)
        self._named = False

    def _note(self, position: int, step: Step) -> None:
        """Group the races of *step* by the step they are with."""
        seen = step.seen
        for rival in sorted(set(step.rivals), reverse=True):
            if not seen >> rival & 1:
                self._by_first.setdefault(rival, []).append((position, step))
                seen |= self._steps[rival].past

    def firsts(self) -> list[int]:
        """Return the positions of the steps that are the first of a race."""
        return list(self._by_first)

    def reversals(
        self,
        first: int,
        covering: dict[str, Touches],
        outlook: Outlook,
        *,
        maximal: bool,
    ) -> Iterator[Sequence]:
        """Yield the continuations that reverse a race of step *first*, unless one of *covering* covers them.

        *covering* are the threads whose turns at that decision need no exploring (again), with what they touch.
        """
        rest = _Rest(self, first)
        outside: list[Touches] = []
        lone: set[str] = set()
        for who, touches in covering.items():
            begins = rest.can_begin_with(who)
            if begins:
                return
            if begins is None:
                lone.add(who)
                if maximal and rest.is_independent_of(touches):
                    outside.append(touches)
        for position, last in self._by_first[first]:
            if self._stays_blocked(position, last, rest):
                continue
            event = self._reversed(position, last, rest, outlook)
            if event.who in lone and event.past & rest.mask == 0:
                continue
            if outside:
                last_touches = Summary(event.touches)
                if any(last_touches.is_independent_of(touches) for touches in outside):
                    continue
            yield Sequence([*(self.event(place) for place in rest.places if place != position), event])

    def _stays_blocked(self, position: int, step: Step, rest: "_Rest") -> bool:
        """Say whether *step* would wait for a time that never comes, because the program's exit is before it."""
        if not step.operation.timed or self._world.leaver is None:
            return False
        exit_ = self._world.exit
        before = (*range(rest.first), *rest.places)
        if not any(self._steps[place].operation is exit_ for place in before):
            return False
        blocked = position >= len(self._steps)
        if step.operation.alternatives(self._world.threads[step.thread]) is None:
            # One that was executed after the exit waited for the end of a thread, which had come.
            return blocked or self._steps[rest.first].operation.enabling
        free = self._is_free(step.operation.target, position, rest)
        return blocked if free is None else not free

    # -- one step -------------------------------------------------------------------------------------------------

    def who(self, step: Step) -> str:
        """Return who made *step*, by a name that is the same in every execution."""
        return self._world.threads[step.thread].path

    def touches(self, position: int) -> Touches:
        """Return what the step at *position* touched."""
        found = self._touches.get(position)
        if found is None:
            found = self._touches[position] = self.named(self._steps[position].accesses)
        return found

    def event(self, position: int) -> Event:
        """Return the step at *position* as a part of a sequence."""
        step = self._steps[position]
        return Event(self.who(step), 1 << position, step.past, self.touches(position))

    def named(self, accesses: Accesses) -> Touches:
        """Return *accesses* by name."""
        if not self._named:
            self._named = True
            self._find_names()
        since = self._since
        return tuple(
            Touch(location.name, mode, kind_of(location), since.get(location, 0))
            for location, mode in accesses
        )

    def _find_names(self) -> None:
        """Find before which decision each location had its name for certain, where names may differ."""
        since = self._since
        for position, step in enumerate((*self._steps, *self._world.history.pending)):
            early = {location for location, _ in step.operation.fixed} if step.operation.finds else None
            for location, _ in step.operation.fixed + step.accesses:
                if kind_of(location) is not None:
                    named_late = early is not None and location not in early
                    announced = position if named_late else step.seen.bit_length()
                    if since.get(location, announced) >= announced:
                        since[location] = announced

    # -- the second step of a race, in another state --------------------------------------------------------------

    def _reversed(self, position: int, step: Step, rest: "_Rest", outlook: Outlook) -> Event:
        """Return what the last step of a reversal will be."""
        who = self.who(step)
        steps = self._steps
        if not step.operation.varies:
            touches = self.named(step.accesses)
        else:
            touches = self._foreseen(position, step, rest, outlook)
        past = step.seen
        for earlier in step.dependencies:
            if rest.mask >> earlier & 1:
                past |= steps[earlier].past
        if step.operation.varies:
            changed = Summary(touches)
            for place in rest.places:
                if place != position and not changed.is_independent_of(self.touches(place)):
                    past |= steps[place].past
        return Event(who, 1 << position, past | 1 << position, touches)

    def _foreseen(self, position: int, step: Step, rest: "_Rest", outlook: Outlook) -> Touches:
        """Return what an operation that depends on the state will touch after *rest*."""
        alternatives = step.operation.alternatives(self._world.threads[step.thread])
        if alternatives is not None:
            free = self._is_free(step.operation.target, position, rest)
            return self.named(step.accesses if free is None else alternatives[not free])
        touched = self.named(step.operation.fixed + step.accesses)
        widest = tuple(touch._replace(mode=WRITE) for touch in touched)
        kinds = {touch.kind for touch in touched if touch.kind is not None}
        widest += tuple(Touch("", WRITE, kind, -1) for kind in kinds)
        if step.operation.unbounded:
            widest += (Touch("", WRITE, ANY_MEMORY, -1),)
        if step.seen.bit_length() <= rest.first and rest.is_independent_of(widest):
            return outlook.get(self.who(step), widest)
        return widest

    def _is_free(self, lock: Location, position: int, rest: "_Rest") -> bool | None:
        """Say whether *lock* is free after *rest*; None if nobody had used it before *position*."""
        if self._writes is None:
            self._writes = {}
            for place, step in enumerate(self._steps):
                for location, mode in step.accesses:
                    if mode is WRITE:
                        self._writes.setdefault(location, []).append(place)
        writes = self._writes.get(lock, [])
        for place in reversed(writes):
            if place != position and (place < rest.first or rest.mask >> place & 1):
                return self._steps[place].operation.enabling
        if not writes or writes[0] >= position:
            return None
        return not self._steps[writes[0]].operation.enabling


class _Rest:
    """The steps after one step that do not follow it."""

    def __init__(self, races: Races, first: int) -> None:
        self.first = first
        self._races = races
        steps = races._steps
        self.places = [place for place in range(first + 1, len(steps)) if not steps[place].past >> first & 1]
        self.mask = 0
        self._first: dict[str, int] = {}
        for place in self.places:
            self.mask |= 1 << place
            self._first.setdefault(races.who(steps[place]), place)
        self._summary: Summary | None = None

    def can_begin_with(self, who: str) -> bool | None:
        """Say whether what is left can begin with *who*; None if *who* has no part in it."""
        place = self._first.get(who)
        if place is None:
            return None
        return self._races._steps[place].past & self.mask == 1 << place

    def is_independent_of(self, touches: Touches) -> bool:
        """Say whether exchanging all that is left with a step that makes *touches* can never matter."""
        if self._summary is None:
            self._summary = Summary(touch for place in self.places for touch in self._races.touches(place))
        return self._summary.is_independent_of(touches)
