"""Fixtures of the tests of channels."""

import gc
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.channels.support import Interrupt


@pytest.fixture(autouse=True)
def _collect_what_the_test_made(request: pytest.FixtureRequest) -> Iterator[None]:
    """Spare the collector what was there before, all modules and tests among it, where tests wait for it.

    Not elsewhere: a check that finds all as the last one left it looks through the young alone.
    """
    waits = hasattr(request.module, "gc")
    if waits:
        gc.freeze()
    yield
    if waits:
        gc.unfreeze()


@pytest.fixture
def swallowed_interrupts_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt inside the finalizer of a lease goes nowhere; what it leaves behind is what is tested."""
    report = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if unraisable.exc_type is not Interrupt:
            report(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", hook)
