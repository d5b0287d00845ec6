"""The garbage collector, which is spared the states of a large search: none of them is garbage while it lasts.

Collections would go through all the states found so far again and again, for a sixth of the time of a large search.

Rules: what the model leaves as garbage is collected as ever, but for the little that is young when states are frozen. Where
the program has frozen something itself, nothing is done.
"""

import gc
import sysconfig
from dataclasses import dataclass

#: States found between two times that they are frozen: few enough that no full collection comes in between.
_EVERY = 4_096

#: CPython 3.12 freezes some objects as it starts.
_AT_START = gc.get_freeze_count()

#: Without the GIL, freezing goes through all objects.
_IS_CHEAP = not sysconfig.get_config_var("Py_GIL_DISABLED")


@dataclass(slots=True)
class Spared:
    """What the collector is spared by one search."""

    _size: int = 0
    _is_ours: bool | None = None  # whether the program has frozen nothing

    def grown(self, size: int) -> None:
        """Freeze the states found by now, if they are many."""
        if size - self._size < _EVERY or not _IS_CHEAP:
            return
        if self._is_ours is None:
            self._is_ours = gc.isenabled() and gc.get_freeze_count() <= _AT_START
        if self._is_ours:
            gc.freeze()
        self._size = size

    def end(self) -> None:
        """Let the collector look at everything again."""
        if self._is_ours:
            gc.unfreeze()
        self._size, self._is_ours = 0, None
