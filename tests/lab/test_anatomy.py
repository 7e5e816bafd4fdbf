"""Bytes taken apart: every byte has its place, borders are the parser's, and nothing from the wire acts."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET

import pytest

from patterns.lab.anatomy import Anatomy, anatomy, hexdump, side_by_side
from patterns.lab.anatomy.parts import dissect
from patterns.lab.anatomy.visible import clipped, is_text, shown_text, visible
from patterns.wire.framing import (
    LAST_CHUNK,
    Message,
    Request,
    RequestAssembler,
    encode,
    encode_chunk,
)

GET = b"GET /books/2 HTTP/1.1\r\nHost: library\r\n\r\n"
POST = b"POST /notes HTTP/1.1\r\nHost: library\r\nContent-Length: 12\r\n\r\nline\r\nline\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RANDOM = random.Random(7).randbytes(2000)


def shown(found: Anatomy) -> str:
    """The text of the HTML, and a proof that it is well-formed."""
    body = found._repr_html_()
    body = re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL).replace("<br>", "<br/>")
    return " ".join("".join(ET.fromstring(body).itertext()).split())


# The parts


def test_a_request_is_shown_line_by_line_with_places_and_sizes() -> None:
    assert anatomy(POST, "A note").text.splitlines() == [
        "A note",
        r"     0  POST /notes HTTP/1.1\r\n  ] start line: method · target · version (22 B)",
        r"    22  Host: library\r\n         ┐ 2 headers (35 B)",
        r"    37  Content-Length: 12\r\n    ┘  ← the body has 12 bytes",
        r"    57  \r\n                      ] empty line: the head ends here (2 B)",
        r"    59  line\r\n                  ┐ body (12 B)",
        r"    65  line\r\n                  ┘",
        "    71  the request: head 59 B + body 12 B = 71 B · ✓ whole",
    ]


def test_the_html_says_the_same() -> None:
    text = shown(anatomy(POST))
    for part in (
        r"POST /notes HTTP/1.1\r\n",
        "start line: method · target · version 22 B",
        "the body has 12 bytes",
        "empty line: the head ends here 2 B",
        "the request: head 59 B + body 12 B = 71 B · ✓ whole",
    ):
        assert part in text


def test_two_requests_in_one_packet_have_a_border_between_them() -> None:
    text = anatomy(GET + POST).text
    assert "    40  request 1: head 40 B + body 0 B = 40 B · ✓ whole" in text
    assert "    40  ── request 1 ends here, request 2 begins ──" in text
    assert "   111  request 2: head 59 B + body 12 B = 71 B · ✓ whole" in text
    assert "request 1 ends here, request 2 begins" in shown(anatomy(GET + POST))


@pytest.mark.parametrize("count", range(1, len(POST)))
def test_whatever_has_come_is_shown_to_the_last_byte(count: int) -> None:
    (whole,) = dissect(POST[:count])
    assert b"".join(row.data for part in whole.parts for row in part.rows) == POST[:count]
    starts = [row.start for part in whole.parts for row in part.rows]
    assert starts == sorted(set(starts))
    assert whole.lacks
    assert not whole.trouble


def test_what_is_incomplete_says_how_much_is_lacking() -> None:
    lacks = {count: dissect(POST[:count])[0].lacks for count in (5, 58, 59, 60, 70)}
    assert lacks == {
        5: "the head has not ended: an empty line is still to come",
        58: "the head has not ended: an empty line is still to come",
        59: "still needs 12 bytes",
        60: "still needs 11 bytes",
        70: "still needs 1 byte",
    }


def test_chunks_have_their_sizes_and_the_end_signal_its_name() -> None:
    chunked = CHUNKED + encode_chunk(b"one, ") + encode_chunk(b"twelve bytes") + LAST_CHUNK
    labels = [(part.label, part.size_bytes) for part in dissect(chunked)[0].parts]
    assert labels[3:] == [
        ("chunk 1: 5 B of data", 10),
        ("chunk 2: 12 B of data", 17),
        ("last chunk: size 0, the end signal", 3),
        ("empty line: the message ends here", 2),
    ]
    assert r"c\r\n" in anatomy(chunked).text
    assert "hexadecimal: 12 bytes of data" in anatomy(chunked).text


@pytest.mark.parametrize(
    ("cut", "lacks"),
    [
        (1, "still needs the empty line at the end"),
        (4, "still needs the last chunk, of size 0"),
        (8, "still needs 1 byte in this chunk, and the last chunk"),
        (11, "still needs 4 bytes in this chunk, and the last chunk"),
    ],
)
def test_a_body_in_chunks_that_is_cut_says_what_is_still_to_come(cut: int, lacks: str) -> None:
    chunked = CHUNKED + encode_chunk(b"one, ") + LAST_CHUNK
    assert dissect(chunked[:-cut])[0].lacks == lacks


def test_forty_chunks_are_shortened_and_still_add_up() -> None:
    chunked = CHUNKED + encode_chunk(RANDOM[:40]) * 40 + LAST_CHUNK
    (whole,) = dissect(chunked)
    assert [part.label for part in whole.parts][6:9] == [
        "chunk 4: 40 B of data",
        "34 more chunks",
        "chunk 39: 40 B of data",
    ]
    assert sum(part.size_bytes for part in whole.parts) == len(chunked)


def test_a_body_until_the_connection_closes_is_open() -> None:
    assert (
        dissect(b"HTTP/1.0 200 OK\r\n\r\nuntil")[0].lacks
        == "no length is given: the body goes on until the connection closes"
    )


def test_the_answer_to_head_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"
    assert [whole.name for whole in dissect(head * 2, "HEAD")] == ["response 1", "response 2"]
    assert [whole.lacks for whole in dissect(head)] == ["still needs 3,000 bytes"]


@pytest.mark.parametrize("seed", range(8))
def test_borders_are_where_the_parser_says(seed: int) -> None:
    chance = random.Random(seed)
    requests = [
        encode(
            Request("POST", f"/{n}", (("Host", "x"),), chance.randbytes(chance.randrange(90))),
            chunked=chance.random() < 0.4,
        )
        for n in range(6)
    ]
    stream = b"".join(requests)
    expected = [(one.start, one.end) for one in RequestAssembler().feed(stream)]
    assert [(whole.start, whole.end) for whole in dissect(stream)] == expected
    rows = [row for whole in dissect(stream) for part in whole.parts for row in part.rows]
    assert b"".join(row.data for row in rows) == stream


def test_a_line_that_the_parser_refuses_is_marked_and_its_objection_told() -> None:
    (whole,) = dissect(b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\nA: b\r\n\r\n")
    assert whole.stops_at is not None
    assert 25 <= whole.stops_at < 34
    assert whole.trouble.startswith("expected")
    assert 'class="bytes stops"' in anatomy(b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n").html
    assert "✗ the parser stops: expected" in anatomy(b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n").text


def test_bytes_that_are_no_http_are_text_or_a_dump_with_the_objection() -> None:
    for data in (b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n\x00\x01\xff"):
        (whole,) = dissect(data)
        assert [part.label for part in whole.parts] == ["not HTTP"]
        assert whole.trouble
    assert r"SSH-2.0-OpenSSH_9.2\r\n" in anatomy(data[:-3]).text
    assert "53 53 48 2d" in anatomy(b"SSH-2.0-OpenSSH_9.2\r\n\x00\x01\xff").text


def test_a_long_body_keeps_its_beginning_and_its_end_and_says_what_is_left_out() -> None:
    long = encode(Request("POST", "/", (("Host", "x"),), RANDOM))
    (whole,) = dissect(long)
    assert sum(part.size_bytes for part in whole.parts) == len(long)
    assert "B not shown" in shown(anatomy(long))
    assert len(anatomy(long).text.splitlines()) < 40


def test_messages_are_taken_apart_as_they_would_be_sent() -> None:
    request = Request("GET", "/books/2", (("Host", "library"),))
    assert anatomy(request).text == anatomy(Message(request, 0, 40)).text == anatomy(GET).text


def test_no_bytes_are_no_bytes() -> None:
    assert anatomy(b"", "Nothing").text == "Nothing\nNo bytes."
    assert "No bytes." in shown(hexdump(b""))


# Nothing from the wire acts


@pytest.mark.parametrize(
    "hostile",
    [
        b'GET /<script>alert(1)</script>&" HTTP/1.1\r\nHost: <img src=x>\r\nX: ]]>"\'\r\n\r\n',
        b"HTTP/1.1 200 <script>\r\nContent-Length: 25\r\n\r\n<script>alert(1)</script>",
        b"\x00<script>alert(1)</script>\xff\x1b[31m",
        "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\u202e\u2028ab".encode(),
    ],
)
def test_markup_and_control_characters_from_the_wire_stay_text(hostile: bytes) -> None:
    for found in (
        anatomy(hostile, "<i>"),
        side_by_side(("<i>", hostile), ("b", GET)),
        side_by_side(("<i>", hostile), ("b", GET), compare=False),
        hexdump(hostile, [(0, 3, "<i>")]),
    ):
        assert "<script" not in found.html
        assert "<img" not in found.html
        assert "<i>" not in found.html
        shown(found)
        assert not set("\x1b\x00\u202e\u2028") & set(found.html + found.text)


def test_every_control_byte_has_a_sign() -> None:
    assert visible(b"a\r\n\t\x00\x1b\x7f\xff\\") == r"a\r\n\t\x00\x1b\x7f\xff" + "\\"
    assert visible(b"abcdef", 3) == "abc…"
    assert shown_text("é\x1b\u202e") == r"é\x1b\u{202e}"
    assert is_text("Düne\r\n".encode())
    assert not is_text(b"\xff")
    assert not is_text(b"a\x00")


def test_what_is_clipped_keeps_both_ends() -> None:
    assert clipped("abcdefghij", 10) == "abcdefghij"
    assert clipped("abcdefghij", 7) == "abcd…ij"
