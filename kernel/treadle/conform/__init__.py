"""Joins an explored execution to a model: every interleaving of real code must be a behaviour of the model."""

from treadle.conform.belief import Specification
from treadle.conform.history import History
from treadle.conform.refine import Refinement, RefinementError, refines, replay

__all__ = ["History", "Refinement", "RefinementError", "Specification", "refines", "replay"]
