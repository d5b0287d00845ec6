"""Claims about the models themselves: exact counts, and broken twins that fail as expected."""

from collections.abc import Iterable

from models import mpsc, rendezvous, sync_channel
from models.expected import Expected
from treadle.report import Evidence, Progress, claim
from treadle.spec import check
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


@claim("model mpsc: order, conservation, disconnection; its broken twin fails")
def mpsc_model(progress: Progress) -> Evidence:
    return _as_expected(mpsc.EXPECTED, progress)


@claim("model sync_channel: the same and the capacity; its broken twins fail")
def sync_channel_model(progress: Progress) -> Evidence:
    return _as_expected(sync_channel.EXPECTED, progress)


@claim("model rendezvous: whoever waits on both sides meets; its broken twins do not")
def rendezvous_model(progress: Progress) -> Evidence:
    return _as_expected(rendezvous.EXPECTED, progress)
