"""The ledger: every claim recomputed, a row each, and one answer for all.

Claims are independent, so they are spread over the cores, a process each; a claim that takes its process down is a
claim that is not proved.
"""

import multiprocessing
import os
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from treadle.report.claims import Claim, Evidence, ProofFileError, claims_of, load, proof_files
from treadle.verdict import Verdict

#: Executions between two reports of a claim's progress.
_REPORT_EVERY = 250


@dataclass(frozen=True)
class Entry:
    """One row of the ledger."""

    statement: str
    evidence: Evidence
    seconds: float


@dataclass(frozen=True)
class _Task:
    """Where a claim is, for a process that has to find it."""

    file: str
    name: str
    statement: str


# Of a worker process: where to report progress.
_reports: Any = None


def _start_worker(reports: Any) -> None:
    global _reports
    _reports = reports


def _prove(number: int, task: _Task) -> Entry:
    """Recompute a claim, in a process of its own."""
    start = time.monotonic()

    def progress(count: int) -> None:
        if count % _REPORT_EVERY == 0 and _reports is not None:
            _reports.put((number, count))

    try:
        evidence = getattr(load(Path(task.file)), task.name)(progress)
    except Exception:
        evidence = Evidence(Verdict.UNKNOWN, bound="raised", detail=traceback.format_exc())
    return Entry(task.statement, evidence, time.monotonic() - start)


def verify(
    paths: list[Path],
    *,
    only: str = "",
    long: bool = False,
    jobs: int | None = None,
    console: Console | None = None,
) -> list[Entry]:
    """Recompute the claims of the proof files at *paths*, show progress and the ledger, and return its rows.

    Args:
        paths: proof files, and folders of them.
        only: leave out the claims whose statement does not contain this text.
        long: recompute the long claims too; otherwise it is said how many are left out.
        jobs: how many processes; as many as there are cores when None.
        console: where to write.

    Raises:
        ProofFileError: a path does not exist, or there is no claim to verify.
    """
    console = console or Console()
    claims = [(file, claim) for file, claim in _claims(paths) if only.lower() in claim.statement.lower()]
    tasks = [
        _Task(str(file), claim.name, claim.statement) for file, claim in claims if long or not claim.long
    ]
    left_out = _left_out(len(claims) - len(tasks))
    if not tasks:
        said = f" that says {only!r}" if only else ""
        raise ProofFileError(f"no claim to verify in {', '.join(map(str, paths))}{said}{left_out}")
    entries = dict(_proved(tasks, jobs or os.cpu_count() or 1, console))
    ordered = [entries[number] for number in range(len(tasks))]
    _show(ordered, console)
    if left_out:
        console.print(f"Not recomputed{left_out}.")
    return ordered


def _left_out(count: int) -> str:
    return f": {count} long claim{'s' * (count > 1)}, which --long recomputes too" if count else ""


def _claims(paths: list[Path]) -> Iterator[tuple[Path, Claim]]:
    for file in proof_files(paths):
        for claim in claims_of(load(file)):
            yield file, claim


def _proved(tasks: list[_Task], jobs: int, console: Console) -> Iterator[tuple[int, Entry]]:
    """Prove the tasks side by side; yield each entry with its task's number as it is done."""
    context = multiprocessing.get_context("spawn")
    reports: Any = context.SimpleQueue()
    with (
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[now]}"),
            console=console,
            transient=True,
        ) as bar,
        ProcessPoolExecutor(jobs, context, _start_worker, (reports,)) as pool,
    ):
        shown = bar.add_task("claims", total=len(tasks), now="")
        running: dict[Future[Entry], int] = {
            pool.submit(_prove, number, task): number for number, task in enumerate(tasks)
        }
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not reports.empty():
                number, count = reports.get()
                bar.update(shown, now=f"{count:,} of “{tasks[number].statement}”")
            for future in done:
                number = running.pop(future)
                entry = _entry_of(future, tasks[number])
                bar.advance(shown)
                if not console.is_terminal:
                    console.print(
                        f"{entry.evidence.verdict.value:>8}  {entry.seconds:6.1f} s  {escape(entry.statement)}"
                    )
                yield number, entry


def _entry_of(future: Future[Entry], task: _Task) -> Entry:
    try:
        return future.result()
    except Exception as error:  # the process died
        return Entry(
            task.statement, Evidence(Verdict.UNKNOWN, bound="its process died", detail=repr(error)), 0.0
        )


_STYLES = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}


def _show(entries: list[Entry], console: Console) -> None:
    table = Table(title="Ledger", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("claim", overflow="fold")
    table.add_column("interleavings", justify="right")
    table.add_column("states", justify="right")
    table.add_column("verdict")
    table.add_column("bound")
    table.add_column("time", justify="right")
    for entry in entries:
        evidence = entry.evidence
        table.add_row(
            escape(entry.statement),
            _count(evidence.interleavings),
            _count(evidence.states),
            f"[{_STYLES[evidence.verdict]}]{evidence.verdict.value}",
            escape(evidence.bound or "none"),
            f"{entry.seconds:.1f} s",
        )
    console.print(table)
    failed = [entry for entry in entries if entry.evidence.verdict is not Verdict.HOLDS]
    for entry in failed:
        console.print(f"\n[bold]{escape(entry.statement)}[/bold]: {entry.evidence.verdict.value}")
        console.print(escape(entry.evidence.detail), soft_wrap=True, highlight=False)
    held = len(entries) - len(failed)
    console.print(f"\n{held} of {len(entries)} claims hold" + ("." if failed else ": the ledger holds."))


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
