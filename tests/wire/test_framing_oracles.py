"""Others read what we write, and we read what others write: h11 and aiohttp's own parsers, in C and in Python."""

from __future__ import annotations

import h11
import pytest
from aiohttp import http, http_parser
from framing_exchanges import LATIN_1, OURS_ALONE, TARGETS, Exchange, exchanges
from framing_h11 import check_requests_with_h11, check_responses_with_h11
from framing_oracles import check_round_trip, check_splitting, check_with_aiohttp_s_parsers, read_by_aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.wire.framing import FramingError, RequestParser, State


@given(exchanges(TARGETS, LATIN_1))
def test_h11_reads_our_requests_and_we_read_its(exchange: Exchange) -> None:
    check_requests_with_h11(exchange)


@given(exchanges(TARGETS, LATIN_1))
def test_h11_reads_our_responses_and_we_read_its(exchange: Exchange) -> None:
    check_responses_with_h11(exchange)


@settings(max_examples=50)
@given(st.lists(exchanges(), max_size=4))
def test_aiohttp_s_parsers_read_our_messages_one_behind_the_other(pipelined: list[Exchange]) -> None:
    check_with_aiohttp_s_parsers(pipelined)


@given(OURS_ALONE)
def test_what_we_write_we_read_as_it_was(pipelined: list[Exchange]) -> None:
    check_round_trip(pipelined)


@settings(max_examples=50)
@given(OURS_ALONE)
def test_any_splitting_of_a_stream_gives_the_same_events(pipelined: list[Exchange]) -> None:
    check_splitting(pipelined)


SMUGGLED = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
SHAPES = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 5_0\r\n",
    b"Content-Length : 5\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"X: 1\nTransfer-Encoding: chunked\r\n",
    b"X: 1\rTransfer-Encoding: chunked\r\n",
    b"X: \0\r\n",
    b"Host: b\r\n",
    b"Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: -5\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: \xb2\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunked;q=1\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n",
    b"Transfer-Encoding\t: chunked\r\n",
    b"X: 1\r\n Transfer-Encoding: chunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"X\0: 1\r\n",
]
CHUNK_SHAPES = [b"0x5", b"+5", b"-5", b"5_0", b" 5", b"", b";x", b"5\rx", b"g", b"5\n"]
"""In place of a chunk's size; each is refused by h11 or aiohttp too."""


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
SMUGGLING = [HEAD + shape + b"\r\n" + SMUGGLED for shape in SHAPES] + [
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n" + SMUGGLED for size in CHUNK_SHAPES
]


@pytest.mark.parametrize("stream", SMUGGLING)
def test_what_h11_or_aiohttp_refuse_as_smuggling_we_refuse(stream: bytes) -> None:
    refused_by = []
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(stream)
    try:
        while theirs.next_event() not in (h11.NEED_DATA, h11.PAUSED):
            pass
    except h11.RemoteProtocolError:
        refused_by.append("h11")
    try:
        read_by_aiohttp(http_parser.HttpRequestParser, stream)
    except http.HttpProcessingError:
        refused_by.append("aiohttp")
    assert refused_by, "a shape that both let through is no evidence"
    ours = RequestParser()
    with pytest.raises(FramingError):  # noqa: PT012 - an error behind a good head is raised by the next call
        ours.feed(stream)
        ours.feed(b"")
    assert ours.state is State.FAILED
