"""Two streams side by side, and hex dumps with named ranges."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from patterns.lab.anatomy import Anatomy, hexdump, side_by_side
from patterns.wire.framing import (
    Response,
    encode,
)

GET = b"GET /books/2 HTTP/1.1\r\nHost: library\r\n\r\n"


def shown(found: Anatomy) -> str:
    """The text of the HTML, and a proof that it is well-formed."""
    body = found._repr_html_()
    body = re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL).replace("<br>", "<br/>")
    return " ".join("".join(ET.fromstring(body).itertext()).split())


def answer(*headers: tuple[str, str]) -> bytes:
    return encode(Response(200, headers=headers, body=b"same"))


def test_two_streams_are_compared_header_by_header() -> None:
    left = answer(("Content-Type", "text/plain"), ("Only-Left", "1"))
    right = answer(("Server", "x"), ("content-type", "text/html"))
    assert side_by_side(("raw", left), ("aiohttp", right)).text.splitlines() == [
        "◂ raw   ▸ aiohttp",
        r"= HTTP/1.1 200 OK\r\n",
        r"◂ Content-Type: text/plain\r\n",
        r"▸ content-type: text/html\r\n   ≠",
        r"◂ Only-Left: 1\r\n",
        r"= Content-Length: 4\r\n",
        r"▸ Server: x\r\n",
        r"= \r\n",
        "= same",
        "raw: head 78 B + body 4 B = 82 B",
        "aiohttp: head 74 B + body 4 B = 78 B",
    ]
    text = shown(side_by_side(("raw", left), ("aiohttp", right)))
    for word in ("same", "differs", "only left", "only right"):
        assert word in text


def test_equal_streams_differ_nowhere() -> None:
    text = side_by_side(("a", answer()), ("b", answer())).text
    assert [line[0] for line in text.splitlines()[1:5]] == ["="] * 4


def test_a_header_that_comes_twice_is_compared_in_order() -> None:
    left = answer(("Set-Cookie", "a"), ("Set-Cookie", "b"))
    right = answer(("Set-Cookie", "a"), ("Set-Cookie", "c"))
    lines = side_by_side(("l", left), ("r", right)).text.splitlines()
    assert r"= Set-Cookie: a\r\n" in lines
    assert r"▸ Set-Cookie: c\r\n   ≠" in lines


def test_without_comparing_each_has_its_own_breakdown() -> None:
    found = side_by_side(("the question", GET), ("the answer", answer()), compare=False)
    assert "the question" in shown(found)
    assert "the request: head 40 B" in shown(found)
    assert "≠" not in found.text


# Hex dumps


def test_a_dump_has_a_row_for_each_named_range_and_shows_what_lies_between() -> None:
    found = hexdump(bytes(range(6)) + b"name", [(0, 2, "id"), (6, 10, "name")], "A question")
    assert [line.rstrip() for line in found.text.splitlines()] == [
        "A question",
        "     0  00 01                                             ··                id (2 B)",
        "     2  02 03 04 05                                       ····",
        "     6  6e 61 6d 65                                       name              name (4 B)",
        "    10  10 B in all",
    ]
    assert "6e 61 6d 65" in shown(found)


@pytest.mark.parametrize("marks", [[(0, 2, "a"), (1, 3, "b")], [(2, 2, "empty")], [(0, 11, "beyond")]])
def test_ranges_that_make_no_sense_are_refused(marks: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="expected ranges apart, none empty, within 10 bytes; got"):
        hexdump(bytes(10), marks)
