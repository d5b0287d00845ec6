"""Refinement between models: what is accepted, what is rejected, and random pairs against the definition."""

import random
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import pytest

from treadle.spec import (
    Model,
    Verdict,
    action,
    constraint,
    eventually,
    leads_to,
    refines,
    strong_fair,
    weak_fair,
)
from treadle.spec.fairness import Fairness


class Minutes(NamedTuple):
    hour: int
    minute: int


class Hours(Model[int]):
    """The coarse clock, which must go on."""

    def init(self) -> Iterator[int]:
        yield 0

    @action(fair="weak")
    def tick(self, hour: int) -> Iterator[int]:
        yield (hour + 1) % 3

    @eventually
    def comes_to_two(self, hour: int) -> bool:
        return hour == 2


class Clock(Model[Minutes]):
    def init(self) -> Iterator[Minutes]:
        yield Minutes(0, 0)

    @action(fair="weak")
    def tick(self, time: Minutes) -> Iterator[Minutes]:
        if time.minute == 1:
            yield Minutes((time.hour + 1) % 3, 0)
        else:
            yield Minutes(time.hour, time.minute + 1)


class Stopping(Clock):
    @action
    def tick(self, time: Minutes) -> Iterator[Minutes]:
        yield from super().tick(time)


class Jumping(Clock):
    @action(fair="weak")
    def jump(self, time: Minutes) -> Iterator[Minutes]:
        if time == Minutes(1, 1):
            yield Minutes(0, 0)


class Swinging(Clock):
    """A pendulum between two minutes: always moving, and never an hour on."""

    @action
    def back(self, time: Minutes) -> Iterator[Minutes]:
        if time.minute == 1:
            yield Minutes(time.hour, 0)


class StronglySwinging(Swinging):
    @action
    def back(self, time: Minutes) -> Iterator[Minutes]:
        yield from super().back(time)

    @action(fair="strong")
    def tick(self, time: Minutes) -> Iterator[Minutes]:
        yield from super().tick(time)


def hour(time: Minutes) -> int:
    return time.hour


def test_a_clock_with_minutes_is_a_clock_with_hours() -> None:
    found = refines(Clock(), Hours(), hour)
    assert (found.verdict, found.distinct, found.mapped, found.steps, found.stutters) == (
        Verdict.HOLDS,
        6,
        3,
        6,
        3,
    )
    assert str(found) == ("Clock() refines Hours() holds: 6 states map to 3, 3 of 6 steps stutter")


def test_an_initial_state_that_maps_to_none_is_rejected() -> None:
    found = refines(Clock(), Hours(), lambda time: time.hour + 1)
    assert found.verdict is Verdict.VIOLATED
    assert found.counterexample is not None
    assert found.counterexample.reason == "an initial state maps to no initial state"
    assert found.counterexample.states == (Minutes(0, 0),)


def test_a_step_that_the_coarser_model_does_not_have_is_rejected_with_both_levels() -> None:
    found = refines(Jumping(), Hours(), hour)
    assert found.verdict is Verdict.VIOLATED
    assert str(found.counterexample).splitlines() == [
        "jump is neither a step of the coarser model nor a stutter",
        "finer model         │ coarser model",
        "state 1, initial    │ initial",
        "    hour = 0        │     0",
        "    minute = 0      │",
        "state 2, after tick │ stutters",
        "    minute = 0 → 1  │",
        "state 3, after tick │ tick",
        "    hour = 0 → 1    │     0 → 1",
        "    minute = 1 → 0  │",
        "state 4, after tick │ stutters",
        "    minute = 0 → 1  │",
        "state 5, after jump │ no step leads there",
        "    hour = 1 → 0    │     1 → 0",
        "    minute = 1 → 0  │",
    ]


def test_a_clock_that_may_stop_breaks_the_fairness_of_the_coarser() -> None:
    found = refines(Stopping(), Hours(), hour)
    assert found.verdict is Verdict.VIOLATED
    assert found.counterexample is not None
    assert found.counterexample.reason == "fairness WF(tick) of the coarser model is violated"
    assert str(found.counterexample).endswith("and so for ever: state 1 stays as it is │ stutters")


