"""Claims about the models themselves: exact counts, and broken twins that fail as expected."""

from collections.abc import Callable, Iterable
from types import ModuleType

from models import (
    actor,
    disconnection,
    exchange,
    mailboxes,
    mpmc,
    mpsc,
    peterson,
    rendezvous,
    select,
    select_wakeups,
    sync_channel,
    timeouts,
    timers,
    waiting,
    zero_capacity,
)
from models.expected import Expected
from models.ladder import RUNGS
from treadle.report import Evidence, Progress, claim
from treadle.spec import check, refines
from treadle.verdict import Verdict


def _as_expected(table: Iterable[Expected], progress: Progress) -> Evidence:
    states = 0
    for line in table:
        result = check(line.model)
        reason = result.counterexample.reason if result.counterexample is not None else ""
        if (result.verdict, result.distinct, result.depth, reason) != line[1:]:
            return Evidence(Verdict.VIOLATED, states=states, detail=f"expected {line}, and found:\n{result}")
        states += result.distinct
        progress(states)
    return Evidence(Verdict.HOLDS, states=states)


def _table(statement: str, module: ModuleType) -> Callable[[Progress], Evidence]:
    table = (*module.EXPECTED, *getattr(module, "LARGE", ()))

    @claim(f"model {statement}")
    def prove(progress: Progress) -> Evidence:
        return _as_expected(table, progress)

    return prove


mpsc_model = _table("mpsc: order, conservation, disconnection, all is received; its broken twins fail", mpsc)
sync_channel_model = _table("sync_channel: the same and the capacity; its broken twins fail", sync_channel)
rendezvous_model = _table(
    "rendezvous: whoever waits on both sides meets; its broken twins do not", rendezvous
)
mpmc_model = _table("mpmc: each message goes to one receiver, and all are told the end", mpmc)
select_model = _table("select: one atomic claim performs one case, once", select)
select_wakeups_model = _table(
    "select: one that is woken for one channel and takes from another passes it on", select_wakeups
)
waiting_model = _table(
    "waiting: append, look for waiters; register, look again: no wake-up is lost",
    waiting,
)
disconnection_model = _table(
    "disconnection: by either side, nothing is lost and nothing is left", disconnection
)
timeouts_model = _table("timeouts: a timed-out send leaves no trace, and no place unused", timeouts)
timers_model = _table("timers: not early, each once, no tick made up for", timers)
mailboxes_model = _table("mailboxes: a moved value has one owner", mailboxes)
actor_model = _table("actor: every ask ends with a reply or is told", actor)
zero_capacity_model = _table("rendezvous of clients: a send ends when its message is taken", zero_capacity)
exchange_model = _table("exchange: a message is received or its channel disconnects", exchange)
peterson_model = _table("Peterson: mutual exclusion, and nobody starves", peterson)


@claim(
    "refinement: every channel model refines the exchange of messages, fairness included; broken twins do not"
)
def ladder(progress: Progress) -> Evidence:
    states = 0
    for rung in RUNGS:
        found = refines(rung.fine, rung.coarse, rung.mapping)
        reason = found.counterexample.reason if found.counterexample is not None else ""
        if (found.verdict, reason) != (rung.verdict, rung.reason):
            return Evidence(Verdict.VIOLATED, states=states, detail=f"expected {rung}, and found:\n{found}")
        states += found.distinct
        progress(states)
    return Evidence(Verdict.HOLDS, states=states)
