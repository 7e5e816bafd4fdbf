"""Sequence diagrams: what the tap saw, all of it, true to scale where it can be, and nothing from the wire acts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from exchanges import DOWN, OK, down, exchanges, get, mark, traffic, up

from patterns.lab.sequence import sequence
from patterns.lab.sequence.layout import lay_out
from patterns.lab.sequence.story import What, steps
from patterns.wire.framing import Request, encode, encode_frame
from patterns.wire.tap import FRAMES, LINES, WEBSOCKET, Framing, Kind, Traffic

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def labels(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in drawn(svg).iter(f"{SVG}text") if text.get("class") in ("m", "w")]


def rows(html: str) -> list[list[str]]:
    table = html[html.index("<table>") : html.index("</table>") + 8]
    return [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(table).iterfind("tbody/tr")]


# What is told


def test_each_message_is_an_arrow_with_its_start_line_and_its_bytes() -> None:
    assert labels(sequence(exchanges(2)).svg) == [
        "GET /0 · 28 B",
        "200 OK · 43 B",
        "GET /1 · 28 B",
        "200 OK · 43 B",
    ]


def test_the_terminal_shows_the_same_exchange() -> None:
    assert sequence(exchanges(1), "One question").text.splitlines() == [
        "One question",
        " ms  client                                              server",
        "  0  ───────────────────── GET /0 · 28 B ─────────────────────▶   50",
        "100  ◀──────────────────── 200 OK · 43 B ──────────────────────   50",
    ]


def test_the_table_lists_every_message_with_its_times_ways_bytes_and_beginning() -> None:
    found = rows(sequence(exchanges(1), names=("browser", "library"))._repr_html_())
    shown = OK.decode().replace("\r", r"\r").replace("\n", r"\n")
    assert found == [
        ["0", "50", "1", "browser", "library", "GET /0", "28", r"GET /0 HTTP/1.1\r\nHost: x\r\n\r\n"],
        ["50", "100", "1", "library", "browser", "200 OK", "43", shown],
    ]


def test_the_label_for_those_who_do_not_see_it_sums_up() -> None:
    root = drawn(sequence(exchanges(3), "Books").svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == (
        "Sequence diagram: Books. 3 from client to server (84 bytes), 3 back (129 bytes), on 1 connection, "
        "in 320 ms. The table below lists every one."
    )


def test_nothing_seen_says_so() -> None:
    empty = sequence(Traffic(), "Books")
    assert empty.text == "Books\nNothing was seen on the wire yet."
    assert "Nothing was seen on the wire yet." in empty._repr_html_()


def test_the_last_messages_keep_the_time_of_the_whole() -> None:
    found = sequence(exchanges(100), last=20)
    assert len(labels(found.svg)) == 20
    assert "180 earlier messages not drawn" in found.html
    assert "180 earlier messages not drawn" in found.text
    assert rows(found.html)[0][0] == "9.90"


@pytest.mark.parametrize(
    ("count", "last", "drawn_messages", "note"),
    [
        (50, None, 100, ""),
        (51, None, 100, "… 2 more messages not drawn"),
        (50, 99, 99, "… 1 earlier message not drawn"),
        (80, 150, 100, "… 60 earlier messages not drawn"),
        (5000, None, 100, "… a long run: more, and after that 8,000 chunks and events, not drawn"),
        (5000, 6, 6, "… 9,994 earlier messages not drawn"),
    ],
)
def test_a_long_run_is_cut_and_says_so(count: int, last: int | None, drawn_messages: int, note: str) -> None:
    found = sequence(exchanges(count), last=last)
    assert len(labels(found.svg)) == drawn_messages
    assert len(rows(found.html)) == drawn_messages
    for told in (found.html, found.text, found.picture):
        assert note in told
    assert (" not drawn" in found.html) == bool(note)


def test_a_thousand_connections_that_only_open_do_not_make_a_page_without_end() -> None:
    opened = traffic(*(mark(Kind.OPEN, n / 1000, n / 1000, connection=n) for n in range(1, 1001)))
    found = sequence(opened)
    assert len(labels(found.svg)) == 300
    assert "… 700 more openings and ends not drawn" in found.html


@pytest.mark.parametrize("last", [1, 2, 3, 4, 5, 6, 7, 20])
def test_the_end_of_a_long_traffic_is_told_as_if_all_of_it_had_been_looked_at(
    last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages in pieces overlap at the end: of some the first pieces came long before the last ones."""
    slow = encode(Request("POST", "/slow", (("Host", "x"),), bytes(300)))
    end = [up(700.0 + n, slow[n * 150 : n * 150 + 150], connection=3) for n in range(3)]
    early = encode(Request("POST", "/early", (("Host", "x"),), bytes(300)))
    end += [up(699.5 + n, early[n * 200 : n * 200 + 200], connection=7) for n in range(2)]
    end += [down(700.9, OK, connection=7), up(701.2, get("/next") + b"GET /half", connection=7)]
    end += [down(702.5, OK, connection=3)]
    seen = traffic(*exchanges(1500, connections=40), *end)
    quick = sequence(seen, last=last)
    monkeypatch.setitem(sequence.__globals__, "BRIEF", len(seen))
    thorough = sequence(seen, last=last)
    assert quick.svg == thorough.svg
    assert quick.html == thorough.html


