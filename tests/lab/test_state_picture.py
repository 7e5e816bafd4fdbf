"""The parser's picture holds the table: every state, every move, and the way that bytes really take."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from html import unescape
from itertools import pairwise

import pytest

from patterns.lab.state_picture import path_of, state_picture
from patterns.wire.framing import LAST_CHUNK, TRANSITIONS, Move, RequestParser, State, encode_chunk

SVG = "{http://www.w3.org/2000/svg}"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + encode_chunk(b"a") * 3 + LAST_CHUNK


def groups(svg: str, name: str) -> dict[str, ET.Element]:
    return {group.attrib[name]: group for group in ET.fromstring(svg).iter(f"{SVG}g") if name in group.attrib}


def test_every_state_and_every_move_of_the_table_is_drawn() -> None:
    svg = state_picture().svg
    assert set(groups(svg, "data-state")) == {state.name for state in State}
    drawn = set(groups(svg, "data-move"))
    for (start, _), end in TRANSITIONS.items():
        assert f"{start.name} {end.name}" in drawn or f"ANY {end.name}" in drawn


def test_every_move_is_named_beside_its_arrow() -> None:
    moves = groups(state_picture().svg, "data-move")
    for (start, move), end in TRANSITIONS.items():
        group = moves.get(f"{start.name} {end.name}", moves.get(f"ANY {end.name}"))
        assert group is not None
        assert str(move) in " ".join(text.text or "" for text in group.iter(f"{SVG}text"))


def test_the_table_beside_the_picture_has_every_move() -> None:
    html = unescape(state_picture()._repr_html_())
    for (start, move), end in TRANSITIONS.items():
        assert f"<td>{start}</td><td>{move}</td><td>{end}</td>" in html
    assert len(state_picture().text.splitlines()) == len(TRANSITIONS) + 1


def test_no_state_lies_on_another_and_all_lie_on_the_page() -> None:
    root = ET.fromstring(state_picture().svg)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    boxes = [
        (float(box.attrib["x"]), float(box.attrib["y"]), float(box.attrib["width"]), float(box.attrib["height"]))
        for box in root.iter(f"{SVG}rect")
    ]
    for n, (x, y, wide, tall) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + wide <= width
        assert y + tall <= height
        assert all(abs(x - a) >= wide or abs(y - b) >= tall for a, b, _, _ in boxes[:n])


def test_the_present_state_is_marked_in_the_picture_and_in_words() -> None:
    parser = RequestParser()
    parser.feed(b"GET / HTTP/1.1\r\nHost")
    found = state_picture(parser)
    states = groups(found.svg, "data-state")
    assert [name for name, group in states.items() if "now" in group.attrib["class"].split()] == ["HEADERS"]
    assert "▸ headers" in [text.text for text in states["HEADERS"].iter(f"{SVG}text")]
    assert "Now it reads: headers." in ET.fromstring(found.svg).attrib["aria-label"]


def test_the_way_that_bytes_take_is_drawn_with_how_often() -> None:
    found = state_picture(fed=CHUNKED)
    moves = groups(found.svg, "data-move")
    taken = {name for name, group in moves.items() if "taken" in group.attrib["class"]}
    assert taken == {
        "START_LINE HEADERS",
        "HEADERS CHUNK_SIZE",
        "CHUNK_SIZE CHUNK_DATA",
        "CHUNK_DATA CHUNK_END",
        "CHUNK_END CHUNK_SIZE",
        "CHUNK_SIZE TRAILERS",
        "TRAILERS START_LINE",
    }
    assert "×3" in "".join(moves["CHUNK_END CHUNK_SIZE"].itertext())
    assert "×" not in "".join(moves["START_LINE HEADERS"].itertext())


def test_bytes_that_are_refused_lead_to_failed() -> None:
    assert path_of(b"nonsense\r\n") == (State.START_LINE, State.FAILED)
    found = state_picture(fed=b"nonsense\r\n")
    assert "taken" in groups(found.svg, "data-move")["ANY FAILED"].attrib["class"]
    assert "Now it reads: failed." in found.text


@pytest.mark.parametrize("data", [CHUNKED, b"HTTP/1.1 200 OK\r\n\r\nbody", CHUNKED * 2])
def test_each_step_of_a_way_is_a_move_of_the_table(data: bytes) -> None:
    path = path_of(data)
    legal = {(start, end) for (start, _), end in TRANSITIONS.items()}
    assert path[0] is State.START_LINE
    assert set(pairwise(path)) <= legal


def test_a_state_without_a_place_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["patterns.lab.state_picture"]  # the package has the function under this name
    places = {state: place for state, place in module._PLACES.items() if state is not State.TRAILERS}
    monkeypatch.setattr(module, "_PLACES", places)
    monkeypatch.setattr(module, "_WAYS", {})
    assert "TRAILERS" in groups(state_picture().svg, "data-state")
    assert "TRAILERS START_LINE" in groups(state_picture().svg, "data-move")


def test_another_table_gives_another_picture() -> None:
    table = {(State.BODY, Move.COMPLETE): State.CLOSED}
    assert set(groups(state_picture(table=table).svg, "data-move")) == {"BODY CLOSED"}


def test_two_moves_between_the_same_states_share_an_arrow_and_keep_their_names() -> None:
    table = {(State.BODY, Move.COMPLETE): State.CLOSED, (State.BODY, Move.STREAM_END): State.CLOSED}
    (arrow,) = groups(state_picture(table=table).svg, "data-move").values()
    assert " ".join(text.text or "" for text in arrow.iter(f"{SVG}text")) == "last byte, end of stream"


def test_the_same_table_gives_the_same_picture() -> None:
    assert state_picture(fed=CHUNKED).html == state_picture(fed=CHUNKED).html
