"""Exercises in a notebook: the answer's cell, its check, the verdict that is shown, and what was reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from learner import learner
from registered import answers

from patterns.grading.verdict import grade
from patterns.lab import check, progress
from patterns.lab.answer import NothingToCheck
from patterns.lab.answer.magic import texts
from patterns.lab.answer.view import as_html

RIGHT = answers("framing", "right")[0].source
WRONG = next(one for one in answers("framing", "wrong") if one.check == "pieces").source

IN_A_KERNEL = {
    "open": "from patterns.lab import check, progress",
    "unknown": "%%answer frame\nx = 1",
    "early": "check('framing')",
    "wrong": f"%%answer framing\n{WRONG}",
    "checked": "check('framing')",
    "use": "type(Framer().feed(b'')).__name__",
    "right": f"%%answer framing\n{RIGHT}",
    "raises": "%%answer framing\nx = 1\nx / 0",
    "reached": "print(progress())",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    texts.clear()
    yield tmp_path
    texts.clear()


def test_a_check_prints_its_verdict_outside_a_kernel_and_keeps_what_was_reached(capsys, here: Path) -> None:
    texts["framing"] = WRONG
    check("framing")
    printed = capsys.readouterr().out
    assert "✗ pieces (0 of 2)" in printed
    assert (here / ".progress.json").exists()
    assert "find the frames (framing): 0 of 10" not in repr(progress()).lower()


def test_a_check_without_an_answer_says_what_to_run() -> None:
    with pytest.raises(NothingToCheck) as refused:
        check("framing")
    assert str(refused.value) == (
        "expected an answer to framing, got none yet: run the cell that begins with %%answer framing, then this one"
    )


def test_the_verdict_is_a_card_whose_first_failure_lies_open() -> None:
    html = as_html(grade("framing", WRONG), "Find the frames", "a note")
    assert html.count("<details") == html.count("</details>") >= 1
    assert html.count(" open>") == 1
    assert 'data-testid="idea-one-packet-is-one-request"' in html
    assert '<a href="../notebooks/01_request_response.ipynb#cell-id=' in html
    assert "a note" in html
    right = as_html(grade("framing", RIGHT), "Find the frames")
    assert 'data-verdict="passed"' in right
    assert "<details" not in right


def test_what_an_answer_says_is_shown_as_text_and_never_as_html() -> None:
    evil = "class Framer:\n    def __init__(self, max_frame=0):\n        raise ValueError('<script>alert(1)</script>')"
    html = as_html(grade("framing", evil), "Find the frames")
    assert "&lt;script&gt;" in html
    assert "<script" not in html


@pytest.mark.limit_s(120)
def test_a_learner_tries_fails_and_passes_and_a_new_kernel_knows_it(here: Path) -> None:
    with learner(here, **IN_A_KERNEL) as one:
        assert one.run("open") == ""
        assert one.run("unknown").startswith(
            "Misnamed: %%answer frame: expected the name of an exercise, got 'frame'; there are: framing, "
        )
        assert one.run("early").startswith("NothingToCheck: expected an answer to framing, got none yet")
        wrong = one.run("wrong", "checked")
        assert 'data-verdict="partial"' in wrong or 'data-verdict="failed"' in wrong
        assert one.run("use") == "'list'", "the cell defines its names in the notebook too"
        assert one.run("raises").startswith("ZeroDivisionError")
        assert 'data-verdict="broken"' in one.run("checked")
        assert 'data-verdict="passed"' in one.run("right", "checked")
    with learner(here, **IN_A_KERNEL) as another:
        assert "framing): 10 of 10 points" in another.run("open", "reached")
