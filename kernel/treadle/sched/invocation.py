"""How a failure is replayed: one line of Python, and one command."""

import inspect
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from treadle.sched.engine import Program, Settings
from treadle.sched.fault_text import fault_text, name_in
from treadle.sched.memory import Instrumentable


class Described(Protocol):
    """A program that says itself how it is replayed."""

    how_to_replay: Callable[[str], list[str]]


def how_to_replay(program: Program, settings: Settings, schedule: str) -> list[str]:
    """Return the ways to replay *schedule*: a line of Python, and a command if there is one."""
    described = getattr(program, "how_to_replay", None)
    if described is not None:
        return cast("Described", program).how_to_replay(schedule)
    lines = [_python_line(program, settings, schedule)]
    command = _command_line(program, settings, schedule)
    return lines if command is None else [*lines, command]


def _python_line(program: Program, settings: Settings, schedule: str) -> str:
    """Return the call of `replay`."""
    what = getattr(settings.monitor, "arguments", None) or _name(program, "program")
    subjects = ", ".join(_name(subject, "…") for subject in settings.instrument)
    instrument = f", instrument=[{subjects}]" if subjects else ""
    written = [fault_text(fault, lambda value: _name(value, "…")) or "…" for fault in settings.faults]
    faults = f", faults=[{', '.join(written)}]" if written else ""
    return f"replay({what}, {schedule!r}{instrument}{faults})"


def _command_line(program: Program, settings: Settings, schedule: str) -> str | None:
    """Return the command, or None where there is none: it can name functions of a file only."""
    found = _place_of(program)
    subjects = [_address(subject, program) for subject in settings.instrument]
    own = sys.modules.get(program.__module__)
    faults = [fault_text(fault, lambda value: name_in(own, value)) for fault in settings.faults]
    if settings.monitor is not None or found is None or None in subjects or None in faults:
        return None
    words = ["treadle", "explore", found]
    for subject in subjects:
        words += ["--instrument", subject or ""]
    for fault in faults:
        words += ["--faults", fault or ""]
    return shlex.join([*words, "--replay", schedule])


def _place_of(program: Program) -> str | None:
    """Return FILE::function of a function that a file defines, or None."""
    if not inspect.isfunction(program) or not _is_global(program):
        return None
    file = Path(program.__code__.co_filename)
    return f"{_shown(file)}::{program.__qualname__}" if file.is_file() else None


def _is_global(subject: object) -> bool:
    name = getattr(subject, "__qualname__", "<")
    return "<" not in name and not getattr(subject, "__closure__", None)


def _shown(file: Path) -> str:
    """Return the path as it is typed."""
    folder = Path.cwd()
    return os.fspath(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _address(subject: Instrumentable, program: Program) -> str | None:
    """Return what `--instrument` calls *subject*: a module, a name in the program's file, or MODULE:NAME."""
    if isinstance(subject, ModuleType):
        return subject.__name__
    name, module = getattr(subject, "__qualname__", "<"), getattr(subject, "__module__", None)
    if "<" in name:
        return None
    return name if module == program.__module__ else f"{module}:{name}"


def _name(subject: object, otherwise: str) -> str:
    if isinstance(subject, ModuleType):
        return subject.__name__
    name = getattr(subject, "__qualname__", None) or otherwise
    return otherwise if "<lambda>" in name else name.rpartition("<locals>.")[2]
