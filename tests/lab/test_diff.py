"""A diff holds every line that comes and every line that goes, and says so without colour."""

from __future__ import annotations

import linecache

import pytest

from patterns.lab.diff import changes, listing, source


def naps(offset: int) -> int:
    """Says too much."""
    offset += 1
    return offset


def waits(offset: int) -> int:
    """Says too much,
    in two lines.
    """
    offset += 2
    return offset


class Both:
    """Not shown."""

    first = 1

    def method(self) -> int:
        """Not shown either."""
        return self.first


def test_lines_that_go_and_come_have_a_sign_of_their_own() -> None:
    assert changes(naps, waits).text.splitlines() == [
        "- def naps(offset: int) -> int:",
        "+ def waits(offset: int) -> int:",
        "-     offset += 1",
        "+     offset += 2",
        "      return offset",
    ]


def test_the_figure_says_how_many_lines_come_and_go() -> None:
    assert 'aria-label="diff: 2 lines come, 2 go"' in changes(naps, waits).html
    assert 'aria-label="diff: 1 line come, 0 go"' in changes("a", "a\nb").html


def test_docstrings_are_left_out_of_functions_and_classes() -> None:
    assert source(waits) == ["def waits(offset: int) -> int:", "    offset += 2", "    return offset"]
    assert [line for line in source(Both) if line] == [
        "class Both:",
        "    first = 1",
        "    def method(self) -> int:",
        "        return self.first",
    ]


def test_only_what_is_near_a_change_is_shown_if_asked() -> None:
    before, after = "\n".join("abcdefgh"), "\n".join("abcdXfgh")
    assert changes(before, after, context=1).text.splitlines() == ["…", "  d", "- e", "+ X", "  f", "…"]


def test_a_class_made_in_a_cell_is_found() -> None:
    cell = "import math\nawait_me = 1\nclass Made:\n    def inside(self):\n        return 1\n"
    linecache.cache["<cell>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell>")
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(compile(cell, "<cell>", "exec"), namespace)
    made = namespace["Made"]
    assert isinstance(made, type)
    assert source(made) == ["class Made:", "    def inside(self):", "        return 1"]


def test_a_class_without_its_source_is_refused_by_name() -> None:
    linecache.cache["<other>"] = (4, None, ["a = 1\n"], "<other>")
    namespace: dict[str, object] = {}
    exec(compile("class Lost:\n    def f(self): ...", "<other>", "exec"), namespace)
    lost = namespace["Lost"]
    assert isinstance(lost, type)
    with pytest.raises(OSError, match="expected the source of class Lost in <other>, found none"):
        source(lost)


def test_what_the_code_says_does_not_act_in_the_page() -> None:
    assert "<script>" not in listing("x = '<script>'").html
