"""Every row of the bench comes out, with little effort; what it says is not judged here."""

from __future__ import annotations

import importlib

import pytest
from repository import ROOT

import bench.__main__ as table
from bench.side_by_side import LeftOut, Row, in_turn

# What starts JupyterLab twice over is for `make bench` alone: the browser's tests start it as well.
QUICK = [name for name in table.NAMES if name != "lab_start"]


@pytest.mark.parametrize("name", QUICK)
def test_every_row_comes_out(name: str) -> None:
    rows = list(importlib.import_module(f"bench.{name}").rows(effort=0.01))
    assert any(isinstance(row, Row) for row in rows)
    for row in rows:
        assert len(table.cells(row)) == len(table.HEADINGS)
        if isinstance(row, LeftOut):  # a peer that is not installed for the tests
            assert row.why
            continue
        assert len(row.ours) == len(row.peer) > 0
        assert all(value > 0 for value in row.ours + row.peer), row


def test_a_row_says_the_middle_of_the_ratios_pair_by_pair() -> None:
    row = Row("reading", "ours", "theirs", "ms", (1.0, 9.0, 3.0), (2.0, 3.0, 3.0), goal="at most 1")
    assert row.ratios == (0.5, 3.0, 1.0)
    assert table.cells(row) == ("reading", "ours: 3", "theirs: 3", "ms", "1.00", "0.50–3.00", "lower", "at most 1")


def test_a_row_that_is_left_out_says_why() -> None:
    row = LeftOut("reading", "ours", "theirs", "it is not installed")
    assert table.cells(row) == ("reading", "ours", "theirs: left out, it is not installed", "–", "–", "–", "–", "–")


def test_the_two_sides_take_turns_and_the_first_changes() -> None:
    order: list[str] = []
    taken = in_turn(lambda: order.append("o") or 1.0, lambda: order.append("p") or 2.0, rounds=3)
    assert "".join(order) == "op" + "op" + "po" + "op"
    assert taken == {"ours": (1.0, 1.0, 1.0), "peer": (2.0, 2.0, 2.0)}


def test_the_readme_has_a_place_for_the_table() -> None:
    assert len(table.MARKED.findall((ROOT / "README.md").read_text())) == 1
