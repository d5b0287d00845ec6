"""The commands `treadle model` and `treadle explore-model`."""

import io
import json
from pathlib import Path

import pytest

from treadle.cli import main

CLOCKS = """
from collections.abc import Iterator, Mapping
from treadle.spec import Model, State, action, invariant, step_property


class Time(State):
    hour: int = 0
    alarm: int | None = None


class Clock(Model[Time]):
    def __init__(self, hours: int = 3, name: str = "plain") -> None:
        self.hours = hours
        self.name = name

    def init(self) -> Iterator[Time]:
        yield Time()

    def columns(self, state: Time) -> Mapping[str, object]:
        return {"hand": state.hour, "bell": state.alarm}

    @action
    def tick(self, state: Time) -> Iterator[Time]:
        if state.hour + 1 < self.hours:
            yield state.evolve(hour=state.hour + 1)

    @action(at=(1, 2))
    def ring(self, state: Time, at: int) -> Iterator[Time]:
        if state.hour == at and state.alarm is None:
            yield state.evolve(alarm=at)


class Round(Clock):
    def init(self) -> Iterator[Time]:
        yield Time()
        yield Time(1)

    def terminal(self, state: Time) -> bool:
        return True

    @invariant
    def early(self, state: Time) -> bool:
        return state.hour < 2

    @step_property
    def silent(self, state: Time, after: Time) -> bool:
        return after.alarm is None
"""

SINGLE = """
from collections.abc import Iterator
from treadle.spec import Model, action


class Switch(Model[bool]):
    def init(self) -> Iterator[bool]:
        yield False

    @action
    def press(self, state: bool) -> Iterator[bool]:
        yield not state
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "some_clocks.py").write_text(CLOCKS)
    (tmp_path / "a_switch.py").write_text(SINGLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


pytestmark = pytest.mark.usefixtures("folder")

# --- treadle model ---


def test_a_model_that_holds_prints_its_counts_and_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "a_switch.py"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Switch() holds: 2 distinct states, depth 2",
        "    press  2 transitions, 1 states",
    ]


def test_a_violated_model_shows_changes_columns_and_guards_and_exits_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["model", "some_clocks.py:Clock", "--set", "hours=2", "--set", "name=small clock"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Clock(hours=2, name='small clock') violated: 3 distinct states, depth 3",
        "    tick  1 transitions, 1 states",
        "    ring  1 transitions, 1 states",
        "deadlock: no action is enabled, and the state is not terminal",
        "state 1, initial",
        "    hour = 0",
        "    alarm = None",
        "state 2, after tick",
        "    hour = 0 → 1",
        "state 3, after ring(at=1)",
        "    alarm = None → 1",
        "    tick is disabled in line 24: `state.hour + 1 < self.hours` is False",
        "    ring(at=1) is disabled in line 29: `state.alarm is None` is False",
        "    ring(at=2) is disabled in line 29: `state.hour == at` is False",
        "               hand  bell",
        "1  initial     0     None",
        "2  tick        1",
        "3  ring(at=1)        1",
    ]


def test_an_unknown_answer_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "a_switch.py", "--max-states", "1"]) == 2
    assert "max_states=1 reached" in capsys.readouterr().out
    assert main(["model", "a_switch.py", "--simulate", "3", "--seed", "5"]) == 2
    assert "simulated with seed=5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option", [["--depth-first"], ["--compact"], ["--checkpoint", "kept"], ["--max-seconds", "9"]]
)
def test_every_way_of_searching_has_an_option(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "a_switch.py", *option]) == 0
    assert "2 distinct states" in capsys.readouterr().out


def test_symmetry_is_proved_on_the_instance_named(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(Path(__file__).parent / "two_phase.py:TwoPhase")
    assert main(["model", file, "--set", "rms=5", "--symmetry", "rms=3"]) == 0
    assert "314 distinct states" in capsys.readouterr().out


def test_the_graph_is_written_and_the_guards_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "some_clocks.py:Round", "--guards", "--dot", "g.dot", "--json", "g.json"]) == 1
    assert "tick, line 24: `state.hour + 1 < self.hours`" in capsys.readouterr().out
    assert Path("g.dot").read_text(encoding="utf-8").startswith("digraph states {")
    assert json.loads(Path("g.json").read_text(encoding="utf-8"))["initial"] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.py"], "there is no file nothing.py"),
        (["some_clocks.py"], "has Clock, Round: say which, as in some_clocks.py:NAME"),
        (["some_clocks.py:Watch"], "has no model Watch; there is Clock, Round"),
        (
            ["a_switch.py", "--set", "hours=3"],
            "got an unexpected keyword argument 'hours'; use --set NAME=VALUE",
        ),
        (["a_switch.py", "--set", "hours"], "--set hours: it reads NAME=VALUE"),
        (["a_switch.py", "--max-seconds", "-1"], "max_seconds is -1.0"),
        (["a_switch.py", "--symmetry"], "symmetry needs columns of two processes or more"),
    ],
)
def test_a_command_line_that_names_no_model_says_what_there_is(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", *arguments]) == 2
    assert message in capsys.readouterr().err


# --- treadle explore-model ---


def explore(answers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    assert main(["explore-model", "some_clocks.py:Round"]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_walk_shows_each_state_and_what_each_step_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = explore("1\n1\n1\n", monkeypatch, capsys)
    text = "\n".join(shown)
    assert "initial states\n  1 initial: hour = 0, alarm = None\n  2 initial: hour = 1, alarm = None" in text
    assert (
        "state 2, after tick\n    hour = 1\n    alarm = None\n  1 tick: hour = 1 → 2\n  2 ring(at=1): alarm = None → 1"
        in text
    )
    assert "state 3, after tick\n    hour = 2\n    alarm = None\n    ! invariant early is violated" in text


def test_a_walk_goes_back_explains_and_tells_the_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(explore("2\nw\n2\nt\nb\nb\nb\nx\nr\ni\nq\n1\n", monkeypatch, capsys))
    assert "ring(at=2) is disabled in line 29: `state.hour == at` is False" in text
    assert "! step_property silent is violated by ring(at=1)" in text
    assert (
        "state 1, initial\n    hour = 1\n    alarm = None\nstate 2, after ring(at=1)\n    alarm = None → 1"
        in text
    )
    assert "this is where it begins" in text
    assert text.count("a number takes that step") == 2
    assert text.count("initial states") == 3


def test_a_walk_of_no_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore-model", "nothing.py"]) == 2
    assert "treadle explore-model: there is no file" in capsys.readouterr().err
