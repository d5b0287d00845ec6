"""Ways to search: depth first, at random, within limits, compacted, from a checkpoint, many at once; and the graph."""

import json
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from tests.golden.diehard import DieHard, FourLitres
from tests.spec.two_phase import Broken, Protocol, TwoPhase
from treadle.spec import (
    Model,
    Progress,
    State,
    Verdict,
    action,
    check,
    simulate,
    sometimes,
    state_graph,
    step_property,
    sweep,
)
from treadle.spec.compact import Fingerprints


class Endless(Model[int]):
    def init(self) -> Iterator[int]:
        yield 0

    @action
    def up(self, state: int) -> Iterator[int]:
        yield state + 1


# --- depth first ---


def test_depth_first_finds_the_same_states() -> None:
    deep, broad = check(TwoPhase(4), search="depth"), check(TwoPhase(4))
    assert (deep.verdict, deep.distinct) == (broad.verdict, broad.distinct)
    assert {name: found.transitions for name, found in deep.coverage.items()} == {
        name: found.transitions for name, found in broad.coverage.items()
    }


def test_depth_first_finds_a_violation_that_is_a_behaviour() -> None:
    result = check(Broken(4), search="depth")
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    states = result.counterexample.states
    assert states[-1].votes.count("aborted") == 2
    assert len(states) >= len(check(Broken(4)).counterexample.states)  # type: ignore[union-attr]


def test_depth_first_keeps_a_limit_and_step_properties() -> None:
    assert check(TwoPhase(4), search="depth", max_states=100).distinct == 100

    class Stays(Endless):
        @step_property
        def below_nine(self, state: int, after: int) -> bool:
            return after < 9

    found = check(Stays(), search="depth").counterexample
    assert found is not None
    assert found.states == tuple(range(10))


def test_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="search is 'wide'"):
        check(Endless(), search="wide")  # type: ignore[arg-type]


# --- limits ---


@pytest.mark.parametrize("options", [{"max_seconds": 0.05}, {"max_memory": 1}], ids=str)
@pytest.mark.parametrize("search", ["breadth", "depth"])
def test_a_limit_of_time_or_memory_makes_the_answer_unknown(options: dict[str, Any], search: Any) -> None:
    result = check(Endless(), search=search, **options)
    assert result.verdict is Verdict.UNKNOWN
    assert result.bound is not None
    assert result.bound.startswith(next(iter(options)))


@pytest.mark.parametrize(
    "options", [{"max_seconds": 0}, {"max_memory": -1}, {"max_seconds": float("nan")}], ids=str
)
def test_a_limit_that_leaves_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="it must be more than 0"):
        check(Endless(), **options)


# --- compaction ---


@pytest.mark.parametrize("model", [TwoPhase(4), DieHard()], ids=repr)
def test_compaction_finds_as_many_states_and_says_what_it_risks(model: Model[Any]) -> None:
    exact, compact = check(model), check(model, compact=True)
    assert (compact.verdict, compact.distinct, compact.depth) == (exact.verdict, exact.distinct, exact.depth)
    assert compact.bound is not None
    chance = exact.distinct**2 / 2**65
    assert (
        compact.bound
        == f"states known by 64 bits each: one was missed with a probability of about {chance:.1e}"
    )


def test_compaction_keeps_the_counterexample() -> None:
    exact, compact = check(FourLitres()).counterexample, check(FourLitres(), compact=True).counterexample
    assert exact == compact


@dataclass(frozen=True)
class Partly:
    x: int
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class Modulo:
    x: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Modulo) and self.x % 3 == other.x % 3

    def __hash__(self) -> int:
        return self.x % 3


class One(State):
    x: int


class Two(State):
    x: int


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (-1, -2, False),  # whose hashes are equal
        ((-1,), (-2,), False),
        (One(1), One(1), True),
        (One(1), Two(1), False),
        (One(-1), One(-2), False),
        (Partly(1, "a"), Partly(1, "b"), True),
        (Partly(1), Partly(2), False),
        (Modulo(1), Modulo(4), True),
        (1, True, True),
        (frozenset("ab"), frozenset("ba"), True),
    ],
)
def test_fingerprints_are_equal_where_states_are(one: object, other: object, equal: bool) -> None:
    fingerprints = Fingerprints()
    assert (one == other) is equal
    assert (fingerprints(one) == fingerprints(other)) is equal


# --- checkpoints ---


class Hopes(TwoPhase):
    @sometimes
    def commits(self, state: Protocol) -> bool:
        return "committed" in state.votes

    @sometimes
    def prepares(self, state: Protocol) -> bool:
        return "prepared" in state.votes


