"""A barrier. tlaplus/Examples Barrier.tla: all pass at once, when all have come."""

from collections.abc import Iterator

from treadle.spec import Model, action

Waiting = tuple[bool, ...]


class Barrier(Model[Waiting]):
    def __init__(self, processes: int) -> None:
        self.processes = processes

    def init(self) -> Iterator[Waiting]:
        yield (False,) * self.processes

    @action(who=lambda model: range(model.processes))
    def come(self, waiting: Waiting, who: int) -> Iterator[Waiting]:
        if not waiting[who]:
            yield (*waiting[:who], True, *waiting[who + 1 :])

    @action
    def let_pass(self, waiting: Waiting) -> Iterator[Waiting]:
        if all(waiting):
            yield (False,) * self.processes


class OneMissing(Barrier):
    """The broken twin: it waits for one more than will come."""

    @action
    def let_pass(self, waiting: Waiting) -> Iterator[Waiting]:
        if sum(waiting) > self.processes:
            yield (False,) * self.processes
