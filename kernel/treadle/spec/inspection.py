"""What is asked of every state that a search finds: that it is a value, every invariant, and what is awaited.

Rules: the first state at fault is the one named, and of its invariants the first.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from treadle.spec.calls import Violation, inspect_state
from treadle.spec.program import Property
from treadle.spec.value import require_value

S = TypeVar("S")

#: As many states are looked at closely, and one in so many of the others.
_CLOSELY, _SELDOM = 100, 256


@dataclass(slots=True)
class Inspection(Generic[S]):
    """The properties of states of one search."""

    invariants: tuple[Property[S], ...] = ()
    awaited: list[Property[S]] = field(
        default_factory=list
    )  # sometimes-properties not yet true; the search's own
    _looked_at: int = 0

    def inspect(self, states: list[S]) -> Violation[S] | None:
        """Find the first of the states that breaks an invariant, and what is true of one of them at least."""
        self._look_closely(states)
        fine = self._are_fine(states)
        for state in states if self.awaited or not fine else ():
            if not fine and (violation := inspect_state(self.invariants, state)):
                return violation
            if self.awaited:
                self._await(state)
        return None

    def _are_fine(self, states: list[S]) -> bool:
        """Whether every invariant is true of them all: the short cut of what is looked at state by state otherwise."""
        try:
            for invariant in self.invariants:
                for holds in map(invariant.holds, states):
                    if holds is not True:
                        return False
        except Exception:
            return False
        return True

    def _look_closely(self, states: list[S]) -> None:
        """Refuse states that are no values: the first of all, and some of the others."""
        first = max(0, _CLOSELY - self._looked_at)
        self._looked_at += len(states)
        for state in (*states[:first], *states[first::_SELDOM]):
            require_value(state, "a state found late")

    def _await(self, state: S) -> None:
        for awaited in tuple(self.awaited):
            holds = awaited.holds(state)
            if holds is True:
                self.awaited.remove(awaited)
            elif holds is not False:
                raise TypeError(f"{awaited.title} returned {holds!r}, which is no bool")
