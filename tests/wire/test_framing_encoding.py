"""Messages become bytes, and come back as they were, in whatever pieces."""

from __future__ import annotations

import pytest

from patterns.wire.framing import (
    LAST_CHUNK,
    FramingError,
    Request,
    Response,
    encode,
    encode_chunk,
)

HOST = (("Host", "a"),)


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
