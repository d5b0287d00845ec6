"""Programs that assert what the channels promise, where the abstract channels have no words for it."""

import threading
from collections.abc import Callable

import treadle.channels

Program = Callable[[], None]


def together(*bodies: Callable[[], object]) -> None:
    """Run each in a thread of its own, and wait for all of them."""
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def batches(capacity: int | None) -> Program:
    """Make a program in which a batch is sent and received, perhaps in parts: all of it, in order (S68, S70)."""

    def program() -> None:
        tx, rx = (
            treadle.channels.unbounded[int]() if capacity is None else treadle.channels.bounded[int](capacity)
        )
        got: list[int] = []

        def receiver() -> None:
            while len(got) < 3:
                got.extend(rx.recv_many())

        together(lambda: tx.send_many([1, 2, 3]), receiver)
        assert got == [1, 2, 3], f"received {got}"

    return program


def batches_stay_together() -> None:
    """What is sent to an unbounded channel by one call has nothing of others in between."""
    tx, rx = treadle.channels.unbounded[int]()
    together(lambda: tx.send_many([1, 2]), lambda: tx.send_many([3, 4]))
    got = rx.drain()
    assert got in ([1, 2, 3, 4], [3, 4, 1, 2]), f"received {got}"


def drained_by_two() -> None:
    """Two threads that drain get each message once (S70)."""
    tx, rx = treadle.channels.bounded[int](2)
    tx.send_many([1, 2])
    got: list[list[int]] = []
    together(lambda: got.append(rx.drain()), lambda: got.append(rx.drain()))
    assert sorted(got[0] + got[1]) == [1, 2], f"received {got}"


def one_alarm() -> None:
    """Of two receivers that share a timer, one gets its message, and the other times out (S121, S122)."""
    rx = treadle.channels.after(1)
    got: list[object] = []

    def receiver() -> None:
        try:
            got.append(rx.recv_timeout(2))
        except treadle.channels.RecvTimeout:
            got.append(None)

    together(receiver, receiver)
    assert got.count(None) == 1, f"received {got}"


def two_ticks() -> None:
    """Two receivers that wait at once get different ticks (S127)."""
    rx = treadle.channels.tick(1)
    got: list[float] = []
    together(lambda: got.append(rx.recv()), lambda: got.append(rx.recv()))
    assert got[0] != got[1], f"received {got}"


def alarm_in_select() -> None:
    """A select ends when its timer is due, and not without a message (S99)."""
    tx, rx = treadle.channels.unbounded[int]()
    alarm = treadle.channels.after(1)
    seen: list[int] = []

    def selecting() -> None:
        done = treadle.channels.select(treadle.channels.recv(rx), treadle.channels.recv(alarm), biased=True)
        seen.append(done.index)

    together(selecting, lambda: tx.send(1))
    assert len(rx) == seen[0], f"case {seen[0]} was done, and {len(rx)} messages are left"
