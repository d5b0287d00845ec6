"""The search of every state a model can reach, breadth first; `depth_first` is the other order.

Breadth first goes level after level: first the invariants of the states found last, then their successors. Both
come before any deeper state, so that the first violation found ends a shortest behaviour. Every state keeps the
state it was first reached from; the way back is the counterexample.

Rules: states are compared exactly unless the caller's key says otherwise. Nothing here knows fairness.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from sys import maxsize
from typing import Generic, TypeVar

from treadle.spec.batches import Batches, Tally
from treadle.spec.calls import (
    DEADLOCK,
    Violation,
    answer,
    blame,
    bounded,
    initial,
    inspect_state,
    inspect_step,
    require_same,
)
from treadle.spec.collector import Spared
from treadle.spec.expand import Expander, expanders
from treadle.spec.inspection import Inspection
from treadle.spec.limits import Limits
from treadle.spec.marks import Kind
from treadle.spec.program import Program, Property, Step
from treadle.spec.together import together

S = TypeVar("S")

#: From so many states on it pays to make functions of the actions.
_MANY = 1_000

#: So many states are expanded between two looks at the clock.
_BATCH = 64


@dataclass(slots=True)
class Search(Generic[S]):
    """One search: every state seen so far, and the level it has come to."""

    program: Program[S]
    limits: Limits
    canonical: Callable[[S], S] | None = None  # of each orbit the state that stands for it
    key: Callable[[S], Hashable] | None = None  # what is remembered of a state, unless the state itself
    progress: "Callable[[Search[S]], None] | None" = None
    keeper: "Callable[[Search[S]], None] | None" = None  # called where the search can be kept

    parents: dict[Hashable, Hashable | None] = field(default_factory=dict)  # by key: first reached from
    level: list[S] = field(default_factory=list)  # the states at the present depth
    next: list[S] = field(default_factory=list)  # those one level deeper, as far as they are known
    depth: int = 1
    place: int = 0  # the state of the level to be expanded next
    bare: bool = False  # deadlocks are none of its business
    before: list[int] = field(
        default_factory=list
    )  # counts before the state whose expansion a limit cut short
    counted: int = 0  # states in the levels that are complete
    spent: str | None = None  # which limit is reached
    tallies: list[Tally] = field(default_factory=list)
    awaited: list[Property[S]] = field(default_factory=list)  # sometimes-properties not yet true
    cut: int = 0  # states outside the constraints, and steps outside those of steps
    _expanders: list[Expander[S]] = field(default_factory=list)
    _actions: list[tuple[Callable[[S], list[S]], Tally, Expander[S]]] = field(default_factory=list)
    inspection: Inspection[S] = field(default_factory=Inspection)
    _constraints: tuple[Property[S], ...] = ()
    _step_properties: tuple[Property[S], ...] = ()
    _step_constraints: tuple[Property[S], ...] = ()
    _fused: bool = False
    _batches: Batches[S] | None = None
    _careful: bool = False  # every step by itself
    pending: Violation[S] | None = None  # at the next level
    _spared: Spared = field(default_factory=Spared)

    def begin(self) -> None:
        """Find the initial states."""
        self.awaited = [] if self.bare else list(self.program.of(Kind.SOMETIMES))
        self.prepare()
        for found in initial(self.program):
            if not self._within(found):
                self.cut += 1
                continue
            state = self.canonical(found) if self.canonical else found
            key = self.key(state) if self.key else state
            if key in self.parents:
                continue
            if len(self.parents) == self.limits.states:
                self.spent = f"max_states={self.limits.states} reached"
                break
            self.parents[key] = None
            self.level.append(state)

    def explore(self) -> None:
        """Find the states alone, whatever is wrong with them: no deadlock ends it, and no property is asked."""
        self.bare = True
        self.begin()
        if violation := self.breadth():
            raise violation.error or ValueError(violation.reason)

    def prepare(self) -> None:
        """Make what is not kept in a checkpoint."""
        of = self.program.of
        self._expanders = expanders(self.program)
        self.inspection = Inspection(() if self.bare else of(Kind.INVARIANT), self.awaited)
        self._constraints = of(Kind.CONSTRAINT)
        self._step_properties = () if self.bare else of(Kind.STEP_PROPERTY)
        self._step_constraints = of(Kind.STEP_CONSTRAINT)
        self._careful = bool(
            self.canonical or self.key or self._step_properties or self._step_constraints or self._constraints
        )
        self.tallies = self.tallies or [Tally() for _ in self._expanders]
        self._fused, self._batches = False, None
        self._pair([expander.plain for expander in self._expanders])

    def hasten(self, *, at_once: bool) -> None:
        """Make faster functions of the actions, once it pays: one for all and many states, or one for each."""
        if self._fused or self._careful or len(self.parents) <= _MANY:
            return
        self._fused = True
        if at_once:
            function = together(self.program.model, self._expanders, self.parents)
            self._batches = Batches(function, self.tallies)
        else:
            self._pair([expander.fused() for expander in self._expanders])

    def _pair(self, functions: list[Callable[[S], list[S]]]) -> None:
        self._actions = list(zip(functions, self.tallies, self._expanders, strict=True))

    # --- breadth first ---

    def breadth(self) -> Violation[S] | None:
        """Go from level to level, to the first violation, to the end, or until a limit is reached."""
        try:
            return self._breadth()
        finally:
            self._spared.end()

    def _breadth(self) -> Violation[S] | None:
        while True:
            self.counted = len(self.parents)
            if not self.place and (violation := self.inspection.inspect(self.level)):
                return violation
            if not self.spent and (violation := self._expand_level()):
                return violation
            if self.spent:
                return self._inspect_what_is_left()
            self.counted = len(self.parents)
            if not self.next:
                return None
            self.level, self.next, self.place = self.next, [], 0
            self.depth += 1

    def _inspect_what_is_left(self) -> Violation[S] | None:
        self.counted = len(self.parents)
        violation = self.inspection.inspect(self.next)
        self.depth += violation is not None
        return violation

    def _expand_level(self) -> Violation[S] | None:
        while self.place < len(self.level):
            self.spent = self.limits.spent()
            if self.spent:
                break
            if self.keeper:
                self.keeper(self)
            if self.progress:
                self.progress(self)
            self.hasten(at_once=True)
            self._spared.grown(len(self.parents))
            if violation := self._expand_some(self.level[self.place : self.place + _BATCH]):
                return violation
            if self.spent:
                break
        if self.pending:
            self.depth += 1
            self.counted = len(self.parents)
        return self.pending

    def _expand_some(self, states: list[S]) -> Violation[S] | None:
        most = self.limits.states or maxsize
        if self._batches and (found := self._batches.take(states, self.parents, most)) is not None:
            self.next += found
            self.place += len(states)
            return None
        for state in states:
            violation = self.expand(state, self.next)
            if violation or self.spent:
                return violation
            self.place += 1
        if self._batches and self._batches.are_vain:
            self._fused, self._batches = False, None
            self.hasten(at_once=False)
        return None

    # --- states ---

    def expand(self, state: S, found: list[S]) -> Violation[S] | None:
        """Add the successors of a state that are new to *found*; name the violation when it has none and needs one."""
        if self.limits.states is not None:
            self.before = [self.cut, *(tally.transitions for tally in self.tallies)]
        try:
            stuck = self._expand(state, found)
        except Exception as error:
            violation = blame(self.program, state)
            if violation is None:
                error.add_note(f"raised while the successors of {state!r} were looked for")
                raise
            return violation
        if not self.spent:
            self.before = []
        if stuck and not self.bare and not self.program.model.terminal(state):
            return Violation(state, DEADLOCK)
        return None

    def _expand(self, state: S, found: list[S]) -> bool:
        if self._careful:
            return self._expand_with_care(state, found)
        parents, add = self.parents, found.append
        limit = self.limits.states or -1
        stuck = True
        for successors_of, tally, expander in self._actions:
            after = successors_of(state)
            if not after:
                continue
            stuck = False
            if not tally.transitions:
                self._first_time(expander, state)
            tally.transitions += len(after)
            before = len(parents)
            for successor in after:
                if successor not in parents:
                    if len(parents) == limit:
                        self.spent = f"max_states={limit} reached"
                        tally.distinct += len(parents) - before
                        return False
                    parents[successor] = state
                    add(successor)
            tally.distinct += len(parents) - before
        return stuck

    def _first_time(self, expander: Expander[S], state: S) -> None:
        for step in expander.steps:
            require_same(step, state)

    def _expand_with_care(self, state: S, found: list[S]) -> bool:
        """As `_expand`, step by step, by key, and with the constraints and the properties of steps."""
        stuck = True
        for expander, tally in zip(self._expanders, self.tallies, strict=True):
            if not tally.transitions:
                self._first_time(expander, state)
            for step in expander.steps:
                for after in bounded(step.successors(state), f"action {step.name}"):
                    stuck = False
                    tally.transitions += 1
                    self._arrive(step, state, after, tally, found)
                    if self.spent:
                        return False
        return stuck

    def _arrive(self, step: Step[S], state: S, after: S, tally: Tally, found: list[S]) -> None:
        """Take one step: what is out of bounds is looked at, and neither counted nor gone on from (as in TLC)."""
        if not self.pending:
            self.pending = inspect_step(self._step_properties, step, state, after)
        if not self._within(after) or not self._allowed(state, after):
            self.cut += 1
            if not self.pending and (violation := inspect_state(self.inspection.invariants, after)):
                self.pending = Violation(state, violation.reason, violation.error, after, step.name)
            return
        successor = self.canonical(after) if self.canonical else after
        key = self.key(successor) if self.key else successor
        if key in self.parents:
            return
        if len(self.parents) == self.limits.states:
            self.spent = f"max_states={self.limits.states} reached"
            return
        self.parents[key] = self.key(state) if self.key else state
        tally.distinct += 1
        found.append(successor)

    def _within(self, state: S) -> bool:
        return all(answer(constraint, state) for constraint in self._constraints)

    def _allowed(self, state: S, after: S) -> bool:
        return all(answer(constraint, state, after) for constraint in self._step_constraints)
