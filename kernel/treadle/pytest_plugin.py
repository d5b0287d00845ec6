"""The pytest plugin: options for tests decorated with `interleavings`, and their failures as reports.

It is loaded with every run of pytest, so nothing of the checker is imported here before a test needs it.
"""

import argparse
import re
import sys
from collections.abc import Generator

import pytest

#: The section of a report that shows the interleaving.
SECTION = "interleaving"

_BUDGET = re.compile(r"(?:(?P<executions>[1-9]\d*)|(?P<seconds>\d+(?:\.\d+)?)s)", re.ASCII)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("treadle", "exploring interleavings with treadle")
    group.addoption(
        "--treadle-seed",
        type=int,
        metavar="N",
        help="seed of what is drawn at random in @interleavings tests",
    )
    group.addoption(
        "--treadle-budget",
        type=_budget,
        metavar="N|Ns",
        help="executions, or seconds such as 30s, that each @interleavings test may take; the answer is then unknown",
    )
    group.addoption(
        "--treadle-replay",
        metavar="SCHEDULE",
        help="replay this schedule, as a failure shows it, in the one @interleavings test that is selected",
    )


def _budget(text: str) -> tuple[str, float]:
    match = _BUDGET.fullmatch(text)
    if match is None or (match["seconds"] and float(match["seconds"]) == 0):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of executions, such as 1000, nor of seconds, such as 30s"
        )
    return ("max_seconds", float(match["seconds"])) if match["seconds"] else ("max_executions", int(text))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to replay one schedule in several tests."""
    if config.getoption("treadle_replay") is None:
        return
    checked = [item for item in items if _is_checked(item)]
    if len(checked) != 1:
        raise pytest.UsageError(
            f"--treadle-replay replays one test decorated with @interleavings, and {len(checked)} are selected: "
            "name it, as in pytest FILE::TEST --treadle-replay=…"
        )


def _is_checked(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "obj", None), "__treadle_options__")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Pass the options on to a decorated test."""
    if not _is_checked(item):
        return (yield)
    from treadle.sched.decorator import Options, Overrides, overriding  # noqa: PLC0415 - only where it is needed

    options: Options = {}
    asked = []
    seed, budget = item.config.getoption("treadle_seed"), item.config.getoption("treadle_budget")
    if seed is not None:
        options["seed"] = seed
        asked.append("--treadle-seed")
    if budget is not None:
        name, amount = budget
        if name == "max_seconds":
            options["max_seconds"] = amount
        else:
            options["max_executions"] = int(amount)
        asked.append("--treadle-budget")
    with overriding(Overrides(options, item.config.getoption("treadle_replay"), " and ".join(asked))):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the interleaving in a section of its own, and not as a note of the error as well."""
    failure = None
    if "treadle.sched" in sys.modules and call.excinfo is not None:
        error = call.excinfo.value
        failure = getattr(error, "__treadle_failure__", None)
        if failure is not None:
            error.__notes__ = [note for note in getattr(error, "__notes__", ()) if note != failure.trace]
    report = yield
    if failure is not None:
        report.sections.append((SECTION, failure.trace))
    return report
