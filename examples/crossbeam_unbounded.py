"""Three threads send to one receiver through an unbounded channel of crossbeam's kind."""

import time

from treadle import RecvError, Sender, spawn, unbounded


def produce(tx: Sender[str], i: int, delay: float) -> None:
    for j in range(3):
        tx.send(f"Message {i}-{j}")
        time.sleep(delay)


def main(delay: float = 0.05) -> None:
    tx, rx = unbounded[str]()
    for i in range(3):
        spawn(produce, tx.clone(), i, delay)
    tx.close()  # so that the receiver knows when all senders are gone
    while True:
        try:
            message = rx.recv()
        except RecvError:
            break
        print(f"Received: {message}")


if __name__ == "__main__":
    main()
