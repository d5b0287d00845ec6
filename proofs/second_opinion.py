"""A second opinion: the channel models written for Spin, and the verdicts of both compared.

`make spin` installs Spin and runs this file. Spin is another checker with another language, by other people: where the
two agree, a mistake would have to be in both. Verdicts are compared, and the number of states where the verdict is that
all holds: in the files of `SAME_STATES` threads end at labels, for Spin makes a step of a process that dies. `channel.pml`
is not one of them: it remembers the last message of each sender, and the models all that was received, in its order.
Spin's fairness is that of processes, so that liveness is asked of everybody's end.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from models import actor, disconnection, mailboxes, select, select_wakeups, timeouts, timers, waiting
from models.mpmc import Mpmc, NewestFirst, OneIsTold
from models.mpsc import DisconnectionDiscards, LazyReceiver, Mpsc
from models.sync_channel import LostPermit, OneTooMany, SyncChannel
from models.zero_capacity import HandsOverTwice, NobodyIsTold, ZeroCapacity
from treadle.spec import Model, Verdict, check

PROMELA = Path(__file__).parent / "spin"
TOOLS = ("spin", "cc")


class SpinError(RuntimeError):
    """Spin, or the C compiler, refused its input, or gave an answer that is none."""


class Answer(NamedTuple):
    """What Spin says."""

    verdict: Verdict
    states: int  # that it stored in the search for assertions and deadlocks


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
    disconnection.NoEnd: "NO_END",
    disconnection.DestroysFirst: "DESTROYS_FIRST",
    disconnection.NoSecondTake: "NO_SECOND_TAKE",
    disconnection.NoLease: "NO_LEASE",
    mailboxes.Copies: "COPIES",
    mailboxes.KeepsNothing: "KEEPS_NOTHING",
    actor.ForgetsAsks: "FORGETS_ASKS",
    actor.ClosesAsksFirst: "CLOSES_ASKS_FIRST",
    actor.KeepsForEver: "KEEPS_FOR_EVER",
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
    *_all(disconnection),
    *_all(mailboxes),
    *_all(actor),
)

#: The files whose states are those of the model, one for one, so that there must be as many.
#: That also tells whether Spin makes one step of two atomic ones in succession: its manual says so, 6.5.2 does not.
SAME_STATES = (
    *("waiting", "timeouts", "timers", "select", "select_wakeups"),
    *("disconnection", "mailboxes", "actor"),
)


def missing() -> list[str]:
    """The tools that are not on this machine."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


#: How the verifier is compiled, and how it is run, for each of the two questions. While a claim is followed, Spin looks
#: for no deadlock, and for no assertion past the state in which the claim is settled; so the first is asked without it.
WITHOUT_CLAIM = (("-DNOCLAIM", "-DSAFETY"), ())
WITH_CLAIM = (("-DNFAIR=3",), ("-a", "-f"))


def ask_spin(defines: Mapping[str, int], promela: str = "channel") -> Answer:
    """Ask Spin: first for assertions and deadlocks, then whether everybody comes to an end.

    Raises:
        SpinError: it gave no answer, or its search was cut short.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = [f"-D{name}={value}" for name, value in defines.items()]
        _run(["spin", "-a", *given, str(PROMELA / f"{promela}.pml")], folder)
        errors, states = _search(folder, *WITHOUT_CLAIM)
        if not errors:
            errors, _ = _search(folder, *WITH_CLAIM)
    return Answer(Verdict.VIOLATED if errors else Verdict.HOLDS, states)


def _search(folder: str, compiled: Sequence[str], options: Sequence[str]) -> tuple[int, int]:
    _run(["cc", "-O0", "-w", "-DNOREDUCE", *compiled, "-o", "pan", "pan.c"], folder)
    return _counts(_run(["./pan", "-m100000", "-w18", *options], folder))


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise SpinError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _counts(report: str) -> tuple[int, int]:
    """The numbers of errors and of states that pan reports, if its search was complete."""
    found = re.search(r"errors: (\d+)\n *(\d+) states, stored", report)
    if "max search depth too small" in report or not found:
        raise SpinError(f"pan gave no whole answer:\n{report}")
    return int(found[1]), int(found[2])


def agrees(pair: Pair) -> bool:
    """Compare both answers with the one that is expected, and print them."""
    ours, theirs = check(pair.model), ask_spin(pair.defines, pair.promela)
    agree, states = ours.verdict is theirs.verdict, ""
    if pair.promela in SAME_STATES and ours.verdict is Verdict.HOLDS:
        agree = agree and ours.distinct == theirs.states
        states = f", {ours.distinct:,} and {theirs.states:,} states"
    said = f"treadle {ours.verdict}, spin {theirs.verdict}{states}"
    print(f"{'agree   ' if agree else 'DISAGREE'}  {said}  {pair.model!r}", flush=True)
    return agree and ours.verdict is pair.verdict


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
