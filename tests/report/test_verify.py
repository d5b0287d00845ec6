"""The command `treadle verify`: claims are found, recomputed in processes of their own, and summed up in an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from treadle.cli import main
from treadle.report import Evidence, claim
from treadle.report.claims import ProofFileError, claims_of, load, proof_files
from treadle.verdict import Verdict

ROOT = Path(__file__).parent.parent.parent

HOLDING = """
from treadle.report import Evidence, claim
from treadle.verdict import Verdict

@claim("one and one is two")
def one(progress):
    progress(250)
    return Evidence(Verdict.HOLDS, interleavings=1234567, states=3)
"""

FAILING = """
from treadle.report import Evidence, claim
from treadle.verdict import Verdict

@claim("this does not hold")
def two(progress):
    return Evidence(Verdict.VIOLATED, detail="because of [that]")

@claim("this is cut short")
def three(progress):
    return Evidence(Verdict.UNKNOWN, bound="stopped after max_executions=1")

@claim("this raises")
def four(progress):
    raise ZeroDivisionError("no proof")

@claim("this takes its process down")
def five(progress):
    import os
    os._exit(3)
"""


def verify(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "treadle", "verify", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=_wide())


def _wide() -> dict[str, str]:

    return {**os.environ, "COLUMNS": "160"}


def test_a_ledger_that_holds_exits_with_0_and_shows_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "holding.py").write_text(HOLDING)
    done = verify(str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "one and one is two" in done.stdout
    assert "1,234,567" in done.stdout
    assert "1 of 1 claims hold: the ledger holds." in done.stdout


def test_a_claim_that_does_not_hold_exits_with_1_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "holding.py").write_text(HOLDING)
    (tmp_path / "failing.py").write_text(FAILING)
    done = verify(str(tmp_path), "--jobs", "1", "--only", "this does not")
    assert done.returncode == 1
    assert "because of [that]" in done.stdout
    assert "0 of 1 claims hold." in done.stdout


LONG = """
from treadle.report import Evidence, claim
from treadle.verdict import Verdict

@claim("this takes an hour", long=True)
def six(progress):
    return Evidence(Verdict.VIOLATED, detail="after an hour")
"""


def test_a_long_claim_waits_to_be_asked_for_and_the_ledger_says_so(tmp_path: Path) -> None:
    (tmp_path / "holding.py").write_text(HOLDING)
    (tmp_path / "lasting.py").write_text(LONG)
    done = verify(str(tmp_path))
    assert done.returncode == 0
    assert "1 of 1 claims hold: the ledger holds." in done.stdout
    assert "Not recomputed: 1 long claim, which --long recomputes too." in done.stdout
    asked = verify(str(tmp_path), "--long")
    assert asked.returncode == 1
    assert "after an hour" in asked.stdout
    assert "1 of 2 claims hold." in asked.stdout
    assert "Not recomputed" not in asked.stdout


def test_only_long_claims_are_nothing_to_verify_until_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(LONG)
    done = verify(str(tmp_path))
    assert done.returncode == 2
    assert "1 long claim, which --long recomputes too" in done.stderr


def test_an_unknown_claim_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    done = verify(str(tmp_path), "--only", "cut short")
    assert done.returncode == 1
    assert "stopped after max_executions=1" in done.stdout


def test_a_claim_that_raises_is_not_proved_and_shows_the_exception(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    done = verify(str(tmp_path), "--only", "raises")
    assert done.returncode == 1
    assert "ZeroDivisionError: no proof" in done.stdout


def test_a_claim_that_takes_its_process_down_is_not_proved(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    done = verify(str(tmp_path), "--only", "takes its process")
    assert done.returncode == 1
    assert "its process died" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no proof file or folder at nowhere"),
        (["examples"], "no claim to verify in examples"),
        (["proofs", "--only", "unheard of"], "no claim to verify in proofs that says 'unheard of'"),
    ],
)
def test_nothing_to_verify_is_an_error_and_not_a_pass(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    if arguments == ["examples"]:
        monkeypatch.setattr("treadle.report.ledger.proof_files", lambda paths: [])
    assert main(["verify", *arguments]) == 2
    assert message in capsys.readouterr().err


PLANTED = """
from proofs import interruption, planted_bugs
from treadle.report.claims import claims_of

claims = [*claims_of(interruption), *claims_of(planted_bugs)]
bugs = [claim for claim in claims if claim.statement.startswith("planted bug found: ")]
print(len(bugs), "in all")
for bug in bugs[{first}::3]:
    found = bug.prove(lambda count: None)
    print(bug.statement, found.verdict.value, found.bound)
"""


def test_the_planted_bugs_are_found_and_replay() -> None:
    """With each version of Python another third of them; `treadle verify` plants them all."""
    first = sys.version_info.minor % 3
    command = [sys.executable, "-c", PLANTED.format(first=first)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "19 in all" in done.stdout
    assert done.stdout.count("holds killed; replays 10/10") == len(range(first, 19, 3)), done.stdout


def test_what_is_promised_of_interrupted_operations_holds() -> None:
    done = verify("proofs/interruption.py", "--only", "interrupted: ")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_standard_library_s_queue_refines_its_model() -> None:
    done = verify("proofs", "--only", "queue.Queue")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 claims hold" in done.stdout


def test_claims_are_taken_in_the_order_of_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "ordered_claims.py"
    file.write_text(FAILING)
    found = [found.statement for found in claims_of(load(file))]
    assert found == ["this does not hold", "this is cut short", "this raises", "this takes its process down"]


def test_a_claim_is_stated_in_words() -> None:
    def prove(progress: object) -> Evidence:
        return Evidence(Verdict.HOLDS)

    with pytest.raises(TypeError, match="stated in words"):
        claim("")(prove)
    with pytest.raises(TypeError, match="stated in words"):
        claim(prove)  # type: ignore[arg-type]


def test_a_missing_path_is_named() -> None:
    with pytest.raises(ProofFileError, match="nowhere"):
        proof_files([Path("nowhere")])
