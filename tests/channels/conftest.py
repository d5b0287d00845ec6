"""Fixtures of the tests of channels."""

import sys
from typing import Any

import pytest

from tests.channels.support import Interrupt


@pytest.fixture
def swallowed_interrupts_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt inside the finalizer of a lease goes nowhere; what it leaves behind is what is tested."""
    report = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type is not Interrupt:
            report(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", hook)
