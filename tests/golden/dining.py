"""Simple dining philosophers: left fork, right fork, eat. The Pell-Lucas numbers count the states."""

from collections.abc import Iterator

from treadle.spec import Model, action

Table = tuple[str, ...]  # by philosopher: thinking, waiting (with the left fork), eating (with both)


class Dining(Model[Table]):
    def __init__(self, philosophers: int) -> None:
        self.philosophers = philosophers

    def init(self) -> Iterator[Table]:
        yield ("thinking",) * self.philosophers

    @action(who=lambda model: range(model.philosophers))
    def take_left(self, table: Table, who: int) -> Iterator[Table]:
        left = (who - 1) % self.philosophers
        if table[who] == "thinking" and table[left] != "eating":
            yield (*table[:who], "waiting", *table[who + 1 :])

    @action(who=lambda model: range(model.philosophers))
    def take_right(self, table: Table, who: int) -> Iterator[Table]:
        right = (who + 1) % self.philosophers
        if table[who] == "waiting" and table[right] == "thinking":
            yield (*table[:who], "eating", *table[who + 1 :])

    @action(who=lambda model: range(model.philosophers))
    def put_down(self, table: Table, who: int) -> Iterator[Table]:
        if table[who] == "eating":
            yield (*table[:who], "thinking", *table[who + 1 :])


class Cycling(Dining):
    def terminal(self, table: Table) -> bool:
        """Leave the deadlock out, to count the whole space."""
        return True
