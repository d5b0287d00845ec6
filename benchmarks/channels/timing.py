"""The timing: contenders take turns, so that a slow moment of the machine hits all of them."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import perf_counter
from typing import Any, TypeAlias

from benchmarks.channels.contenders import Contender, Lacks
from benchmarks.channels.scenarios import SCENARIOS, Cell, Worker

__all__ = ["FULL", "QUICK", "Costs", "Effort", "compare"]

Costs: TypeAlias = dict[str, float]  # contender to nanoseconds per message


@dataclass(frozen=True, slots=True)
class Effort:
    """How much time is spent: all in seconds but `repeats`."""

    repeats: int
    repeat: float  # what one repeat should take
    cell: float  # after which no further round is begun
    patience: float = 20.0  # after which a repeat counts as hung


FULL = Effort(repeats=7, repeat=0.08, cell=9.0)
QUICK = Effort(repeats=5, repeat=0.05, cell=4.0)
MOST = 400_000  # messages a repeat: a queue of them should not measure the memory of the machine


class Hung(Exception):
    """The threads did not end."""


def elapsed(workers: Sequence[Worker], patience: float) -> float:
    """Give the seconds until all workers are done: a lone one runs here, several in threads.

    Raises:
        Hung: some were not done in time; their threads are left behind.
    """
    gc.collect()
    if len(workers) == 1:
        start = perf_counter()
        workers[0]()
        return perf_counter() - start
    done: list[Worker] = []
    threads = [Thread(target=lambda work=work: done.append(work()), daemon=True) for work in workers]
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, start + patience - perf_counter()))
    took = perf_counter() - start
    if len(done) < len(workers):
        raise Hung
    return took


def calibrate(cell: Cell, contender: Contender[Any], effort: Effort) -> int:
    """Give the number of messages that a repeat takes long enough for."""
    unit = SCENARIOS[cell.scenario].unit
    count = max(unit, 64)
    while True:
        took = elapsed(cell.workers(contender, count), effort.patience)
        if took > effort.repeat / 3 or count >= MOST:
            break
        count = min(MOST, count * 8) // unit * unit
    return max(unit, min(MOST, int(count * effort.repeat / took)) // unit * unit)


def compare(cell: Cell, contenders: Sequence[Contender[Any]], effort: Effort) -> Costs:
    """Give the best cost of each contender that can do it and does not hang."""
    start = perf_counter()
    counts: dict[Contender[Any], int] = {}
    for contender in contenders:
        try:
            counts[contender] = calibrate(cell, contender, effort)
        except Lacks:
            continue
        except Hung:
            print(f"{cell}: {contender.name} hangs")
    best = dict.fromkeys((contender.name for contender in counts), float("inf"))
    for _ in range(effort.repeats):
        for contender, count in counts.items():
            cost = _cost(cell, contender, count, effort)
            best[contender.name] = min(best[contender.name], cost)
        if perf_counter() - start > effort.cell:
            break
    return best


def _cost(cell: Cell, contender: Contender[Any], count: int, effort: Effort) -> float:
    try:
        return elapsed(cell.workers(contender, count), effort.patience) / count * 1e9
    except Hung:
        print(f"{cell}: {contender.name} hangs")
        return float("inf")
