"""Where messages start and end, and what the parser shows of itself on the way."""

from __future__ import annotations

import pytest

from patterns.wire.framing import (
    Data,
    End,
    FramingError,
    Head,
    Limits,
    Message,
    Move,
    Request,
    RequestAssembler,
    RequestParser,
    Response,
    ResponseAssembler,
    ResponseParser,
    State,
)

HOST = (("Host", "a"),)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"PUT /n HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\nB\r\n, all there\r\n00\r\nSum: 16\r\n\r\n"
)


def test_a_request_without_a_body_ends_with_the_empty_line() -> None:
    assert RequestParser().feed(GET) == [Head(Request("GET", "/", HOST), 27), End((), 27)]


def test_a_length_says_where_the_body_ends() -> None:
    headers = (*HOST, ("Content-Length", "5"))
    head = len(POST) - 5
    assert RequestParser().feed(POST) == [
        Head(Request("POST", "/notes", headers), head),
        Data(b"hello", head + 5),
        End((), head + 5),
    ]


def test_a_body_is_handed_on_as_it_comes() -> None:
    parser = RequestParser()
    assert len(parser.feed(POST[:-3])) == 2
    assert parser.feed(b"l") == [Data(b"l", len(POST) - 2)]
    assert parser.feed(b"lo") == [Data(b"lo", len(POST)), End((), len(POST))]


def test_chunks_are_joined_extensions_passed_over_and_trailers_kept() -> None:
    (message,) = RequestAssembler().feed(CHUNKED)
    headers = (*HOST, ("Transfer-Encoding", "Chunked"))
    what = Request("PUT", "/n", headers, b"hello, all there")
    assert message == Message(what, 0, len(CHUNKED), (("Sum", "16"),))


def test_state_and_offset_can_be_watched_piece_by_piece() -> None:
    parser = RequestParser()
    pieces = (b"PUT / HT", b"TP/1.1\r", b"\nHost: a\r\nTransfer-", b"Encoding: chunked\r\n\r", b"\n5", b"\r\nhel")
    seen = [(parser.feed(piece), parser.at, parser.pending_bytes, parser.state) for piece in pieces]
    assert [watched[1:] for watched in seen] == [
        (0, 8, State.START_LINE),
        (0, 15, State.START_LINE),
        (25, 9, State.HEADERS),
        (53, 1, State.HEADERS),
        (55, 1, State.CHUNK_SIZE),
        (61, 0, State.CHUNK_DATA),
    ]
    pieces = (b"lo", b"\r", b"\n0\r\n", b"\r\n")
    assert [(parser.feed(piece), parser.state)[1] for piece in pieces] == [
        State.CHUNK_END,
        State.CHUNK_END,
        State.TRAILERS,
        State.START_LINE,
    ]


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 1000])
def test_offsets_cut_exactly_the_message_out_of_the_stream(piece_bytes: int) -> None:
    stream = GET + POST + b"\r\n" + CHUNKED + GET
    assembler = RequestAssembler()
    found = [
        message
        for at in range(0, len(stream), piece_bytes)
        for message in assembler.feed(stream[at : at + piece_bytes])
    ]
    assert [stream[message.start : message.end] for message in found] == [GET, POST, CHUNKED, GET]
    assert assembler.pending_bytes == 0


def test_a_message_is_handed_over_with_the_byte_that_completes_it() -> None:
    stream = GET + POST + b"\r\n" + CHUNKED + GET
    assembler = RequestAssembler()
    complete_at = [
        (message.end, at + 1) for at in range(len(stream)) for message in assembler.feed(stream[at : at + 1])
    ]
    assert complete_at == [
        (end, end) for end in (len(GET), len(GET + POST), len(GET + POST) + 2 + len(CHUNKED), len(stream))
    ]


def test_pending_bytes_are_those_behind_the_last_whole_message() -> None:
    assembler = RequestAssembler()
    assembler.feed(GET + POST[:-2])
    assert assembler.pending_bytes == len(POST) - 2
    assembler.feed(POST[-2:])
    assert assembler.pending_bytes == 0


def test_names_keep_their_spelling_and_are_found_in_any() -> None:
    (message,) = RequestAssembler().feed(b"GET / HTTP/1.1\r\nhOsT: \t a b \t\r\nX:\r\nx: 2\r\n\r\n")
    assert message.what.headers == (("hOsT", "a b"), ("X", ""), ("x", "2"))
    assert message.what.header("HOST") == "a b"
    assert message.what.header("x") == ""
    assert message.what.header("Y") is None
    assert message.what.header("Y", "none") == "none"
    assert message.what.all("X") == ["2"]


def test_bytes_beyond_ascii_in_a_value_are_latin_1_and_end_no_line() -> None:
    (message,) = RequestAssembler().feed(b"GET / HTTP/1.0\r\nX: caf\xe9 \x85 \xa0\r\n\r\n")
    assert message.what.header("X") == "caf\xe9 \x85 \xa0"


