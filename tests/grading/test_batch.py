"""Answers out of saved notebooks: the last cell of a name counts, and whatever is broken has a row of its own."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import pytest
from registered import answers as registered
from rich.console import Console

from patterns.grading.batch import NotANotebook, answers, grade_all, split
from patterns.grading.probe import ForkServer
from patterns.grading.report import table
from patterns.grading.verdict import grade

RIGHT = registered("framing", "right")[0].source
WRONG = next(one for one in registered("framing", "wrong") if one.check == "pieces").source


def notebook(path: Path, *sources: str | list[str]) -> Path:
    cells = [{"cell_type": "code", "id": f"c{n}", "source": source} for n, source in enumerate(sources)]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return path


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("%%answer framing\nx = 1", ("framing", "x = 1")),
        ("\n\n  %%answer  framing  \nx = 1\n", ("framing", "x = 1\n")),
        ("%%answer framing\r\nx = 1\r\n", ("framing", "x = 1\r\n")),
        ("%%answer framing", ("framing", "")),
        ("%%answer\nx = 1", None),
        ("%%answers framing\nx = 1", None),
        ("# %%answer framing\nx = 1", None),
        ("%%time\n%%answer framing", None),
    ],
)
def test_an_answer_is_a_cell_that_begins_with_the_magic(cell: str, found: object) -> None:
    assert split(cell) == found


def test_the_last_cell_of_a_name_counts_and_checks_are_noticed(tmp_path: Path) -> None:
    path = notebook(
        tmp_path / "a.ipynb",
        "%%answer framing\nold = 1",
        ["%%answer hold\n", "x = 1"],
        "# check('poll')\ncheck('hold')\ncheck(\"resume\")",
        "%%answer framing\nnew = 1",
    )
    assert answers(path) == ({"hold": "x = 1", "framing": "new = 1"}, ["hold", "resume"])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "expected a notebook (JSON in UTF-8), got: "),
        ("[]", "expected a notebook with a list of cells (nbformat 4), got other JSON"),
        ('{"cells": 3}', "expected a notebook with a list of cells (nbformat 4), got other JSON"),
        ('{"worksheets": [{"cells": []}]}', "expected a notebook with a list of cells (nbformat 4), got other JSON"),
        (
            '{"cells": [{"cell_type": "code", "source": [1]}]}',
            "expected every cell's source to be text, got other JSON",
        ),
        ("[" * 100_000, "expected a notebook (JSON in UTF-8), got: "),
        (None, "expected a notebook, got: No such file or directory"),
        (b"\xff\xfe", "expected a notebook (JSON in UTF-8), got: "),
    ],
)
def test_what_is_no_notebook_says_so(tmp_path: Path, text: str | bytes | None, complaint: str) -> None:
    path = tmp_path / "a.ipynb"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(NotANotebook) as refused:
        answers(path)
    assert str(refused.value).startswith(complaint)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "%%answer framing\nx = 1")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert answers(path) == ({"framing": "x = 1"}, [])


def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "zero.ipynb").symlink_to("/dev/zero")
    (tmp_path / "folder.ipynb").mkdir()
    for path in tmp_path.iterdir():
        with pytest.raises(NotANotebook, match=r"^expected a notebook, got no file: a folder, a pipe or a device$"):
            answers(path)


def test_a_name_that_somebody_has_chosen_moves_no_cursor_and_is_no_markup(tmp_path: Path) -> None:
    path = notebook(tmp_path / "[b\x1b[2J].ipynb", "%%answer [/x]\n1", "%%answer \x1b[2J\ud800\n1")
    rows = list(grade_all([path], seed=1))
    assert [row.exercise for row in rows] == ["[/x]", r"\x1b[2J\ud800"]
    assert [Path(row.notebook).name for row in rows] == [r"[b\x1b[2J].ipynb"] * 2
    console = Console(width=300, file=io.StringIO())
    console.print(table(rows))
    assert [line.split()[1] for line in console.file.getvalue().splitlines()[1:]] == ["[/x]", r"\x1b[2J\ud800"]


def test_an_answer_longer_than_a_book_is_not_read(server: ForkServer) -> None:
    verdict = grade("framing", RIGHT + "#" * (1 << 20), server=server)
    assert verdict.word == "broken"
    assert verdict.checks[0].message == (
        f"Your cell could not be run: it has {len(RIGHT) + (1 << 20):,} characters, and at most 1,048,576 are read."
    )


def test_broken_and_missing_ones_have_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("no JSON")
    paths = [
        tmp_path / "broken.ipynb",
        notebook(tmp_path / "empty.ipynb", "x = 1"),
        notebook(tmp_path / "right.ipynb", f"%%answer framing\n{RIGHT}", "%%answer nothing_like_it\n"),
        notebook(tmp_path / "wrong.ipynb", f"%%answer framing\n{WRONG}", "check('hold')", "%%answer poll\n"),
        notebook(tmp_path / "unread.ipynb", "%%answer framing\nclass Framer("),
    ]
    rows = [row.as_json() for row in grade_all(paths, seed=1)]
    told = [(Path(row["notebook"]).stem, row["exercise"], row["verdict"], row["points"]) for row in rows]
    assert [one for one in told if one[0] != "wrong"] == [
        ("broken", "", "broken", 0),
        ("empty", "", "missing", 0),
        ("right", "framing", "passed", 10),
        ("right", "nothing_like_it", "broken", 0),
        ("unread", "framing", "broken", 0),
    ]
    assert [one[1:3] for one in told if one[0] == "wrong"] == [
        ("framing", "partial"),
        ("poll", "missing"),
        ("hold", "missing"),
    ]
    assert {frozenset(row) for row in rows} == {
        frozenset(("notebook", "exercise", "points", "max_points", "verdict", "checks"))
    }
    for row in rows:
        assert row["checks"]
        assert {frozenset(check) for check in row["checks"]} == {
            frozenset(("name", "passed", "misconception", "message"))
        }
    by_name = {check["name"]: check for row in rows for check in row["checks"] if row["exercise"] == "framing"}
    assert by_name["pieces"]["message"].startswith("Your cell could not be run: SyntaxError:")
    assert rows[1]["checks"][0]["message"] == (
        "expected a cell that begins with %%answer NAME, got none; was the notebook saved?"
    )


def test_a_fork_server_that_has_gone_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers: list[ForkServer] = []
    begin = ForkServer.__enter__
    monkeypatch.setattr(ForkServer, "__enter__", lambda self: servers.append(self) or begin(self))
    paths = [notebook(tmp_path / f"{name}.ipynb", f"%%answer framing\n{RIGHT}") for name in "abc"]
    rows = grade_all(paths, seed=1)
    assert next(rows).word == "passed"
    os.kill(servers[0].pid, signal.SIGKILL)
    gone = next(rows)
    assert (gone.word, gone.max_points) == ("broken", 10)
    assert gone.trouble.startswith("expected a fork server that answers, it is gone; on standard error it said:")
    assert next(rows).word == "passed"
