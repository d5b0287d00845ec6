"""Claims proved by induction over all states, with CrossHair."""

from collections.abc import Callable
from typing import Any

from proofs import inductive_models, inductive_operations
from proofs.inductive_models import INVARIANTS, MEETING
from proofs.inductive_operations import INVARIANTS as OPERATIONS
from treadle.report import Evidence, Progress, claim
from treadle.spec import Model, Obligation, prove_inductive
from treadle.verdict import Verdict

Maker = Callable[..., Model[Any]]  # models of several state types


def _inductive(
    statement: str, model: Maker, states: Callable[..., object], invariants: tuple[str, ...]
) -> Callable[[Progress], Evidence]:
    @claim(f"inductive, for all states and sizes: {statement}")
    def prove(progress: Progress) -> Evidence:
        found = prove_inductive(model, states, invariants=invariants, on_answer=_counting(progress))
        return Evidence(found.verdict, detail=str(found))

    return prove


def _refuted(
    statement: str, model: Maker, states: Callable[..., object], invariants: tuple[str, ...], action: str
) -> Callable[[Progress], Evidence]:
    @claim(f"not inductive: {statement}")
    def prove(progress: Progress) -> Evidence:
        found = prove_inductive(
            model, states, invariants=invariants, actions=[action], on_answer=_counting(progress)
        )
        begins_well = found.obligations[0].verdict is Verdict.HOLDS
        refuted = begins_well and found.verdict is Verdict.VIOLATED
        verdict = Verdict.HOLDS if refuted else Verdict.VIOLATED
        return Evidence(verdict, detail=str(found))

    return prove


def _counting(progress: Progress) -> Callable[[Obligation], None]:
    done = []

    def answered(answer: Obligation) -> None:
        done.append(answer)
        progress(len(done))

    return answered


operations = _inductive(
    "no operation overfills a channel, queues for nobody, or loses or invents a message",
    inductive_operations.operations,
    inductive_operations.used,
    OPERATIONS,
)
queued = _inductive(
    "mpsc and sync_channel(n) lose and invent no message, hold no more than n, and the end is final",
    inductive_models.queued,
    inductive_models.queueing,
    INVARIANTS,
)
rendezvous = _inductive(
    "a rendezvous the same, and holds nothing", inductive_models.rendezvous, inductive_models.meeting, MEETING
)
for_nobody = _refuted(
    "what the last receiver leaves is kept",
    inductive_operations.keeps_for_nobody,
    inductive_operations.used,
    OPERATIONS,
    "close",
)
discarding = _refuted(
    "told before the queue is drained",
    inductive_models.discarding,
    inductive_models.queueing,
    INVARIANTS,
    "recv",
)
one_too_many = _refuted(
    "one message too many", inductive_models.one_too_many, inductive_models.queueing, INVARIANTS, "send"
)
twice = _refuted(
    "a message handed over twice", inductive_models.twice, inductive_models.meeting, MEETING, "meet"
)
