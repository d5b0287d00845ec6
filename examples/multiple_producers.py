"""Three threads send to one receiver, each through its own clone of the sender."""

import time

from treadle import Sender, channel, spawn


def produce(tx: Sender[str], thread_id: int, delay: float) -> None:
    for i in range(3):
        tx.send(f"Thread {thread_id} says: Message {i}")
        time.sleep(delay)


def main(delay: float = 0.1) -> None:
    tx, rx = channel[str]()
    for thread_id in range(3):
        spawn(produce, tx.clone(), thread_id, delay)
    tx.close()  # so that the receiver knows when all senders are gone
    for message in rx:
        print(message)


if __name__ == "__main__":
    main()
