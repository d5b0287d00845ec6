"""The pytest plugin: decorated tests under a real pytest."""

import re
from importlib.metadata import entry_points

import pytest

import treadle.sched  # noqa: F401 - loaded before a run within this process, which forgets what it loads
from treadle.pytest_plugin import pytest_addoption

pytest_plugins = ["pytester"]

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
def tests(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]")
    pytester.makepyfile(test_account=RACY)
    return pytester


#: Asks for the plugin by name where an old installation does not register it.
REGISTERED = bool(entry_points(group="pytest11", name="treadle"))
PLUGIN = [] if REGISTERED else ["-p", "treadle.pytest_plugin"]


#: Without what takes longer to load than the tests to run.
PLAIN = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "--color=no"]


def run(tests: pytest.Pytester, *arguments: str, process: bool = False) -> tuple[int, str]:
    """Run pytest, on request in a process of its own, and return its exit code and output."""
    how = tests.runpytest_subprocess if process else tests.runpytest_inprocess
    result = how(*PLAIN, *PLUGIN, *arguments)
    return int(result.ret), f"{result.stdout}\n{result.stderr}"


def test_a_failure_is_an_ordinary_one_with_the_columns_in_a_section(tests: pytest.Pytester) -> None:
    code, output = run(tests, "--deselect", "test_account.py::TestLocked::test_sampled")
    assert code == 1
    assert "1 failed, 4 passed, 1 deselected" in output
    assert re.search(r"^-+ interleaving -+$", output, re.MULTILINE)
    assert output.count("is preempted") == 1, "it is not told as a note of the error as well"
    assert "read Account.balance → 0" in output
    assert "treadle/sched" not in output, "the traceback is the test's own"
    assert "FAILED test_account.py::test_racy - " in output


def test_the_command_that_a_failure_shows_replays_it(tests: pytest.Pytester) -> None:
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


def test_a_schedule_is_replayed_in_one_test_only(tests: pytest.Pytester) -> None:
    code, output = run(tests, "--treadle-replay=0")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "replays one test decorated with @interleavings, and 5 are selected" in output


def test_seed_and_budget_are_passed_on(tests: pytest.Pytester) -> None:
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


def test_it_works_with_workers(tests: pytest.Pytester) -> None:
    code, output = run(
        tests, "-n", "2", "--deselect", "test_account.py::TestLocked::test_sampled", process=True
    )
    assert code == 1
    assert "1 failed, 4 passed" in output
    assert output.count("is preempted") == 1


def test_it_imports_nothing_of_the_checker_before_a_test_needs_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_plain():
            assert "treadle.pytest_plugin" in sys.modules
            assert [name for name in ("treadle.sched", "greenlet", "rich") if name in sys.modules] == []
        """
    )
    code, output = run(pytester, "-p", "no:crosshair", process=True)
    assert code == 0, output
