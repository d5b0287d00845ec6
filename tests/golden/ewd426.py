"""Self-stabilising token ring (Dijkstra, EWD 426). tlaplus/Examples TokenRing.tla: any state may be the first."""

from collections.abc import Iterator
from itertools import product

from treadle.spec import Model, action, invariant

Counters = tuple[int, ...]


class TokenRing(Model[Counters]):
    def __init__(self, nodes: int, values: int) -> None:
        self.nodes = nodes
        self.values = values

    def init(self) -> Iterator[Counters]:
        yield from product(range(self.values), repeat=self.nodes)

    @action
    def create_token(self, counters: Counters) -> Iterator[Counters]:
        if counters[0] == counters[-1]:
            yield ((counters[-1] + 1) % self.values, *counters[1:])

    @action(node=lambda model: range(1, model.nodes))
    def pass_token(self, counters: Counters, node: int) -> Iterator[Counters]:
        if counters[node] != counters[node - 1]:
            yield (*counters[:node], counters[node - 1], *counters[node + 1 :])

    def tokens(self, counters: Counters) -> int:
        """How many nodes may move."""
        return sum(counters[node] != counters[node - 1] for node in range(1, self.nodes)) + (
            counters[0] == counters[-1]
        )

    @invariant
    def there_is_a_token(self, counters: Counters) -> bool:
        return self.tokens(counters) > 0
