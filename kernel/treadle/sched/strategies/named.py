"""The strategies by their names."""

import random
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

from treadle.sched.strategies.base import Strategy
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.strategies.iterative import Iterative
from treadle.sched.strategies.pct import PCT
from treadle.sched.strategies.portfolio import Portfolio
from treadle.sched.strategies.pos import POS
from treadle.sched.strategies.random_walk import RandomWalk
from treadle.sched.strategies.sampling import Sampling
from treadle.sched.strategies.surw import SURW

StrategyName = Literal["exhaustive", "dfs", "iterative", "random", "pct", "pos", "surw", "portfolio"]

_SAMPLING: dict[str, Callable[[int], Sampling]] = {
    "random": RandomWalk,
    "pct": PCT,
    "pos": POS,
    "surw": SURW,
    "portfolio": Portfolio,
}


class Chosen(NamedTuple):
    """A strategy, what it is called in the answer, and the seed of one that samples."""

    policy: Strategy
    name: str
    seed: int | None


def choose_strategy(strategy: StrategyName | Strategy, preemptions: int | None, seed: int | None) -> Chosen:
    """Return the strategy meant; the seed of one that samples is drawn where none is given.

    Raises:
        ValueError: the name is unknown, or the strategy has no preemption bound.
    """
    bounded = strategy in ("exhaustive", "dfs", "iterative")
    if isinstance(strategy, str) and not bounded and strategy not in _SAMPLING:
        names = ", ".join(map(repr, get_args(StrategyName)))
        raise ValueError(f"unknown strategy {strategy!r}: choose one of {names}, or pass an object")
    if preemptions is not None and not bounded:
        raise ValueError("preemptions bounds the strategies 'exhaustive', 'dfs' and 'iterative' only")
    if not isinstance(strategy, str):
        return Chosen(strategy, type(strategy).__name__, seed)
    if strategy in _SAMPLING:
        seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
        return Chosen(_SAMPLING[strategy](seed), strategy, seed)
    if strategy == "iterative":
        return Chosen(Iterative(preemptions), strategy, None)
    if strategy == "exhaustive" and preemptions is None:
        return Chosen(Exhaustive(), strategy, None)
    return Chosen(DepthFirst(preemptions), strategy, None)
