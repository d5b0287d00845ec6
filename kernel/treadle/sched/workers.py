"""Forked processes that each carry out orders for the process that made them.

A forked process has everything that its parent has, closures and modules included, so that only orders and reports
have to be sent. What a process left running is ended with the block that made it, however the block is left.
"""

import contextlib
import os
import pickle
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, Pipe, wait
from typing import Generic, TypeVar

from treadle.sched.errors import CheckError

Order = TypeVar("Order")
Report = TypeVar("Report")

#: What a worker does, once it is prepared: it is used as a context, and called with each order.
Prepare = Callable[[], AbstractContextManager[Callable[[Order], Report]]]


class Worker(Generic[Order, Report]):
    """A process that carries out one order after the other."""

    def __init__(self, prepare: Prepare[Order, Report], others: "list[Worker[Order, Report]]") -> None:
        self.pipe, inner = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Of other threads in this process. The check uses none of theirs, and a program that does is refused.
            warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            _live(prepare, inner, [self.pipe, *(other.pipe for other in others)])
        inner.close()

    def order(self, order: Order) -> None:
        """Send the process an order."""
        with contextlib.suppress(ConnectionError):  # it is dead, as `report` will say
            self.pipe.send(order)

    def report(self) -> Report | Exception:
        """Wait for the answer to an order, and return it, or what the process raised.

        Raises:
            CheckError: the process died.
        """
        try:
            return self.pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, ConnectionError):
            _, status = os.waitpid(self.pid, 0)
            self.pid = 0
            raise CheckError(
                f"a process that explored a part of the program died ({_how(status)}), so that there is no answer; "
                "jobs=1 explores in this process"
            ) from None

    def end(self) -> None:
        """End the process."""
        self.pipe.close()
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0


@contextlib.contextmanager
def crew(count: int, prepare: Prepare[Order, Report]) -> Iterator[list[Worker[Order, Report]]]:
    """Make *count* workers, and end them."""
    workers: list[Worker[Order, Report]] = []
    try:
        for _ in range(count):
            workers.append(Worker(prepare, workers))
        yield workers
    finally:
        for worker in workers:
            worker.end()


def first_to_report(workers: list[Worker[Order, Report]]) -> list[Worker[Order, Report]]:
    """Wait until one of *workers* has something to say, and return all that have."""
    ready = wait([worker.pipe for worker in workers])
    return [worker for worker in workers if worker.pipe in ready]


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _live(
    prepare: Prepare[Order, Report],
    pipe: "Connection[object, object]",
    others: "list[Connection[object, object]]",
) -> None:
    """Be a worker, until the parent has no more orders, or is no more."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the parent, which ends its workers
        for other in others:
            other.close()
        _carry_out(prepare, pipe)
    except (EOFError, ConnectionError):
        os._exit(0)
    finally:
        os._exit(1)


def _carry_out(prepare: Prepare[Order, Report], pipe: "Connection[object, object]") -> None:
    with _sending_errors(pipe), prepare() as do:
        while True:
            order = pipe.recv()
            with _sending_errors(pipe):
                report = do(order)  # type: ignore[arg-type]
                sys.stdout.flush()
                sys.stderr.flush()
                pipe.send(report)


@contextlib.contextmanager
def _sending_errors(pipe: "Connection[object, object]") -> Iterator[None]:
    try:
        yield
    except (EOFError, ConnectionError):
        raise  # the parent is no more
    except BaseException as error:
        pipe.send(_sendable(error))


def _sendable(error: BaseException) -> Exception:
    """Return *error*, or what says the same where it cannot be sent, or should not be raised elsewhere."""
    if isinstance(error, Exception) and not isinstance(error, MemoryError):
        with contextlib.suppress(Exception):
            if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301 - our own
                return error
    text = "".join(traceback.format_exception(error))
    return CheckError(f"a process that explored a part of the program could not go on:\n{text}")
