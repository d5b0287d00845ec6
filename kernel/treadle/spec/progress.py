"""How far a search has come: states, their rate, what waits, and how much may be left.

Rules: a report is made now and then, by the clock; what it costs is a look at the clock every few hundred states.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from treadle.spec.search import Search

#: Seconds between two reports.
_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a search."""

    states: int  # distinct, found so far
    depth: int
    queue: int  # found, and not yet expanded
    seconds: float
    estimate: int | None  # of all the states, from how the levels grow; None while they grow

    @property
    def rate(self) -> float:
        """States found a second."""
        return self.states / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        """One line."""
        left = f", about {self.estimate:,} in all" if self.estimate else ""
        return f"{self.states:,} states{left}, depth {self.depth}, {self.rate:,.0f} states/s, {self.queue:,} in the queue"


class Reporter:
    """Calls the user's function at most so often."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._next = time.monotonic() + _EVERY
        self._levels: list[tuple[int, int]] = []  # depth and width of each level met

    def __call__(self, search: Search[Any]) -> None:
        """Report, if it is time."""
        if not self._levels or self._levels[-1][0] != search.depth:
            self._levels.append((search.depth, len(search.level)))
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        queue = len(search.level) - search.place + len(search.next)
        self._tell(
            Progress(
                len(search.parents), search.depth, queue, search.limits.elapsed(), self._estimate(search)
            )
        )

    def _estimate(self, search: Search[Any]) -> int | None:
        """Once levels get narrower, as if each were narrower by the same factor."""
        if len(self._levels) < 2:
            return None
        before, now = self._levels[-2][1], self._levels[-1][1]
        if now >= before:
            return None
        factor = now / before
        rest = now * factor / (1 - factor)
        return max(len(search.parents), round(len(search.parents) - len(search.next) + rest))
