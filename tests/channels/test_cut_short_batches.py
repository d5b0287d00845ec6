"""Batches that an interrupt cuts short: what was taken is put back, once (P2)."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.channels.support import Interrupt, injections
from treadle import Receiver, SharedReceiver, bounded, unbounded


def interrupt() -> None:
    raise Interrupt


def filled(capacity: int | None) -> tuple[Any, SharedReceiver[Any]]:
    """Make a channel with three messages."""
    tx, rx = unbounded[Any]() if capacity is None else bounded[Any](capacity)
    tx.send_many([0, 1, 2])
    return tx, rx


@pytest.mark.statement("P2")
@pytest.mark.parametrize("capacity", [None, 3, 5])
@pytest.mark.parametrize("take", [Receiver.drain, Receiver.recv_many], ids=["drain", "recv_many"])
def test_an_interrupt_at_any_step_duplicates_nothing(
    capacity: int | None, take: Callable[[Receiver[Any]], list[Any]]
) -> None:
    """A message may be lost where it was in the caller's hand already: at the return of a batch, or of its first."""
    lost = 0
    for injection in injections(interrupt):
        tx, rx = filled(capacity)
        got: list[Any] = []
        with suppress(Interrupt):
            got = injection.run(partial(take, rx))
        assert len(rx) + len(got) <= 3
        got += rx.drain()
        assert sorted(set(got)) == sorted(got)
        lost += len(got) < 3
        tx.send(3)
        assert rx.recv() == 3
    assert lost <= 30
