"""Under symmetry one state of each orbit is searched, and only of models whose symmetry was proved."""

from collections.abc import Iterator, Mapping

import pytest

from tests.spec.two_phase import Protocol, TwoPhase
from treadle.spec import Model, State, Verdict, action, check, eventually, invariant, sometimes, state_graph
from treadle.spec.symmetry import Orbits


@pytest.mark.parametrize(("rms", "states"), [(3, 80), (5, 314), (7, 920)])
def test_two_phase_commit_has_as_many_orbits_as_tlc_counts(rms: int, states: int) -> None:
    result = check(TwoPhase(rms), symmetry=TwoPhase(3))
    assert (result.verdict, result.distinct) == (Verdict.HOLDS, states)


def test_a_small_model_proves_its_own_symmetry() -> None:
    assert check(TwoPhase(3), symmetry=True).distinct == 80


def test_a_large_model_needs_a_small_instance() -> None:
    with pytest.raises(ValueError, match="more than 5,000 states, too many to prove"):
        check(TwoPhase(5), symmetry=True)
    with pytest.raises(TypeError, match="symmetry is True, or a small TwoPhase"):
        check(TwoPhase(5), symmetry=3)  # type: ignore[arg-type]  # the mistake


class Ring(State):
    """Processes that know each other: equal columns do not make them interchangeable."""

    friends: frozenset[tuple[int, int]] = frozenset()


class Friends(Model[Ring]):
    def __init__(self, count: int) -> None:
        self.count = count

    def init(self) -> Iterator[Ring]:
        yield Ring()

    def terminal(self, state: Ring) -> bool:
        return True

    def columns(self, state: Ring) -> Mapping[str, object]:
        return {f"p{one}": sum(one in pair for pair in state.friends) for one in range(self.count)}

    def permuted(self, state: Ring, order: tuple[int, ...]) -> Ring:
        place = {one: new for new, one in enumerate(order)}
        return Ring(
            frozenset((min(a, b), max(a, b)) for a, b in ((place[a], place[b]) for a, b in state.friends))
        )

    @action(a=lambda model: range(model.count), b=lambda model: range(model.count))
    def meet(self, state: Ring, a: int, b: int) -> Iterator[Ring]:
        if a < b:
            yield Ring(state.friends | {(a, b)})


@pytest.mark.parametrize(("count", "graphs"), [(2, 2), (3, 4), (4, 11), (5, 34)])
def test_orbits_are_exact_where_columns_do_not_tell_processes_apart(count: int, graphs: int) -> None:
    """Undirected graphs up to isomorphism: 2, 4, 11, 34 (OEIS A000088)."""
    assert check(Friends(count), symmetry=Friends(3)).distinct == graphs


def test_every_state_has_the_representative_of_all_its_orbit() -> None:
    model = Friends(4)
    orbits = Orbits(model)
    for state in state_graph(model).states:
        assert (
            orbits(model.permuted(state, (1, 0, 2, 3)))
            == orbits(model.permuted(state, (3, 2, 0, 1)))
            == orbits(state)
        )


def test_a_counterexample_is_a_behaviour_of_the_model_itself() -> None:
    class Broken(TwoPhase):
        @invariant
        def nobody_is_told(self, state: Protocol) -> bool:
            return state.votes.count("aborted") < 2

    found = check(Broken(3), symmetry=True).counterexample
    plain = check(Broken(3)).counterexample
    assert found is not None
    assert plain is not None
    assert len(found.states) == len(plain.states)
    graph = state_graph(Broken(3))
    numbers = {state: number for number, state in enumerate(graph.states)}
    for before, after in zip(found.states, found.states[1:], strict=False):
        assert numbers[after] in {target for _, target in graph.edges(numbers[before])}


# --- what is not symmetric is refused ---


class First(TwoPhase):
    """The first manager is not as the others."""

    @action(rm=lambda model: range(model.rms))
    def choose_to_abort(self, state: Protocol, rm: int) -> Iterator[Protocol]:
        if rm > 0:
            yield from TwoPhase.choose_to_abort(self, state, rm)


class Watched(TwoPhase):
    @invariant
    def the_first_is_there(self, state: Protocol) -> bool:
        return state.votes[0] in {"working", "prepared", "committed"} or True in (
            False,
            state.votes[1] == "aborted",
        )


class Hoped(TwoPhase):
    @sometimes(rm=range(3))
    def aborts(self, state: Protocol, rm: int) -> bool:
        return state.votes[rm] == "aborted"


class Forgets(TwoPhase):
    def permuted(self, state: Protocol, order: tuple[int, ...]) -> Protocol:
        return state.evolve(votes=tuple(state.votes[rm] for rm in order))


class Blind(TwoPhase):
    def columns(self, state: Protocol) -> Mapping[str, object]:
        return {f"rm{rm}": state.votes[0] for rm in range(self.rms)}


class FirstEnds(TwoPhase):
    def terminal(self, state: Protocol) -> bool:
        return state.votes[0] in {"committed", "aborted"}


class FirstBegins(TwoPhase):
    def init(self) -> Iterator[Protocol]:
        yield Protocol(("prepared", "working", "working"), messages=frozenset({0}))


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (First, "the steps"),
        (Watched, "invariant the_first_is_there"),
        (Hoped, r"sometimes aborts\(rm=0\)"),
        (Forgets, "the steps"),
        (Blind, "the columns"),
        (FirstEnds, "terminal"),
        (FirstBegins, "init"),
    ],
)
def test_a_model_that_is_not_symmetric_is_refused(broken: type[TwoPhase], what: str) -> None:
    with pytest.raises(ValueError, match=rf"{broken.__name__} is not symmetric: .*keep {what}"):
        check(broken(3), symmetry=True)


def test_temporal_properties_are_refused_under_symmetry() -> None:
    class Lively(TwoPhase):
        @eventually
        def decided(self, state: Protocol) -> bool:
            return state.manager != "init"

    with pytest.raises(ValueError, match="eventually decided cannot be checked under symmetry"):
        check(Lively(3), symmetry=True)
    with pytest.raises(ValueError, match="eventually decided cannot be checked with compact"):
        check(Lively(3), compact=True)


def test_a_model_without_a_permutation_is_refused() -> None:
    class Plain(TwoPhase):
        permuted = Model.permuted  # type: ignore[assignment]  # as if it were not defined

    with pytest.raises(NotImplementedError, match="Plain does not say how to permute"):
        check(Plain(3), symmetry=True)

    class NoColumns(TwoPhase):
        columns = Model.columns  # type: ignore[assignment]  # as if it were not defined

    with pytest.raises(ValueError, match="symmetry needs columns of two processes or more"):
        check(NoColumns(3), symmetry=True)
