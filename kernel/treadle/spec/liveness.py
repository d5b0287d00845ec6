"""Properties of infinite behaviours: a fair cycle that breaks one is looked for.

Every behaviour may stutter for ever, as in TLA+; fairness forbids some of that. A step of an action counts for
its fairness only if it changes the state, and the action counts as enabled only where it has such a step
(⟨A⟩_v). A behaviour ends in a set of states that it visits again and again. That set is fair if for each weak
condition it has such a step or a state where none is enabled, and for each strong one it has such a step or
none is enabled anywhere in it. It is searched among the components of the states that a violation stays in; where
a strong condition fails, in what is left of the component without the states in which it is enabled (Emerson & Lei;
the emptiness of Streett automata).
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from treadle.spec.calls import answer, pair
from treadle.spec.components import components
from treadle.spec.graph import StateGraph
from treadle.spec.marks import Kind
from treadle.spec.program import Fair, Property

S = TypeVar("S")

Members = Collection[int]
Path = tuple[list[int], list[int]]  # states, and the steps between them


@dataclass(frozen=True, slots=True)
class Lasso:
    """A behaviour by numbers of states: it goes on from its last state to the one at *loop*, for ever."""

    reason: str
    states: list[int]
    steps: list[int]  # the names' numbers, one between states and one back to the loop
    loop: int  # where the last state goes on to; itself without a step of its own when it stutters
    stutters: bool


class Fairness(Generic[S]):
    """The fairness conditions of a model over its state graph."""

    def __init__(self, graph: StateGraph[S], conditions: Iterable[Fair]) -> None:
        self.graph = graph
        self.conditions = tuple(conditions)
        by_step = _where_enabled(graph) if self.conditions else {}
        self._enabled = [
            set[int]().union(*(by_step.get(step, ()) for step in condition.steps))
            for condition in self.conditions
        ]

    def fair(self, members: Members, visit: Members | None = None) -> list[int] | None:
        """Return states, connected within *members*, that a fair behaviour can visit for ever; one of *visit* is among them."""
        todo: list[Members] = [members]
        while todo:
            within = todo.pop()
            for component in components(within, self.graph.after):
                states = set(component)
                if visit is not None and states.isdisjoint(visit):
                    continue
                rest = self._without_the_unfair(states)
                if rest is None:
                    continue
                if len(rest) == len(states):
                    return component
                if rest:
                    todo.append(rest)
        return None

    def _without_the_unfair(self, states: set[int]) -> set[int] | None:
        """The states of a component in which a fair behaviour may stay: all of them, some, or, by None, nowhere."""
        for condition, enabled in zip(self.conditions, self._enabled, strict=True):
            if not states <= enabled and (condition.kind == "weak" or states.isdisjoint(enabled)):
                continue
            if any(True for _ in self._steps_of(condition, states & enabled, states)):
                continue
            if condition.kind == "weak":
                return None
            return states - enabled
        return states

    def _steps_of(self, condition: Fair, enabled: Members, states: Members) -> Iterator[tuple[int, int, int]]:
        """Give the steps of a condition that stay within the states, by those where it is enabled: from, by, to."""
        for state in enabled:
            for label, after in self.graph.edges(state):
                if label in condition.steps and after != state and after in states:
                    yield state, label, after

    def required(self, states: set[int]) -> list[tuple[int, int, int]]:
        """Return steps that a cycle through all the states takes, so that it is fair."""
        wanted = []
        for condition, enabled in zip(self.conditions, self._enabled, strict=True):
            if states <= enabled or (condition.kind == "strong" and not states.isdisjoint(enabled)):
                wanted.append(next(self._steps_of(condition, states & enabled, states)))
        return wanted

    def disabling(self, states: set[int]) -> list[set[int]]:
        """Return for each weak condition the states that a cycle visits one of because it is disabled there."""
        return [
            states - enabled
            for condition, enabled in zip(self.conditions, self._enabled, strict=True)
            if condition.kind == "weak" and not states <= enabled
        ]

    def resting(self, members: Members) -> set[int]:
        """Return the states in which a fair behaviour may stutter for ever: no condition is enabled there."""
        return set(members).difference(*self._enabled)


def _where_enabled(graph: StateGraph[S]) -> dict[int, set[int]]:
    """By step, the states that it changes: ⟨A⟩_v is enabled there, whether or not a constraint forbids it."""
    found: dict[int, set[int]] = {}
    for state, steps in graph.forbidden.items():
        for step in steps:
            found.setdefault(step, set()).add(state)
    for state in range(len(graph.states)):
        for step, target in graph.edges(state):
            if target != state:
                found.setdefault(step, set()).add(state)
    return found


def violation(fairness: Fairness[S], asked: Property[S]) -> Lasso | None:
    """Return a fair behaviour that breaks a temporal property, or None."""
    graph = fairness.graph
    count = range(len(graph.states))
    if asked.kind is Kind.LEADS_TO:
        answers = [pair(asked, state) for state in graph.states]
        bad = {number for number in count if not answers[number][1]}
        starts = {number for number in count if answers[number] == (True, False)}
        return _lasso(fairness, asked, bad, starts=starts)
    holds = [answer(asked, state) for state in graph.states]
    bad = {number for number in count if not holds[number]}
    if asked.kind is Kind.EVENTUALLY:
        return _lasso(fairness, asked, bad, starts=bad.intersection(graph.initial))
    if asked.kind is Kind.ALWAYS_EVENTUALLY:
        return _lasso(fairness, asked, bad)
    return _lasso(fairness, asked, set(count), visit=bad)


def _lasso(
    fairness: Fairness[S],
    asked: Property[S],
    way: set[int],
    *,
    starts: set[int] | None = None,
    visit: set[int] | None = None,
) -> Lasso | None:
    """A behaviour that stays in *way* for ever, from a start on if there are some, and visits *visit* again and again."""
    members = way if starts is None else _reachable(fairness.graph, starts, way)
    resting = fairness.resting(members if visit is None else members & visit)
    component = [] if resting else fairness.fair(members, visit)
    if component is None:
        return None
    walk = _Walk(fairness.graph, f"{asked.title} is violated")
    if resting:
        return walk.lasso(starts, way, resting, [], [])
    inside = set(component)
    stations = [*([] if visit is None else [inside & visit]), *fairness.disabling(inside)]
    return walk.lasso(starts, way, inside, fairness.required(inside), stations)


def _reachable(graph: StateGraph[S], starts: Iterable[int], way: Members) -> set[int]:
    found = {state for state in starts if state in way}
    todo = list(found)
    while todo:
        for _, after in graph.edges(todo.pop()):
            if after in way and after not in found:
                found.add(after)
                todo.append(after)
    return found


class _Walk(Generic[S]):
    """Makes a behaviour of a fair component: a way there, and a cycle that is fair."""

    def __init__(self, graph: StateGraph[S], reason: str) -> None:
        self._graph = graph
        self._reason = reason
        self._everything = range(len(graph.states))

    def lasso(
        self,
        starts: set[int] | None,
        way: set[int],
        inside: set[int],
        required: list[tuple[int, int, int]],
        stations: list[set[int]],
    ) -> Lasso:
        """The shortest way there, then through the required steps and the stations, and round."""
        if starts is None:
            leading, by = self._path(self._graph.initial, inside, self._everything)
        else:
            leading, by = self._through(starts, way, inside)
        states, steps = self._cycle(leading[-1], inside, required, stations)
        loop = len(leading) - 1
        if len(states) == 1:
            return Lasso(self._reason, leading, by, loop, stutters=True)
        return Lasso(self._reason, [*leading, *states[1:-1]], [*by, *steps], loop, stutters=False)

    def _through(self, starts: set[int], way: set[int], inside: set[int]) -> Path:
        """A way to the component that passes a start, and from there on stays in *way*."""
        second, further = self._path(sorted(starts), inside, way)
        first, by = self._path(self._graph.initial, {second[0]}, self._everything)
        return [*first, *second[1:]], [*by, *further]

    def _cycle(
        self, home: int, inside: set[int], required: list[tuple[int, int, int]], stations: list[set[int]]
    ) -> Path:
        """From a state through the required steps and the stations, back to the state."""
        states, steps = [home], list[int]()

        def go(goals: set[int]) -> None:
            more, by = self._path([states[-1]], goals, inside)
            states.extend(more[1:])
            steps.extend(by)

        for source, label, target in required:
            go({source})
            states.append(target)
            steps.append(label)
        for station in stations:
            if station.isdisjoint(states):
                go(station)
        go({home})
        return states, steps

    def _path(self, starts: Iterable[int], goals: Members, way: Members) -> Path:
        """A shortest path within *way* to one of the goals."""
        came: dict[int, tuple[int, int] | None] = {state: None for state in starts if state in way}
        queue = deque(came)
        while queue:
            state = queue.popleft()
            if state in goals:
                return self._back(state, came)
            for label, after in self._graph.edges(state):
                if after in way and after not in came:
                    came[after] = (state, label)
                    queue.append(after)
        raise AssertionError("there is a path, by how the component was found")

    def _back(self, state: int, came: dict[int, tuple[int, int] | None]) -> Path:
        states, steps = [state], list[int]()
        while before := came[states[-1]]:
            states.append(before[0])
            steps.append(before[1])
        return states[::-1], steps[::-1]
