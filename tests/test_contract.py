"""The contract: its page answers every statement, and every answer has a test."""

import functools

import pytest

from tests.statements import CONTRACT, Statement, marked_by_statement, marks_in, statements, with_tests

STATEMENTS = statements(CONTRACT.read_text(encoding="utf-8"))


@functools.cache
def marked() -> set[str]:
    """Return the statements that have a test."""
    return set(marked_by_statement())


def test_the_page_answers_every_statement_in_order() -> None:
    numbers = [f"{kind}{i}" for kind, last in (("S", 135), ("G", 8), ("P", 18)) for i in range(1, last + 1)]
    assert [statement.number for statement in STATEMENTS] == numbers


def test_every_answer_is_of_one_of_three_kinds() -> None:
    assert {statement.status for statement in STATEMENTS} == {
        "promised",
        "chosen otherwise",
        "does not apply",
    }


def test_every_answer_that_is_pending_or_untested_is_both() -> None:
    to_test = {statement.number for statement in STATEMENTS if statement.status != "does not apply"}
    assert to_test - marked() == set(), "these have no test"


def test_every_marker_names_a_statement_of_the_page() -> None:
    assert {statement.number for statement in STATEMENTS} >= marked()


PAGE = """\
Before.

- **S1** (promised) One line.
- **P2** (does not apply) Two
  lines.

After.
"""


def test_statements_are_read_from_a_page_and_shown_with_their_tests() -> None:
    assert statements(PAGE) == [
        Statement("S1", "promised", "- **S1** (promised) One line.\n"),
        Statement("P2", "does not apply", "- **P2** (does not apply) Two\n  lines.\n"),
    ]
    shown = PAGE.replace("One line.\n", "One line.\n  - `a.py::test_x`\n  - `b.py::test_y`\n")
    assert with_tests(PAGE, {"S1": ["a.py::test_x", "b.py::test_y"]}) == shown


def test_marks_are_read_from_functions_and_state_machines() -> None:
    source = """
@pytest.mark.statement("S1", "S2")
@pytest.mark.statement("S3")
def test_one(): ...

@pytest.mark.statement("S1")
class AgainstTheModel(RuleBasedStateMachine): ...
"""
    assert {mark.test: mark.numbers for mark in marks_in(source, "a.py")} == {
        "a.py::test_one": ("S1", "S2", "S3"),
        "a.py::AgainstTheModel": ("S1",),
    }


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.statement('S1')\ndef helper(): ...",
        "class TestGroup:\n    @pytest.mark.statement('S1')\n    def test_one(self): ...",
        "pytestmark = pytest.mark.statement('S1')",
        "@pytest.mark.statement(FIRST)\ndef test_one(): ...",
        "@pytest.mark.statement(*ALL)\ndef test_one(): ...",
        "@pytest.mark.statement(1)\ndef test_one(): ...",
        "@pytest.mark.statement()\ndef test_one(): ...",
    ],
)
def test_a_mark_that_would_not_be_found_is_an_error(source: str) -> None:
    with pytest.raises(ValueError, match=r"a\.py"):
        list(marks_in(source, "a.py"))
