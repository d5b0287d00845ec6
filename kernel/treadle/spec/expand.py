"""Successors of a state by one action with every choice of its parameters.

Rules: an expander gives exactly what the action's steps give one after another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from treadle.spec.calls import bounded
from treadle.spec.program import Program, Step

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Expander(Generic[S]):
    """One action of a model."""

    action: str
    steps: tuple[Step[S], ...]
    all: Callable[[S], list[S]]  # the successors by all steps, in their order


def expanders(program: Program[S]) -> list[Expander[S]]:
    """Return an expander for each action."""
    grouped = ((name, tuple(steps)) for name, steps in groupby(program.steps, lambda step: step.action))
    return [Expander(name, steps, _one_by_one(steps)) for name, steps in grouped]


def _one_by_one(steps: tuple[Step[S], ...]) -> Callable[[S], list[S]]:
    named = [(step.successors, f"action {step.name}") for step in steps]

    def successors(state: S) -> list[S]:
        found: list[S] = []
        for function, origin in named:
            found.extend(bounded(function(state), origin))
        return found

    return successors
