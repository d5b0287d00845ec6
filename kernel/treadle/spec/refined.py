"""What a comparison of two models found, and how it reads: both levels side by side.

Rules: nothing here searches, and nothing here knows how a model is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Generic, NoReturn, TypeVar

from treadle.spec.show import changed, whole
from treadle.verdict import Verdict

F = TypeVar("F")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Levels(Generic[F, C]):
    """A behaviour of the finer model that is none of the coarser, with what each state maps to.

    One without end comes back from its last state to ``states[loop]`` and goes round for ever.
    """

    reason: str
    states: tuple[F, ...]  # the initial one first
    actions: tuple[str, ...]  # between the states
    mapped: tuple[C, ...]  # what each state maps to
    coarse_actions: tuple[
        str | None, ...
    ]  # the coarse step that each step is; None for a stutter, or for none
    loop: int | None = None
    back: str | None = (
        None  # the action that leads back to the loop; None where the last state stays as it is
    )
    coarse_back: str | None = None

    def __str__(self) -> str:
        """The reason, then state after state: left what changed, right what changed in the coarser model."""
        rows: list[tuple[str, str]] = [("finer model", "coarser model"), ("state 1, initial", "initial")]
        rows += _beside(whole(self.states[0]), whole(self.mapped[0]))
        for number, name in enumerate(self.actions, start=1):
            rows.append((f"state {number + 1}, after {name}", self._coarse_title(number)))
            fine = changed(self.states[number - 1], self.states[number])
            before, after = self.mapped[number - 1], self.mapped[number]
            rows += _beside(fine, changed(before, after) if before != after else iter(()))
        if self.loop is not None:
            rows.append(self._round(self.loop))
        width = max(len(left) for left, _ in rows)
        return "\n".join([self.reason, *(f"{left:{width}} │ {right}".rstrip() for left, right in rows)])

    def _coarse_title(self, number: int) -> str:
        """What a step is in the coarser model."""
        if self.mapped[number - 1] == self.mapped[number]:
            return "stutters"
        return self.coarse_actions[number - 1] or "no step leads there"

    def _round(self, loop: int) -> tuple[str, str]:
        if self.back is None:
            return f"and so for ever: state {len(self.states)} stays as it is", "stutters"
        return (
            f"back to state {loop + 1}, after {self.back}, and round for ever",
            self.coarse_back or "stutters",
        )


@dataclass(frozen=True, slots=True)
class Refined(Generic[F, C]):
    """The answer to one comparison of two models."""

    fine: str
    coarse: str
    verdict: Verdict
    distinct: int  # states of the finer model
    mapped: int  # states of the coarser model that these map to
    steps: int  # of the finer model
    stutters: int  # how many of these change nothing in the coarser
    counterexample: Levels[F, C] | None = None
    bound: str | None = None  # what ended the search early

    def __bool__(self) -> NoReturn:
        """Refuse to be one of two answers: ``assert refines(…)`` would pass whatever was found."""
        raise TypeError("a result has one of three verdicts: compare its verdict with Verdict.HOLDS")

    def __str__(self) -> str:
        """The answer, and the counterexample."""
        counts = f"{self.distinct:,} states map to {self.mapped:,}, {self.stutters:,} of {self.steps:,} steps stutter"
        lines = [f"{self.fine} refines {self.coarse} {self.verdict}: {counts}"]
        lines += [self.bound] if self.bound else []
        lines += [str(self.counterexample)] if self.counterexample else []
        return "\n".join(lines)


def _beside(left: Iterator[str], right: Iterator[str]) -> Iterator[tuple[str, str]]:
    return zip_longest(left, right, fillvalue="")
