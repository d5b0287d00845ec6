"""Cigarette smokers. tlaplus/Examples CigaretteSmokers.tla: of three ingredients the dealer offers two."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant

INGREDIENTS = frozenset({"matches", "paper", "tobacco"})
OFFERS = tuple(INGREDIENTS - {owned} for owned in sorted(INGREDIENTS))


class Table(NamedTuple):
    smoking: frozenset[str]  # by what they own
    offer: frozenset[str]


class Smokers(Model[Table]):
    def init(self) -> Iterator[Table]:
        for offer in OFFERS:
            yield Table(frozenset(), offer)

    @action
    def start(self, state: Table) -> Iterator[Table]:
        if state.offer:
            yield Table(INGREDIENTS - state.offer, frozenset())

    @action
    def stop(self, state: Table) -> Iterator[Table]:
        if not state.offer:
            for offer in OFFERS:
                yield Table(frozenset(), offer)

    @invariant
    def at_most_one_smokes(self, state: Table) -> bool:
        return len(state.smoking) <= 1


class TwoOfAKind(Smokers):
    """The broken twin: the dealer may offer one ingredient only."""

    def init(self) -> Iterator[Table]:
        yield Table(frozenset(), frozenset({"paper"}))
