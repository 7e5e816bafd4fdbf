"""Limits: what is just allowed, and one byte more."""

from __future__ import annotations

import pytest
from fuzz_framing import one_by_one, rows, said_of

from patterns.wire.framing import (
    BodyTooLarge,
    Data,
    FramingError,
    Limits,
    RequestParser,
    ResponseParser,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def head_of(size: int) -> bytes:
    """A head whose headers, the empty line with them, are `size` bytes."""
    return b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (size - 16) + b"\r\n\r\n"


@pytest.mark.parametrize("piece_bytes", [1, 1000])
def test_limits_are_exact_in_any_pieces(piece_bytes: int) -> None:
    limits = Limits(start_line_bytes=30, headers_bytes=60, header_count=3, body_bytes=5, chunk_line_bytes=8)
    start = b"GET /%b HTTP/1.1\r\n"
    put = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    length = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nhello"
    pairs = [
        (start % (b"x" * 14) + b"Host: a\r\n\r\n", start % (b"x" * 15)),
        (head_of(60), head_of(61)),
        (GET[:-2] + b"A: 1\r\n" * 2 + b"\r\n", GET[:-2] + b"A: 1\r\n" * 3 + b"\r\n"),
        (length % 5, length % 6),
        (put + b"000005\r\nhello\r\n", put + b"0000005\r\nhello\r\n"),
        (put + b"3\r\nabc\r\n2\r\nab\r\n0\r\n\r\n", put + b"3\r\nabc\r\n3\r\n"),
        (put + b"0\r\n" + b"A: 1\r\n" * 3 + b"\r\n", put + b"0\r\n" + b"A: 1\r\n" * 4 + b"\r\n"),
    ]
    for allowed, refused in pairs:
        parser = RequestParser(limits)
        for at in range(0, len(allowed), piece_bytes):
            parser.feed(allowed[at : at + piece_bytes])
        parser = RequestParser(limits)
        with pytest.raises(FramingError):  # noqa: PT012 - where it raises is left to the pieces
            for at in range(0, len(refused), piece_bytes):
                parser.feed(refused[at : at + piece_bytes])
            parser.feed(b"")


def test_a_body_until_close_is_limited_too_and_what_is_allowed_is_handed_on() -> None:
    parser = ResponseParser(Limits(body_bytes=5))
    _, data = parser.feed(b"HTTP/1.1 200 OK\r\n\r\nhello!")
    assert data == Data(b"hello", 24)
    with pytest.raises(BodyTooLarge):
        parser.feed(b"")


def test_a_line_without_end_is_refused_at_the_limit_and_not_kept() -> None:
    for start in (b"", GET[:-2]):
        parser = RequestParser(Limits(start_line_bytes=1000, headers_bytes=1000))
        parser.feed(start)
        with pytest.raises(FramingError):
            parser.feed(b"x" * 1000)
        assert parser.pending_bytes == 0


LIMITS = Limits(start_line_bytes=30, headers_bytes=60, header_count=3, body_bytes=500, chunk_line_bytes=8)
OVER_THE_LIMIT = r"""
GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    StartLineTooLong 414: expected a start line of at most 30 bytes, got more; shorten it
POST / HTTP/1.1\r\nHost: a\r\nA: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    HeadTooLarge 431: expected headers of at most 60 bytes, got more; send fewer or shorter ones
POST / HTTP/1.1\r\nHost: a\r\nA: 1\r\nA: 1\r\nA: 1\r\n
    HeadTooLarge 431: expected at most 3 headers, got one more; send fewer
POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 501\r\n\r\n
    BodyTooLarge 413: expected a body of at most 500 bytes, got 501; send it in parts
POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999999\r\n\r\n
    BodyTooLarge 413: expected a body of at most 500 bytes, got a number of many digits; send it in parts
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f5\r\n
    BodyTooLarge 413: expected a body of at most 500 bytes, got 501; send it in parts
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n1f4\r\n
    BodyTooLarge 413: expected a body of at most 500 bytes, got 531; send it in parts
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;abcdefgh
    BadChunk 400: expected a chunk size line of at most 8 bytes, got more; leave out the extensions
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n
    HeadTooLarge 431: expected at most 3 headers, got one more; send fewer
"""


@pytest.mark.parametrize(("stream", "said"), rows(OVER_THE_LIMIT))
def test_what_is_over_a_limit_is_refused_with_the_limit(stream: bytes, said: str) -> None:
    assert said_of(RequestParser(LIMITS), [stream]) == said
    assert said_of(RequestParser(LIMITS), one_by_one(stream)) == said
