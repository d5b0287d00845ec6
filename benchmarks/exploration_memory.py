"""Memory over many executions: it must not grow with their number.

Each program is explored for 100,000 executions, and the resident set is read on the way. What is said is how much it
grew after the first thousand; the limit is 100 MB.
"""

import argparse
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from treadle.sched import check
from treadle.sched.engine import Counts

LIMIT = 100


class Counter:
    """What the threads share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


def racing() -> None:
    """Six racing increments: (6!)² traces, and more schedules."""
    counter = Counter()

    def add() -> None:
        counter.value += 1

    together([add] * 6)


def locked() -> None:
    """Four threads of three critical sections each: 369,600 traces."""
    counter = Counter()

    def add() -> None:
        for _ in range(3):
            with counter.lock:
                counter.value += 1

    together([add] * 4)


def together(bodies: list[Callable[[], None]]) -> None:
    """Run each of *bodies* in a thread of its own, and wait for all of them."""
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


#: Each has more traces than executions are made.
PROGRAMS = {
    "racing increments, exhaustive": ("exhaustive", racing),
    "locked increments, exhaustive": ("exhaustive", locked),
    "racing increments, depth first": ("dfs", racing),
    "locked increments, random": ("random", locked),
}


def resident() -> float:
    """Return the megabytes that this process has in memory now, or had at most where that cannot be read."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def grown(strategy: str, program: Callable[[], None], executions: int) -> tuple[float, int, float]:
    """Return by how many megabytes memory grew, over how many executions, and how many there were a second."""
    early = peak = 0.0

    def note(counts: Counts) -> None:
        nonlocal early, peak
        if counts.executions % 1_000 == 0:
            now = resident()
            early = early or now
            peak = max(peak, now)

    start = time.perf_counter()
    result = check(
        program,
        strategy=strategy,  # type: ignore[arg-type]
        instrument=[program],
        max_executions=executions,
        on_execution=note,
        seed=1,
    )
    return peak - early, result.executions, result.executions / (time.perf_counter() - start)


def main() -> int:
    """Print how much memory each program took; return 1 if one took more than the limit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--program", choices=PROGRAMS)
    options = parser.parse_args()
    worst = 0.0
    for name in [options.program] if options.program else PROGRAMS:
        strategy, program = PROGRAMS[name]
        megabytes, executions, rate = grown(strategy, program, options.executions)
        worst = max(worst, megabytes)
        print(f"{name}: {megabytes:+.1f} MB over {executions:,} executions ({rate:,.0f}/s)", flush=True)
    return worst > LIMIT


if __name__ == "__main__":
    sys.exit(main())
