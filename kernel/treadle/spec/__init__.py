"""State models in typed Python, and their checker."""

from treadle.spec.checker import check
from treadle.spec.fairness import Fairness, strong_fair, weak_fair
from treadle.spec.graph import StateGraph, state_graph
from treadle.spec.guards import Disabled, Guard, GuardCoverage, guard_coverage, why_disabled
from treadle.spec.induction import Induction, Obligation, prove_inductive
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
from treadle.spec.progress import Progress
from treadle.spec.refined import Levels, Refined
from treadle.spec.refinement import refines
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.spec.simulate import simulate
from treadle.spec.state import State, state
from treadle.spec.sweep import sweep
from treadle.verdict import Verdict

__all__ = [
    "Counterexample",
    "Coverage",
    "Disabled",
    "Fairness",
    "Guard",
    "GuardCoverage",
    "Include",
    "Induction",
    "Levels",
    "Model",
    "Obligation",
    "Progress",
    "Refined",
    "Result",
    "State",
    "StateGraph",
    "Verdict",
    "action",
    "always_eventually",
    "check",
    "constraint",
    "eventually",
    "eventually_always",
    "guard_coverage",
    "include",
    "invariant",
    "leads_to",
    "prove_inductive",
    "refines",
    "simulate",
    "sometimes",
    "state",
    "state_graph",
    "step_constraint",
    "step_property",
    "strong_fair",
    "sweep",
    "weak_fair",
    "why_disabled",
]
