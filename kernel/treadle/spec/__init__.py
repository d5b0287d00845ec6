"""State models in typed Python, and their checker."""

from treadle.spec.checker import check
from treadle.spec.fairness import Fairness, strong_fair, weak_fair
from treadle.spec.marks import (
    action,
    always_eventually,
    constraint,
    eventually,
    eventually_always,
    invariant,
    leads_to,
    sometimes,
    step_constraint,
    step_property,
)
from treadle.spec.model import Include, Model, include
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.spec.state import State, state
from treadle.verdict import Verdict

__all__ = [
    "Counterexample",
    "Coverage",
    "Fairness",
    "Include",
    "Model",
    "Result",
    "State",
    "Verdict",
    "action",
    "always_eventually",
    "check",
    "constraint",
    "eventually",
    "eventually_always",
    "include",
    "invariant",
    "leads_to",
    "sometimes",
    "state",
    "step_constraint",
    "step_property",
    "strong_fair",
    "weak_fair",
]
