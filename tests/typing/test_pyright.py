"""Pyright, as strict as it can be, agrees with mypy: it reports the lines that mypy is told to ignore, and no other.

That mypy reports each of them is seen to by its `warn_unused_ignores`.
"""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"
CHECKED = [*HERE.glob("test_*.py"), *EXAMPLES.glob("*.py")]

pytestmark = pytest.mark.skipif(
    find_spec("basedpyright") is None, reason="basedpyright is not installed: pip install --group test"
)


def reported(files: list[Path], folder: Path) -> set[tuple[str, int]]:
    """Give the file and line of each error that pyright finds."""
    config = {
        "include": [str(file) for file in files],
        "typeCheckingMode": "strict",
        "enableTypeIgnoreComments": False,
        "pythonPlatform": "Linux",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--project", str(folder), "--outputjson"]
    done = subprocess.run(
        [*command, "--pythonpath", sys.executable], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["filesAnalyzed"] == len(files), done.stderr
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in answer["generalDiagnostics"]
        if found["severity"] == "error"
    }


def refused(files: list[Path]) -> set[tuple[str, int]]:
    """Give the file and line of each error that mypy is told to ignore."""
    return {
        (file.name, number)
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# type: ignore\[", line)
    }


@pytest.mark.statement("P18")
def test_pyright_reports_what_mypy_reports_and_each_error_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("from treadle import channel\n\ntx, rx = channel[int]()\ntx.send('1')  # type: ignore\n")
    assert reported([*CHECKED, file], tmp_path) == refused(CHECKED) | {("wrong.py", 4)}
