"""What a check found, and how it reads.

Rules: nothing here searches, and nothing here knows how a model is written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

from treadle.spec.value import record
from treadle.verdict import Verdict

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one action, over all its parameters, contributed to a search."""

    transitions: int
    distinct: int  # states it was the first to reach


@dataclass(frozen=True, slots=True)
class Counterexample(Generic[S]):
    """A behaviour that ends in the violation; none is shorter."""

    reason: str
    states: tuple[S, ...]  # the initial one first
    actions: tuple[str, ...]  # between the states
    error: Exception | None = None  # what an action or an invariant raised

    def __str__(self) -> str:
        """The reason, then state after state; after the first, only what changed."""
        lines = [self.reason, "state 1, initial", *_all_of(self.states[0])]
        for number, name in enumerate(self.actions, start=1):
            lines.append(f"state {number + 1}, after {name}")
            lines.extend(_changes(self.states[number - 1], self.states[number]))
        return "\n".join(lines)


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
        if self.counterexample:
            yield str(self.counterexample)


def _all_of(state: object, path: str = "") -> Iterator[str]:
    """One line for each field; a record inside a record by its path."""
    fields = record(state)
    if not fields:
        yield f"    {path} = {_shown(state)}" if path else f"    {_shown(state)}"
    for name, value in fields.items():
        yield from _all_of(value, f"{path}.{name}" if path else name)


def _changes(before: object, after: object, path: str = "") -> Iterator[str]:
    """One line for each field that changed."""
    was, now = record(before), record(after)
    if not now or type(before) is not type(after):
        change = f"{_shown(before)} → {_shown(after)}"
        yield f"    {path} = {change}" if path else f"    {change}"
        return
    for name, value in now.items():
        if value != was[name]:
            yield from _changes(was[name], value, f"{path}.{name}" if path else name)


def _shown(value: object) -> str:
    """The value, with the members of a set in an order that is the same in every run."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(value)
