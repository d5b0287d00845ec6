"""Many states expanded at once, or not at all.

Rules: what the function for all actions gives up on leaves no trace, and is taken state by state. The states known, their
order and the counts are what they are then.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from treadle.spec.together import Batch

S = TypeVar("S")

#: After so many batches that were taken state by state for no reason seen, and one for each action, no more are tried.
_PATIENCE = 4


@dataclass(slots=True)
class Tally:
    """What one action did in a search."""

    transitions: int = 0
    distinct: int = 0


class Batches(Generic[S]):
    """The batches of one search."""

    def __init__(self, function: Batch[S], tallies: list[Tally]) -> None:
        self._function = function
        self._tallies = tallies
        self._left = _PATIENCE + len(tallies)  # an action that is first taken is looked at closely

    @property
    def are_vain(self) -> bool:
        """Whether too many were given up."""
        return self._left <= 0

    def take(self, states: list[S], known: dict[Hashable, Hashable | None], most: int) -> list[S] | None:
        """Add the successors to the states known, at most so many, and return those that are new.

        None, and nothing is added, where the states must be taken one by one.
        """
        before = len(known)
        counts: list[tuple[int, int]] | None = None
        try:
            counts = self._function(states, known)
        except Exception:
            counts = None
        finally:
            if counts is None or not self._may_stand(counts, len(known), most):
                counts = None
                while len(known) > before:
                    known.popitem()
        if counts is None:
            self._left -= 1
            return None
        for tally, (steps, new) in zip(self._tallies, counts, strict=True):
            tally.transitions += steps
            tally.distinct += new
        found: list[S] = list(islice(reversed(known), len(known) - before))  # type: ignore[arg-type]  # the states are the keys
        found.reverse()
        return found

    def _may_stand(self, counts: list[tuple[int, int]], size: int, most: int) -> bool:
        """Whether no limit is exceeded, and no action was taken for the first time."""
        pairs = zip(self._tallies, counts, strict=True)
        return size <= most and all(tally.transitions or not steps for tally, (steps, _) in pairs)
