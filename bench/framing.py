"""Framing against its peers: the same bytes, read to the same information, in processor time.

Each side ends with what a handler needs: the first line's words, the headers, the body as one `bytes`. What a peer
does besides is said in its row: aiohttp's parsers build a URL and a case-blind dictionary of each head, h11 keeps a
state of both sides and is for one request and its response, so each pair has a connection of its own. Ours are
`RequestAssembler` and `ResponseAssembler`, in plain Python as h11 is, and as aiohttp's parser is where its C is
missing; the parser in C is there as the bound.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable, Iterator, Sequence

import h11
from aiohttp import http_parser
from aiohttp.base_protocol import BaseProtocol

from bench.side_by_side import Row, in_turn
from patterns.wire.framing import (
    LAST_CHUNK,
    FrameParser,
    Request,
    RequestAssembler,
    Response,
    ResponseAssembler,
    encode,
    encode_chunk,
    encode_frame,
)

HEADERS = (
    ("Host", "127.0.0.1:8080"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"),
    ("Accept", "application/json"),
    ("Accept-Language", "en-GB,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Cookie", "session=0123456789abcdef"),
    ("Connection", "keep-alive"),
)
QUESTION = Request("GET", "/notes?since=4711", HEADERS)
GET = encode(QUESTION)
ANSWER = Response(200, "OK", (("Content-Type", "text/plain"), ("Date", "Tue, 24 Nov 2026 12:00:00 GMT")), b"x" * 100)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    + encode_chunk(b"x" * 100) * 10
    + LAST_CHUNK
)
PIECE_BYTES = 1 << 16
BIG = encode(Request("PUT", "/notes/1", HEADERS, b"x" * (1 << 20)))
FRAMES = encode_frame(b"x" * 100) * 10

Work = Callable[[], object]


def cut(stream: bytes, size: int) -> list[bytes]:
    """The stream in pieces of that size."""
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def by_us(new: type[RequestAssembler] | type[ResponseAssembler], pieces: Sequence[bytes]) -> Work:
    """Read one message on a connection that has carried others."""
    assembler = new()

    def read() -> object:
        found = [message for piece in pieces for message in assembler.feed(piece)]
        return found[0].what.headers, found[0].what.body

    return read


def by_h11(role: type[h11.CLIENT] | type[h11.SERVER], pieces: Sequence[bytes]) -> Work:
    """Read one message; h11's client has asked before."""

    def read() -> object:
        theirs = h11.Connection(role)
        if role is h11.CLIENT:
            theirs.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
        body = []
        headers: object = None
        for piece in pieces:
            theirs.receive_data(piece)
            while (event := theirs.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Data):
                    body.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    return headers, b"".join(body)
                else:
                    headers = list(event.headers)
        raise AssertionError("h11 found no end")

    return read


def by_aiohttp(new: type[http_parser.HttpParser], pieces: Sequence[bytes], loop: asyncio.AbstractEventLoop) -> Work:
    """Read one message on a connection that has carried others."""
    parser = new(BaseProtocol(loop), loop, 1 << 21)

    def read() -> object:
        found = [message for piece in pieces for message in parser.feed_data(piece)[0]]
        ((head, payload),) = found
        assert payload.is_eof()
        return head.raw_headers, payload.read_nowait()

    return read


def encoded_by_h11(message: Request | Response) -> Work:
    """Write one message; h11's server has been asked before."""
    fields = [(name, value) for name, value in message.headers]

    def write() -> bytes:
        if isinstance(message, Request):
            theirs = h11.Connection(h11.CLIENT)
            head: h11.Event = h11.Request(method=message.method, target=message.target, headers=fields)
        else:
            theirs = h11.Connection(h11.SERVER)
            theirs.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            theirs.next_event()
            sized = [*fields, ("Content-Length", str(len(message.body)))]
            head = h11.Response(status_code=message.status, reason=message.reason, headers=sized)
        sent = [head, h11.Data(message.body), h11.EndOfMessage()] if message.body else [head, h11.EndOfMessage()]
        return b"".join(theirs.send(event) or b"" for event in sent)

    return write


def frames_by_us() -> object:
    """The parser that takes pieces, given one."""
    return FrameParser().feed(FRAMES)


def frames_by_struct() -> object:
    """The loop that one writes when all bytes are there."""
    found, at = [], 0
    while at < len(FRAMES):
        (length,) = struct.unpack_from(">I", FRAMES, at)
        found.append(FRAMES[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def frames_by_readexactly(loop: asyncio.AbstractEventLoop) -> Work:
    """asyncio's streams, all bytes there: no await waits."""

    async def read() -> list[bytes]:
        reader = asyncio.StreamReader(loop=loop)
        reader.feed_data(FRAMES)
        return [await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")) for _ in range(10)]

    def run() -> object:
        coroutine = read()
        try:
            coroutine.send(None)  # without the loop's turn, which would be most of it
        except StopIteration as finished:
            return finished.value
        raise AssertionError("it waited")

    return run


def each_us(work: Work, times: int) -> Callable[[], float]:
    """Processor time of one call in µs, over so many."""

    def measure() -> float:
        started_s = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - started_s) / times * 1e6

    return measure


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Sixteen pairs, about half a minute with full effort."""
    loop = asyncio.new_event_loop()
    try:
        for what, ours_is, ours, peer_is, peer, times in pairs(loop):
            count = max(1, int(times * effort))
            taken = in_turn(each_us(ours, count), each_us(peer, count), rounds=7)
            yield Row(what, ours_is, peer_is, "µs", **taken)
    finally:
        loop.close()


def pairs(loop: asyncio.AbstractEventLoop) -> Iterator[tuple[str, str, Work, str, Work, int]]:
    """What is done, who we are, our work, who the peer is, its work, how often a round."""
    readings: list[tuple[str, bytes, int, bool, int]] = [
        ("a GET with 7 headers, read", GET, len(GET), True, 4000),
        ("that GET, read byte by byte", GET, 1, True, 100),
        ("a response in 10 chunks of 100 bytes, read", CHUNKED, len(CHUNKED), False, 1500),
        ("a PUT of 1 MiB, read in pieces of 64 KiB", BIG, PIECE_BYTES, True, 100),
    ]
    for what, stream, size, is_request, times in readings:
        pieces = cut(stream, size)
        ours = RequestAssembler if is_request else ResponseAssembler
        c = http_parser.HttpRequestParser if is_request else http_parser.HttpResponseParser
        plain = http_parser.HttpRequestParserPy if is_request else http_parser.HttpResponseParserPy
        name = ours.__name__
        role = h11.SERVER if is_request else h11.CLIENT
        yield what, name, by_us(ours, pieces), "h11, a connection each", by_h11(role, pieces), times
        yield what, name, by_us(ours, pieces), "aiohttp's parser in Python", by_aiohttp(plain, pieces, loop), times
        yield what, name, by_us(ours, pieces), "aiohttp's parser in C", by_aiohttp(c, pieces, loop), times
    for what, message in (("a GET with 7 headers, written", QUESTION), ("a response of 100 bytes, written", ANSWER)):

        def write(message: Request | Response = message) -> bytes:
            return encode(message)

        besides = "" if isinstance(message, Request) else ", and the question read"
        yield what, "encode", write, f"h11, a connection each{besides}", encoded_by_h11(message), 3000
    what = "10 frames of 100 bytes, read"
    yield what, "FrameParser, in any pieces", frames_by_us, "a struct loop, all bytes there", frames_by_struct, 20_000
    readexactly = frames_by_readexactly(loop)
    yield what, "FrameParser, in any pieces", frames_by_us, "asyncio's readexactly", readexactly, 10_000
