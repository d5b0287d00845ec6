"""How long it takes to pass a number of messages through an unbounded and through a bounded channel."""

import time

from treadle import Receiver, Sender, SyncSender, channel, spawn, sync_channel


def produce(tx: Sender[int] | SyncSender[int], messages: int) -> None:
    for i in range(messages):
        tx.send(i)


def consume(rx: Receiver[int], messages: int) -> int:
    count = 0
    for _ in rx:
        count += 1
        if count == messages:
            break
    return count


def measure(name: str, tx: Sender[int] | SyncSender[int], rx: Receiver[int], messages: int) -> None:
    start = time.perf_counter()
    producer = spawn(produce, tx, messages)
    consumer = spawn(consume, rx, messages)
    producer.join()
    received = consumer.join()
    print(f"{name} channel: {received} messages in {(time.perf_counter() - start) * 1000:.0f}ms")


def main(messages: int = 1_000_000) -> None:
    tx, rx = channel[int]()
    measure("Unbounded", tx, rx, messages)
    sync_tx, rx = sync_channel[int](1000)
    measure("Bounded", sync_tx, rx, messages)


if __name__ == "__main__":
    main()
