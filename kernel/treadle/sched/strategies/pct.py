"""Random priorities that change at a few random steps.

The thread with the highest priority runs. A bug that needs *depth* orderings of steps is found by each execution
with a probability of at least 1 / (n k^(depth-1)), with n threads and k steps at which there is a choice
(Burckhardt, Kothari, Musuvathi, Nagarakatte, *A randomized scheduler with probabilistic guarantees of finding bugs*,
ASPLOS 2010). How many steps there are is learned from the executions made so far.
"""

from treadle.sched.strategies.sampling import Sampling
from treadle.sched.world import ControlledThread, World

#: Choices in a row after which a thread that keeps others from running falls behind them: it may wait for them.
PATIENCE = 1_000


class PCT(Sampling):
    """Sample bugs of *depth* ordering constraints: an order violation has 1, most have 2 or 3."""

    def __init__(self, seed: int, depth: int = 3) -> None:
        if depth < 1:
            raise ValueError(f"depth is at least 1, not {depth}")
        super().__init__(seed)
        self._depth = depth
        self.name = f"PCT of depth {depth}"
        self.restart()

    def restart(self) -> None:
        super().restart()
        self._longest = 1  #: choices in the longest execution so far
        self._begin()

    def _begin(self) -> None:
        """Prepare the next execution."""
        self._longest = max(self._longest, getattr(self, "_choices", 0))
        self._choices = 0
        self._row: tuple[int, int] = (-1, 0)  #: whose turn it was, and how often in a row
        self._priorities: dict[int, float] = {}
        self._lowest = 0.0
        steps = range(self._longest)
        self._changes = set(self.random.sample(steps, min(self._depth - 1, len(steps))))

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        if len(enabled) == 1:
            return enabled[0]
        for thread in enabled:
            if thread.index not in self._priorities:
                self._priorities[thread.index] = 1 + self.random.random()
        chosen = self._first(enabled)
        who, times = self._row
        times = times + 1 if who == chosen.index else 1
        if self._choices in self._changes or times > PATIENCE:
            self._demote(chosen)
            chosen, times = self._first(enabled), 1
        self._row = chosen.index, times
        self._choices += 1
        return chosen

    def _first(self, enabled: list[ControlledThread]) -> ControlledThread:
        return max(enabled, key=lambda thread: self._priorities[thread.index])

    def _demote(self, thread: ControlledThread) -> None:
        """Put *thread* behind all others."""
        self._lowest -= 1
        self._priorities[thread.index] = self._lowest

    def more(self, world: World) -> bool:
        self._begin()
        return True
