"""Symmetry: of the states that differ only in which process is which, one is searched.

The state that stands for an orbit has its processes sorted by their columns; processes with equal columns that can be
told apart nonetheless are tried in every order. So orbits are exact: two states have the same representative if
and only if a permutation of processes leads from one to the other.

Rules: a declaration of symmetry is believed only after `require_symmetric` went through every state of a small instance.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, permutations, product
from typing import Generic, TypeVar, cast

from treadle.spec.calls import answer, initial
from treadle.spec.limits import Limits
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import TEMPORAL, Program, Property
from treadle.spec.search import Search

S = TypeVar("S")

#: A small instance has no more states than this.
SMALL = 5_000


class Orbits(Generic[S]):
    """Gives each state the one that stands for its orbit."""

    def __init__(self, model: Model[S]) -> None:
        self._model = model
        self._ranks: dict[object, int] = {}  # of columns: any order will do that stays the same
        self._standing: set[S] = set()  # representatives that had to be chosen

    def __call__(self, state: S) -> S:
        """Return the state that stands for this one's orbit."""
        ranks = [self._rank(column) for column in self._model.columns(state).values()]
        order = sorted(range(len(ranks)), key=ranks.__getitem__)
        found = self._model.permuted(state, tuple(order))
        if all(self._same(found, place, len(order)) for place in _ties([ranks[at] for at in order])):
            return found
        return self._choose(state, order, ranks)

    def _rank(self, column: object) -> int:
        return self._ranks.setdefault(column, len(self._ranks))

    def _same(self, state: S, place: int, count: int) -> bool:
        return self._model.permuted(state, _swap(place, count)) == state

    def _choose(self, state: S, order: list[int], ranks: list[int]) -> S:
        """Of all orders that sort the columns, the first whose state stands already, or just the first."""
        groups = [list(group) for _, group in groupby(order, ranks.__getitem__)]
        first: S | None = None
        for chosen in product(*(permutations(group) for group in groups)):
            found = self._model.permuted(state, tuple(at for group in chosen for at in group))
            if found in self._standing:
                return found
            first = found if first is None else first
        assert first is not None
        self._standing.add(first)
        return first


def _ties(ranks: list[int]) -> list[int]:
    return [place for place in range(len(ranks) - 1) if ranks[place] == ranks[place + 1]]


def _swap(place: int, count: int) -> tuple[int, ...]:
    """The permutation that exchanges a place with the next one."""
    return (*range(place), place + 1, place, *range(place + 2, count))


def require_no_temporal(program: Program[S]) -> None:
    """Raise ValueError if the program has a property that symmetry would not keep."""
    if asked := program.of(*TEMPORAL):
        raise ValueError(
            f"{asked[0].title} cannot be checked under symmetry: a cycle of orbits is no cycle of states; "
            "check it on a model without, or with symmetry=False"
        )


def require_symmetric(program: Program[S]) -> None:
    """Raise ValueError unless exchanging any two processes keeps the model, in every reachable state.

    Steps, invariants, constraints, terminal and initial states are compared; parametrised properties as a whole.
    """
    search = Search(program, Limits(SMALL))
    search.explore()
    if search.spent:
        raise ValueError(
            f"{program.model!r} has more than {SMALL:,} states, too many to prove its symmetry on them: name a small "
            "instance, as in check(Model(7), symmetry=Model(3))"
        )
    begin = set(initial(program))
    states = cast("list[S]", list(search.parents))
    for state in states:
        count = len(program.model.columns(state))
        if count < 2:
            raise ValueError(
                f"{program.model!r}: symmetry needs columns of two processes or more, in {state!r}"
            )
        for place in range(count - 1):
            _require_kept(program, state, _swap(place, count), begin)


def _require_kept(program: Program[S], state: S, swap: tuple[int, ...], begin: set[S]) -> None:
    model = program.model
    other = model.permuted(state, swap)
    for what, kept in _comparisons(program, state, other, swap, begin):
        if not kept:
            raise ValueError(
                f"{type(model).__name__} is not symmetric: exchanging the processes in places {_moved(swap)} does not "
                f"keep {what}, from {state!r} to {other!r}"
            )


def _moved(swap: tuple[int, ...]) -> str:
    return " and ".join(str(place) for place, at in enumerate(swap) if place != at)


def _comparisons(
    program: Program[S], state: S, other: S, swap: tuple[int, ...], begin: set[S]
) -> Iterator[tuple[str, bool]]:
    model = program.model
    yield "the state when done twice", model.permuted(other, swap) == state
    yield "the state when nothing moves", model.permuted(state, tuple(range(len(swap)))) == state
    columns = list(model.columns(state).values())
    yield "the columns", list(model.columns(other).values()) == [columns[at] for at in swap]
    yield "terminal", model.terminal(state) is model.terminal(other)
    yield "init", (state in begin) is (other in begin)
    after = {after for step in program.steps for after in step.successors(state)}
    others = {after for step in program.steps for after in step.successors(other)}
    moved = {model.permuted(found, swap): found for found in after}
    yield "the steps", moved.keys() == others
    yield from _properties(program, [((state,), (other,))], Kind.INVARIANT, Kind.CONSTRAINT, Kind.SOMETIMES)
    steps = [((state, found), (other, there)) for there, found in moved.items()]
    yield from _properties(program, steps, Kind.STEP_CONSTRAINT)
    changing = [pair for pair in steps if pair[0][0] != pair[0][1]]
    yield from _properties(program, changing, Kind.STEP_PROPERTY)


def _properties(
    program: Program[S], pairs: Sequence[tuple[tuple[S, ...], tuple[S, ...]]], *kinds: Kind
) -> Iterator[tuple[str, bool]]:
    for name, group in groupby(program.of(*kinds), _family):
        family = list(group)
        for here, there in pairs:
            yield (
                name,
                all(_asked(program, each, here) for each in family)
                is all(_asked(program, each, there) for each in family),
            )


def _family(found: Property[S]) -> str:
    """Of a property with parameters the name alone; what is sometimes true must be symmetric for each value."""
    return found.title if found.kind is Kind.SOMETIMES else found.title.partition("(")[0]


def _asked(program: Program[S], asked: Property[S], states: tuple[S, ...]) -> bool:
    if not asked.takes_action:
        return answer(asked, *states)
    return all(answer(asked, *states, action=name) for name in {step.action for step in program.steps})
