"""A uniformly random choice at each step."""

from treadle.sched.strategies.sampling import Sampling
from treadle.sched.world import ControlledThread, World


class RandomWalk(Sampling):
    """Choose uniformly among the threads that can go on."""

    name = "random walk"

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        return enabled[int(self.draw() * len(enabled))]
