"""Messages become bytes, and come back as they were, in whatever pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wire.framing import (
    LAST_CHUNK,
    FramingError,
    Headers,
    Message,
    Request,
    RequestAssembler,
    Response,
    ResponseAssembler,
    encode,
    encode_chunk,
)

TOKENS = st.text("!#$%&'*+-.^_`|~0129abzABZ", min_size=1, max_size=12)
TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f") | st.just("\t"), max_size=30
)
VALUES = TEXT.map(lambda text: text.strip(" \t"))
BODIES = st.binary(max_size=300) | st.sampled_from([b"\r\n\r\n", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
FRAMING_NAMES = {"host", "content-length", "transfer-encoding", "connection"}
HEADERS = st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() not in FRAMING_NAMES), VALUES), max_size=6).map(
    tuple
)
HOST = (("Host", "a"),)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    return Request(draw(TOKENS), draw(TARGETS), HOST + draw(HEADERS), draw(BODIES))


@st.composite
def responses(draw: st.DrawFn) -> Response:
    status = draw(st.sampled_from([200, 201, 404, 500, 599, 799, 999]))
    return Response(status, draw(TEXT.filter(bool)), draw(HEADERS), draw(BODIES))


def pieces_of(data: st.DataObject, stream: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def own_headers(message: Message) -> Headers:
    return tuple(header for header in message.what.headers if header[0].lower() not in FRAMING_NAMES - {"host"})


def check_round_trip(
    sent: list[Request] | list[Response],
    chunked: bool,
    assembler: RequestAssembler | ResponseAssembler,
    data: st.DataObject,
) -> None:
    encoded = [encode(message, chunked=chunked) for message in sent]
    stream = b"".join(encoded)
    found = [message for piece in pieces_of(data, stream) for message in assembler.feed(piece)]
    assert [stream[message.start : message.end] for message in found] == encoded
    assert [message.what.body for message in found] == [message.body for message in sent]
    assert [own_headers(message) for message in found] == [message.headers for message in sent]
    assert [encode(message.what) for message in found] == encoded
    for before, after in zip(sent, found, strict=True):
        match before, after.what:
            case Request(), Request():
                assert (before.method, before.target) == (after.what.method, after.what.target)
            case Response(), Response():
                assert (before.status, before.reason) == (after.what.status, after.what.reason)
    assert assembler.feed_eof() == []


@given(st.lists(requests(), max_size=4), st.booleans(), st.data())
def test_requests_come_back_in_any_pieces(sent: list[Request], chunked: bool, data: st.DataObject) -> None:
    check_round_trip(sent, chunked, RequestAssembler(), data)


@given(st.lists(responses(), max_size=4), st.booleans(), st.data())
def test_responses_come_back_in_any_pieces(sent: list[Response], chunked: bool, data: st.DataObject) -> None:
    check_round_trip(sent, chunked, ResponseAssembler(), data)


def test_what_is_known_of_the_body_is_said_in_the_head() -> None:
    assert encode(Request("GET", "/", HOST)) == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert encode(Request("POST", "/", HOST)) == b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    assert encode(Request("GET", "/", HOST, b"q")) == b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nq"
    assert encode(Response(200)) == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert encode(Response(204)) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert encode(Response(100)) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert encode(Response(304)) == b"HTTP/1.1 304 Not Modified\r\n\r\n"
    assert encode(Response(799, version="HTTP/1.0")) == b"HTTP/1.0 799 \r\nContent-Length: 0\r\n\r\n"


def test_a_chunked_body_is_one_chunk_and_the_end_signal() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert encode(Response(200, body=b"hello world!"), chunked=True) == head + b"c\r\nhello world!\r\n0\r\n\r\n"
    assert encode(Response(200), chunked=True) == head + LAST_CHUNK
    headers = (("Transfer-Encoding", "chunked"),)
    assert encode(Response(200, headers=headers, body=b"a")) == head + b"1\r\na\r\n0\r\n\r\n"


def test_a_length_that_is_given_is_kept_where_it_is_true_or_answers_head() -> None:
    long = (("Content-Length", "5"),)
    assert encode(Response(200, headers=long, body=b"hello")).endswith(b"Content-Length: 5\r\n\r\nhello")
    assert encode(Response(200, headers=long)) == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert encode(Response(304, headers=long)) == b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"


def test_a_chunk_is_its_size_and_its_data() -> None:
    assert encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    with pytest.raises(ValueError, match="send LAST_CHUNK"):
        encode_chunk(b"")


TOO_LONG = (("Content-Length", "6"),)
REFUSED = [
    Request("GET /", "/", HOST),
    Request("", "/", HOST),
    Request("GET", "/a b", HOST),
    Request("GET", "/\r\nX: 1", HOST),
    Request("GET", "/é", HOST),
    Request("GET", "", HOST),
    Request("GET", "/", HOST, version="HTTP/1.1\r\nX: 1"),
    Request("GET", "/", (("X", "a\r\nY: b"),)),
    Request("GET", "/", (("X", "a\nb"),)),
    Request("GET", "/", (("X", "a\0"),)),
    Request("GET", "/", (("X", " a"),)),
    Request("GET", "/", (("X", "€"),)),
    Request("GET", "/", (("X Y", "a"),)),
    Request("GET", "/", (("X:", "a"),)),
    Request("POST", "/", TOO_LONG),
    Request("POST", "/", TOO_LONG, b"hello"),
    Request("POST", "/", (*TOO_LONG, ("content-length", "6")), b"hello!"),
    Request("POST", "/", (*TOO_LONG, ("Transfer-Encoding", "chunked")), b"hello!"),
    Request("POST", "/", (("Transfer-Encoding", "gzip"),), b"hello!"),
    Response(99),
    Response(1000),
    Response(200, "a\r\nb"),
    Response(200, "€"),
    Response(200, headers=TOO_LONG, body=b"hello"),
    Response(204, body=b"a"),
    Response(304, body=b"a"),
    Response(100, body=b"a"),
]


@pytest.mark.parametrize("message", REFUSED, ids=str)
def test_what_would_not_come_back_as_it_was_is_not_sent(message: Request | Response) -> None:
    with pytest.raises(FramingError):
        encode(message)


@pytest.mark.parametrize(
    "message",
    [Response(200, headers=TOO_LONG, body=b"hello!"), Response(204), Response(200, version="HTTP/1.0")],
    ids=str,
)
def test_chunked_is_refused_where_it_would_be_misread(message: Response) -> None:
    with pytest.raises(FramingError):
        encode(message, chunked=True)
