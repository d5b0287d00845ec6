"""Contracts put to CrossHair: does an assertion hold for all arguments, not the finite ones a model has?

A contract is a function whose leading assertion says which arguments count, and whose other assertions
must then hold. CrossHair runs it on symbols instead of values, path after path.

Assumes: some arguments count. CrossHair also confirms a contract whose leading assertion nothing meets, so
that every contract needs a test that breaks it on purpose.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crosshair.core_and_libs import analyze_function, run_checkables
from crosshair.options import AnalysisKind, AnalysisOptionSet
from crosshair.statespace import AnalysisMessage, MessageType

from treadle.verdict import Verdict

REFUTED = {MessageType.EXEC_ERR, MessageType.POST_ERR, MessageType.POST_FAIL}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """CrossHair's answer on one contract: confirmed over all paths, refuted by arguments, or unknown."""

    contract: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        """One line for a ledger."""
        return f"{self.contract} {self.verdict}: {self.text}"


def confirm(contract: Callable[..., None], per_condition_timeout: float) -> Confirmation:
    """Run CrossHair on the contract, for so many seconds at most; more of them turn no answer into another."""
    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.asserts],
        per_condition_timeout=per_condition_timeout,
        per_path_timeout=per_condition_timeout,  # a slow machine is no reason to give a path up
        report_all=True,
    )
    messages = list(run_checkables(analyze_function(contract, options)))
    return Confirmation(
        contract.__name__, _verdict(messages), "; ".join(message.message for message in messages)
    )


def _verdict(messages: list[AnalysisMessage]) -> Verdict:
    states = {message.state for message in messages}
    if states & REFUTED:
        return Verdict.VIOLATED
    return Verdict.HOLDS if states == {MessageType.CONFIRMED} else Verdict.UNKNOWN
