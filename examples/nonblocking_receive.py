"""The main thread does other work while no message has come."""

import threading
import time

from treadle import Disconnected, Empty, Sender, channel, spawn


def send_late(tx: Sender[str], working: threading.Event, delay: float) -> None:
    working.wait()  # the delay counts from when the main thread has found something else to do
    time.sleep(delay)
    tx.send("Hello after delay")


def main(delay: float = 0.5, work: float = 0.1) -> None:
    tx, rx = channel[str]()
    working = threading.Event()
    spawn(send_late, tx, working, delay)
    while True:
        try:
            print(f"Received: {rx.try_recv()}")
            break
        except Empty:
            print("No message yet, doing other work...")
            working.set()
            time.sleep(work)
        except Disconnected:
            print("Sender disconnected")
            break


if __name__ == "__main__":
    main()
