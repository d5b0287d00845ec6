"""How much a search may spend: states, seconds, memory.

Rules: a limit is asked for at each new state; time and memory now and then, since asking costs.
"""

import os
import sys
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Limits:
    """What may be spent; None is without limit."""

    states: int | None = None
    seconds: float | None = None
    memory: int | None = None  # bytes of the process
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Refuse limits that leave no room for a single state."""
        if self.states is not None and self.states < 1:
            raise ValueError(f"max_states is {self.states}, and a search has at least one state")
        for name, value in (("max_seconds", self.seconds), ("max_memory", self.memory)):
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value}: it must be more than 0")

    def elapsed(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self._began

    def spent(self) -> str | None:
        """Say which of time and memory is spent, if one is."""
        if self.seconds is not None and self.elapsed() >= self.seconds:
            return f"max_seconds={self.seconds:g} reached"
        if self.memory is not None and memory_in_use() >= self.memory:
            return f"max_memory={self.memory:,} bytes reached"
        return None


def memory_in_use() -> int:
    """Bytes of memory that this process holds; where the system does not say, the most it ever held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # read often
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource  # noqa: PLC0415  # not on every system

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
