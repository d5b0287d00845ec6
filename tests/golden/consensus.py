"""Consensus. tlaplus/Examples MCConsensus.tla: the invariant is inductive, as every state that has it is a first one."""

from collections.abc import Iterator

from treadle.spec import Model, action, invariant

VALUES = ("a", "b", "c")


class Consensus(Model[frozenset[str]]):
    def init(self) -> Iterator[frozenset[str]]:
        yield frozenset()
        for value in VALUES:
            yield frozenset({value})

    def terminal(self, chosen: frozenset[str]) -> bool:
        return len(chosen) > 0

    @action(value=VALUES)
    def choose(self, chosen: frozenset[str], value: str) -> Iterator[frozenset[str]]:
        if not chosen:
            yield frozenset({value})

    @invariant
    def one_at_most(self, chosen: frozenset[str]) -> bool:
        return len(chosen) <= 1


class ChangesItsMind(Consensus):
    """The broken twin chooses again."""

    @action(value=VALUES)
    def choose(self, chosen: frozenset[str], value: str) -> Iterator[frozenset[str]]:
        if value not in chosen:
            yield chosen | {value}
