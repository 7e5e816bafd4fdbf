import json
from pathlib import Path

import pytest

from patterns.lab.contents import contents, lesson


def stored(folder: Path, name: str, *opening: str) -> Path:
    path = folder / name
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": list(opening)}]}))
    return path


def test_the_contents_are_the_lessons_in_order_without_the_first_page(tmp_path: Path) -> None:
    stored(tmp_path, "02_b.ipynb", "# 2 · Later\n", "*About 30 minutes.*")
    stored(tmp_path, "00_start.ipynb", "# Start here\n", "5 minutes")
    stored(
        tmp_path, "01_a.ipynb", "# 1 · <First>: ask\n", "\n", "**The question of this lesson:** who?\n", "40 minutes"
    )
    shown = contents(tmp_path)
    assert repr(shown) == "1  <First>: ask  40 minutes\n2  Later  30 minutes"
    html = shown._repr_html_()
    assert '<a href="01_a.ipynb">&lt;First&gt;: ask</a></td><td>who?</td>' in html
    assert "Start here" not in html


def test_a_notebook_without_title_or_time_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^01_a\.ipynb: its first cell has to have a title .* and a time"):
        lesson(stored(tmp_path, "01_a.ipynb", "# 1 · Untimed"))
