"""The tutorial is followed word by word, and what follows it tells a page that is wrong."""

from pathlib import Path

import pytest

from tests.docs_tutorial import Command, follow, matches, steps

PAGE = Path(__file__).parent.parent / "docs" / "first_race.md"


def test_find_your_first_race(tmp_path: Path) -> None:
    assert follow(PAGE, tmp_path) == 7


def test_the_files_and_commands_of_a_page() -> None:
    page = "```python\n# a.py\nx = 1\n```\n\n```python\ny = 2\n```\n```console\n$ treadle 'a b'\nout\n\n$ pytest\n```\n"
    assert list(steps(page)) == [
        ("a.py", "x = 1\n"),
        Command(["treadle", "a b"], "out\n\n", 10),
        Command(["pytest"], "", 13),
    ]


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a\n", "a\n", True),
        ("a\nb\n", "a\n", False),
        ("took 3 s\n", "took … s\n", True),
        ("a\nb\nc\n", "a\n…\nc\n", True),
        ("a\nc\n", "a\n…\nc\n", True),
        ("a\nb\n", "a\n…\nc\n", False),
        ("a.b\n", "a.b\n", True),
        ("axb\n", "a.b\n", False),
    ],
)
def test_what_is_printed_is_what_is_shown(printed: str, shown: str, same: bool) -> None:
    assert matches(printed, shown) is same


def test_a_page_that_is_wrong_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n# a.py\ndef f(): pass\n```\n\n```console\n$ treadle explore a.py::f\nviolated\n```\n"
    )
    with pytest.raises(
        AssertionError, match=r"page\.md:7: treadle explore a\.py::f prints\nholds.*\n\nand not\nviolated"
    ):
        follow(page, tmp_path)
