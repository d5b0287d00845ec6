"""Exploration policies: which enabled thread goes next, and when everything has been seen. One policy a file.

Those that take more than a seed are made here and given to `check` as objects.
"""

from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.drawn import Drawn
from treadle.sched.strategies.pct import PCT
from treadle.sched.strategies.portfolio import Portfolio
from treadle.sched.strategies.pos import POS
from treadle.sched.strategies.random_walk import RandomWalk
from treadle.sched.strategies.sampling import Sampling
from treadle.sched.strategies.surw import SURW

__all__ = ["PCT", "POS", "SURW", "Drawn", "Portfolio", "RandomWalk", "Sampling", "Strategy"]
