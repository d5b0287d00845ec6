"""How much faster two processes explore than one: the same search side by side, in wall time and in CPU seconds."""

import argparse
import os
import platform
import resource
import threading
import time

from treadle.sched import check

ROUNDS = 3


class Box:
    """Shared attributes."""

    def __init__(self) -> None:
        self.x = self.y = 0


def counters() -> None:
    """Let three threads take one lock four times each: 12! / 4!³ executions."""
    lock = threading.Lock()

    def work() -> None:
        for _ in range(4):
            with lock:
                pass

    together(work, work, work)


def memory() -> None:
    """Let four threads write and read two attributes."""
    box = Box()

    def work(number: int) -> None:
        box.x = number
        _ = box.y
        box.y = number

    together(*[lambda number=number: work(number) for number in range(4)])


def together(*bodies: object) -> None:
    """Run each of *bodies* in a thread, and wait for all."""
    threads = [threading.Thread(target=body) for body in bodies]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cpu_seconds() -> float:
    """Return the processor time of this process and of those that it has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(program: object, jobs: int, most: int | None) -> tuple[float, float, object]:
    """Return the wall time and the CPU seconds of one check, and its answer."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = check(program, instrument=[Box, program], jobs=jobs, max_executions=most)  # type: ignore[arg-type,list-item]
    return time.perf_counter() - wall, cpu_seconds() - cpu, result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--most", type=int, default=None)
    options = parser.parse_args()
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores")
    for program in (counters, memory):
        best: dict[int, tuple[float, float]] = {}
        for _ in range(options.rounds):
            for jobs in (1, 2):
                wall, cpu, result = measure(program, jobs, options.most)
                best[jobs] = min(best.get(jobs, (wall, cpu)), (wall, cpu))
                print(f"{program.__name__}, {jobs}: {wall:.2f} s, {cpu:.2f} CPU s, {result}", flush=True)
        print(
            f"{program.__name__}: {best[1][0] / best[2][0]:.2f} times as fast, {best[2][1] / best[1][1]:.2f} times the CPU"
        )
