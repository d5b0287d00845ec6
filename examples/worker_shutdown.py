"""A worker ends when it is told to, or when nobody can tell it anything; a late sender learns that it is gone."""

import time
from dataclasses import dataclass

from treadle import Receiver, RecvError, Sender, SendError, channel, spawn


@dataclass(frozen=True)
class Task:
    name: str


@dataclass(frozen=True)
class Shutdown:
    pass


WorkerMessage = Task | Shutdown


def worker(number: int, rx: Receiver[WorkerMessage], delay: float) -> None:
    print(f"Worker {number} started")
    while True:
        try:
            message = rx.recv()
        except RecvError:
            print(f"Worker {number} detected sender disconnection")
            break
        match message:
            case Task(name):
                print(f"Worker {number} processing: {name}")
                time.sleep(delay)
                print(f"Worker {number} completed: {name}")
            case Shutdown():
                print(f"Worker {number} shutting down")
                break


def send_late(tx: Sender[WorkerMessage], delay: float) -> None:
    time.sleep(delay)
    try:
        tx.send(Task("Late task"))
        print("Sent late task")
    except SendError as error:
        print(f"Failed to send late task: {error}")


def main(delay: float = 0.1) -> None:
    tx, rx = channel[WorkerMessage]()
    handle = spawn(worker, 1, rx, delay)
    del rx  # the worker has it now, and drops it as it ends
    for i in range(1, 4):
        tx.send(Task(f"Task {i}"))
    tx.send(Shutdown())
    handle.join()
    spawn(send_late, tx, delay).join()


if __name__ == "__main__":
    main()
