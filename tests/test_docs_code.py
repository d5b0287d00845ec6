"""The code of the documentation, run as it stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs_code import code, run

ROOT = Path(__file__).parent.parent
PAGES = ["channels.md", "first_model.md", "models.md", "protocols.md", "recipes.md", "refinement.md"]


@pytest.mark.parametrize("name", PAGES)
def test_the_code_of_a_page_gives_what_the_page_shows(name: str) -> None:
    page = ROOT / "docs" / name
    if not page.exists():
        pytest.skip("the wheel is tested without the documentation")
    command = [sys.executable, "-W", "error", "-m", "tests.docs_code", str(page)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_code_of_the_pages_passes_a_type_checker(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the wheel is tested without the linters")
    programs = []
    for name in PAGES:
        programs.append(tmp_path / name.replace(".md", ".py"))
        programs[-1].write_text(code((ROOT / "docs" / name).read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--allow-redefinition", *map(str, programs)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.splitlines()) == (
        0,
        [f"Success: no issues found in {len(PAGES)} source files"],
    )


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delitem(sys.modules, "documentation", raising=False)
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "code",
    [
        "1 + 1  # -> 2",
        "value = 1\nvalue  # -> 1",
        "for i in (1, 2):\n    print(i)\n# -> 1\n# -> 2",
        "1 / 0  # -> raises ZeroDivisionError",
        "print('at line 7')  # -> at line …",
        "1 + 1",
        "a = 1\n```\n\ntext\n\n```python\na  # -> 1",
    ],
)
def test_a_page_that_shows_what_its_code_gives_is_accepted(page: Path, code: str) -> None:
    page.write_text(f"# Title\n\n```python\n{code}\n```\n")
    run(page)


@pytest.mark.parametrize(
    "code",
    [
        "1 + 1  # -> 3",
        "print(1 + 1)",
        "None  # -> 1",
        "print('a')\n# -> a\n# -> b",
        "1 / 0",
        "1 / 1  # -> raises ZeroDivisionError",
        "int('a')  # -> raises TypeError",
        "x = 'a…'\nprint('a\\nb')  # -> …",
    ],
)
def test_a_page_that_shows_something_else_is_rejected(page: Path, code: str) -> None:
    page.write_text(f"# Title\n\n```python\n{code}\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md:\d gives"):
        run(page)
