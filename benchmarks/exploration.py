"""Executions per second on programs that every contender can run: treadle, frontrun and interleave-test.

Each contender explores each program in a process of its own; the processes take turns, and the best round counts.
Every contender is measured sampling (executions of one long exploration) and, on the first program, exhausting
(whole explorations, set-up included, until the time is up). A peer that is not installed is left out, and said.
"""

import argparse
import importlib.util
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import exploration_programs
from benchmarks.exploration_programs import PROGRAMS, Program, runnable

ROUNDS = 3
SECONDS = 2.0

Explore = Callable[[], int]  # explores for a while and returns how many executions that were


def treadle_explore(program: Program, strategy: Any, executions: int | None, *, memory: bool) -> Explore:
    from treadle.sched import check  # noqa: PLC0415 - contenders are imported in their own process only

    subjects = [exploration_programs] if memory else []
    run = runnable(program)
    return lambda: check(run, strategy=strategy, instrument=subjects, max_executions=executions).executions


def frontrun_explore(program: Program, strategy: str, **options: int | None) -> Explore:
    import frontrun  # noqa: PLC0415

    def explore() -> int:
        result = frontrun.explore(
            setup=program.state,
            workers=list(program.workers),
            invariant=lambda _: True,
            strategy=strategy,
            clock="virtual",
            **options,
        )
        return int(result.num_explored)

    return explore


def interleave_explore(program: Program, strategy: str) -> Explore:
    import interleave_test  # noqa: PLC0415

    run = runnable(program)

    def explore() -> int:
        return int(interleave_test.explore(run, strategy=strategy, iterations=300).schedules_run)

    return explore


SAMPLING: dict[str, Callable[[Program], Explore]] = {
    "treadle": lambda program: treadle_explore(program, "random", 2_000, memory=False),
    "treadle, instrumented": lambda program: treadle_explore(program, "random", 2_000, memory=True),
    "frontrun": lambda program: frontrun_explore(program, "random", max_attempts=200),
    "interleave-test": lambda program: interleave_explore(program, "random"),
}
EXHAUSTING: dict[str, Callable[[Program], Explore]] = {
    "treadle, exhausting": lambda program: treadle_explore(program, "exhaustive", None, memory=False),
    "frontrun, exhausting": lambda program: frontrun_explore(program, "dpor", preemption_bound=None),
    "interleave-test, depth first": lambda program: interleave_explore(program, "dfs"),
}


def measure(contender: str, program: str) -> float:
    """Return executions per second of one contender, in this process."""
    explore = {**SAMPLING, **EXHAUSTING}[contender](PROGRAMS[program])
    explore()
    executions, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        executions += explore()
    return executions / (time.perf_counter() - start)


def measured_apart(contender: str, program: str) -> float | None:
    """Measure one contender in a process of its own; None if it fails there."""
    command = [sys.executable, "-m", "benchmarks.exploration", "--child", contender, "--program", program]
    if contender.startswith("frontrun"):
        command = [str(Path(sys.executable).parent / "frontrun"), *command]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if result.returncode:
        print(f"{contender}, {program}: failed:\n{result.stderr[-2000:]}", file=sys.stderr)
        return None
    return float(json.loads(result.stdout.splitlines()[-1]))


def installed(contender: str) -> bool:
    """Say whether the contender's package is there."""
    module = {"frontrun": "frontrun", "interleave-test": "interleave_test"}.get(
        contender.split(",", maxsplit=1)[0]
    )
    return module is None or importlib.util.find_spec(module) is not None


def best_of(contenders: list[str], program: str) -> dict[str, float]:
    """Let *contenders* take turns, and return the best rate of each."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for contender in contenders:
            rate = measured_apart(contender, program)
            if rate is not None:
                best[contender] = max(best.get(contender, 0.0), rate)
    return best


def main() -> None:
    """Print a table of executions per second, a row per program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--child")
    parser.add_argument("--program", choices=PROGRAMS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child, options.program)))
        return
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{implementation}, best of {ROUNDS} rounds of {SECONDS:g} s, executions/s")
    for contender in {**SAMPLING, **EXHAUSTING}:
        if not installed(contender):
            print(f"{contender}: not installed here (make bench installs it where its Python is new enough)")
    sampling = [contender for contender in SAMPLING if installed(contender)]
    exhausting = [contender for contender in EXHAUSTING if installed(contender)]
    for program in [options.program] if options.program else PROGRAMS:
        print(row(program, best_of(sampling, program)), flush=True)
    first = next(iter(PROGRAMS))
    print(row(f"{first}, whole explorations", best_of(exhausting, first)))


def row(program: str, best: dict[str, float]) -> str:
    """Return one line of the table: each rate, and how many times the fastest peer's treadle's is."""
    peers = [rate for contender, rate in best.items() if not contender.startswith("treadle")]
    cells = [program]
    for contender, rate in best.items():
        ratio = f" ({rate / max(peers):.1f}x)" if contender.startswith("treadle") and peers else ""
        cells.append(f"{contender} {rate:,.0f}{ratio}")
    return " | ".join(cells)


if __name__ == "__main__":
    main()
