"""The command `treadle explore`: a function of a file is explored, replayed and shown."""

import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sched.programs import together
from treadle.cli import main
from treadle.cli.explore import _progress as progress
from treadle.sched import check

PROGRAM = """
import threading
from treadle.sched import interleavings


class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        balance = self.balance
        self.balance = balance + amount


def run(*bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def racy():
    account = Account()
    run(*[lambda: account.deposit(1)] * 2)
    assert account.balance == 2


def locked():
    lock = threading.Lock()

    def use():
        with lock:
            pass

    run(use, use)


def stuck():
    run(threading.Event().wait)


def late():
    event = threading.Event()

    def wait():
        assert event.wait(1)

    run(wait, event.set)


@interleavings(instrument=[Account], max_executions=100)
def decorated():
    racy()


def needs(argument):
    pass


def forks():
    import os
    os.fork()


class Group:
    @staticmethod
    def member():
        locked()


constant = 3


class Stop(BaseException):
    pass


def leaks():
    lock = threading.Lock()
    try:
        lock.acquire()
        lock.release()
    except Stop:
        pass
    assert not lock.locked()


class Hooks:
    @staticmethod
    def fails():
        raise ValueError("on top")
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "explored_program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "explored_program", raising=False)
    return "explored_program.py"


def explore(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["explore", *arguments])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_what_holds_exits_with_0(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = explore(capsys, f"{file}::locked")
    assert (code, output) == (0, "holds: 2 executions (2 complete), exhaustive\n")
    assert explore(capsys, f"{file}::Group.member")[0] == 0
    assert explore(capsys, f"{file}::locked", "--jobs", "2") == (0, output)


def test_what_is_violated_exits_with_1_and_is_shown(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = explore(capsys, f"{file}::racy", "--instrument", "Account")
    assert code == 1
    assert output.startswith("violated: ")
    assert "is preempted" in output


def test_what_is_unknown_exits_with_2(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = explore(
        capsys, f"{file}::locked", "--strategy", "random", "--seed", "3", "--max-executions", "4"
    )
    assert code == 2
    assert output.startswith("unknown: 4 executions")
    assert "seed 3" in output


def test_the_command_that_is_shown_replays_the_failure(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, output = explore(capsys, f"{file}::racy", "--instrument", "Account")
    command = output.rstrip().rpartition("or: treadle ")[2]
    result = subprocess.run(
        [sys.executable, "-m", "treadle", *shlex.split(command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert result.returncode == 1
    assert "is preempted" in result.stdout
    assert "raised AssertionError" in result.stdout
    assert result.stderr == ""


INTERRUPT = "Interrupt(error=Stop, at='signals')"


@pytest.mark.parametrize("fault", [INTERRUPT, "Finalizer(Hooks.fails)"])
def test_faults_are_explored_and_the_command_that_is_shown_replays_them(
    file: str, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    code, output = explore(capsys, f"{file}::leaks", "--instrument", "leaks", "--faults", fault)
    assert code == 1
    assert f"instrument=[leaks], faults=[{fault}])" in output
    command = output.rstrip().rpartition("or: treadle ")[2]
    code, again = explore(capsys, *shlex.split(command)[1:])
    assert code == 1
    assert again.partition("no preemptions")[0] == output.partition("\n")[2].partition("no preemptions")[0]
    assert "the finalizer fails runs" in again or "Stop is raised" in again


def test_several_faults_are_explored_together(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    def executions(*faults: str) -> int:
        options = [word for fault in faults for word in ("--faults", fault)]
        code, output = explore(capsys, f"{file}::locked", *options)
        assert code == 0, output
        return int(output.split()[1])

    assert executions() < executions("Interrupt") < executions("Interrupt", "Handler(constant.bit_count)")


def test_a_replay_that_does_not_fail_or_does_not_fit(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = explore(capsys, f"{file}::locked", "--replay", "1,2")
    assert (code, output) == (0, "the schedule was run, and nothing failed\n")
    code, output = explore(capsys, f"{file}::locked", "--replay", "1@read nothing")
    assert code == 2
    assert "until its 1st “read nothing”" in output
    code, output = explore(capsys, f"{file}::locked", "--replay", "nonsense")
    assert code == 2
    assert "is not a schedule" in output


def test_options_are_those_of_check(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explore(capsys, f"{file}::stuck")[0] == 1
    assert explore(capsys, f"{file}::stuck", "--allow-deadlock")[0] == 0
    assert explore(capsys, f"{file}::late")[0] == 1
    assert explore(capsys, f"{file}::late", "--timeouts", "idle")[0] == 0
    assert "at most 0 preemptions" in explore(capsys, f"{file}::racy", "--preemptions", "0")[1]
    assert explore(capsys, f"{file}::racy", "--instrument", "explored_program")[0] == 1
    assert explore(capsys, f"{file}::racy", "--instrument", "explored_program:Account")[0] == 1
    assert "DataRace" in explore(capsys, f"{file}::racy", "--instrument", "Account", "--races")[1]
    assert "shrink=0" in explore(capsys, f"{file}::racy", "--instrument", "Account", "--shrink", "0")[1]


def test_a_decorated_function_brings_its_own_options(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explore(capsys, f"{file}::decorated")[0] == 1
    assert (
        "stopped after max_executions=1" in explore(capsys, f"{file}::decorated", "--max-executions", "1")[1]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explored_program.py"], "names no function"),
        (["explored_program.py::"], "names no function"),
        (["nowhere.py::main"], "there is no file nowhere.py"),
        (["explored_program.py::main"], "there is no main in explored_program.py; it has Account, run, racy"),
        (["explored_program.py::constant"], "is no function, but int"),
        (["explored_program.py::needs"], "needs argument"),
        (["explored_program.py::forks"], "fork"),
        (["explored_program.py::locked", "--strategy", "magic"], "unknown strategy 'magic'"),
        (["explored_program.py::locked", "--timeouts", "never"], "timeouts is"),
        (["explored_program.py::locked", "--preemptions", "-1"], "at least 0"),
        (
            ["explored_program.py::locked", "--instrument", "nothing"],
            "neither in explored_program nor a module",
        ),
        (["explored_program.py::locked", "--instrument", "explored_program:nothing"], "there is no nothing"),
        (["explored_program.py::leaks", "--faults", "often"], "'often' is no fault: write it as in Python"),
        (["explored_program.py::leaks", "--faults", "Interrupt("], "is no fault"),
        (["explored_program.py::leaks", "--faults", "Handler()"], "missing 1 required"),
        (
            ["explored_program.py::leaks", "--faults", "Handler(nothing)"],
            "there is no nothing in explored_program",
        ),
        (["explored_program.py::leaks", "--faults", "Interrupt(at='1' * 2)"], "neither a name nor"),
        (["explored_program.py::leaks", "--faults", "Interrupt(at='never')"], "a fault comes at"),
        (["broken.py::main"], "broken.py can't be imported: SyntaxError"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_explored_is_named(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    Path("broken.py").write_text("def main(:\n")
    code, output = explore(capsys, *arguments)
    assert code == 2
    assert output.startswith("treadle explore: ")
    assert words in output


@pytest.mark.parametrize("arguments", [[], ["x.py::f", "--max-executions", "0"], ["x.py::f", "--seed", "x"]])
def test_usage_errors_exit_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explore", *arguments])
    assert caught.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_a_file_of_a_package_is_imported_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "explored_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("def nothing():\n    pass\n")
    (package / "program.py").write_text("from .inner import nothing\n\ndef main():\n    nothing()\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert explore(capsys, f"{package / 'program.py'}::main")[0] == 0
    assert "explored_package.program" in sys.modules


def test_a_file_may_have_the_name_of_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "threading.py").write_text("def main():\n    pass\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert explore(capsys, f"{tmp_path / 'threading.py'}::main")[0] == 0


class Terminal:
    """Collects what is written to a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def program() -> None:
    lock = threading.Lock()

    def use() -> None:
        for _ in range(4):
            with lock:
                pass

    together(use, use)


def test_progress_goes_to_the_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with progress() as told:
        assert told is None
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress() as told:
        assert told is not None
        check(program, on_execution=told)
    assert re.search(r"65 of about \d+ executions", terminal.text)
