"""Connections take turns: what one client has sent in advance is not served in one go.

No time is read here. What is counted is how much of a greedy client's work is done between the moment a polite
client's request lies in the server's socket and the moment it is handled.
"""

import asyncio
import socket

import pytest

from patterns.request_response import serve, serve_aiohttp
from patterns.request_response.requests import PIECE_BYTES
from patterns.wire.framing import Request, RequestParser, Response
from patterns.wire.listen import listen
from patterns.wire.listen.address import ACCEPTED_AT_ONCE
from tests.hostile.clients import reset

POLITE = b"GET /polite HTTP/1.1\r\nHost: h\r\n\r\n"
GREEDY = b"GET /greedy HTTP/1.1\r\nHost: h\r\n\r\n"
LONG = GREEDY[:-2] + b"X: %s\r\n\r\n" % (b"x" * (PIECE_BYTES - len(GREEDY) - 5))
TINY_CHUNKS = b"POST /greedy HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000


# How many requests of two greedy clients may be handled before another client's. aiohttp handles all that it has read.
MOST_BEFORE = {serve: 10, serve_aiohttp: 30}
on_both = pytest.mark.parametrize("serve", MOST_BEFORE)


class Handled:
    """A handler that answers at once and keeps the order in which it was asked."""

    def __init__(self) -> None:
        self.order: list[str] = []

    async def __call__(self, request: Request) -> Response:
        self.order.append(request.target)
        return Response(200, body=b"done")


@pytest.mark.parametrize(
    ("in_advance", "requests"), [(GREEDY * 1_000, 1_000), (LONG * 30, 30)], ids=["small", "each a whole piece"]
)
@on_both
async def test_a_flood_in_advance_lets_another_request_through_after_a_few_turns(serve, in_advance, requests):
    handled = Handled()
    async with await serve(handled) as server:
        reader, polite = await asyncio.open_connection(*server.address)
        others = [await asyncio.open_connection(*server.address, limit=2**20) for _ in range(2)]
        for _, writer in others:
            writer.write(in_advance)
        polite.write(POLITE)
        await reader.readuntil(b"done")
        assert handled.order.index("/polite") <= MOST_BEFORE[serve]
        for greedy, _ in others:
            await greedy.readuntil(b"done")
        await asyncio.sleep(1)
        assert handled.order.count("/greedy") == 2 * requests  # and they lose nothing by it
        for writer in (polite, *(writer for _, writer in others)):
            reset(writer)


def test_the_long_request_is_a_whole_piece():
    assert len(LONG) == PIECE_BYTES


@on_both
async def test_a_body_of_tiny_chunks_lets_another_request_through(serve):
    handled = Handled()
    async with await serve(handled) as server:
        reader, polite = await asyncio.open_connection(*server.address)
        _, greedy = await asyncio.open_connection(*server.address)
        greedy.write(TINY_CHUNKS + b"0\r\n\r\n")
        polite.write(POLITE)
        await reader.readuntil(b"done")
        assert handled.order == ["/polite"]
        await asyncio.sleep(1)
        assert handled.order == ["/polite", "/greedy"]
        reset(polite)
        reset(greedy)


@pytest.mark.parametrize(
    "begun",
    [
        b"POST /greedy HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + bytes(999),
        b"POST /greedy HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + bytes(999),
    ],
    ids=["length", "chunk"],
)
async def test_no_more_is_read_with_the_end_of_a_body_than_a_piece(begun, monkeypatch):
    fed = []

    def feed(parser, data, feed=RequestParser.feed):
        fed.append((parser.remaining_bytes, len(data)))
        return feed(parser, data)

    monkeypatch.setattr(RequestParser, "feed", feed)
    async with await serve(Handled()) as server:
        _, greedy = await asyncio.open_connection(*server.address)
        greedy.write(begun)
        await asyncio.sleep(1)
        greedy.write(b"x" + GREEDY * 1_000)  # behind a chunk it is no end of one: refused, but in a piece, too
        await asyncio.sleep(1)
        assert (1, PIECE_BYTES) in fed
        assert all(size <= max(PIECE_BYTES, remaining) for remaining, size in fed)
        reset(greedy)


async def test_a_long_chunk_is_read_in_few_pieces(monkeypatch):
    fed = []

    def feed(parser, data, feed=RequestParser.feed):
        fed.append(len(data))
        return feed(parser, data)

    monkeypatch.setattr(RequestParser, "feed", feed)
    async with await serve(Handled()) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"POST /polite HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n")
        writer.write(bytes(2**19) + b"\r\n0\r\n\r\n")
        await reader.readuntil(b"done")
        assert len(fed) < 100  # in pieces of PIECE_BYTES there were a thousand
        reset(writer)


async def test_a_storm_of_connections_is_let_in_a_few_at_a_time():
    began = []

    async def note(reader, writer):
        began.append(reader)
        await reader.read()

    async with await listen(note) as server:
        waiting = [socket.create_connection(server.address) for _ in range(300)]
        steps = []
        while len(began) < len(waiting):
            before = len(began)
            await asyncio.sleep(0)
            steps.append(len(began) - before)
        assert max(steps) == ACCEPTED_AT_ONCE
        for client in waiting:
            client.close()
