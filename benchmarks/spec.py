"""Distinct states per CPU second of the model checker. Run from the root: python -m benchmarks.spec."""

import platform
import subprocess
import time
from typing import Any

from models.mpsc import Mpsc
from models.sync_channel import SyncChannel
from tests.golden.commit import TwoPhase
from treadle.spec import Model, Verdict, check

MODELS: tuple[tuple[Model[Any], int], ...] = (  # with the distinct states each must have
    (TwoPhase(6), 50_816),
    (Mpsc(senders=3, messages=2, early_drop=True), 28_175),
    (SyncChannel(capacity=3, senders=3, messages=3), 101_842),
)


def seconds(model: Model[Any], distinct: int) -> float:
    """CPU seconds of one check, which has to give the right answer."""
    start = time.process_time()
    result = check(model)
    spent = time.process_time() - start
    assert (result.verdict, result.distinct) == (Verdict.HOLDS, distinct), result
    return spent


def measure(model: Model[Any], distinct: int) -> str:
    """One line: the model, its states, and the best of three checks."""
    best = min(seconds(model, distinct) for _ in range(3))
    return f"{model!r:75} {distinct:9,} states {best:6.2f} CPU s {distinct / best:9,.0f} states/s"


def commit() -> str:
    """The commit that is measured."""
    command = ["git", "describe", "--always", "--dirty"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nothing of it is input
    return answer.stdout.strip() or "unknown"


if __name__ == "__main__":
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}, commit {commit()}"
    )
    for model, distinct in MODELS:
        print(measure(model, distinct), flush=True)