def test_stuttering_for_ever_by_steps_of_the_finer_model_is_rejected() -> None:
    found = refines(Swinging(), Hours(), hour)
    assert found.verdict is Verdict.VIOLATED
    assert found.counterexample is not None
    assert found.counterexample.back == "back"
    assert found.counterexample.coarse_back is None
    assert set(found.counterexample.mapped[found.counterexample.loop :]) == {0}


def test_strong_fairness_of_a_step_that_is_not_always_the_next_hour_does_not_help() -> None:
    """Its tick from minute 0 is a tick too: the pendulum takes that one for ever."""
    assert refines(StronglySwinging(), Hours(), hour).verdict is Verdict.VIOLATED


class Unfair(Hours):
    @action
    def tick(self, state: int) -> Iterator[int]:
        yield (state + 1) % 3


def test_the_temporal_properties_of_the_coarser_model_are_asked_too() -> None:
    """Without its fairness they are not its own, but its readers rely on them."""
    found = refines(Stopping(), Unfair(), hour)
    assert found.verdict is Verdict.VIOLATED
    assert found.counterexample is not None
    assert found.counterexample.reason == "eventually comes_to_two of the coarser model is violated"
    assert refines(Clock(), Unfair(), hour).verdict is Verdict.HOLDS


class Answered(Hours):
    @leads_to
    def one_leads_to_two(self, hour: int) -> tuple[bool, bool]:
        return hour == 1, hour == 2


def test_a_leads_to_of_the_coarser_model_is_asked_through_the_mapping() -> None:
    assert refines(Clock(), Answered(), hour).verdict is Verdict.HOLDS


def test_a_limit_that_is_reached_is_unknown() -> None:
    found = refines(Clock(), Hours(), hour, max_states=4)
    assert found.verdict is Verdict.UNKNOWN
    assert "max_states=4 reached" in str(found)
    assert refines(Clock(), Hours(), hour, max_states=6).verdict is Verdict.HOLDS
    assert refines(Jumping(), Hours(), hour, max_states=5).verdict is Verdict.VIOLATED


def test_an_answer_is_no_bool() -> None:
    with pytest.raises(TypeError, match="three verdicts"):
        assert refines(Clock(), Hours(), hour)


