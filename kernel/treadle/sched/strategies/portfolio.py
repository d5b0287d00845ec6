"""Several strategies in turn, an execution each.

None is best for every program: where one needs thousands of executions another may need ten.
"""

from collections.abc import Sequence

from treadle.sched.strategies.pct import PCT
from treadle.sched.strategies.pos import POS
from treadle.sched.strategies.random_walk import RandomWalk
from treadle.sched.strategies.sampling import Sampling
from treadle.sched.strategies.surw import SURW
from treadle.sched.world import ControlledThread, World


class Portfolio(Sampling):
    """Let *members* take turns; by default SURW, POS, PCT of depth 2 and 3, and a random walk."""

    name = "portfolio"

    def __init__(self, seed: int, members: Sequence[Sampling] | None = None) -> None:
        super().__init__(seed)
        self._members: Sequence[Sampling] = members or (
            SURW(seed),
            POS(seed),
            PCT(seed, 2),
            PCT(seed, 3),
            RandomWalk(seed),
        )
        self._turn = 0

    def restart(self) -> None:
        super().restart()
        self._turn = 0
        for member in self._members:
            member.restart()

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        return self._members[self._turn].choose(world, enabled)

    def more(self, world: World) -> bool:
        self._members[self._turn].more(world)
        self._turn = (self._turn + 1) % len(self._members)
        return True
