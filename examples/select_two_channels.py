"""A consumer selects between two producers, each with a channel that holds one message.

A channel whose producer has ended is as ready as one with a message, so it is replaced by `never()`.
"""

import time

from treadle import SharedReceiver, SyncSender, bounded, never, recv, select, spawn


def produce(tx: SyncSender[str], source: int, delay: float) -> None:
    for i in range(3):
        time.sleep(delay)
        tx.send(f"Source {source}: {i}")


def producer(source: int, delay: float) -> SharedReceiver[str]:
    tx, rx = bounded[str](1)
    spawn(produce, tx, source, delay)
    return rx


def main(delay1: float = 0.1, delay2: float = 0.15) -> None:
    rx1, rx2 = producer(1, delay1), producer(2, delay2)
    count = 0
    while count < 6:
        done = select(recv(rx1), recv(rx2))
        if done.error is None:
            print(f"From channel {done.index + 1}: {done.value}")
            count += 1
        elif done.index == 0:
            print("Channel 1 closed")
            rx1 = never()
        else:
            print("Channel 2 closed")
            rx2 = never()


if __name__ == "__main__":
    main()
