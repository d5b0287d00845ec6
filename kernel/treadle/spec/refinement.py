"""Refinement between models: every behaviour of the finer one, seen through a mapping, is one of the coarser.

Three things make it so (Abadi & Lamport 1991, with a mapping given). Initial states map to initial states. Each step maps
to a step of the coarser model, or changes nothing there, which is stuttering. And what the coarser model's fairness
rules out, the finer one's rules out too: no fair behaviour of the finer goes on for ever without a step of a fair action
of the coarser that would have to be taken. Whether a step counts for a coarse action is decided by the two states, as in
TLA+: it counts if the action leads from the one to the other, and they differ.

For fairness the steps that count are taken out of the finer model's graph, as if a constraint forbade them: enabled they
remain. What is then left to a fair behaviour for ever, with the coarse action enabled always (weak) or again and again
(strong), breaks the condition. The search for it is that of `liveness`.
"""

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Generic, TypeVar

from treadle.spec.calls import initial, successors
from treadle.spec.graph import StateGraph
from treadle.spec.liveness import Fairness, Lasso, violation
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import TEMPORAL, Fair, Program, Property, program
from treadle.spec.refined import Levels, Refined
from treadle.spec.value import require_value
from treadle.verdict import Verdict

F = TypeVar("F")
C = TypeVar("C")


def refines(
    fine: Model[F], coarse: Model[C], mapping: Callable[[F], C], *, max_states: int | None = None
) -> Refined[F, C]:
    """Say whether every fair behaviour of *fine* is a fair behaviour of *coarse*, through *mapping*.

    Every step of the finer model must be a step or a stutter of the coarser, initial states must map to initial
    states, and the fairness of the coarser model and its temporal properties must hold of the finer's fair
    behaviours. The verdict is HOLDS, VIOLATED with a counterexample that shows both levels side by side, a shortest
    one where a step is at fault, or UNKNOWN when *fine* has more than *max_states* distinct states. Whether either
    model keeps its own invariants, or deadlocks, is a question for `check`.

    Raises:
        TypeError: a model is not well formed, has constraints, or the mapping gives no immutable value.
        ValueError: a domain is empty, there is no initial state, or *max_states* is below 1.
    """
    if max_states is not None and max_states < 1:
        raise ValueError(f"max_states is {max_states}, and a search has at least one state")
    if not callable(mapping):
        raise TypeError(
            f"the mapping is {mapping!r}: it must be a function from a fine state to a coarse one"
        )
    programs = program(fine), program(coarse)
    for found in programs:
        if found.of(Kind.CONSTRAINT, Kind.STEP_CONSTRAINT):
            raise TypeError(f"{found.model!r} has constraints: refinement is a matter of whole behaviours")
    return _Comparison(*programs, mapping, max_states).run()


