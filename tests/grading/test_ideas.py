"""Each idea that a check may name is in the catalogue, also where only a rare mistake brings it up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from patterns.grading import checks
from patterns.grading.catalogue import catalogue
from patterns.grading.probe.accidents import ACCIDENTS

FILES = sorted(Path(checks.__file__).parent.rglob("*.py"))
IDEA = re.compile(r"[a-z0-9]+(-[a-z0-9]+){2,}")
OTHERS = {check.name for name in checks.there() for check in checks.exercise(name).checks} | set(ACCIDENTS)


def texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FILES[0].parent).as_posix())
def test_every_idea_that_a_check_names_is_catalogued(path: Path) -> None:
    assert {text for text in texts(path) if IDEA.fullmatch(text)} - OTHERS <= set(catalogue())
