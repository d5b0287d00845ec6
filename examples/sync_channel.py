"""A channel that holds two messages makes the producer wait for a slower consumer."""

import time

from treadle import Receiver, SyncSender, spawn, sync_channel


def show(text: str, start: float) -> None:
    print(f"{text} at {(time.monotonic() - start) * 1000:.0f}ms")


def produce(tx: SyncSender[int], start: float) -> None:
    for i in range(5):
        show(f"Sending {i}", start)
        tx.send(i)
        show(f"Sent {i}", start)


def consume(rx: Receiver[int], start: float, delay: float) -> None:
    for _ in range(5):
        time.sleep(delay)
        show(f"Received {rx.recv()}", start)


def main(delay: float = 0.3) -> None:
    tx, rx = sync_channel[int](2)
    start = time.monotonic()
    producer = spawn(produce, tx, start)
    consumer = spawn(consume, rx, start, delay)
    producer.join()
    consumer.join()


if __name__ == "__main__":
    main()
