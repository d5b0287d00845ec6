"""`treadle explore`: run a function of a file through every interleaving that can differ."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from treadle.cli.arguments import count

if TYPE_CHECKING:
    from treadle.sched.engine import Counts
    from treadle.sched.memory import Instrumentable

SUMMARY = "run a function through every interleaving that can differ"
DESCRIPTION = (
    "Run FILE::FUNCTION, which starts its own threads, through every interleaving of theirs that can differ. "
    "Exit code 0: it holds. 1: it is violated, and the failing interleaving is shown. 2: unknown, because a budget was "
    "spent or the strategy only samples; or the command could not be carried out."
)

_EXIT = {"holds": 0, "violated": 1, "unknown": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    parser.add_argument("program", metavar="FILE::FUNCTION", help="the program, a function without arguments")
    parser.add_argument(
        "--instrument",
        action="append",
        default=None,
        metavar="NAME",
        help="make accesses to shared memory in this code scheduling points: a name in FILE, a module, or MODULE:NAME; "
        "may be repeated",
    )
    parser.add_argument("--strategy", metavar="NAME", help="how to explore (default: exhaustive)")
    parser.add_argument("--preemptions", type=int, metavar="N", help="at most so many preemptions")
    parser.add_argument("--max-executions", type=count, metavar="N", help="stop after so many executions")
    parser.add_argument("--max-seconds", type=float, metavar="S", help="stop after so many seconds")
    parser.add_argument("--max-steps", type=count, metavar="N", help="cut an execution after so many steps")
    parser.add_argument("--timeouts", metavar="explore|idle", help="when a timed wait may time out")
    parser.add_argument(
        "--faults",
        action="append",
        default=None,
        metavar="FAULT",
        help="what may happen to a thread at any point, as it is written in Python, with names in FILE: Interrupt, "
        "\"Interrupt(at='signals')\", \"Finalizer(function, thread='T0')\"; may be repeated",
    )
    parser.add_argument("--races", action="store_true", default=None, help="make a data race a failure")
    parser.add_argument("--allow-deadlock", action="store_true", default=None, help="count deadlocks only")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of what is drawn at random")
    parser.add_argument("--shrink", type=int, metavar="N", help="executions to shorten a failure with")
    parser.add_argument("--jobs", type=count, metavar="N", help="explore over so many processes (default: 1)")
    parser.add_argument("--replay", metavar="SCHEDULE", help="run this one schedule and show it")


def run(options: argparse.Namespace) -> int:
    """Explore, or replay; 0 if it holds, 1 if it is violated, 2 otherwise."""
    from treadle.sched import CheckError  # noqa: PLC0415 - help works without the extra

    try:
        program, defaults = _program(options.program)
        wanted = {**defaults, **_wanted(options, program)}
        if options.replay is not None:
            return _replay(program, options.replay, wanted)
        return _explore(program, wanted)
    except (CheckError, TypeError, ValueError) as error:
        print(f"treadle explore: {error}", file=sys.stderr)
        return 2


def _explore(program: Callable[[], object], wanted: dict[str, Any]) -> int:
    from treadle.sched import check  # noqa: PLC0415 - as above

    with _progress() as on_execution:
        result = check(program, **wanted, on_execution=on_execution)
    _show(str(result))
    return _EXIT[result.verdict.value]


def _replay(program: Callable[[], object], schedule: str, wanted: dict[str, Any]) -> int:
    from treadle.sched.check import show  # noqa: PLC0415 - as above

    usable = {name: value for name, value in wanted.items() if name in ("instrument", "faults", "max_steps")}
    failure = show(program, schedule, **usable)
    _show("the schedule was run, and nothing failed" if failure is None else failure.trace)
    return 0 if failure is None else 1


def _show(text: str) -> None:
    """Print *text*, also where the terminal has no letters for it."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _program(address: str) -> tuple[Callable[[], object], Mapping[str, Any]]:
    """Return the function, and the arguments that its decorator gives, if it has one."""
    from treadle.sched.program import undecorated  # noqa: PLC0415 - as above

    file, separator, name = address.partition("::")
    if not separator or not name:
        raise ValueError(f"{address!r} names no function: write FILE::FUNCTION, such as program.py::main")
    path = Path(file)
    if not path.is_file():
        raise ValueError(f"there is no file {file}")
    found = _lookup(_load(path), name, file)
    if not callable(found):
        raise TypeError(f"{name} in {file} is no function, but {type(found).__name__}")
    return undecorated(found)


def _lookup(module: ModuleType, name: str, where: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            functions = ", ".join(
                key for key, value in vars(module).items()
                if callable(value) and getattr(value, "__module__", None) == module.__name__
            )  # fmt: skip
            raise ValueError(f"there is no {name} in {where}; it has {functions or 'no functions'}") from None
    return found


def _load(path: Path) -> ModuleType:
    """Import a file, as part of its package where it is in one, and whatever other module has its name."""
    path = path.resolve()
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(".".join(parts)) if len(parts) > 1 else _load_alone(path)
    except Exception as error:
        raise ValueError(f"{path.name} can't be imported: {type(error).__name__}: {error}") from error


def _load_alone(path: Path) -> ModuleType:
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_explored"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wanted(options: argparse.Namespace, program: Callable[[], object]) -> dict[str, Any]:
    """Return the arguments of the check that the command line gives."""
    wanted: dict[str, Any] = {}
    names = ("strategy", "preemptions", "max_executions", "max_seconds", "max_steps", "timeouts")
    for name in (*names, "races", "allow_deadlock", "seed", "shrink", "jobs"):
        value = getattr(options, name)
        if value is not None:
            wanted[name] = value
    if options.instrument is not None:
        wanted["instrument"] = [_subject(name, program) for name in options.instrument]
    if options.faults is not None:
        from treadle.sched.fault_text import fault_from  # noqa: PLC0415 - as above

        wanted["faults"] = [fault_from(text, sys.modules[program.__module__]) for text in options.faults]
    return wanted


def _subject(name: str, program: Callable[[], object]) -> "Instrumentable":
    """Return what *name* stands for: something in the program's file, a module, or MODULE:NAME."""
    own = sys.modules[program.__module__]
    module, separator, inner = name.partition(":")
    if not separator:
        found: Any = own
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return found  # type: ignore[no-any-return]
    try:
        home = importlib.import_module(module)
    except ImportError:
        raise ValueError(f"--instrument {name}: neither in {own.__name__} nor a module") from None
    return _lookup(home, inner, module) if separator else home


@contextmanager
def _progress() -> "Iterator[Callable[[Counts], None] | None]":
    """Show on the terminal, if there is one, how far the exploration is."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("exploring", total=None)
        shown = -64

        def told(counts: "Counts") -> None:
            nonlocal shown
            if not shown <= counts.executions < shown + 64:
                shown = counts.executions
                total = counts.estimate()
                about = f" of about {total:,}" if total is not None else ""
                bar.update(
                    task,
                    completed=counts.executions,
                    total=total,
                    description=f"{counts.executions:,}{about} executions",
                )

        yield told