@pytest.mark.parametrize(
    ("framing", "sent", "told"),
    [
        (FRAMES, [encode_frame(b"question"), encode_frame(b"")], ["frame, 8 bytes · 12 B", "frame, 0 bytes · 4 B"]),
        (LINES, [b"HELO me\r\n", b"<script>\r\n"], ["HELO me · 9 B", "<script> · 10 B"]),
        (WEBSOCKET, [b"\x81\x85\x00\x00\x00\x00hello"], ['text "hello" · 11 B']),
    ],
    ids=["length-prefixed", "lines", "websocket"],
)
def test_a_message_of_any_framing_carries_the_label_that_the_framing_gave_it(
    framing: Framing, sent: list[bytes], told: list[str]
) -> None:
    found = sequence(traffic(*(up(n / 10, data) for n, data in enumerate(sent)), framing=framing))
    assert labels(found.svg) == told
    assert [row[5] for row in rows(found.html)] == [label.rpartition(" · ")[0] for label in told]
    assert "<script>" not in found.html


def test_last_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"^expected last of 1 or more messages, got 0$"):
        sequence(exchanges(1), last=0)


# Pieces and packets


def test_a_message_in_40_pieces_is_one_step_that_says_so() -> None:
    request = encode(Request("POST", "/up", (("Host", "x"),), bytes(400)))
    at = [len(request) * n // 40 for n in range(41)]
    sent = traffic(*(up(n * 0.01, request[start:end]) for n, (start, end) in enumerate(pairwise(at))))
    found = steps(sent)
    assert [(step.what, len(step.pieces), step.size_bytes) for step in found] == [(What.MESSAGE, 40, len(request))]
    assert (found[0].sent_s, found[0].arrived_s) == (0, pytest.approx(0.44))
    assert labels(sequence(sent).svg) == [f"POST /up · {len(request)} B · 40 pieces"]


def test_two_requests_in_one_packet_are_two_arrows_from_one_instant() -> None:
    found = steps(traffic(up(1.0, get("/a") + get("/b"))))
    assert [(step.label, step.sent_s, step.pieces) for step in found] == [
        ("GET /a", 1.0, ((1.0, 1.05),)),
        ("GET /b", 1.0, ((1.0, 1.05),)),
    ]


def test_a_packet_that_ends_one_message_and_begins_the_next_belongs_to_both() -> None:
    both = get("/a") + get("/b")
    found = steps(traffic(up(0.0, both[:20]), up(0.2, both[20:40]), up(0.4, both[40:])))
    assert [step.pieces for step in found] == [((0.0, 0.05), (0.2, 0.25)), ((0.2, 0.25), (0.4, 0.45))]


def test_what_came_of_a_request_that_was_cut_is_one_step_marked_incomplete() -> None:
    half = encode(Request("POST", "/up", (("Host", "x"),), bytes(400)))[:90]
    found = sequence(traffic(up(0, half[:60]), up(0.01, half[60:]), mark(Kind.CUT, 0.1, 0.1)))
    assert labels(found.svg) == ["POST /up · 90 B · 2 pieces · ✗ incomplete", "cut on the way"]


def test_a_protocol_that_is_no_http_is_shown_chunk_by_chunk_without_blame() -> None:
    found = sequence(traffic(down(0, b"SSH-2.0-x\r\n"), up(0.1, b"SSH-2.0-y\r\n"), down(0.2, b"\x00\xff\x07abc")))
    assert labels(found.svg) == ["SSH-2.0-x · 11 B", "SSH-2.0-y · 11 B", "···abc · 6 B"]
    assert rows(found.html)[2][-1] == r"\x00\xff\x07abc"


# Ends


def test_every_end_of_a_connection_has_a_word_of_its_own() -> None:
    found = sequence(
        traffic(
            mark(Kind.OPEN, 0, 0.15),
            up(0.1, get("/")),
            mark(Kind.EOF, 0.2, 0.25),
            mark(Kind.RESET, 0.3, 0.35, DOWN),
            mark(Kind.CUT, 0.4, 0.4),
        )
    )
    words = ["connection opens", "GET / · 27 B", "sends no more (FIN)", "reset (RST)", "cut on the way"]
    assert labels(found.svg) == words
    kinds = [g.get("data-what") for g in drawn(found.svg).iter(f"{SVG}g") if g.get("data-what")]
    assert kinds == ["open", "message", "end", "reset", "cut"]


def test_what_happens_at_one_instant_stands_in_the_order_of_the_traffic() -> None:
    told = steps(
        traffic(
            mark(Kind.OPEN, 0, 0),
            up(0, get("/a"), takes_s=0),
            down(0, OK, takes_s=0),
            mark(Kind.EOF, 0, 0, DOWN),
            mark(Kind.EOF, 0, 0),
        )
    )
    assert [step.label for step in told][:3] == ["connection opens", "GET /a", "200 OK"]
    assert [step.to_server for step in told][3:] == [False, True]
    ends = lay_out(told, [0] * 5).ends
    assert all(later[0] >= earlier[0] for earlier, later in pairwise(ends))


def test_a_close_after_both_ends_is_not_told_again() -> None:
    ends = [mark(Kind.EOF, 0, 0.1), mark(Kind.EOF, 0.1, 0.2, DOWN), mark(Kind.CLOSE, 0.2, 0.2)]
    assert [step.what for step in steps(traffic(*ends))] == [What.END, What.END]
    assert [step.what for step in steps(traffic(ends[0], ends[2]))] == [What.END, What.CLOSE]


# Several connections


def test_connections_that_overlap_stand_side_by_side_with_headings() -> None:
    svg = sequence(traffic(up(0, get("/a")), up(0.01, get("/b"), connection=2))).svg
    texts = ["".join(text.itertext()) for text in drawn(svg).iter(f"{SVG}text")]
    assert [text for text in texts if text.startswith("connection")] == ["connection 1", "connection 2"]
    assert texts.count("client") == 2


def test_connections_one_after_the_other_share_the_life_lines_and_are_numbered() -> None:
    svg = sequence(traffic(up(0, get("/a")), up(1, get("/b"), connection=2))).svg
    numbers = [text.text for text in drawn(svg).iter(f"{SVG}text") if text.get("class") == "c"]
    assert numbers == ["1", "2"]


def test_a_connection_that_only_takes_its_leave_does_not_overlap() -> None:
    records = (up(0, get("/a")), mark(Kind.EOF, 0.1, 0.5), up(0.2, get("/b"), connection=2))
    assert "connection 1<" not in sequence(traffic(*records)).svg
    assert "#2 GET /b" in sequence(traffic(*records)).text


def test_lanes_are_the_callers_choice_up_to_three() -> None:
    two = traffic(up(0, get("/a")), up(0.01, get("/b"), connection=2))
    assert 'class="c"' in sequence(two, lanes=False).svg
    four = traffic(*(up(0.01 * n, get("/a"), connection=n) for n in range(1, 5)))
    assert 'class="c"' in sequence(four, lanes=True).svg


# Nothing from the wire acts


HOSTILE = b"GET /<script>alert(1)</script>&\"']]> HTTP/1.1\r\nHost: x\r\n\r\n"


def test_markup_from_the_wire_stays_text() -> None:
    found = sequence(
        traffic(up(0, HOSTILE), down(0.1, b"\x00\x1b[31m<img src=x onerror=alert(2)>\xff\r\n")),
        '"><svg onload=alert(3)>',
        names=("<b>", "</text>"),
    )
    assert "<script" not in found.html
    assert "<img" not in found.html
    assert "<svg onload" not in found.html
    assert "<b>" not in found.html
    assert labels(found.svg)[0] == "GET /<script>alert(1)</script>&\"']]> · 58 B"
    assert "\x1b" not in found.html
    assert "\x1b" not in found.text


def test_a_very_long_target_keeps_both_ends_and_its_byte_count() -> None:
    request = get("/begin" + "x" * 5000 + "end")
    (label,) = labels(sequence(traffic(up(0, request))).svg)
    assert label.startswith("GET /begin")
    assert label.endswith(f"end · {len(request):,} B")
    assert len(label) < 90


def test_the_same_traffic_gives_the_same_picture() -> None:
    assert sequence(exchanges(5))._repr_html_() == sequence(exchanges(5))._repr_html_()
