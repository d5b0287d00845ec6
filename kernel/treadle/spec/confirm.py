"""CrossHair's answer on one contract: a function whose first assertion says which arguments count.

Rules: CrossHair is imported when it is needed, and nowhere else in this package.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from treadle.verdict import Verdict


def confirm(contract: Callable[..., None], seconds: float) -> tuple[Verdict, str]:
    """Ask CrossHair whether the contract holds over all paths; more seconds turn no answer into another."""
    from crosshair.core_and_libs import analyze_function, run_checkables  # noqa: PLC0415 - takes a second, and the extra
    from crosshair.options import AnalysisKind, AnalysisOptionSet  # noqa: PLC0415
    from crosshair.statespace import MessageType  # noqa: PLC0415

    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.asserts],
        per_condition_timeout=seconds,
        per_path_timeout=seconds,  # a slow machine is no reason to give a path up
        report_all=True,
    )
    checkables = analyze_function(contract, options)
    with _alone():
        messages = list(run_checkables(checkables))
    found = {message.state for message in messages}
    text = "; ".join(message.message for message in messages)
    if found & {MessageType.EXEC_ERR, MessageType.POST_ERR, MessageType.POST_FAIL}:
        return Verdict.VIOLATED, text
    return (Verdict.HOLDS if found == {MessageType.CONFIRMED} else Verdict.UNKNOWN), text


@contextmanager
def _alone() -> Iterator[None]:
    """No contract but the one in question: CrossHair looks for one at every call, which takes more than half of its time.

    What is called then runs as it is written; an assertion that fails there is an error as ever.
    """
    from crosshair import core  # noqa: PLC0415
    from crosshair.enforce import EnforcedConditions  # noqa: PLC0415

    class Unenforced(EnforcedConditions):  # type: ignore[no-untyped-call]  # its metaclass
        @contextmanager
        def enabled_enforcement(self) -> Iterator[None]:
            yield

    vars(core)["EnforcedConditions"] = Unenforced
    try:
        yield
    finally:
        vars(core)["EnforcedConditions"] = EnforcedConditions
