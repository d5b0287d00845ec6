"""The pytest plugin: decorated tests under a real pytest, in a process of its own."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from treadle.pytest_plugin import pytest_addoption

RACY = """
import threading
import pytest
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


@pytest.fixture
def amount():
    return 10


@interleavings(instrument=[Account])
def test_racy(amount):
    account = Account()
    run(*[lambda: account.deposit(amount)] * 2)
    assert account.balance == 2 * amount


@interleavings(instrument=[Account])
@pytest.mark.parametrize("threads", [0, 1])
def test_few(threads):
    account = Account()
    run(*[lambda: account.deposit(1)] * threads)
    assert account.balance == threads


class TestLocked:
    @interleavings(instrument=[Account])
    def test_method(self, amount):
        account, lock = Account(), threading.Lock()

        def deposit():
            with lock:
                account.deposit(amount)

        run(deposit, deposit)
        assert account.balance == 2 * amount

    @interleavings(strategy="random")
    def test_sampled(self):
        pass


def test_plain():
    pass
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_account.py").write_text(RACY)
    return tmp_path


#: Asks for the plugin by name where an old installation does not register it.
REGISTERED = bool(entry_points(group="pytest11", name="treadle"))
PLUGIN = [] if REGISTERED else ["-p", "treadle.pytest_plugin"]


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run pytest in *folder*, and return its exit code and output."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *PLUGIN, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return result.returncode, result.stdout + result.stderr


def test_a_failure_is_an_ordinary_one_with_the_columns_in_a_section(tests: Path) -> None:
    code, output = run(tests, "--deselect", "test_account.py::TestLocked::test_sampled")
    assert code == 1
    assert "1 failed, 4 passed, 1 deselected" in output
    assert re.search(r"^-+ interleaving -+$", output, re.MULTILINE)
    assert output.count("is preempted") == 1, "it is not told as a note of the error as well"
    assert "read Account.balance → 0" in output
    assert "treadle/sched" not in output, "the traceback is the test's own"
    assert "FAILED test_account.py::test_racy - " in output


def test_the_command_that_a_failure_shows_replays_it(tests: Path) -> None:
    _, output = run(tests, "test_account.py::test_racy")
    shown = re.search(r"pytest test_account.py::test_racy '(--treadle-replay=.*)'", output)
    assert shown is not None, output
    code, again = run(tests, "test_account.py::test_racy", shown[1])
    assert code == 1
    assert "1 failed" in again
    assert "AssertionError" in again
    code, output = run(tests, "test_account.py::test_racy", "--treadle-replay=0,1@read Account.wealth,2")
    assert code == 1
    assert "until its 1st “read Account.wealth”" in output


def test_a_schedule_is_replayed_in_one_test_only(tests: Path) -> None:
    code, output = run(tests, "--treadle-replay=0")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "replays one test decorated with @interleavings, and 5 are selected" in output


def test_seed_and_budget_are_passed_on(tests: Path) -> None:
    code, output = run(tests, "-k", "sampled", "--treadle-seed=11", "--treadle-budget=7")
    assert code == 1
    assert "UnknownError" in output
    assert "no answer after 7 executions: random walk with seed 11" in output
    assert "asked for by --treadle-seed and --treadle-budget" in output
    code, output = run(tests, "-k", "method", "--treadle-budget=60s")
    assert code == 0, output


@pytest.mark.parametrize("budget", ["0", "-1", "x", "1m", "0s", "1.5", "²"])
def test_a_budget_that_is_none_is_refused(budget: str) -> None:
    parser = pytest.Parser(_ispytest=True)
    pytest_addoption(parser)
    with pytest.raises(
        pytest.UsageError, match="neither a number of executions, such as 1000, nor of seconds"
    ):
        parser.parse([f"--treadle-budget={budget}"])


def test_it_works_with_workers(tests: Path) -> None:
    code, output = run(tests, "-n", "2", "--deselect", "test_account.py::TestLocked::test_sampled")
    assert code == 1
    assert "1 failed, 4 passed" in output
    assert output.count("is preempted") == 1


def test_it_imports_nothing_of_the_checker_before_a_test_needs_it(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(
        "import sys\n\ndef test_plain():\n"
        "    assert 'treadle.pytest_plugin' in sys.modules\n"
        "    loaded = [name for name in ('treadle.sched', 'greenlet', 'rich') if name in sys.modules]\n"
        "    assert loaded == []\n"
    )
    code, output = run(tmp_path, "-p", "no:hypothesispytest", "-p", "no:crosshair")
    assert code == 0, output
