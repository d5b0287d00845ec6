"""The model checker against musil: the same models, the same counts. Run from the root: python -m benchmarks.spec."""

import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks.spec_models import Mpsc
from tests.golden.blocking_queue import BlockingQueue
from tests.spec.two_phase import TwoPhase
from treadle.spec import Model, Verdict, check

#: By name: the model, and how many distinct states it has.
MODELS: dict[str, tuple[Model[Any], int]] = {
    "TwoPhase(6)": (TwoPhase(6), 50_816),
    "Mpsc(4, 3, 3)": (Mpsc(4, 3, 3), 153_344),
}

ROUNDS = 3


def states(model: Model[Any]) -> int:
    """Check a model that holds, and return how many states it has."""
    result = check(model)
    assert result.verdict is Verdict.HOLDS, result
    return result.distinct


def rates(contenders: dict[str, Callable[[], int]], distinct: int) -> dict[str, float]:
    """Distinct states per CPU second of each contender: the best of some rounds, in turn."""
    best = dict.fromkeys(contenders, 0.0)
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            start = time.process_time()
            found = run()
            spent = time.process_time() - start
            assert found == distinct, f"{name} found {found:,} states, and there are {distinct:,}"
            best[name] = max(best[name], distinct / spent)
    return best


def contenders_of(name: str) -> dict[str, Callable[[], int]]:
    """Who checks a model; musil where it is installed (Python 3.12 and up)."""
    model = MODELS[name][0]
    found: dict[str, Callable[[], int]] = {"treadle": lambda: states(model)}
    if find_spec("musil"):
        from benchmarks import spec_musil  # noqa: PLC0415  # not everybody has it

        found["musil"] = lambda: spec_musil.states(spec_musil.MODELS[name]())
    return found


def speed() -> None:
    """Print a line for each model."""
    for name, (_, distinct) in MODELS.items():
        found = rates(contenders_of(name), distinct)
        shown = "  ".join(f"{who} {rate:9,.0f} states/s" for who, rate in found.items())
        ratio = f"  treadle is {found['treadle'] / found['musil']:.1f}x" if "musil" in found else ""
        print(f"{name:15} {distinct:9,} states  {shown}{ratio}", flush=True)


def symmetry() -> None:
    """Print what symmetry leaves of a large model."""
    start = time.process_time()
    result = check(TwoPhase(7), symmetry=TwoPhase(3))
    print(f"TwoPhase(7) under symmetry: {result.distinct:,} states, {time.process_time() - start:.2f} CPU s")


def deadlock() -> None:
    """Print how soon a deadlock is found, the set-up of the check included."""
    spent = []
    for _ in range(20):
        start = time.process_time()
        result = check(BlockingQueue(3, 2, 2))
        spent.append(time.process_time() - start)
        assert result.verdict is Verdict.VIOLATED
        assert result.depth == 24
    print(
        f"BlockingQueue(3, 2, 2): deadlock after 24 states, {spent[0] * 1000:.1f} ms, then {min(spent) * 1000:.1f}"
    )


def memory() -> None:
    """Print the bytes of a state with what its trace needs, over more than a million states."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    distinct = states(TwoPhase(8))
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"TwoPhase(8): {distinct:,} states, {more / distinct:.0f} bytes a state at the highest")


def commit() -> str:
    """The commit that is measured."""
    command = ["git", "describe", "--always", "--dirty"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nothing of it is input
    return answer.stdout.strip() or "unknown"


if __name__ == "__main__":
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}, commit {commit()}"
    )
    deadlock()
    speed()
    symmetry()
    if "--memory" in sys.argv:
        memory()
