"""The scenarios: what the threads of each do, and with which capacities.

After the benchmarks of crossbeam-channel: {seq, spsc, mpsc, mpmc, select_rx, select_both} × {0, 1, n,
unbounded}, where n is the number of messages, so that no send blocks. Here also 64, where some do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.channels.contenders import Contender, Put, Take

__all__ = ["BATCH", "SCENARIOS", "THREADS", "Capacity", "Cell", "Worker", "cells"]

Capacity: TypeAlias = int | str  # a number, "n" for that of the messages, or "unbounded"
Worker: TypeAlias = Callable[[], None]
Plan: TypeAlias = Callable[[Contender[Any], int | None, int], list[Worker]]

THREADS = 4
BATCH = 1_000
PATIENCE = 60.0  # seconds; no wait in a benchmark lasts as long


def putting(put: Put, count: int) -> Worker:
    def work() -> None:
        for message in range(count):
            put(message)

    return work


def taking(take: Take, count: int) -> Worker:
    def work() -> None:
        for _ in range(count):
            take()

    return work


def in_turn(first: Worker, second: Worker) -> Worker:
    def work() -> None:
        first()
        second()

    return work


def alternating(put: Put, take: Take, count: int) -> Worker:
    def work() -> None:
        for message in range(count):
            put(message)
            take()

    return work


def echoing(take: Take, put: Put, count: int) -> Worker:
    def work() -> None:
        for message in range(count):
            take()
            put(message)

    return work


def seq(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    channel = contender.new(capacity)
    return [in_turn(putting(contender.put(channel), count), taking(contender.take(channel), count))]


def inout(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    channel = contender.new(capacity)
    return [alternating(contender.put(channel), contender.take(channel), count)]


def inout_timed(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    channel = contender.new(capacity)
    return [alternating(contender.put(channel), contender.take_within(channel, PATIENCE), count)]


def shared(producers: int, consumers: int) -> Plan:
    def plan(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
        channel = contender.new(capacity)
        puts = [putting(contender.put(channel), count // producers) for _ in range(producers)]
        takes = [taking(contender.take(channel), count // consumers) for _ in range(consumers)]
        return puts + takes

    return plan


def select_rx(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    channels = [contender.new(capacity) for _ in range(THREADS)]
    take = contender.select_take(channels)
    puts = [putting(contender.put(channel), count // THREADS) for channel in channels]
    return [*puts, taking(take, count)]


def select_both(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    channels = [contender.new(capacity) for _ in range(THREADS)]
    puts = [putting(contender.select_put(channels), count // THREADS) for _ in channels]
    takes = [taking(contender.select_take(channels), count // THREADS) for _ in channels]
    return puts + takes


def ping_pong(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    there, back = contender.new(capacity), contender.new(capacity)
    return [
        alternating(contender.put(there), contender.take(back), count),
        echoing(contender.take(there), contender.put(back), count),
    ]


def ping_pong_timed(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    there, back = contender.new(capacity), contender.new(capacity)
    return [
        alternating(contender.put(there), contender.take_within(back, PATIENCE), count),
        echoing(contender.take_within(there, PATIENCE), contender.put(back), count),
    ]


def batches(contender: Contender[Any], capacity: int | None, count: int) -> tuple[Worker, Worker]:
    channel = contender.new(capacity)
    put_many, take_many = contender.put_many(channel), contender.take_many(channel)

    def put() -> None:
        for _ in range(count // BATCH):
            put_many(range(BATCH))

    def take() -> None:
        left = count
        while left:
            left -= take_many(min(left, BATCH))

    return put, take


def batch_seq(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    return [in_turn(*batches(contender, capacity, count))]


def batch_spsc(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    return list(batches(contender, capacity, count))


def create(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    contender.new(capacity)
    return [taking(lambda: contender.new(capacity), count)]


def oneshot(contender: Contender[Any], capacity: int | None, count: int) -> list[Worker]:
    new, put, take = contender.new, contender.put, contender.take
    new(capacity)

    def work() -> None:
        for message in range(count):
            channel = new(capacity)
            put(channel)(message)
            take(channel)()

    return [work]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the threads do, and with which capacities; `unit` divides the number of messages."""

    plan: Plan
    capacities: tuple[Capacity, ...]
    meaning: str
    unit: int = THREADS


BLOCKING = (0, 1, 64, "n", "unbounded")

SCENARIOS = {
    "seq": Scenario(seq, ("n", "unbounded"), "one thread sends all, then receives all"),
    "inout": Scenario(inout, (1, 64, "unbounded"), "one thread sends and receives, one by one"),
    "spsc": Scenario(shared(1, 1), BLOCKING, "one thread sends, one receives"),
    "mpsc": Scenario(shared(THREADS, 1), BLOCKING, f"{THREADS} threads send, one receives"),
    "mpmc": Scenario(shared(THREADS, THREADS), BLOCKING, f"{THREADS} threads send, {THREADS} receive"),
    "select_rx": Scenario(select_rx, BLOCKING, f"{THREADS} threads send on a channel each, one selects"),
    "select_both": Scenario(select_both, BLOCKING, f"{THREADS} threads select sends, {THREADS} receives"),
    "ping-pong": Scenario(ping_pong, (0, 1, "unbounded"), "a message there and one back"),
    "timed inout": Scenario(inout_timed, (64, "unbounded"), "as inout, receiving with a timeout"),
    "timed ping-pong": Scenario(ping_pong_timed, (1, "unbounded"), "as ping-pong, receiving with a timeout"),
    "batch seq": Scenario(batch_seq, ("n", "unbounded"), f"as seq, {BATCH:,} messages a call", BATCH),
    "batch spsc": Scenario(batch_spsc, (64, "unbounded"), f"as spsc, {BATCH:,} messages a call", BATCH),
    "create": Scenario(create, (0, 1, "unbounded"), "make a channel and drop it"),
    "oneshot": Scenario(oneshot, (1, "unbounded"), "make a channel, send, receive, drop"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix."""

    scenario: str
    capacity: Capacity

    def __str__(self) -> str:
        return f"{self.scenario} · {self.capacity}"

    def workers(self, contender: Contender[Any], count: int) -> list[Worker]:
        """Prepare what the threads will do.

        Raises:
            Lacks: the contender cannot do it.
        """
        match self.capacity:
            case "n":
                capacity: int | None = count
            case int(number):
                capacity = number
            case _:
                capacity = None
        return SCENARIOS[self.scenario].plan(contender, capacity, count)


def cells(scenarios: list[str], capacities: list[str]) -> Iterator[Cell]:
    """Give the cells of the matrix, or of the part that is named; an empty list is no restriction."""
    for name, scenario in SCENARIOS.items():
        if scenarios and name not in scenarios:
            continue
        for capacity in scenario.capacities:
            if not capacities or str(capacity) in capacities:
                yield Cell(name, capacity)
