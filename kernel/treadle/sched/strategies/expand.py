"""A schedule in which race-free accesses were no steps, made again with every access a step."""

from collections.abc import Container

from treadle.sched.strategies.replay import Replay
from treadle.sched.world import ControlledThread, World


class Expand:
    """Make the choices of a schedule; accesses whose kind is not in *shared* come before the next choice."""

    exhaustive = False
    bound = None

    def __init__(self, steps: list[int], shared: Container[object]) -> None:
        self._steps = iter(steps)
        self._shared = shared

    def restart(self) -> None:
        """Nothing is remembered."""

    def rewind(self) -> bool:
        return False

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        for thread in (world.last, *enabled):
            if thread in enabled and self.is_free(thread):
                return thread
        step = next(self._steps, None)
        if step is None:
            return world.last if world.last in enabled else enabled[0]
        return Replay([*world.steps, step]).choose(world, enabled)

    def is_free(self, thread: ControlledThread) -> bool:
        """Say whether what *thread* has announced was no step."""
        operation = thread.pending
        if operation is None:
            return False
        accesses = operation.accesses(thread)
        kinds = [getattr(location, "kind", None) for location, _ in accesses]
        return bool(kinds) and all(kind is not None and kind not in self._shared for kind in kinds)

    def more(self, world: World) -> bool:
        return False

    def estimate(self) -> int | None:
        return None
