"""What was reached is kept in a file: the most points, over restarts, and a broken file costs nothing but itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from patterns.grading.progress import Reached, load, place, record
from patterns.grading.verdict import Found, Verdict


def verdict(points: int, of: int = 3) -> Verdict:
    checks = tuple(Found(f"check{n}", "It checks.", 1, n < points) for n in range(of))
    return Verdict("framing", 1, "none", checks)


def test_the_most_points_are_kept(tmp_path: Path) -> None:
    file = tmp_path / ".progress.json"
    for points, most in ((1, 1), (3, 3), (0, 3)):
        assert record(file, verdict(points))["framing"].points == most
    assert load(file) == {"framing": Reached(3, 3, 3)}
    assert list(tmp_path.iterdir()) == [file], "nothing else is left"


def test_points_of_an_exercise_that_has_changed_begin_anew(tmp_path: Path) -> None:
    file = tmp_path / ".progress.json"
    record(file, verdict(3))
    assert record(file, verdict(1, of=5))["framing"] == Reached(1, 5, 2)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"framing": 3}', '{"framing": {"points": -1}}', "\ufeff"])
def test_a_file_of_something_else_is_begun_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".progress.json"
    file.write_text(text, encoding="utf-8")
    assert load(file) == {}
    record(file, verdict(2))
    assert load(file) == {"framing": Reached(2, 3, 1)}


def test_the_file_lies_beside_the_folders_of_the_course() -> None:
    course = Path("/somewhere/course")
    for folder in ("notebooks", "exercises", "solutions"):
        assert place(course / folder) == course / ".progress.json"
    assert place(course) == course / ".progress.json"
