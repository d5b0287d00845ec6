"""One given schedule."""

from treadle.sched.errors import ScheduleError
from treadle.sched.world import ControlledThread, World


class Replay:
    """Make the choices of a schedule; when it is used up, let the thread that runs go on."""

    exhaustive = False
    bound = None

    def __init__(self, steps: list[int]) -> None:
        self._steps = steps

    def restart(self) -> None:
        """Nothing is remembered."""

    def rewind(self) -> bool:
        return False

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        step = len(world.steps)
        if step >= len(self._steps):
            return world.last if world.last in enabled else enabled[0]
        wanted = self._steps[step]
        for thread in enabled:
            if thread.index == wanted:
                return thread
        able = ", ".join(f"{thread.index} ({thread.label})" for thread in enabled)
        raise ScheduleError(
            f"the schedule does not fit the program: step {step + 1} is thread {wanted}'s, but the threads that can run "
            f"are {able}. The program has changed since the schedule was printed, or instrument=[…] differs."
        )

    def more(self, world: World) -> bool:
        return False

    def estimate(self) -> int | None:
        return None
