"""The checker against an independent, naive search of random small graphs."""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from treadle.spec import Model, Verdict, action, check, invariant

LABELS = ("a", "b", "c")

#: The seeds of the models. Each version of Python takes others.
FIRST = sys.version_info.minor * 1_000
SEEDS = range(FIRST, FIRST + 100)

Edges = dict[tuple[int, str], list[int]]


class Graph(Model[int]):
    """States are numbers, and each label is an action with its own edges."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.seed = seed
        size = rng.randint(1, 25)
        self.edges: Edges = {
            (state, label): rng.choices(range(size), k=rng.choice((0, 0, 0, 1, 2)))
            for state in range(size)
            for label in LABELS
        }
        self.initial = rng.choices(range(size), k=rng.randint(1, 3))
        self.bad = set(rng.choices(range(size), k=rng.choice((0, 0, 1, 2))))
        self.ends = set(range(size)) if rng.random() < 0.7 else set(rng.choices(range(size), k=size))

    def init(self) -> list[int]:
        return self.initial

    def terminal(self, state: int) -> bool:
        return state in self.ends

    @action(label=LABELS)
    def go(self, state: int, label: str) -> Iterator[int]:
        yield from self.edges[state, label]

    @invariant
    def good(self, state: int) -> bool:
        return state not in self.bad


@dataclass
class Naive:
    """Distances by rounds over all edges until nothing changes, and what follows from them."""

    distance: dict[int, int]
    violation: int | None  # the least distance of a state at fault


def naive(model: Graph) -> Naive:
    distance = dict.fromkeys(model.initial, 0)
    changed = True
    while changed:
        changed = False
        for (source, _), targets in model.edges.items():
            for target in targets:
                if source in distance and distance.get(target, 10**9) > distance[source] + 1:
                    distance[target] = distance[source] + 1
                    changed = True
    stuck = {state for state in distance if not any(model.edges[state, label] for label in LABELS)}
    faults = [distance[state] for state in (stuck - model.ends) | (model.bad & distance.keys())]
    return Naive(distance, min(faults, default=None))


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_and_verdict_agree_with_the_naive_search(seed: int) -> None:
    model = Graph(seed)
    expected, result = naive(model), check(model)
    last = max(expected.distance.values()) if expected.violation is None else expected.violation
    assert result.verdict is (Verdict.HOLDS if expected.violation is None else Verdict.VIOLATED)
    assert result.depth == last + 1
    assert result.distinct == sum(distance <= last for distance in expected.distance.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_counterexample_is_a_shortest_behaviour_of_the_model(seed: int) -> None:
    model = Graph(seed)
    expected, found = naive(model), check(model).counterexample
    if expected.violation is None:
        assert found is None
        return
    assert found is not None
    assert len(found.states) == expected.violation + 1
    assert found.states[0] in model.initial
    for before, name, after in zip(found.states, found.actions, found.states[1:], strict=False):
        label = name.removeprefix("go(label='").removesuffix("')")
        assert after in model.edges[before, label]
    assert (found.states[-1] in model.bad) == found.reason.startswith("invariant good")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_limit_below_the_number_of_states_never_lets_a_model_hold(seed: int) -> None:
    model = Graph(seed)
    expected = naive(model)
    for limit in range(1, len(expected.distance) + 1):
        result = check(model, max_states=limit)
        assert result.distinct <= limit
        if result.verdict is Verdict.HOLDS:
            assert result.distinct == len(expected.distance)
        elif result.verdict is Verdict.UNKNOWN:
            assert result.distinct == limit < len(expected.distance)
        else:
            assert expected.violation is not None


def test_the_random_models_are_of_every_kind() -> None:
    """Otherwise the comparison would say little."""
    results = [check(Graph(seed)) for seed in SEEDS]
    reasons = [result.counterexample.reason.split()[0] for result in results if result.counterexample]
    assert min(reasons.count("invariant"), reasons.count("deadlock:"), len(SEEDS) - len(reasons)) > 6
