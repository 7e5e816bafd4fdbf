"""What the lab keeps for a kernel's lifetime starts empty in every test."""

from collections.abc import Iterator

import pytest

from patterns.lab import failures
from patterns.lab.claims import _claims
from patterns.lab.kernel import Failure
from patterns.lab.panel import _panels
from patterns.lab.predict import _questions, guesses


@pytest.fixture(autouse=True)
def shown() -> Iterator[list[Failure]]:
    """The failures the lab has shown; a test that expects some takes them out."""
    for kept in (failures, guesses, _questions, _claims, _panels):
        kept.clear()
    yield failures
    assert failures == [], "the test recorded a failure and did not look at it"
