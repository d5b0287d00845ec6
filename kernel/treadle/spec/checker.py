"""Breadth-first search of every state a model can reach.

Level after level: first the invariants of the states found last, then their successors. Both come before
any deeper state, so that the first violation found ends a shortest behaviour. Every state keeps the state
and the action it was first reached by; the way back is the counterexample.

Rules: states are compared exactly, never by a fingerprint. A model is only asked for its initial states,
its actions' successors, its invariants and its terminal states.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from treadle.spec.model import Model, invariants, steps
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.spec.value import require_value
from treadle.verdict import Verdict

S = TypeVar("S")


def check(model: Model[S], *, max_states: int | None = None) -> Result[S]:
    """Search every reachable state for a broken invariant, a deadlock, or an action that raises.

    The verdict is HOLDS when the search came to its end, VIOLATED with a shortest counterexample, or UNKNOWN
    when more than ``max_states`` distinct states exist and none of those found is at fault.

    Raises:
        TypeError: the model is not well formed, or one of its states is no immutable value.
        ValueError: a parameter has an empty domain, there is no initial state, or ``max_states`` is below 1.
    """
    if not isinstance(model, Model):
        raise TypeError(f"check needs an instance of a Model, not {model!r}")
    if max_states is not None and max_states < 1:
        raise ValueError(f"max_states is {max_states}, and a search has at least one state")
    return _Search(model, max_states).run()


@dataclass(frozen=True, slots=True)
class _Violation(Generic[S]):
    state: S
    reason: str
    error: Exception | None = None


class _Search(Generic[S]):
    """One search: every state seen so far, and the level it has come to."""

    def __init__(self, model: Model[S], max_states: int | None) -> None:
        self._model = model
        self._steps = steps(model)
        self._invariants = invariants(model)
        self._limit = max_states
        self._parents: dict[S, tuple[S, int] | None] = {}  # first reached from, and by which step
        self._transitions = [0] * len(self._steps)
        self._level: list[S] = []  # the states at the present depth
        self._next: list[S] = []  # those one level deeper, as far as they are known
        self._depth = 1
        self._full = False  # there is a state more than the limit allows

    def run(self) -> Result[S]:
        """Go from level to level until something settles the answer."""
        self._begin()
        while True:
            known = len(self._parents)
            violation = self._inspect(self._level) or self._expand()
            if violation:
                return self._result(Verdict.VIOLATED, known, self._depth, violation)
            if self._full:
                return self._give_up()
            if not self._next:
                return self._result(Verdict.HOLDS, known, self._depth)
            self._level, self._next = self._next, []
            self._depth += 1

    def _begin(self) -> None:
        for state in _iterable(self._model.init(), "init"):
            require_value(state, "init")
            if state not in self._parents:
                self._full = len(self._parents) == self._limit
                if self._full:
                    break
                self._parents[state] = None
        self._level = list(self._parents)
        if not self._level:
            raise ValueError(f"{self._model!r} has no initial state: init gave none")

    def _inspect(self, states: Iterable[S]) -> _Violation[S] | None:
        """The first of the states that breaks an invariant."""
        named = [(invariant.name, invariant.holds) for invariant in self._invariants]
        for state in states:
            for name, holds in named:
                try:
                    answer = holds(state)
                except Exception as error:
                    return _raised(f"invariant {name}", state, error)
                if answer is False:
                    return _Violation(state, f"invariant {name} is violated")
                if answer is not True:
                    raise TypeError(f"invariant {name} returned {answer!r}, which is no bool")
        return None

    def _expand(self) -> _Violation[S] | None:
        """Find the successors of the level, or the first of its states that has none and needs one."""
        parents, transitions = self._parents, self._transitions
        limit = float("inf") if self._limit is None else self._limit
        functions = list(enumerate(step.successors for step in self._steps))
        for state in self._level:
            stuck = True
            for index, function in functions:
                taken, successor = 0, state
                successors: Iterable[S] = ()
                try:
                    successors = function(state)
                    for successor in successors:
                        taken += 1
                        if successor not in parents:
                            if len(parents) >= limit:
                                self._full = True
                                return None
                            parents[successor] = (state, index)
                            self._next.append(successor)
                except Exception as error:
                    return self._failure(index, state, successors, successor, error)
                if taken:
                    stuck = False
                    if not transitions[index]:
                        require_value(successor, f"action {self._steps[index].name}")
                    transitions[index] += taken
            if stuck and not self._model.terminal(state):
                return _Violation(state, "deadlock: no action is enabled, and the state is not terminal")
        return None

    def _failure(
        self, index: int, state: S, successors: Iterable[S], successor: S, error: Exception
    ) -> _Violation[S]:
        """Tell an action that raised from one that is not well formed, which is a TypeError here."""
        origin = f"action {self._steps[index].name}"
        _iterable(successors, origin)
        require_value(successor, origin)
        return _raised(origin, state, error)

    def _give_up(self) -> Result[S]:
        """Answer for the states within the limit."""
        found, depth = len(self._parents), self._depth + bool(self._next)
        violation = self._inspect(self._next)
        if violation:
            return self._result(Verdict.VIOLATED, found, depth, violation)
        bound = (
            f"max_states={self._limit} reached: no violation among the {found:,} states found, "
            f"the deepest of them at level {depth}; there are more"
        )
        return self._result(Verdict.UNKNOWN, found, depth, bound=bound)

    def _result(
        self,
        verdict: Verdict,
        distinct: int,
        depth: int,
        violation: _Violation[S] | None = None,
        bound: str | None = None,
    ) -> Result[S]:
        counterexample = self._behaviour(violation) if violation else None
        return Result(repr(self._model), verdict, distinct, depth, self._coverage(), counterexample, bound)

    def _behaviour(self, violation: _Violation[S]) -> Counterexample[S]:
        """The way to the violation, from an initial state."""
        states, actions = [violation.state], list[str]()
        while came := self._parents[states[-1]]:
            states.append(came[0])
            actions.append(self._steps[came[1]].name)
        return Counterexample(violation.reason, tuple(states[::-1]), tuple(actions[::-1]), violation.error)

    def _coverage(self) -> dict[str, Coverage]:
        """What each action did, the choices of its parameters added up."""
        first = Counter(self._steps[came[1]].action for came in self._parents.values() if came)
        transitions: Counter[str] = Counter()
        for step, taken in zip(self._steps, self._transitions, strict=True):
            transitions[step.action] += taken
        return {name: Coverage(taken, first[name]) for name, taken in transitions.items()}


def _raised(origin: str, state: S, error: Exception) -> _Violation[S]:
    error.add_note(f"raised by {origin} in the state {state!r}")
    return _Violation(state, f"{origin} raised {type(error).__name__}: {error}", error)


def _iterable(found: Iterable[S] | None, origin: str) -> Iterable[S]:
    if not isinstance(found, Iterable):
        raise TypeError(f"{origin} returned {found!r}: it must yield states, or return an iterable of them")
    return found
