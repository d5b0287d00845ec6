"""The claims of the README and the documentation, run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def output_of(script: Path) -> str:
    result = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


@pytest.mark.parametrize("name", ["first_race", "greeting", "squares"])
def test_a_program_in_the_readme_is_an_example_and_prints_what_the_readme_shows(name: str) -> None:
    script = ROOT / "examples" / f"{name}.py"
    assert script.read_text() in blocks(README, "python")
    assert output_of(script) in blocks(README, "text")


def test_the_replay_that_the_readme_shows_raises_the_same_error() -> None:
    shown = re.search(r"^to replay: (replay\(program, .*\))$", README, re.MULTILINE)
    assert shown is not None
    command = (
        f"from treadle.sched import replay; from examples.first_race import Account, program; {shown[1]}"
    )
    result = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.stderr.endswith("AssertionError: the balance is 10\n")


def test_the_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = ROOT / "Makefile"
    if not makefile.exists():
        pytest.skip("the wheel is tested without the Makefile")
    wanted = re.findall(r"^\$ make (\w+)", README, re.MULTILINE)
    assert wanted == ["verify", "test"]
    assert all(re.search(rf"^{target}:", makefile.read_text(), re.MULTILINE) for target in wanted)


def test_the_model_in_the_documentation_is_violated_in_seven_states(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = ROOT / "docs" / "models.md"
    if not page.exists():
        pytest.skip("the wheel is tested without the documentation")
    (program,) = [block for block in blocks(page.read_text(), "python") if "class DieHard" in block]
    exec(compile(program, str(page), "exec"), {"__name__": "documentation"})  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    assert "invariant never_four is violated" in printed
    assert "state 7" in printed
    assert "state 8" not in printed
