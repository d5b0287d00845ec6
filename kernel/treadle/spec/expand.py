"""Successors of a state by one action with every choice of its parameters.

Rules: an expander gives exactly what the action's steps give one after another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from treadle.spec.calls import MOST_SUCCESSORS
from treadle.spec.fuse import fuse
from treadle.spec.program import Program, Step
from treadle.spec.source import CannotFuseError

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Expander(Generic[S]):
    """One action of a model."""

    action: str
    steps: tuple[Step[S], ...]
    plain: Callable[[S], list[S]]  # the successors by all steps, in their order

    def fused(self) -> Callable[[S], list[S]]:
        """Return a function that does the same faster, where one can be made."""
        try:
            return fuse(self.steps, self.plain, MOST_SUCCESSORS)
        except CannotFuseError:
            return self.plain


def expanders(program: Program[S]) -> list[Expander[S]]:
    """Return an expander for each action."""
    grouped = ((name, tuple(steps)) for name, steps in groupby(program.steps, lambda step: step.action))
    return [Expander(name, steps, one_by_one(steps)) for name, steps in grouped]


def one_by_one(steps: tuple[Step[S], ...]) -> Callable[[S], list[S]]:
    """Return a function that takes one step after another."""
    functions = [step.successors for step in steps]

    def successors(state: S) -> list[S]:
        found: list[S] = []
        add = found.append
        for function in functions:
            for after in function(state):
                add(after)
                if len(found) > MOST_SUCCESSORS:
                    raise ValueError("endless")  # the search finds out which step it is
        return found

    return successors
