"""One thread sends, another receives until the sender is gone."""

import threading

from treadle import channel

tx, rx = channel[str]()


def greet() -> None:
    with tx:
        for word in ("hello", "from", "a", "thread"):
            tx.send(word)


threading.Thread(target=greet).start()
for word in rx:
    print(word)
print("all senders are gone")
