"""CrossHair confirms the contracts, and refutes those that are wrong. About eight seconds in all."""

from collections.abc import Callable

import pytest

from models import channel
from proofs import inductive_capacity
from proofs.confirmation import confirm
from proofs.inductive_capacity import CONTRACTS, send_one_too_many
from tests.proofs.contracts import (
    closing_keeps_messages,
    every_length_by_itself,
    nothing_holds,
    receiving_loses_messages,
)
from treadle.verdict import Verdict

SECONDS = 60.0  # a bound on the work, far above what it takes


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_contract_is_confirmed_over_all_paths(contract: Callable[..., None]) -> None:
    answer = confirm(contract, SECONDS)
    assert answer.verdict is Verdict.HOLDS
    assert str(answer) == f"{contract.__name__} holds: Confirmed over all paths."


@pytest.mark.parametrize("contract", [send_one_too_many, closing_keeps_messages, receiving_loses_messages])
def test_a_wrong_contract_is_refuted_with_arguments(contract: Callable[..., None]) -> None:
    answer = confirm(contract, SECONDS)
    assert answer.verdict is Verdict.VIOLATED
    assert f"when calling {contract.__name__}(" in answer.text


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_no_contract_is_confirmed_for_want_of_arguments(
    contract: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it asserts broken, each is refuted: there are arguments that come so far."""
    if contract is inductive_capacity.fresh:
        monkeypatch.setattr(channel, "consistent", nothing_holds)
    else:
        monkeypatch.setattr(inductive_capacity, "keeps", nothing_holds)
    assert confirm(contract, SECONDS).verdict is Verdict.VIOLATED


def test_a_contract_that_is_not_exhausted_is_unknown() -> None:
    """The seconds do not decide: no number of them would exhaust it."""
    assert confirm(every_length_by_itself, 0.5).verdict is Verdict.UNKNOWN
