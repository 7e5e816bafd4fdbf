"""Nobody gets points without an answer: each attack that is published, and what becomes of it and of its neighbours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from registered import answers

from patterns.grading.boxed import landlock, seccomp
from patterns.grading.probe import ForkServer
from patterns.grading.probe.patience import cpu_s
from patterns.grading.verdict import grade

ATTACKS = tomllib.loads(Path(__file__).with_name("attacks.toml").read_text(encoding="utf-8"))["attack"]
RIGHT = answers("framing", "right")[0].source

boxed = pytest.mark.skipif(
    landlock.version() < 6 or not seccomp.is_possible(), reason="no box here: it holds back accidents only"
)


@pytest.fixture(autouse=True)
def _nobody_else_is_harmed(server: ForkServer) -> Iterator[None]:
    """After the attack the same fork server grades a right answer as ever, and no process is left."""
    yield
    assert grade("framing", RIGHT, server=server).word == "passed"
    left = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    assert not left.exists() or left.read_text() == ""


@boxed
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["name"].replace(" ", "-"))
def test_an_attack_gets_no_points_and_is_seen(attack, server: ForkServer, monkeypatch) -> None:
    monkeypatch.setattr("patterns.grading.verdict.PATIENCE", (0.3, 0.1, 0.1))
    before = cpu_s(server.pid)
    verdict = grade(attack["exercise"], attack["source"], server=server)
    told = [found.told for found in verdict.checks]
    assert verdict.points == 0, told
    assert re.search(attack["seen"], "\n".join(told)), told
    assert cpu_s(server.pid) >= before, "the fork server lives"


def test_no_attack_is_named_twice() -> None:
    names = [attack["name"] for attack in ATTACKS]
    assert sorted(set(names)) == sorted(names)
