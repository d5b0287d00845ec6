"""What is no time per message: the memory of an idle channel, and what a blocked receiver costs."""

import gc
import resource
import time
import tracemalloc
from threading import Thread
from typing import Any

from benchmarks.channels.contenders import Contender

__all__ = ["blocked", "memory"]

CHANNELS = 1_000
SECONDS = 1.0


def memory(contender: Contender[Any], capacity: int | None) -> float:
    """Give the bytes per idle channel, its handles included."""
    kept = [contender.new(capacity) for _ in range(10)]  # what is made once for all is not counted
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept.extend([contender.new(capacity) for _ in range(CHANNELS)])
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / CHANNELS


def blocked(contender: Contender[Any], capacity: int | None) -> tuple[float, float]:
    """Give the processor's milliseconds, and the wake-ups, per second of a receiver that waits in vain."""
    channel = contender.new(capacity)
    receiver = Thread(target=contender.take(channel), daemon=True)
    receiver.start()
    time.sleep(0.05)
    cpu, woken = time.process_time(), _switches()
    time.sleep(SECONDS)
    cpu, woken = time.process_time() - cpu, _switches() - woken
    contender.put(channel)(0)
    receiver.join()
    # One wake-up is of the thread that measures.
    return cpu * 1e3 / SECONDS, max(0, woken - 1) / SECONDS


def _switches() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
