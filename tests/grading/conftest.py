"""One fork server for all the tests of a module, and checks made for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest

from patterns.grading.checks import Answer, Exercise
from patterns.grading.probe import ForkServer
from patterns.grading.verdict import Found, run

Trial = Callable[..., Found]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer() as running:
        yield running


@pytest.fixture
def trial(server: ForkServer) -> Trial:
    """`trial(source, drive)` runs a check made of `drive` on an answer of that source; what it found."""

    def trial(source: str, drive: Callable[[Answer], object], *, patience: float = 0.3, **options: bool) -> Found:
        made = Exercise("framing", lesson="01_request_response", title="One check")

        def check(answer: Answer) -> None:
            """Do what the test wants."""
            drive(answer)

        made.check("only", **options)(check)
        return run(made, made.checks[0], dedent(source), 1, server, patience)

    return trial
