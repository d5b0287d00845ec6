"""State models in typed Python, and their checker."""

from treadle.spec.checker import check
from treadle.spec.model import Model, action, invariant
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.verdict import Verdict

__all__ = ["Counterexample", "Coverage", "Model", "Result", "Verdict", "action", "check", "invariant"]
