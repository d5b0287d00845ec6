"""Schedules with no preemption first, then those with at most one, then two, …

So the first failure found has the fewest preemptions, and few is what most bugs need (Musuvathi, Qadeer, *Iterative
context bounding for systematic testing of multithreaded programs*, PLDI 2007). Each round makes the schedules of the
rounds before again: what a queue of them would save is little, as the next round is many times longer, and it would
grow without bound.
"""

from treadle.sched.strategies.dfs import DepthFirst, at_most
from treadle.sched.world import ControlledThread, World


class Iterative:
    """Explore every schedule, or every one with at most *limit* preemptions, those with fewer first."""

    exhaustive = True

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._preemptions = 0  #: the bound of the present round
        self._round = DepthFirst(0)
        self._whole = False
        self._before = 0  #: executions of the rounds before
        self._made = 0

    @property
    def bound(self) -> str | None:
        """The present round's bound; None once a round has left no schedule out."""
        return None if self._whole else at_most(self._preemptions)

    def restart(self) -> None:
        self.__init__(self._limit)  # type: ignore[misc]

    def rewind(self) -> bool:
        return self._round.rewind()

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        return self._round.choose(world, enabled)

    def more(self, world: World) -> bool:
        self._made += 1
        if self._round.more(world):
            return True
        self._whole = not self._round.curbed
        if self._whole or self._preemptions == self._limit:
            return False
        self._preemptions += 1
        self._round = DepthFirst(self._preemptions)
        self._before = self._made
        return True

    def estimate(self) -> int | None:
        """Guess how many executions there are in all; those of rounds that have not begun are not known."""
        now = self._round.estimate()
        return None if now is None else self._before + now