class Constrained(Clock):
    @constraint
    def early(self, time: Minutes) -> bool:
        return time.hour < 2


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="max_states is 0"):
        refines(Clock(), Hours(), hour, max_states=0)
    with pytest.raises(TypeError, match="the mapping is 3"):
        refines(Clock(), Hours(), 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has constraints"):
        refines(Constrained(), Hours(), hour)
    with pytest.raises(TypeError, match=r"mapping: .*list"):
        refines(Clock(), Hours(), lambda time: [time.hour])  # type: ignore[arg-type, return-value]
    with pytest.raises(ZeroDivisionError) as raised:
        refines(Clock(), Hours(), lambda time: 1 // time.hour)
    assert "raised by the mapping of the state Minutes(hour=0, minute=0)" in raised.value.__notes__


# --- random pairs, against the definition: every set of states that a behaviour could visit for ever is tried ---

PAIRS = 600  # a longer hunt changes this number only
LABELS = ("a", "b")
Edges = set[tuple[int, str, int]]


class Graph(Model[int]):
    def __init__(self, rng: random.Random, states: int, edges: Edges) -> None:
        self.edges = edges
        self.initial = rng.sample(range(states), rng.randint(1, min(2, states)))
        self.conditions = tuple(
            rng.choice((weak_fair, strong_fair))(*rng.sample(LABELS, rng.choice((1, 1, 2)))).conditions[0]
            for _ in range(rng.choice((0, 1, 1, 2)))
        )

    @property
    def fairness(self) -> Fairness:  # type: ignore[override]  # drawn, not declared
        return Fairness(self.conditions)

    def init(self) -> list[int]:
        return self.initial

    @action
    def a(self, state: int) -> Iterator[int]:
        yield from (target for source, label, target in sorted(self.edges) if (source, label) == (state, "a"))

    @action
    def b(self, state: int) -> Iterator[int]:
        yield from (target for source, label, target in sorted(self.edges) if (source, label) == (state, "b"))


def pair(seed: int) -> tuple[Graph, Graph, dict[int, int]]:
    """A fine and a coarse graph; the fine one's steps are mostly steps or stutters of the coarse one."""
    rng = random.Random(seed)
    size, coarse_size = rng.randint(1, 5), rng.randint(1, 3)
    mapping = {state: rng.randrange(coarse_size) for state in range(size)}
    coarse_edges = {
        (rng.randrange(coarse_size), rng.choice(LABELS), rng.randrange(coarse_size))
        for _ in range(rng.randint(1, 4))
    }
    fits = [
        (source, target)
        for source in range(size)
        for target in range(size)
        if mapping[source] == mapping[target]
        or any((s, t) == (mapping[source], mapping[target]) for s, _, t in coarse_edges)
    ]
    edges: Edges = set()
    for _ in range(rng.randint(0, 9)):
        source, target = rng.choice(fits)
        edges.add((source, rng.choice(LABELS), target))
    if rng.random() < 0.5:
        edges.add((rng.randrange(size), rng.choice(LABELS), rng.randrange(size)))
    fine, coarse = Graph(rng, size, edges), Graph(rng, coarse_size, coarse_edges)
    if rng.random() < 0.85:
        coarse.initial = sorted({*coarse.initial, *(mapping[state] for state in fine.initial)})
    return fine, coarse, mapping


def brute_force(fine: Graph, coarse: Graph, mapping: dict[int, int]) -> bool:
    """Whether every fair behaviour of the fine graph is one of the coarse."""
    reachable = set(fine.initial)
    for _ in fine.edges:
        reachable |= {target for source, _, target in fine.edges if source in reachable}
    steps = {(source, target) for source, _, target in fine.edges if source in reachable}
    allowed = {(source, target) for source, _, target in coarse.edges}
    if any(mapping[state] not in coarse.initial for state in fine.initial):
        return False
    if any(mapping[s] != mapping[t] and (mapping[s], mapping[t]) not in allowed for s, t in steps):
        return False
    moves = sorted((s, t) for s, t in steps if s != t)
    for size in range(len(moves) + 1):
        for chosen in combinations(moves, size):
            taken = set(chosen)
            for forever in visited(taken, reachable):
                if fair_fine(fine, taken, forever) and not fair_coarse(coarse, mapping, taken, forever):
                    return False
    return True


def visited(taken: set[tuple[int, int]], reachable: set[int]) -> Iterator[set[int]]:
    """The states of a behaviour that takes exactly these steps for ever: a connected set, or one state."""
    if not taken:
        for state in reachable:
            yield {state}
        return
    states = {state for step in taken for state in step}
    for start in states:
        found = {start}
        for _ in states:
            found |= {target for source, target in taken if source in found}
        if found != states:
            return
    yield states


def fair_fine(fine: Graph, taken: set[tuple[int, int]], forever: set[int]) -> bool:
    for condition in fine.conditions:
        steps = {(s, t) for s, label, t in fine.edges if label in condition.actions and s != t}
        enabled = {s for s, _ in steps}
        must = enabled >= forever if condition.kind == "weak" else bool(enabled & forever)
        if must and not steps & taken:
            return False
    return True


def fair_coarse(
    coarse: Graph, mapping: dict[int, int], taken: set[tuple[int, int]], forever: set[int]
) -> bool:
    mapped = {(mapping[s], mapping[t]) for s, t in taken}
    return fair_fine(coarse, mapped, {mapping[state] for state in forever})


def test_random_pairs_agree_with_the_definition() -> None:
    """Initial states, steps and fairness; and both answers, and each reason, occur often."""
    reasons: dict[str, int] = {"holds": 0, "initial": 0, "neither": 0, "fairness": 0}
    for seed in range(PAIRS):
        fine, coarse, mapping = pair(seed)
        if len({(s, t) for s, _, t in fine.edges if s != t}) > 10:
            continue
        found = refines(fine, coarse, mapping.__getitem__)
        assert (found.verdict is Verdict.HOLDS) == brute_force(fine, coarse, mapping), seed
        if found.counterexample is None:
            reasons["holds"] += 1
        else:
            reason = found.counterexample.reason
            reasons[next(known for known in reasons if known in reason)] += 1
    assert min(reasons.values()) > PAIRS // 40, reasons
