"""A uniformly random choice at each step, from a seed."""

import random

from treadle.sched.world import ControlledThread, World


class RandomWalk:
    """Sample executions; it can find a failure and can never say that there is none."""

    exhaustive = False

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - choices are to be repeatable, not secret

    @property
    def bound(self) -> str:
        return f"random walk with seed {self._seed}"

    def restart(self) -> None:
        self._random.seed(self._seed)

    def rewind(self) -> bool:
        return False

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        return self._random.choice(enabled)

    def more(self, world: World) -> bool:
        return True

    def estimate(self) -> int | None:
        return None
