"""The ladder: which model refines which, and which broken twin does not.

A rung is a finer model, a coarser one, and the mapping at the foot of the finer model's file.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from models import clients, mpmc, peterson, waiting, zero_capacity
from models.exchange import Exchange
from models.mpmc import Mpmc, NewestFirst
from models.mpsc import DisconnectionDiscards, LazyReceiver, Mpsc
from models.peterson import FairLock, FairPeterson, KeepsTurn, Lock, OneIsLazy, Peterson
from models.sync_channel import LostPermit, SyncChannel
from models.waiting import NoSecondLook, Waiting, WakesFirst
from models.zero_capacity import NobodyIsTold, ZeroCapacity
from treadle.spec import Model, Verdict, refines


class Rung(NamedTuple):
    """One comparison, and its answer."""

    fine: Model[Any]
    coarse: Model[Any]
    mapping: Callable[[Any], Any]
    verdict: Verdict
    reason: str = ""  # of the violation


ONE, TWO = Exchange(senders=1, messages=1), Exchange(senders=2, messages=2)
LEAVES = Exchange(senders=2, messages=2, may_leave=True)
NOT_EXCHANGED = "fairness WF(exchange(sender=0)) of the coarser model is violated"
STARVES = "fairness SF(acquire(who=0)) of the coarser model is violated"
NOT_TOLD = "fairness WF(tell) of the coarser model is violated"


def no_step(action: str) -> str:
    """The reason of a step that the coarser model does not have."""
    return f"{action} is neither a step of the coarser model nor a stutter"


RUNGS = (
    Rung(Mpsc(senders=1, messages=1), ONE, clients.as_exchange, Verdict.HOLDS),
    Rung(Mpsc(), TWO, clients.as_exchange, Verdict.HOLDS),
    Rung(Mpsc(early_drop=True), LEAVES, clients.as_exchange, Verdict.HOLDS),
    Rung(SyncChannel(capacity=1), TWO, clients.as_exchange, Verdict.HOLDS),
    Rung(SyncChannel(capacity=2), TWO, clients.as_exchange, Verdict.HOLDS),
    Rung(SyncChannel(capacity=1, early_drop=True), LEAVES, clients.as_exchange, Verdict.HOLDS),
    Rung(ZeroCapacity(), TWO, zero_capacity.as_exchange, Verdict.HOLDS),
    Rung(ZeroCapacity(early_drop=True), LEAVES, zero_capacity.as_exchange, Verdict.HOLDS),
    Rung(Mpmc(messages=2), LEAVES, mpmc.as_exchange, Verdict.HOLDS),
    Rung(Waiting(), ONE, waiting.as_exchange, Verdict.HOLDS),
    Rung(Waiting(messages=2), Exchange(senders=1, messages=2), waiting.as_exchange, Verdict.HOLDS),
    Rung(Peterson(), Lock(), peterson.as_lock, Verdict.HOLDS),
    Rung(FairPeterson(), FairLock(), peterson.as_lock, Verdict.HOLDS),
    # --- broken twins ---
    Rung(Mpsc(early_drop=True), TWO, clients.as_exchange, Verdict.VIOLATED, no_step("drop_receiver")),
    Rung(
        DisconnectionDiscards(senders=1, messages=1),
        ONE,
        clients.as_exchange,
        Verdict.VIOLATED,
        no_step("recv"),
    ),
    Rung(LazyReceiver(senders=1, messages=1), ONE, clients.as_exchange, Verdict.VIOLATED, NOT_EXCHANGED),
    Rung(LostPermit(capacity=1), TWO, clients.as_exchange, Verdict.VIOLATED, NOT_EXCHANGED),
    Rung(NobodyIsTold(), TWO, zero_capacity.as_exchange, Verdict.VIOLATED, NOT_TOLD),
    Rung(NewestFirst(messages=2), LEAVES, mpmc.as_exchange, Verdict.VIOLATED, no_step("recv(receiver=0)")),
    Rung(NoSecondLook(), ONE, waiting.as_exchange, Verdict.VIOLATED, NOT_EXCHANGED),
    Rung(WakesFirst(stays=True), ONE, waiting.as_exchange, Verdict.VIOLATED, NOT_EXCHANGED),
    Rung(KeepsTurn(), Lock(), peterson.as_lock, Verdict.VIOLATED, no_step("enter(who=1)")),
    Rung(
        Peterson(),
        FairLock(),
        peterson.as_lock,
        Verdict.VIOLATED,
        STARVES,
    ),
    Rung(
        OneIsLazy(),
        FairLock(),
        peterson.as_lock,
        Verdict.VIOLATED,
        STARVES,
    ),
)


def climb(rung: Rung) -> bool:
    """Compare, print what was found, and say whether it is what was expected."""
    found = refines(rung.fine, rung.coarse, rung.mapping)
    print(found, end="\n\n")
    reason = found.counterexample.reason if found.counterexample else ""
    if (found.verdict, reason) == (rung.verdict, rung.reason):
        return True
    print(f"EXPECTED {rung.verdict} {rung.reason}\n")
    return False


if __name__ == "__main__":
    answers = [climb(rung) for rung in RUNGS]
    sys.exit(not all(answers))
