"""Claims proved by induction over all states, with CrossHair."""

from proofs import inductive_capacity
from treadle.report import Evidence, Progress, claim
from treadle.verdict import Verdict


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