@pytest.mark.parametrize("options", [{}, {"compact": True}, {"symmetry": Hopes(3)}], ids=str)
def test_a_search_goes_on_from_its_checkpoint(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "search"
    results = []
    for limit in (10, 40, 60, 1000, 100_000):
        results.append(check(Hopes(4), checkpoint=path, max_states=limit, **options))
        if results[-1].verdict is not Verdict.UNKNOWN:
            break
        assert path.exists()
    whole = check(Hopes(4), **options)
    assert len(results) > 2
    assert not path.exists()
    assert results[-1] == whole


def test_a_violation_after_a_checkpoint_has_its_whole_behaviour(tmp_path: Path) -> None:
    path = tmp_path / "search"
    assert check(Broken(4), checkpoint=path, max_states=5).verdict is Verdict.UNKNOWN
    assert check(Broken(4), checkpoint=path) == check(Broken(4))


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "search"
    check(TwoPhase(4), checkpoint=path, max_states=5)
    for model in (TwoPhase(5), Broken(4)):
        with pytest.raises(ValueError, match="the checkpoint of another search, or the model has changed"):
            check(model, checkpoint=path)
    with pytest.raises(ValueError, match="another symmetry or compaction"):
        check(TwoPhase(4), checkpoint=path, compact=True)
    with pytest.raises(ValueError, match="in breadth only"):
        check(TwoPhase(4), checkpoint=path, search="depth")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "search"
    for content in (b"", b"hello", pickle.dumps(1)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is no checkpoint"):
            check(TwoPhase(4), checkpoint=path)


# --- random behaviours ---


def test_a_simulation_finds_a_violation_and_its_seed_finds_it_again() -> None:
    result = simulate(Broken(4), seed=1)
    assert result.verdict is Verdict.VIOLATED
    assert result.counterexample is not None
    assert result.counterexample.states[-1].votes.count("aborted") == 2
    assert simulate(Broken(4), seed=1) == result


def test_a_simulation_that_finds_nothing_is_unknown_and_says_its_seed() -> None:
    result = simulate(TwoPhase(3), behaviours=20, depth=15, seed=7)
    assert result.verdict is Verdict.UNKNOWN
    assert result.bound == "simulated with seed=7: 20 behaviours of 15 states at most"
    assert result.depth <= 15
    drawn = simulate(TwoPhase(3), behaviours=1)
    assert drawn.bound is not None
    seed = int(drawn.bound.partition("seed=")[2].partition(":")[0])
    assert simulate(TwoPhase(3), behaviours=1, seed=seed) == drawn


def test_a_simulation_finds_deadlocks_steps_at_fault_and_exceptions() -> None:
    class Short(Model[int]):
        def init(self) -> Iterator[int]:
            yield 0

        @action
        def up(self, state: int) -> Iterator[int]:
            if state < 3:
                yield state + 1

    class ByTwo(Short):
        @step_property
        def below_two(self, state: int, after: int) -> bool:
            return after < 2

    class Raises(Short):
        @action
        def down(self, state: int) -> Iterator[int]:
            yield 1 // (1 - state) - 1

    def found(model: Model[int]) -> str:
        counterexample = simulate(model, seed=0).counterexample
        return counterexample.reason if counterexample else ""

    assert found(Short()).startswith("deadlock")
    assert found(ByTwo()) == "step_property below_two is violated by up"
    assert found(Raises()).startswith("action down raised ZeroDivisionError")


@pytest.mark.parametrize("options", [{"behaviours": 0}, {"depth": 0}], ids=str)
def test_a_simulation_of_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 1 is needed"):
        simulate(Endless(), **options)


# --- many configurations ---


def test_a_sweep_checks_each_configuration() -> None:
    models = [TwoPhase(count) for count in (1, 2, 3)] + [Broken(3)]
    results = sweep(models, jobs=2)
    assert results == [check(model) for model in models]
    assert results == sweep(models, jobs=1)
    assert sweep([]) == []
    with pytest.raises(ValueError, match="jobs is 0"):
        sweep(models, jobs=0)


# --- progress ---


def test_progress_is_reported_while_a_search_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.spec.progress._EVERY", 0)
    reports: list[Progress] = []
    result = check(TwoPhase(4), progress=reports.append)
    assert reports
    assert [report.states for report in reports] == sorted(report.states for report in reports)
    last = reports[-1]
    assert last.states <= result.distinct
    assert last.estimate is not None
    assert 0.5 < last.estimate / result.distinct < 2
    assert str(Progress(1000, 5, 20, 0.5, None)) == "1,000 states, depth 5, 2,000 states/s, 20 in the queue"
    assert "about 3,000 in all" in str(Progress(1000, 5, 20, 0.5, 3000))


# --- the state graph ---


def test_the_graph_has_every_state_and_step() -> None:
    graph = state_graph(DieHard())
    result = check(DieHard())
    assert len(graph.states) == result.distinct
    assert len(graph.targets) == sum(found.transitions for found in result.coverage.values())
    assert [graph.states[number] for number in graph.initial] == list(DieHard().init())


def test_the_graph_is_written_for_graphviz_and_as_json() -> None:
    class Switch(Model[bool]):
        def init(self) -> Iterator[bool]:
            yield False

        @action
        def press(self, state: bool) -> Iterator[bool]:
            yield not state

    graph = state_graph(Switch())
    assert graph.dot().splitlines() == [
        "digraph states {",
        '  0 [label="False", style=filled];',
        '  1 [label="True"];',
        '  0 -> 1 [label="press"];',
        '  1 -> 0 [label="press"];',
        "}",
    ]
    assert json.loads(graph.json()) == {
        "states": ["False", "True"],
        "initial": [0],
        "edges": [[0, "press", 1], [1, "press", 0]],
    }


def test_the_graph_is_one_of_networkx() -> None:
    graph = state_graph(DieHard())
    made = graph.networkx()
    assert isinstance(made, nx.MultiDiGraph)
    assert made.number_of_nodes() == 16
    assert made.nodes[0] == {"state": graph.states[0], "initial": True}
    steps = Counter[tuple[int, int, str]](made.edges(data="step"))
    assert steps == Counter(
        (one, other, graph.steps[step]) for one in range(16) for step, other in graph.edges(one)
    )
    assert max(nx.single_source_shortest_path_length(made, 0).values()) == 7  # there are 8 levels


def test_a_graph_of_too_many_states_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 50 states"):
        state_graph(Endless(), max_states=50)


def test_a_deadlock_and_a_broken_property_are_part_of_the_graph() -> None:
    assert len(state_graph(Broken(3)).states) == 288
