"""A second opinion: the channel models written for Spin, and the verdicts of both compared.

`make spin` installs Spin and runs this file. Spin is another checker with another language, by other people: where the two
agree, a mistake would have to be in both. Only verdicts are compared, for the states of the two are not the same.
Spin's fairness is that of processes, so that liveness is asked of everybody's end.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from models import select, select_wakeups, timeouts, timers, waiting
from models.mpmc import Mpmc, NewestFirst, OneIsTold
from models.mpsc import DisconnectionDiscards, LazyReceiver, Mpsc
from models.sync_channel import LostPermit, OneTooMany, SyncChannel
from models.zero_capacity import HandsOverTwice, NobodyIsTold, ZeroCapacity
from treadle.spec import Model, Verdict, check

PROMELA = Path(__file__).parent / "spin"
TOOLS = ("spin", "cc")


class SpinError(RuntimeError):
    """Spin, or the C compiler, refused its input, or gave an answer that is none."""


class Pair(NamedTuple):
    """One configuration, in both languages."""

    model: Model[Any]  # models of several state types
    defines: Mapping[str, int]
    verdict: Verdict
    promela: str = "channel"  # the file in Spin's language


def _pair(model: Model[Any], verdict: Verdict, receivers: int = 1, **defines: int) -> Pair:
    """The same constants for Spin; an unbounded channel has room for all that is ever sent."""
    constants = vars(model)
    senders, messages = constants["senders"], constants["messages"]
    capacity = constants.get("capacity", 0)
    size = senders * messages if capacity is None else capacity
    given = {"SENDERS": senders, "MESSAGES": messages, "RECEIVERS": receivers, "SIZE": size, "CAPACITY": size}
    if constants["early_drop"]:
        given["EARLY"] = 1
    return Pair(model, {**given, **defines}, verdict)


TWINS: dict[type[Model[Any]], str] = {
    timeouts.SwallowsWakeup: "SWALLOWS_WAKEUP",
    timeouts.TooLate: "TOO_LATE",
    timeouts.RemovesByName: "REMOVES_BY_NAME",
    waiting.NoSecondLook: "NO_SECOND_LOOK",
    waiting.WakesFirst: "WAKES_FIRST",
    waiting.WakesOneAtTheEnd: "WAKES_ONE_AT_THE_END",
    timers.TooEarly: "TOO_EARLY",
    timers.LooksThenTakes: "LOOKS_THEN_TAKES",
    select.ClaimsEachEntry: "CLAIMS_EACH_ENTRY",
    select.OneLook: "ONE_LOOK",
    select_wakeups.PassesNothingOn: "PASSES_NOTHING_ON",
}


def _constants(model: Model[Any]) -> dict[str, int]:
    """The constants of a model by their names in capitals."""
    return {name.upper(): int(value) for name, value in vars(model).items()}


def _of_timer(model: Model[Any]) -> dict[str, int]:
    """The same, with each receiver's limit by itself; 255 is never, and no period is 0."""
    given = dict(vars(model))
    limits = (*given.pop("limits"), None, None)
    known = {f"LIMIT{number}": 255 if limits[number] is None else limits[number] for number in range(3)}
    counts = {name.upper(): value or 0 for name, value in given.items()}
    return {**counts, **known, "RECEIVERS": len(limits) - 2}


def _table(name: str, rows: Sequence[Sequence[int]]) -> dict[str, int]:
    """Three rows of two numbers, each by its place; 255 is none."""
    if len(rows) > 3 or any(len(row) > 2 for row in rows):
        raise ValueError(
            f"the files for Spin have room for three threads, of two channels each, and not for {rows}"
        )
    padded = [(*row, 255, 255) for row in (*rows, (), (), ())]
    return {f"{name}{row}{column}": padded[row][column] for row in range(3) for column in range(2)}


