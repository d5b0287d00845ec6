"""The search for fair cycles against the definition itself, on random small graphs."""

import random
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest

from treadle.spec import (
    Counterexample,
    Model,
    Verdict,
    action,
    always_eventually,
    check,
    eventually,
    eventually_always,
    leads_to,
    strong_fair,
    weak_fair,
)
from treadle.spec.fairness import Fairness

GRAPHS = 400  # of each kind of property; each version of Python takes others
FIRST = sys.version_info.minor * 10_000
LABELS = ("a", "b", "c")
Edge = tuple[int, str, int]


class Graph(Model[int]):
    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.seed = seed
        size = rng.randint(1, 6)
        states = range(size)
        count = rng.randint(0, 3 * size)
        self.edges: set[Edge] = {
            (rng.choice(states), rng.choice(LABELS), rng.choice(states)) for _ in range(count)
        }
        self.initial = rng.sample(states, rng.randint(1, min(2, size)))
        self.good = set(rng.sample(states, rng.randint(0, size - 1)))
        self.asked = set(rng.sample(states, rng.randint(1, size)))
        self.conditions = tuple(
            rng.choice((weak_fair, strong_fair))(*rng.sample(LABELS, rng.choice((1, 1, 1, 2)))).conditions[0]
            for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))
        )

    @property
    def fairness(self) -> Fairness:  # type: ignore[override]  # drawn, not declared
        return Fairness(self.conditions)

    def init(self) -> list[int]:
        return self.initial

    def terminal(self, state: int) -> bool:
        return True

    def after(self, state: int, label: str) -> Iterator[int]:
        return (target for source, name, target in sorted(self.edges) if (source, name) == (state, label))

    @action
    def a(self, state: int) -> Iterator[int]:
        yield from self.after(state, "a")

    @action
    def b(self, state: int) -> Iterator[int]:
        yield from self.after(state, "b")

    @action
    def c(self, state: int) -> Iterator[int]:
        yield from self.after(state, "c")


class Eventually(Graph):
    @eventually
    def goal(self, state: int) -> bool:
        return state in self.good


class AlwaysEventually(Graph):
    @always_eventually
    def goal(self, state: int) -> bool:
        return state in self.good


class EventuallyAlways(Graph):
    @eventually_always
    def goal(self, state: int) -> bool:
        return state in self.good


class LeadsTo(Graph):
    @leads_to
    def goal(self, state: int) -> tuple[bool, bool]:
        return state in self.asked, state in self.good


KINDS = (Eventually, AlwaysEventually, EventuallyAlways, LeadsTo)

# --- the definition: every set of states that a behaviour could visit for ever is tried ---


def is_fair(model: Graph, forever: set[int]) -> bool:
    for condition in model.conditions:
        steps = {(s, t) for s, label, t in model.edges if label in condition.actions and s != t}
        taken = any(s in forever and t in forever for s, t in steps)
        enabled = {s for s, _ in steps} & forever
        if not taken and (enabled == forever if condition.kind == "weak" else enabled):
            return False
    return True


def reach(model: Graph, start: int, within: set[int]) -> set[int]:
    found = {start} & within
    for _ in model.edges:
        found |= {t for s, _, t in model.edges if s in found and t in within}
    return found


def connected(model: Graph, states: set[int]) -> bool:
    return all(reach(model, state, states) == states for state in states)


def broken(model: Graph) -> bool:
    """Whether a fair behaviour breaks the model's property."""
    everything = {state for edge in model.edges for state in (edge[0], edge[2])} | set(model.initial)
    reachable = set().union(*(reach(model, state, everything) for state in model.initial))
    bad = reachable - model.good
    for size in range(1, len(reachable) + 1):
        for chosen in combinations(sorted(reachable), size):
            forever = set(chosen)
            if not connected(model, forever) or not is_fair(model, forever):
                continue
            if isinstance(model, EventuallyAlways):
                if forever & bad:
                    return True
            elif forever <= bad and any(forever & reach(model, start, bad) for start in starts(model, bad)):
                return True
    return False


def starts(model: Graph, bad: set[int]) -> set[int]:
    """States from which everything is bad, in a behaviour that breaks the property."""
    if isinstance(model, Eventually):
        return set(model.initial) & bad
    return bad & model.asked if isinstance(model, LeadsTo) else bad


def assert_breaks(model: Graph, found: Counterexample[int]) -> None:
    """The counterexample is a behaviour of the model, is fair, and breaks the property."""
    assert found.states[0] in model.initial
    assert found.loop is not None
    states, names = list(found.states), list(found.actions)
    if found.back is not None:
        states.append(states[found.loop])
        names.append(found.back)
    for (before, after), name in zip(pairwise(states), names, strict=True):
        assert (before, name, after) in model.edges
    forever = set(states[found.loop :])
    taken = set(pairwise(states[found.loop :]))
    for condition in model.conditions:
        steps = {(s, t) for s, label, t in model.edges if label in condition.actions and s != t}
        enabled = {s for s, _ in steps} & forever
        assert taken & steps or (enabled != forever if condition.kind == "weak" else not enabled)
    bad = [state not in model.good for state in states]
    if isinstance(model, EventuallyAlways):
        assert any(bad[found.loop :])
    elif isinstance(model, AlwaysEventually):
        assert all(bad[found.loop :])
    elif isinstance(model, Eventually):
        assert all(bad)
    else:
        assert any(states[place] in model.asked and all(bad[place:]) for place in range(found.loop + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_agrees_with_the_definition(kind: type[Graph]) -> None:
    verdicts = []
    for seed in range(FIRST, FIRST + GRAPHS):
        model = kind(seed)
        result = check(model)
        expected = Verdict.VIOLATED if broken(model) else Verdict.HOLDS
        assert result.verdict is expected, f"{kind.__name__}({seed})"
        if result.counterexample:
            assert_breaks(model, result.counterexample)
        verdicts.append(expected)
    assert min(verdicts.count(Verdict.HOLDS), verdicts.count(Verdict.VIOLATED)) > GRAPHS / 20
