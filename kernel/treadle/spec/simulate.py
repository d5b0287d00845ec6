"""Random behaviours of a model: for those too large to be searched.

Rules: a simulation finds violations; that it finds none never means that a model holds.
"""

import random
from typing import Generic, TypeVar

from treadle.spec.calls import (
    DEADLOCK,
    Violation,
    answer,
    blame,
    bounded,
    initial,
    inspect_state,
    inspect_step,
)
from treadle.spec.limits import Limits
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import TEMPORAL, Program, Step, program
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.verdict import Verdict

S = TypeVar("S")


def simulate(
    model: Model[S],
    *,
    behaviours: int = 100,
    depth: int = 100,
    seed: int | None = None,
    max_seconds: float | None = None,
) -> Result[S]:
    """Follow random behaviours, of *depth* states at most, and look for violations of safety on the way.

    Each step is drawn among those enabled, with equal chances. The verdict is VIOLATED with the behaviour that was
    followed, or UNKNOWN, never HOLDS; temporal properties are not looked at. The answer says the seed, which
    repeats it; without one, a seed is drawn. ``distinct`` counts the different states met.

    Raises:
        TypeError: the model is not well formed.
        ValueError: a number is below 1.
    """
    for name, value in (("behaviours", behaviours), ("depth", depth)):
        if value < 1:
            raise ValueError(f"{name} is {value}: at least 1 is needed")
    drawn = random.randrange(2**32) if seed is None else seed  # noqa: S311  # not for secrets
    return _Simulation(program(model), drawn, depth, Limits(seconds=max_seconds)).run(behaviours)


class _Simulation(Generic[S]):
    def __init__(self, asked: Program[S], seed: int, depth: int, limits: Limits) -> None:
        self._program = asked
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311  # not for secrets
        self._depth = depth
        self._limits = limits
        self._seen: dict[S, None] = {}
        self._deepest = 0
        self._coverage = {step.action: [0, 0] for step in asked.steps}
        self._invariants = asked.of(Kind.INVARIANT)
        self._constraints = asked.of(Kind.CONSTRAINT)
        self._step_properties = asked.of(Kind.STEP_PROPERTY)
        self._step_constraints = asked.of(Kind.STEP_CONSTRAINT)

    def run(self, behaviours: int) -> Result[S]:
        """Follow one behaviour after another."""
        starts = initial(self._program)
        for number in range(1, behaviours + 1):
            if self._limits.seconds is not None and self._limits.elapsed() >= self._limits.seconds:
                return self._result(None, number - 1)
            states = [self._random.choice(starts)]
            actions: list[str] = []
            found = self._follow(states, actions)
            self._deepest = max(self._deepest, len(states))
            if found:
                if found.by:
                    assert found.after is not None
                    states.append(found.after)
                    actions.append(found.by)
                shown = Counterexample(found.reason, tuple(states), tuple(actions), found.error)
                return self._result(shown, number)
        return self._result(None, behaviours)

    def _follow(self, states: list[S], actions: list[str]) -> Violation[S] | None:
        self._seen[states[0]] = None
        while True:
            if violation := inspect_state(self._invariants, states[-1]):
                return violation
            if len(states) == self._depth or not all(answer(each, states[-1]) for each in self._constraints):
                return None
            choices = self._choices(states[-1])
            if isinstance(choices, Violation):
                return choices
            if not choices:
                return None
            step, after = self._random.choice(choices)
            taken = self._coverage[step.action]
            taken[0] += 1
            taken[1] += after not in self._seen
            self._seen[after] = None
            if violation := inspect_step(self._step_properties, step, states[-1], after):
                return violation
            states.append(after)
            actions.append(step.name)

    def _choices(self, state: S) -> list[tuple[Step[S], S]] | Violation[S]:
        try:
            choices = [
                (step, after)
                for step in self._program.steps
                for after in bounded(step.successors(state), f"action {step.name}")
            ]
        except Exception:
            violation = blame(self._program, state)
            if violation is None:
                raise
            return violation
        if not choices and not self._program.model.terminal(state):
            return Violation(state, DEADLOCK)
        return [
            (step, after)
            for step, after in choices
            if all(answer(each, state, after) for each in self._step_constraints)
        ]

    def _result(self, counterexample: Counterexample[S] | None, followed: int) -> Result[S]:
        asked = self._program.of(*TEMPORAL)
        return Result(
            repr(self._program.model),
            Verdict.VIOLATED if counterexample else Verdict.UNKNOWN,
            len(self._seen),
            self._deepest,
            {action: Coverage(*taken) for action, taken in self._coverage.items()},
            counterexample,
            f"simulated with seed={self._seed}: {followed} behaviours of {self._depth} states at most",
            (f"{asked[0].title} is not looked at in a simulation",) if asked else (),
        )
