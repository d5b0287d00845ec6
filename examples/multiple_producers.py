"""Three threads send to one receiver, each through its own clone of the sender."""

import threading
import time

from treadle import Sender, channel


def produce(tx: Sender[str], thread_id: int, delay: float) -> None:
    with tx:
        for i in range(3):
            tx.send(f"Thread {thread_id} says: Message {i}")
            time.sleep(delay)


def main(delay: float = 0.1) -> None:
    tx, rx = channel[str]()
    for thread_id in range(3):
        threading.Thread(target=produce, args=(tx.clone(), thread_id, delay)).start()
    tx.close()  # so that the receiver knows when all senders are gone
    for message in rx:
        print(message)


if __name__ == "__main__":
    main()