def _of_select(model: select.Selecting) -> dict[str, int]:
    """The line of each case of each thread."""
    cases = [
        [model.own(thread, case) for case in range(len(model.threads[thread]) // 2)]
        for thread in model.everyone()
    ]
    lines = 2 + 2 * (max(map(max, cases)) // 2)
    return {"THREADS": len(cases), "LINES": lines, **_table("CASE", cases)}


def _of_wakeups(model: select_wakeups.Wakeups) -> dict[str, int]:
    """The channel of each sender, and those of each receiver."""
    names = sorted({*model.senders, *"".join(model.receivers)})
    senders = [[names.index(name)] for name in model.senders]
    receivers = [model.channels(receiver) for receiver in model.all_receivers()]
    counts = {"CHANNELS": len(names), "SENDERS": len(senders), "RECEIVERS": len(receivers)}
    return {**counts, **_table("TO", senders), **_table("FROM", receivers)}


def _all(module: ModuleType, constants: Callable[..., dict[str, int]] = _constants) -> Iterator[Pair]:
    """Every configuration that a file of models has, its twins included."""
    for line in (*module.EXPECTED, *getattr(module, "LARGE", ())):
        twin = TWINS.get(type(line.model))
        given = {**constants(line.model), **({twin: 1} if twin else {})}
        yield Pair(line.model, given, line.verdict, module.__name__.rpartition(".")[2])


HOLDS, VIOLATED = Verdict.HOLDS, Verdict.VIOLATED

PAIRS = (
    _pair(Mpsc(senders=1, messages=1), HOLDS),
    _pair(Mpsc(), HOLDS),
    _pair(Mpsc(early_drop=True), HOLDS),
    _pair(Mpsc(senders=3, messages=1), HOLDS),
    _pair(Mpsc(senders=3, messages=1, early_drop=True), HOLDS),
    _pair(DisconnectionDiscards(senders=1, messages=1), VIOLATED, TELL_EARLY=1),
    _pair(DisconnectionDiscards(), VIOLATED, TELL_EARLY=1),
    _pair(LazyReceiver(senders=1, messages=1), VIOLATED, LAZY=1),
    _pair(LazyReceiver(), VIOLATED, LAZY=1),
    _pair(SyncChannel(senders=1, messages=1), HOLDS),
    *(_pair(SyncChannel(capacity=n), HOLDS) for n in (1, 2, 3)),
    *(_pair(SyncChannel(capacity=n, early_drop=True), HOLDS) for n in (1, 2, 3)),
    *(_pair(OneTooMany(capacity=n), VIOLATED, SIZE=n + 1) for n in (1, 2)),
    *(_pair(LostPermit(capacity=n), VIOLATED, LOST_PERMIT=1) for n in (1, 2)),
    _pair(ZeroCapacity(senders=1, messages=1), HOLDS),
    _pair(ZeroCapacity(), HOLDS),
    _pair(ZeroCapacity(early_drop=True), HOLDS),
    _pair(ZeroCapacity(senders=3, messages=1), HOLDS),
    _pair(HandsOverTwice(senders=1, messages=1), VIOLATED, TWICE=1),
    _pair(NobodyIsTold(senders=1, messages=1), VIOLATED, NOBODY_IS_TOLD=1),
    *(_pair(Mpmc(messages=n), HOLDS, receivers=2) for n in (1, 2)),
    *(_pair(Mpmc(messages=n, capacity=1), HOLDS, receivers=2) for n in (1, 2)),
    _pair(Mpmc(early_drop=True), HOLDS, receivers=2),
    _pair(Mpmc(capacity=1, early_drop=True), HOLDS, receivers=2),
    _pair(Mpmc(senders=1, receivers=3, messages=2), HOLDS, receivers=3),
    _pair(OneIsTold(senders=1), VIOLATED, receivers=2, ONE_IS_TOLD=1),
    _pair(NewestFirst(senders=1, messages=2), VIOLATED, receivers=2, NEWEST_FIRST=1),
    *_all(timeouts),
    *_all(waiting),
    *_all(timers, _of_timer),
    *_all(select, _of_select),
    *_all(select_wakeups, _of_wakeups),
)


def missing() -> list[str]:
    """The tools that are not on this machine."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


#: The two questions: how the verifier is compiled for each, and how it is run. While a claim is followed, Spin looks for no
#: deadlock, and for no assertion past the state in which the claim is settled; so the first is asked without it.
QUESTIONS = ((("-DNOCLAIM", "-DSAFETY"), ()), (("-DNFAIR=3",), ("-a", "-f")))


def spin_verdict(defines: Mapping[str, int], promela: str = "channel") -> Verdict:
    """Ask Spin: first for assertions and deadlocks, then whether everybody comes to an end.

    Raises:
        SpinError: it gave no answer, or its search was cut short.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = [f"-D{name}={value}" for name, value in defines.items()]
        _run(["spin", "-a", *given, str(PROMELA / f"{promela}.pml")], folder)
        for compiled, options in QUESTIONS:
            _run(["cc", "-O0", "-w", "-DNOREDUCE", *compiled, "-o", "pan", "pan.c"], folder)
            if _errors(_run(["./pan", "-m100000", "-w18", *options], folder)):
                return Verdict.VIOLATED
    return Verdict.HOLDS


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SpinError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _errors(report: str) -> int:
    """The number of errors that pan reports, if its search was complete."""
    if "max search depth too small" in report or "errors: " not in report:
        raise SpinError(f"pan gave no whole answer:\n{report}")
    return int(report.partition("errors: ")[2].split()[0])


def agrees(pair: Pair) -> bool:
    """Compare both verdicts with the one that is expected, and print them."""
    ours, theirs = check(pair.model).verdict, spin_verdict(pair.defines, pair.promela)
    print(
        f"{'agree   ' if ours is theirs else 'DISAGREE'}  treadle {ours}, spin {theirs}  {pair.model!r}",
        flush=True,
    )
    return ours is theirs is pair.verdict


def main() -> int:
    """Compare every pair."""
    if absent := missing():
        print(
            f"no second opinion: {' and '.join(absent)} not found; `make spin` installs them on Debian and Ubuntu"
        )
        return 2
    answers = [agrees(pair) for pair in PAIRS]
    print(f"{sum(answers)} of {len(answers)} configurations agree")
    return int(not all(answers))


if __name__ == "__main__":
    sys.exit(main())
