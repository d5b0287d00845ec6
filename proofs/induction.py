"""Claims proved by induction over all states, with CrossHair."""

from collections.abc import Callable
from typing import Any

from proofs import inductive_capacity, inductive_models
from proofs.inductive_models import INVARIANTS, MEETING
from treadle.report import Evidence, Progress, claim
from treadle.spec import Model, Obligation, prove_inductive
from treadle.verdict import Verdict

Maker = Callable[..., Model[Any]]  # models of several state types


@claim("no operation overfills a channel, or queues for nobody: all capacities, buffers and messages")
def capacity(progress: Progress) -> Evidence:
    answers = []
    for answer in inductive_capacity.confirm():
        answers.append(answer)
        progress(len(answers))
    verdicts = {answer.verdict for answer in answers}
    if Verdict.VIOLATED in verdicts:
        verdict = Verdict.VIOLATED
    else:
        verdict = Verdict.HOLDS if verdicts == {Verdict.HOLDS} else Verdict.UNKNOWN
    return Evidence(verdict, detail="\n".join(map(str, answers)))


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


mpsc = _inductive(
    "mpsc loses and invents no message, and the end is final",
    inductive_models.mpsc,
    inductive_models.unbounded,
    INVARIANTS,
)
sync_channel = _inductive(
    "sync_channel(n) the same, and never holds more than n",
    inductive_models.sync_channel,
    inductive_models.bounded,
    INVARIANTS,
)
rendezvous = _inductive(
    "a rendezvous the same, and holds nothing", inductive_models.rendezvous, inductive_models.meeting, MEETING
)
discarding = _refuted(
    "told before the queue is drained",
    inductive_models.discarding,
    inductive_models.unbounded,
    INVARIANTS,
    "recv",
)
one_too_many = _refuted(
    "one message too many", inductive_models.one_too_many, inductive_models.bounded, INVARIANTS, "send"
)
twice = _refuted(
    "a message handed over twice", inductive_models.twice, inductive_models.meeting, MEETING, "meet"
)