def test_reason_and_version_are_kept() -> None:
    assembler = ResponseAssembler()
    (message,) = assembler.feed(b"HTTP/1.0 404 Nicht da!\r\nContent-Length: 0\r\n\r\n")
    assert message.what == Response(404, "Nicht da!", (("Content-Length", "0"),), version="HTTP/1.0")


def test_a_response_without_a_length_lasts_until_the_connection_closes() -> None:
    assembler = ResponseAssembler()
    assert assembler.feed(b"HTTP/1.1 200 OK\r\n\r\nhel") == []
    assert assembler.parser.state is State.UNTIL_CLOSE
    assert assembler.feed(b"lo") == []
    assert assembler.feed_eof() == [Message(Response(200, "OK", body=b"hello"), 0, 24)]
    assert assembler.parser.state is State.CLOSED
    assert assembler.feed_eof() == []


@pytest.mark.parametrize("status", [100, 103, 204, 304])
@pytest.mark.parametrize("header", [b"", b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_some_responses_never_have_a_body(status: int, header: bytes) -> None:
    head = b"HTTP/1.1 %d x\r\n%b\r\n" % (status, header)
    messages = ResponseAssembler().feed(head + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    assert [(message.what.status, message.what.body) for message in messages if isinstance(message.what, Response)] == [
        (status, b""),
        (200, b"a"),
    ]
    assert messages[0].end == len(head)


def test_the_answer_to_head_has_no_body_however_long_it_says_it_would_be() -> None:
    assembler = ResponseAssembler(Limits(body_bytes=10))
    for method in ("HEAD", "GET"):
        assembler.parser.expect(method)
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
    messages = assembler.feed(first + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
    assert [message.what.body for message in messages] == [b"", b"ab"]


def test_an_interim_response_answers_no_request() -> None:
    parser = ResponseParser()
    parser.expect("HEAD")
    parser.expect("GET")
    parser.feed(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    )
    assert parser.state is State.START_LINE
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
    assert parser.state is State.BODY


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("GET", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ],
)
def test_behind_a_switch_bytes_are_handed_through_untouched(method: str, head: bytes) -> None:
    parser = ResponseParser()
    parser.expect(method)
    _, end, data = parser.feed(head + b"\r\n\x81\x05")
    assert end == End((), len(head))
    assert data == Data(b"\r\n\x81\x05", len(head) + 4)
    assert parser.state is State.SWITCHED
    assert parser.feed(b"") == parser.feed_eof() == []
    assert parser.state is State.CLOSED


def test_an_assembler_takes_no_bytes_of_another_protocol_for_a_message() -> None:
    assembler = ResponseAssembler()
    assert len(assembler.feed(b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")) == 1
    assert assembler.feed(b"more") == assembler.feed_eof() == []


def test_a_server_that_agrees_to_another_protocol_can_say_so_to_its_parser() -> None:
    parser = RequestParser()
    parser.feed(GET + b"\x81")
    parser.move(Move.SWITCH)
    assert parser.feed(b"\x05") == [Data(b"\x81\x05", len(GET) + 2)]


def test_empty_lines_before_a_request_are_passed_over_and_belong_to_none() -> None:
    (message,) = RequestAssembler().feed(b"\r\n\r\n" + GET)
    assert (message.start, message.end) == (4, 4 + len(GET))


def test_empty_lines_without_end_are_a_start_line_too_long() -> None:
    parser = RequestParser(Limits(start_line_bytes=100))
    parser.feed(b"\r\n" * 49)
    with pytest.raises(FramingError, match="a start line of at most 100 bytes"):
        parser.feed(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("HTTP/1.1", None, True),
        ("HTTP/1.1", "close", False),
        ("HTTP/1.1", "Upgrade, CLOSE", False),
        ("HTTP/1.0", None, False),
        ("HTTP/1.0", "Keep-Alive", True),
        ("HTTP/1.0", "keep-alive, close", False),
    ],
)
def test_a_connection_is_kept_by_version_and_wish(version: str, connection: str | None, kept: bool) -> None:
    headers = () if connection is None else (("connection", connection),)
    assert Request("GET", "/", headers, version=version).keep_alive is kept
    assert Response(200, headers=headers, version=version).keep_alive is kept


class Watched(bytearray):
    """A buffer that counts the bytes it was searched over."""

    searched = 0

    def find(self, found: bytes, start: int = 0, end: int | None = None) -> int:
        self.searched += (len(self) if end is None else min(end, len(self))) - start
        return super().find(found, start, end)

    def rfind(self, found: bytes, start: int = 0) -> int:
        self.searched += len(self) - start
        return super().rfind(found, start)


@pytest.mark.parametrize(
    "stream",
    [
        b"GET /" + b"x" * 8000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 8000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 90 + b"\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 200 + b"\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_fed_byte_by_byte_each_byte_is_searched_a_few_times_and_no_more(stream: bytes) -> None:
    parser = RequestParser()
    parser._buffer = watched = Watched()
    events = [event for at in range(len(stream)) for event in parser.feed(stream[at : at + 1])]
    assert events[-1] == End((), len(stream))
    assert watched.searched < 6 * len(stream)
