"""A schedule in which race-free accesses were no steps, made again with every access a step."""

from collections.abc import Container

from treadle.sched.locks import Ask
from treadle.sched.strategies.follow import go_on
from treadle.sched.strategies.replay import Replay
from treadle.sched.world import ControlledThread, World


class Expand:
    """Make the choices of a schedule; accesses whose kind is not in *shared* come in between.

    They come just before their thread's next step, which interrupts nobody. If *eager*, they come as soon as they can,
    as in the execution itself, where they were no steps: it matters when what a thread does after them is seen by
    others in ways that are no steps, such as the end of an object that it alone referred to.
    """

    exhaustive = False
    bound = None

    def __init__(self, steps: list[int], shared: Container[object], *, eager: bool = False) -> None:
        self._steps = steps
        self._eager = eager
        self._shared = shared
        self._made = 0

    def restart(self) -> None:
        """Nothing is remembered."""

    def rewind(self) -> bool:
        return False

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        if not world.steps:
            self._made = 0
        if world.last in enabled and self.is_free(world.last):
            return world.last
        wanted = self._steps[self._made] if self._made < len(self._steps) else None
        if wanted is None and world.failure is not None:
            return go_on(world, enabled)
        thread = next((thread for thread in enabled if thread.index == wanted), None)
        if thread is not None and not self._eager and self.is_free(thread):
            return thread
        if thread is None or self._eager:
            free = next((thread for thread in enabled if self.is_free(thread)), None)
            if free is not None:
                return free
        if wanted is None:
            return go_on(world, enabled)
        self._made += 1
        return thread or Replay([*world.steps, wanted]).choose(world, enabled)

    def is_free(self, thread: ControlledThread) -> bool:
        """Say whether what *thread* has announced was no step."""
        operation = thread.pending
        if operation is None:
            return False
        if isinstance(operation, Ask):
            return not thread.world.learned.foreign
        accesses = operation.accesses(thread)
        kinds = [getattr(location, "kind", None) for location, _ in accesses]
        return bool(kinds) and all(kind is not None and kind not in self._shared for kind in kinds)

    def more(self, world: World) -> bool:
        return False

    def estimate(self) -> int | None:
        return None
