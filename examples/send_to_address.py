"""Threads send messages to addresses, and a large message moves: it is not copied, and the sender's is empty."""

import threading

from treadle import Mailboxes, MovedError, Owned

Frame = Owned[bytearray]


def show(words: Mailboxes[str, str]) -> None:
    message = words.recv("address")  # waits until there is one; either side may come first
    print(message)


def measure(frames: Mailboxes[str, Frame]) -> None:
    frame = frames.recv("camera").take()
    print(f"received {len(frame):,} bytes")


def main(size: int = 100_000_000) -> None:
    words, frames = Mailboxes[str, str](), Mailboxes[str, Frame]()
    receivers = [
        threading.Thread(target=show, args=(words,)),
        threading.Thread(target=measure, args=(frames,)),
    ]

    receivers[0].start()
    words.send("message", "address")
    receivers[0].join()

    frame = Owned(bytearray(size))
    receivers[1].start()
    frames.send(frame, "camera")
    receivers[1].join()
    try:
        frame.value.clear()
    except MovedError as error:
        print(error)


if __name__ == "__main__":
    main()
