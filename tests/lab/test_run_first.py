"""Which cell makes a name: by Python's own rules, without running anything."""

import json
from pathlib import Path

import pytest

from patterns.lab.kernel.run_first import Maker, find_maker, find_notebook, names_made


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("server = await keep('echo', serve(handler))", {"server"}),
        ("a, (b, *c) = 1, (2, 3)", {"a", "b", "c"}),
        ("x: int = 1\ny: int", {"x"}),
        ("import asyncio, os.path as where\nfrom json import dumps as write", {"asyncio", "where", "write"}),
        ("import os.path", {"os"}),
        ("async def handler(request):\n    local = 1\n    return local", {"handler"}),
        ("class Server:\n    port = 0", {"Server"}),
        ("async with await tap(address) as relay:\n    traffic = relay.traffic", {"relay", "traffic"}),
        ("async for event in follow(address):\n    last = event", {"event", "last"}),
        ("with open('a') as file, open('b') as other: pass", {"file", "other"}),
        ("for n in range(3):\n    if n:\n        found = n\n    else:\n        other = n", {"n", "found", "other"}),
        ("try:\n    answer = 1\nexcept OSError:\n    trouble = 2", {"answer", "trouble"}),
        ("match value:\n    case [first, *rest]: pass\n    case {'key': inner}: pass", {"first", "rest", "inner"}),
        ("squares = [n * n for n in range(3)]", {"squares"}),
        ("if (n := 3) > 2: pass\n[seen := m for m in range(3)]", {"n", "seen"}),
        ("lambda inside: (hidden := inside)", set()),
        ("server.limit = 3\nbooks['a'] = 1\nprint(server)", set()),
        ("%matplotlib inline\nfigure = 1", {"figure"}),
        ("!ls\nfiles = !ls", {"files"}),
        ("%%time\nslow = await work()", {"slow"}),
        ("%%bash\nport=80", set()),
        ("%%time", set()),
        ("def broken(:", set()),
        ("path = '\\d'", {"path"}),
        ("", set()),
    ],
)  # fmt: skip
def test_what_a_cell_makes(source: str, names: set[str]) -> None:
    assert names_made(source) == names


def notebook(path: Path, *cells: tuple[str, str]) -> Path:
    """Cells as (id, source); an id that starts with "md" is markdown."""
    content = [
        {
            "cell_type": "markdown" if name.startswith("md") else "code",
            "id": name,
            "source": source.splitlines(keepends=True),
        }
        for name, source in cells
    ]
    path.write_text(json.dumps({"cells": content, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def test_the_cell_and_its_heading_are_found(tmp_path: Path) -> None:
    lesson = notebook(
        tmp_path / "lesson.ipynb",
        ("md1", "# Request-response\n\nText.\n\n## The `smallest` **server** ##\n\nMore."),
        ("first", "from patterns.lab import keep"),
        ("smallest-server", "server = await keep('echo', serve())"),
        ("md2", "```\n# not a heading\n```"),
        ("ask", "answer = await ask(server.address)"),
    )
    assert find_maker(lesson, "server") == Maker("smallest-server", "The smallest server")
    assert find_maker(lesson, "answer") == Maker("ask", "The smallest server")
    assert find_maker(lesson, "nothing") is None


def test_of_several_makers_the_nearest_above_the_asking_cell_is_meant(tmp_path: Path) -> None:
    lesson = notebook(
        tmp_path / "lesson.ipynb",
        ("one", "server = 1"),
        ("two", "server = 2"),
        ("ask", "print(server)"),
        ("three", "server = 3"),
    )
    assert find_maker(lesson, "server", asked_by="print(server)") == Maker("two", "")


def test_a_cell_does_not_send_the_learner_to_itself(tmp_path: Path) -> None:
    source = "print(server)\nserver = 1"
    lesson = notebook(tmp_path / "lesson.ipynb", ("ask", source))
    assert find_maker(lesson, "server", asked_by=source) is None


def test_only_later_makers_are_better_than_none(tmp_path: Path) -> None:
    lesson = notebook(
        tmp_path / "lesson.ipynb", ("ask", "print(server)"), ("two", "server = 2"), ("three", "server = 3")
    )
    assert find_maker(lesson, "server", asked_by="print(server)") == Maker("two", "")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', "null"])
def test_a_notebook_that_cannot_be_read_explains_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lesson.ipynb"
    path.write_text(content, encoding="utf-8")
    assert find_maker(path, "server") is None


def test_the_notebook_is_looked_for_here_then_in_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert find_notebook("99_no_such_lesson") is None
    (tmp_path / "notebooks").mkdir()
    below = notebook(tmp_path / "notebooks" / "99_no_such_lesson.ipynb")
    assert find_notebook("99_no_such_lesson") == below
    here = notebook(tmp_path / "99_no_such_lesson.ipynb")
    assert find_notebook("99_no_such_lesson") == here
    copy = notebook(tmp_path / "My copy.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", str(copy))
    assert find_notebook("99_no_such_lesson") == copy
