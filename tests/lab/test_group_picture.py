"""The group's picture holds the table: every state, every move, and the way that a group has really gone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html import unescape

from patterns.lab.group_picture import group_picture
from patterns.purgatory.groups import TRANSITIONS, GroupDescription, GroupMove, GroupState, Moved

SVG = "{http://www.w3.org/2000/svg}"
S, M = GroupState, GroupMove
TWICE_ROUND = GroupDescription(
    "g",
    S.COMPLETING_REBALANCE,
    2,
    moves=(
        Moved(0, S.EMPTY, M.JOIN),
        Moved(1, S.PREPARING_REBALANCE, M.ALL_JOINED),
        Moved(2, S.COMPLETING_REBALANCE, M.ASSIGNMENT),
        Moved(3, S.STABLE, M.LEAVE),
        Moved(4, S.PREPARING_REBALANCE, M.ALL_JOINED),
    ),
)


def groups(svg: str, name: str) -> dict[str, ET.Element]:
    return {group.attrib[name]: group for group in ET.fromstring(svg).iter(f"{SVG}g") if name in group.attrib}


def test_every_state_and_every_move_of_the_table_is_drawn_and_named_beside_its_arrow() -> None:
    svg = group_picture().svg
    assert set(groups(svg, "data-state")) == {state.name for state in S}
    moves = groups(svg, "data-move")
    for (start, move), end in TRANSITIONS.items():
        label = " ".join(text.text or "" for text in moves[f"{start.name} {end.name}"].iter(f"{SVG}text"))
        assert str(move) in label


def test_the_way_of_a_group_is_drawn_with_how_often_and_where_it_is_now() -> None:
    found = group_picture(TWICE_ROUND)
    moves = groups(found.svg, "data-move")
    assert {name for name, group in moves.items() if "taken" in group.attrib["class"]} == {
        "EMPTY PREPARING_REBALANCE",
        "PREPARING_REBALANCE COMPLETING_REBALANCE",
        "COMPLETING_REBALANCE STABLE",
        "STABLE PREPARING_REBALANCE",
    }
    assert "×2" in "".join(moves["PREPARING_REBALANCE COMPLETING_REBALANCE"].itertext())
    states = groups(found.svg, "data-state")
    assert [name for name, group in states.items() if "now" in group.attrib["class"].split()] == [
        "COMPLETING_REBALANCE"
    ]


def test_what_it_shows_is_said_in_words_too() -> None:
    assert group_picture(TWICE_ROUND).text.splitlines()[-1] == (
        "State diagram of a consumer group: 5 states, 13 moves. g is CompletingRebalance, generation 2, after a new one"
        " joins, all joined, or time is up, the leader shares out, one leaves, all joined, or time is up."
    )
    assert group_picture(S.DEAD).text.splitlines()[-1].endswith("13 moves. It is Dead.")
    html = unescape(group_picture()._repr_html_())
    for (start, move), end in TRANSITIONS.items():
        assert f"<td>{start}</td><td>{move}</td><td>{end}</td>" in html


def test_no_state_lies_on_another_and_all_lie_on_the_page() -> None:
    root = ET.fromstring(group_picture().svg)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    boxes = [tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height")) for box in root.iter(f"{SVG}rect")]
    for n, (x, y, wide, tall) in enumerate(boxes):
        assert min(x, y, width - x - wide, height - y - tall) >= 0
        assert all(abs(x - a) >= wide or abs(y - b) >= tall for a, b, _, _ in boxes[:n])
