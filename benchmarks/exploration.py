"""Executions per second on a two-thread locked counter: treadle, frontrun and interleave-test, side by side.

Each contender explores the same program in a process of its own; the processes take turns, and the best round
counts. Every contender is measured twice: sampling (executions of one long exploration) and exhausting (whole
explorations, set-up included, until the time is up). A peer that is not installed is left out, and said.
"""

import argparse
import importlib.util
import json
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
SECONDS = 2.0

Explore = Callable[[], int]  # explores for a while and returns how many executions that were


class Counter:
    """The program under test: a counter and its lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0

    def add(self) -> None:
        with self.lock:
            self.value += 1


def program() -> None:
    counter = Counter()
    threads = [threading.Thread(target=counter.add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2


def treadle_explore(strategy: Any, instrument: list[Any], executions: int | None) -> Explore:
    from treadle.sched import check  # noqa: PLC0415 - contenders are imported in their own process only

    return lambda: (
        check(program, strategy=strategy, instrument=instrument, max_executions=executions).executions
    )


def frontrun_explore(strategy: str, **options: int | None) -> Explore:
    import frontrun  # noqa: PLC0415

    def explore() -> int:
        result = frontrun.explore(
            setup=Counter,
            workers=Counter.add,
            count=2,
            invariant=lambda counter: counter.value == 2,
            strategy=strategy,
            **options,
        )
        return int(result.num_explored)

    return explore


def interleave_explore(strategy: str) -> Explore:
    import interleave_test  # noqa: PLC0415

    def explore() -> int:
        result = interleave_test.explore(program, strategy=strategy, iterations=300)
        return int(result.schedules_run)

    return explore


CONTENDERS: dict[str, Callable[[], Explore]] = {
    "treadle, sampling": lambda: treadle_explore("random", [], 2_000),
    "treadle, sampling, instrumented": lambda: treadle_explore("random", [Counter], 2_000),
    "treadle, exhausting (2 executions a check)": lambda: treadle_explore("exhaustive", [], None),
    "frontrun, sampling": lambda: frontrun_explore("random", max_attempts=200),
    "frontrun, exhausting": lambda: frontrun_explore("dpor", preemption_bound=None),
    "interleave-test, sampling": lambda: interleave_explore("random"),
    "interleave-test, depth first": lambda: interleave_explore("dfs"),
}


def measure(contender: str) -> float:
    """Return executions per second of one contender, in this process."""
    explore = CONTENDERS[contender]()
    explore()
    executions, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        executions += explore()
    return executions / (time.perf_counter() - start)


def measured_apart(contender: str) -> float | None:
    """Measure one contender in a process of its own; None if it fails there."""
    command = [sys.executable, __file__, "--child", contender]
    if contender.startswith("frontrun"):
        command = [str(Path(sys.executable).parent / "frontrun"), *command]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if result.returncode:
        print(f"{contender} failed:\n{result.stderr[-2000:]}", file=sys.stderr)
        return None
    return float(json.loads(result.stdout.splitlines()[-1]))


def installed(contender: str) -> bool:
    module = {"frontrun": "frontrun", "interleave-test": "interleave_test"}.get(
        contender.split(",", maxsplit=1)[0]
    )
    return module is None or importlib.util.find_spec(module) is not None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--child")
    child = parser.parse_args().child
    if child:
        print(json.dumps(measure(child)))
        return
    print(
        f"{platform.python_implementation()} {platform.python_version()}, best of {ROUNDS} rounds of {SECONDS:g} s"
    )
    contenders = [contender for contender in CONTENDERS if installed(contender)]
    for contender in CONTENDERS:
        if contender not in contenders:
            print(f"{contender}: not installed here (make bench installs it where its Python is new enough)")
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for contender in contenders:
            rate = measured_apart(contender)
            if rate is not None:
                best[contender] = max(best.get(contender, 0.0), rate)
    for contender, rate in sorted(best.items(), key=lambda item: -item[1]):
        ratio = best["treadle, sampling"] / rate
        print(f"{rate:10,.0f} executions/s   treadle is {ratio:6.1f}x   {contender}")


if __name__ == "__main__":
    main()
