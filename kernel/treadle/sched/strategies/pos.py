"""A random priority for each operation, drawn anew when another wins a race against it.

To keep one operation back while others do many, a random walk must be lucky at each step; here one low number does
it. (Yuan, Yang, Gu, *Partial order aware concurrency sampling*, CAV 2018.)
"""

from treadle.sched.access import dependent
from treadle.sched.strategies.sampling import Sampling
from treadle.sched.world import ControlledThread, World


class POS(Sampling):
    """Sample partial orders."""

    name = "partial order sampling"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._priorities: dict[int, float] = {}  #: of the operation each thread has announced

    def restart(self) -> None:
        super().restart()
        self._priorities.clear()

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        priorities = self._priorities
        for thread in enabled:
            if thread.index not in priorities:
                priorities[thread.index] = self.random.random()
        chosen = max(enabled, key=lambda thread: priorities[thread.index])
        del priorities[chosen.index]
        operation = chosen.pending
        assert operation is not None
        accesses = operation.accesses(chosen)
        for thread in enabled:
            pending = thread.pending
            if thread is chosen or pending is None:
                continue
            if dependent(pending.accesses(thread), accesses):
                del priorities[thread.index]
        return chosen

    def more(self, world: World) -> bool:
        self._priorities.clear()
        return True
