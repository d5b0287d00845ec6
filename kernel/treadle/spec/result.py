"""What a check found, and how it reads.

Rules: nothing here searches, and nothing here knows how a model is written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from treadle.spec.show import shown
from treadle.verdict import Verdict

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one action, over all its parameters, contributed to a search."""

    transitions: int
    distinct: int  # states it was the first to reach


@dataclass(frozen=True, slots=True)
class Counterexample(Generic[S]):
    """A behaviour that shows the violation; one that ends there is a shortest when found breadth first.

    A behaviour without end comes back from its last state to ``states[loop]`` and goes round for ever. Where no
    behaviour can show it, because what should be possible never is, there are no states.
    """

    reason: str
    states: tuple[S, ...]  # the initial one first
    actions: tuple[str, ...]  # between the states
    error: Exception | None = None  # what an action or a property raised
    loop: int | None = None
    back: str | None = (
        None  # the action that leads back to the loop; None where the last state stays as it is
    )
    columns: tuple[
        tuple[str, tuple[object, ...]], ...
    ] = ()  # by process: its name, and its part of each state
    _why: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False, repr=False)

    @property
    def disabled(self) -> tuple[str, ...]:
        """Why each action is disabled in a deadlock. The model's actions are asked for it once more, at the first time."""
        return self._why()

    def __str__(self) -> str:
        """The reason, then state after state; after the first, only what changed."""
        return "\n".join(shown(self))


@dataclass(frozen=True, slots=True)
class Result(Generic[S]):
    """The answer to one check.

    ``distinct`` and ``depth`` count the states and levels found, initial states being level 1. When the
    model is violated they count as far as the counterexample's last level, whatever order states came in.
    """

    model: str
    verdict: Verdict
    distinct: int
    depth: int
    coverage: Mapping[str, Coverage]  # by the action's name
    counterexample: Counterexample[S] | None = None
    bound: str | None = None  # what ended the search early, and what it had covered
    warnings: tuple[str, ...] = ()  # what makes the answer say less than it seems to

    @property
    def never_enabled(self) -> tuple[str, ...]:
        """Actions that happened in no state reached, so that what the model says about them was not checked."""
        return tuple(name for name, coverage in self.coverage.items() if not coverage.transitions)

    def __bool__(self) -> NoReturn:
        """Refuse to be one of two answers: ``assert check(model)`` would pass whatever was found."""
        raise TypeError("a result has one of three verdicts: compare its verdict with Verdict.HOLDS")

    def __str__(self) -> str:
        """The answer, what each action did, and the counterexample."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.model} {self.verdict}: {self.distinct:,} distinct states, depth {self.depth}"
        if self.bound:
            yield self.bound
        width = max(map(len, self.coverage), default=0)
        for name, coverage in self.coverage.items():
            did = (
                f"{coverage.transitions:,} transitions, {coverage.distinct:,} states"
                if coverage.transitions
                else "never enabled"
            )
            yield f"    {name:{width}}  {did}"
        for warning in self.warnings:
            yield f"warning: {warning}"
        if self.counterexample:
            yield str(self.counterexample)
