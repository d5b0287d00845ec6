"""Choices drawn by Hypothesis, which then shrinks them.

Each choice is a number drawn from `data`: 0 lets the thread that runs go on, so that what Hypothesis shrinks to has few
preemptions and is short.
"""

from typing import TYPE_CHECKING

from treadle.sched import runtime
from treadle.sched.strategies.base import by_preference
from treadle.sched.world import ControlledThread, World

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject


class Drawn:
    """Make one execution, of choices that *data* draws.

    To be made anew for each example: `check(program, strategy=Drawn(data))` inside a test with `@given(st.data())`.

    Raises:
        ModuleNotFoundError: Hypothesis is not installed.
    """

    exhaustive = False
    bound = "one execution of choices drawn by Hypothesis"

    def __init__(self, data: "DataObject") -> None:
        from hypothesis import strategies  # noqa: PLC0415 - only who uses this needs it

        self._data = data
        self._integers = strategies.integers

    def restart(self) -> None:
        """Nothing is remembered: what is drawn next belongs to the execution that is made anew."""

    def rewind(self) -> bool:
        return False

    def choose(self, world: World, enabled: list[ControlledThread]) -> ControlledThread | None:
        if len(enabled) == 1:
            return enabled[0]
        me, runtime.current = runtime.current, None  # Hypothesis looks at the clock, and means the real one
        try:
            drawn = self._data.draw(self._integers(0, len(enabled) - 1), f"step {len(world.steps) + 1}")
        finally:
            runtime.current = me
        return by_preference(enabled, world.last)[drawn]

    def more(self, world: World) -> bool:
        return False

    def estimate(self) -> int | None:
        return 1
