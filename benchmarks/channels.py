"""What a message costs: channels against the standard library's queues.

Prints nanoseconds per message sent and received, the best of several interleaved repeats, and ratios to
queue.SimpleQueue (smaller is better) and queue.Queue (larger is better).
"""

import gc
import platform
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import treadle

Put = Callable[[int], object]
Get = Callable[[], int]
Make = Callable[[], tuple[Put, Get]]

MESSAGES = 200_000
REPEATS = 7


def make_channel() -> tuple[Put, Get]:
    tx, rx = treadle.channel[int]()
    return tx.send, rx.recv


def make_sync_channel(capacity: int) -> Make:
    def make() -> tuple[Put, Get]:
        tx, rx = treadle.sync_channel[int](capacity)
        return tx.send, rx.recv

    return make


def make_simple_queue() -> tuple[Put, Get]:
    simple = queue.SimpleQueue[int]()
    return simple.put, simple.get


def make_queue(capacity: int) -> Make:
    def make() -> tuple[Put, Get]:
        bounded = queue.Queue[int](capacity)
        return bounded.put, bounded.get

    return make


CONTENDERS: dict[str, Make] = {
    "channel()": make_channel,
    "sync_channel(64)": make_sync_channel(64),
    "sync_channel(1024)": make_sync_channel(1024),
    "queue.SimpleQueue()": make_simple_queue,
    "queue.Queue()": make_queue(0),
    "queue.Queue(64)": make_queue(64),
    "queue.Queue(1024)": make_queue(1024),
}


def one_thread(put: Put, get: Get) -> None:
    for i in range(MESSAGES):
        put(i)
        get()


def two_threads(put: Put, get: Get) -> None:
    def produce() -> None:
        for i in range(MESSAGES):
            put(i)

    producer = threading.Thread(target=produce)
    producer.start()
    for _ in range(MESSAGES):
        get()
    producer.join()


SCENARIOS = {"one thread": one_thread, "one producer, one consumer": two_threads}


def measure(scenario: Callable[[Put, Get], None], make: Make) -> float:
    """Give the nanoseconds per message of one run."""
    put, get = make()
    gc.collect()
    start = time.perf_counter_ns()
    scenario(put, get)
    return (time.perf_counter_ns() - start) / MESSAGES


def compare(scenario: Callable[[Put, Get], None]) -> dict[str, float]:
    """Give the best time of each contender; they take turns, so that a slow moment hits all of them."""
    best = dict.fromkeys(CONTENDERS, float("inf"))
    for _ in range(REPEATS):
        for name, make in CONTENDERS.items():
            best[name] = min(best[name], measure(scenario, make))
    return best


def commit() -> str:
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    result = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return result.stdout.strip() or "unknown"


def main() -> None:
    print(f"treadle {commit()}, {platform.python_implementation()} {sys.version.split()[0]}")
    print(f"{platform.platform()}, {platform.processor() or platform.machine()}")
    print(f"{MESSAGES} messages, best of {REPEATS}")
    for title, scenario in SCENARIOS.items():
        best = compare(scenario)
        print(f"\n{title:28}{'ns/message':>12}{'/ SimpleQueue':>16}{'Queue /':>10}")
        for name, cost in best.items():
            simple, locked = best["queue.SimpleQueue()"], best["queue.Queue()"]
            print(f"{name:28}{cost:12.0f}{cost / simple:16.2f}{locked / cost:10.2f}")


if __name__ == "__main__":
    main()
