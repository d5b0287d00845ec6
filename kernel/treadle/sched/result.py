"""What a check of real code answers."""

from dataclasses import dataclass, field

from treadle.verdict import Verdict

#: How often the schedule of a failure is replayed before it is shown.
REPLAYS = 10


@dataclass(frozen=True)
class Failure:
    """An execution that fails, and how to see it again."""

    error: BaseException  #: what left the thread, or the deadlock
    schedule: str  #: a short string that `replay` takes
    trace: str  #: the interleaving in one column per thread
    thread: str  #: whose exception it was
    preemptions: int = 0  #: how often a thread that could have gone on was interrupted
    tries: int = 0  #: executions that were made to find a shorter schedule
    replays: int = 0  #: how many of `REPLAYS` replays of the schedule failed in the same way

    def __str__(self) -> str:
        return self.trace


@dataclass(frozen=True)
class Result:
    """The answer of `check`.

    `executions` is the sum of `complete`, `deadlocked` and `cut`.
    """

    verdict: Verdict
    executions: int  #: how many executions were made
    complete: int  #: of these, how many ran to their end, ending by an exception included
    deadlocked: int  #: how many ended with a thread that can never go on
    cut: int  #: how many were stopped, by a sleep set or at the step limit
    strategy: str
    bound: str | None  #: what limits the answer, in words; None when nothing does
    seed: int | None = None  #: the seed of a random strategy
    failure: Failure | None = None
    notes: tuple[str, ...] = field(default=())  #: what the reader should know about the answer

    def __str__(self) -> str:
        counts = [f"{self.complete} complete"]
        if self.deadlocked:
            counts.append(f"{self.deadlocked} deadlocked")
        if self.cut:
            counts.append(f"{self.cut} cut short")
        plural = "" if self.executions == 1 else "s"
        head = f"{self.verdict.value}: {self.executions} execution{plural} ({', '.join(counts)}), {self.strategy}"
        if self.bound:
            head += f"; bound: {self.bound}"
        parts = [head, *self.notes]
        if self.failure is not None:
            parts.append(str(self.failure))
        return "\n".join(parts)