class _Comparison(Generic[F, C]):
    """The finer model's graph as far as it is known, with what each state maps to."""

    def __init__(
        self, fine: Program[F], coarse: Program[C], mapping: Callable[[F], C], max_states: int | None
    ) -> None:
        self._fine = fine
        self._coarse = _Coarse(coarse)
        self._mapping = mapping
        self._limit = max_states
        self._numbers: dict[F, int] = {}
        self._parents: list[tuple[int, int] | None] = []
        self._mapped: list[C] = []
        self._graph: StateGraph[F] = StateGraph([], [], tuple(step.name for step in fine.steps))
        self._stutters = 0
        self._full = False

    def run(self) -> Refined[F, C]:
        """Compare initial states, then steps, then fairness, then temporal properties."""
        wrong = self._begin() or self._compare_steps()
        if wrong:
            return self._answer(Verdict.VIOLATED, wrong)
        if self._full:
            return self._answer(Verdict.UNKNOWN)
        wrong = self._compare_fairness() or self._compare_properties()
        return self._answer(Verdict.VIOLATED if wrong else Verdict.HOLDS, wrong)

    # --- initial states and steps ---

    def _begin(self) -> Levels[F, C] | None:
        starts = set(initial(self._coarse.program))
        for state in initial(self._fine):
            if self._is_full():
                return None
            self._add(state, None)
            if self._mapped[-1] not in starts:
                return self._levels("an initial state maps to no initial state", [len(self._mapped) - 1], [])
        self._graph.initial = list(range(len(self._mapped)))
        return None

    def _is_full(self) -> bool:
        self._full = self._full or len(self._mapped) == self._limit
        return self._full

    def _add(self, state: F, parent: tuple[int, int] | None) -> int:
        self._numbers[state] = number = len(self._mapped)
        self._graph.states.append(state)
        self._parents.append(parent)
        try:
            mapped = self._mapping(state)
        except Exception as error:
            error.add_note(f"raised by the mapping of the state {state!r}")
            raise
        require_value(mapped, "mapping")
        self._mapped.append(mapped)
        return number

    def _compare_steps(self) -> Levels[F, C] | None:
        """Breadth first, so that the first step at fault ends a shortest behaviour."""
        queue = deque(range(len(self._mapped)))
        while queue:
            number = queue.popleft()
            for label, step in enumerate(self._fine.steps):
                for after in successors(step, self._graph.states[number]):
                    target = self._numbers.get(after)
                    if target is None:
                        if self._is_full():
                            return None
                        target = self._add(after, (number, label))
                        queue.append(target)
                    if not self._is_allowed(number, target):
                        way, by = self._way(number)
                        reason = f"{step.name} is neither a step of the coarser model nor a stutter"
                        return self._levels(reason, [*way, target], [*by, label])
                    self._graph.labels.append(label)
                    self._graph.targets.append(target)
            self._graph.sources.append(len(self._graph.targets))
        return None

    def _is_allowed(self, source: int, target: int) -> bool:
        before, after = self._mapped[source], self._mapped[target]
        if before == after:
            self._stutters += 1
            return True
        return after in self._coarse.after(before)

    def _way(self, number: int) -> tuple[list[int], list[int]]:
        """The way to a state from an initial one."""
        states, steps = [number], list[int]()
        while parent := self._parents[states[-1]]:
            states.append(parent[0])
            steps.append(parent[1])
        return states[::-1], steps[::-1]

    # --- fair behaviours ---

    def _compare_fairness(self) -> Levels[F, C] | None:
        for condition in self._coarse.program.fairness:
            left = self._without(condition)
            asked = _never_for_ever(condition, self._is_disabled(condition))
            if lasso := violation(Fairness(left, self._fine.fairness), asked):
                way, by = self._way(lasso.states[0])
                return self._lasso(
                    f"fairness {condition.name} of the coarser model is violated", lasso, way, by
                )
        return None

    def _is_disabled(self, condition: Fair) -> Callable[[F], bool]:
        return lambda state: not self._coarse.enables(self._mapped[self._numbers[state]], condition)

    def _without(self, condition: Fair) -> StateGraph[F]:
        """The graph without the steps that count for a condition; a behaviour may begin anywhere in it."""
        graph = self._graph
        left: StateGraph[F] = StateGraph(graph.states, list(range(len(graph.states))), graph.steps)
        for state in range(len(graph.states)):
            for label, target in graph.edges(state):
                if self._coarse.counts(self._mapped[state], self._mapped[target], condition):
                    left.forbidden.setdefault(state, set()).add(label)
                else:
                    left.labels.append(label)
                    left.targets.append(target)
            left.sources.append(len(left.targets))
        return left

    def _compare_properties(self) -> Levels[F, C] | None:
        if not (properties := self._coarse.program.of(*TEMPORAL)):
            return None
        fairness = Fairness(self._graph, self._fine.fairness)
        for asked in properties:
            seen: Property[F] = Property(asked.kind, asked.name, self._seen(asked))
            if lasso := violation(fairness, seen):
                return self._lasso(f"{asked.title} of the coarser model is violated", lasso, [], [])
        return None

    def _seen(self, asked: Property[C]) -> Callable[[F], object]:
        return lambda state: asked.holds(self._mapped[self._numbers[state]])

    def _lasso(self, reason: str, lasso: Lasso, way: list[int], by: list[int]) -> Levels[F, C]:
        """A lasso that begins where the way ends."""
        lead = len(by)
        states = [*way[:-1], *lasso.states]
        steps = [*by, *lasso.steps]
        back = None if lasso.stutters else steps.pop()
        return self._levels(reason, states, steps, lead + lasso.loop, back)

    # --- the answer ---

    def _levels(
        self, reason: str, way: list[int], by: list[int], loop: int | None = None, back: int | None = None
    ) -> Levels[F, C]:
        mapped = [self._mapped[number] for number in way]
        closed = [*mapped, mapped[loop]] if loop is not None else mapped
        seen = [self._coarse.name(before, after) for before, after in pairwise(closed)]
        names = self._graph.steps
        return Levels(
            reason,
            tuple(self._graph.states[number] for number in way),
            tuple(names[label] for label in by),
            tuple(mapped),
            tuple(seen[: len(by)]),
            loop,
            None if back is None else names[back],
            seen[len(by)] if loop is not None and back is not None else None,
        )

    def _answer(self, verdict: Verdict, wrong: Levels[F, C] | None = None) -> Refined[F, C]:
        bound = None
        if verdict is Verdict.UNKNOWN:
            bound = f"max_states={self._limit} reached: nothing is at fault in the {len(self._mapped):,} states found; there are more"
        return Refined(
            repr(self._fine.model),
            repr(self._coarse.program.model),
            verdict,
            len(self._mapped),
            len(set(self._mapped)),
            len(self._graph.targets),
            self._stutters,
            wrong,
            bound,
        )


class _Coarse(Generic[C]):
    """The coarser model: from which state its steps lead where, found once."""

    def __init__(self, coarse: Program[C]) -> None:
        self.program = coarse
        self._after: dict[C, dict[C, frozenset[int]]] = {}

    def after(self, state: C) -> dict[C, frozenset[int]]:
        """Give the states that come next, each with the steps that lead there."""
        known = self._after.get(state)
        if known is None:
            found: dict[C, set[int]] = {}
            for label, step in enumerate(self.program.steps):
                for after in successors(step, state):
                    found.setdefault(after, set()).add(label)
            known = self._after[state] = {after: frozenset(labels) for after, labels in found.items()}
        return known

    def counts(self, before: C, after: C, condition: Fair) -> bool:
        """Say whether a step between the two is one of the condition's."""
        return before != after and not condition.steps.isdisjoint(self.after(before).get(after, ()))

    def enables(self, state: C, condition: Fair) -> bool:
        """Say whether a step of the condition leads to another state."""
        return any(self.counts(state, after, condition) for after in self.after(state))

    def name(self, before: C, after: C) -> str | None:
        """The first step that leads from one state to the other; None for a stutter, and for no step at all."""
        labels = () if before == after else self.after(before).get(after, ())
        return self.program.steps[min(labels)].name if labels else None


def _never_for_ever(condition: Fair, disabled: Callable[[F], bool]) -> Property[F]:
    """What a behaviour must do that takes no step of the condition: disable it again and again, or for good."""
    kind = Kind.ALWAYS_EVENTUALLY if condition.kind == "weak" else Kind.EVENTUALLY_ALWAYS
    return Property(kind, condition.name, disabled)
