"""One thread sends five words; the main thread receives them until the sender is gone."""

import threading
import time

from treadle import Sender, channel


def send_words(tx: Sender[str], delay: float) -> None:
    with tx:  # leaving the block drops the handle, which ends the receiver's loop
        for word in ["Hello", "from", "the", "spawned", "thread"]:
            tx.send(word)
            time.sleep(delay)


def main(delay: float = 0.1) -> None:
    tx, rx = channel[str]()
    threading.Thread(target=send_words, args=(tx, delay)).start()
    for received in rx:
        print(f"Received: {received}")
    print("All messages received")


if __name__ == "__main__":
    main()
