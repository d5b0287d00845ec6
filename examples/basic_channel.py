"""One thread sends five words; the main thread receives them until the sender is gone."""

import time

from treadle import Sender, channel, spawn


def send_words(tx: Sender[str], delay: float) -> None:
    for word in ["Hello", "from", "the", "spawned", "thread"]:
        tx.send(word)
        time.sleep(delay)


def main(delay: float = 0.1) -> None:
    tx, rx = channel[str]()
    spawn(send_words, tx, delay)
    del tx  # the thread drops its handle as it ends, which ends the loop
    for received in rx:
        print(f"Received: {received}")
    print("All messages received")


if __name__ == "__main__":
    main()
