"""What the strategies that sample have in common: a seed, and no end.

They can find a failure, and can never say that there is none.
"""

import random
from abc import ABC, abstractmethod

from treadle.sched.world import ControlledThread, World


class Sampling(ABC):
    """Make executions at random, the same ones from the same seed."""

    exhaustive = False
    name: str  #: as it stands in an answer

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 - choices are to be repeatable, not secret
        self.draw = self.random.random  #: the next number from 0 to 1

    @property
    def bound(self) -> str:
        return f"{self.name} with seed {self.seed}"

    def restart(self) -> None:
        self.random.seed(self.seed)

    def rewind(self) -> bool:
        return False

    @abstractmethod
    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        """Return one of *enabled*."""

    def more(self, world: World) -> bool:
        return True

    def estimate(self) -> int | None:
        return None
