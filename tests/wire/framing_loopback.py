"""aiohttp's real client and server over loopback as oracles: their bytes for our parser, our bytes for theirs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
from aiohttp import web
from framing_exchanges import Exchange, connection, decoded, encoded_request, encoded_response, is_kept, own
from fuzz_framing import cut
from multidict import CIMultiDict
from yarl import URL

from patterns.wire import framing
from patterns.wire.framing import Message, Request, Response

PATIENCE_S = 30  # by the clock that jumps: a peer that waits for bytes that never come is a difference too


async def check_with_aiohttp_s_client(exchanges: list[Exchange]) -> None:
    """We read what aiohttp's client sends; it reads what we answer, and keeps or leaves the connection as we do."""
    exchanges = [agreed(exchange) for exchange in exchanges]
    asked: list[Message] = []
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        ours = framing.RequestAssembler()
        try:
            while piece := await reader.read(random.Random(len(asked)).choice([1, 7, 1 << 16])):
                for message in ours.feed(piece):
                    exchange = exchanges[len(asked)]
                    asked.append(message)
                    stream = encoded_response(exchange)
                    for part in cut(stream, random.Random(exchange.seed)):
                        writer.write(part)
                        await asyncio.sleep(0)
                    said = framing.ResponseParser()
                    said.expect(exchange.request.method)
                    head = said.feed(stream)[0]
                    assert isinstance(head, framing.Head)
                    if not (message.what.keep_alive and head.message.keep_alive):
                        return
            ours.feed_eof()
        finally:
            writer.close()

    async with asyncio.timeout(PATIENCE_S), await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            for exchange in exchanges:
                await ask_by_aiohttp(session, f"http://127.0.0.1:{port}", exchange)
    for exchange, message in zip(exchanges, asked, strict=True):
        sent = exchange.request
        assert isinstance(message.what, Request)
        assert (message.what.method, message.what.target, message.what.version) == (
            sent.method,
            sent.target,
            "HTTP/1.1",
        )
        assert own(message.what.headers, sent.headers) == sent.headers
        assert message.what.body == exchange.question
        assert message.what.keep_alive is (exchange.request_connection != "close")
    assert connections == 1 + sum(not is_kept_by_both(exchange) for exchange in exchanges[:-1])


def agreed(exchange: Exchange) -> Exchange:
    """A server that was asked to close says so in its answer (RFC 9112 §9.6), or the client may ask there once more."""
    return replace(exchange, response_connection="close") if exchange.request_connection == "close" else exchange


def is_kept_by_both(exchange: Exchange) -> bool:
    """aiohttp's client speaks HTTP/1.1."""
    return is_kept("HTTP/1.1", exchange.request_connection) and is_kept(
        exchange.response.version, exchange.response_connection
    )


async def ask_by_aiohttp(session: aiohttp.ClientSession, base: str, exchange: Exchange) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in exchange.request_parts:
            yield part

    sent, expected = exchange.request, exchange.response
    fields = CIMultiDict([*sent.headers, *connection(exchange.request_connection)])
    body = parts() if exchange.request_chunked else exchange.question
    async with session.request(sent.method, URL(base + sent.target, encoded=True), headers=fields, data=body) as found:
        assert found.version is not None
        version = f"HTTP/{found.version.major}.{found.version.minor}"
        assert (found.status, found.reason, version) == (expected.status, expected.reason, expected.version)
        assert own(decoded(found.raw_headers), expected.headers) == expected.headers
        assert await found.read() == exchange.answer


async def check_with_aiohttp_s_server(exchanges: list[Exchange]) -> None:
    """aiohttp's server reads our requests, pipelined, and we read its answers; both agree on who closes when."""
    exchanges = [possible(exchange) for exchange in exchanges]
    heard: list[tuple[object, ...]] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        exchange = exchanges[len(heard)]
        sent = exchange.request
        fields = own(decoded(request.raw_headers), sent.headers)
        version = f"HTTP/{request.version.major}.{request.version.minor}"
        heard.append((request.method, request.raw_path, version, fields, await request.read(), request.keep_alive))
        return await answer_by_aiohttp(request, exchange)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=1)
    await runner.setup()
    found: list[Message] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            while len(found) < len(exchanges):
                found += await ask_aiohttp(runner.addresses[0][1], exchanges[len(found) :])
    finally:
        await runner.cleanup()
    assert heard == [
        (
            *(exchange.request.method, exchange.request.target, exchange.request.version, exchange.request.headers),
            exchange.question,
            is_kept_by_aiohttp(exchange),
        )
        for exchange in exchanges
    ]
    for exchange, message in zip(exchanges, found, strict=True):
        assert isinstance(message.what, Response)
        assert (message.what.status, message.what.reason) == (exchange.response.status, exchange.response.reason)
        assert own(message.what.headers, exchange.response.headers) == exchange.response.headers
        assert message.what.body == exchange.answer


async def answer_by_aiohttp(request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
    said = exchange.response
    fields = CIMultiDict(said.headers)
    if not exchange.response_chunked or exchange.has_no_answer_body:
        body = b"" if said.status in {204, 304} else b"".join(exchange.response_parts)
        return web.Response(status=said.status, reason=said.reason, headers=fields, body=body)
    response = web.StreamResponse(status=said.status, reason=said.reason, headers=fields)
    if exchange.request.version == "HTTP/1.1":
        response.enable_chunked_encoding()  # in HTTP/1.0 the body lasts until the connection closes
    await response.prepare(request)
    for part in exchange.response_parts:
        await response.write(part)
    await response.write_eof()
    return response


async def ask_aiohttp(port: int, exchanges: list[Exchange]) -> list[Message]:
    """Ask on one connection all that it can carry, without waiting for the answers; the answers."""
    closing = (at for at, exchange in enumerate(exchanges) if not is_kept_by_aiohttp(exchange))
    carried = exchanges[: next(closing, len(exchanges)) + 1]
    ours = framing.ResponseAssembler()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for exchange in carried:
            ours.parser.expect(exchange.request.method)
            for part in cut(encoded_request(exchange), random.Random(exchange.seed)):
                writer.write(part)
                await asyncio.sleep(0)
        chance = random.Random(carried[0].seed)
        found: list[Message] = []
        while len(found) < len(carried) and (piece := await reader.read(chance.choice([1, 7, 1 << 16]))):
            found += ours.feed(piece)
        if not is_kept_by_aiohttp(carried[-1]):
            assert await reader.read() == b""
            found += ours.feed_eof()
        assert [message.what.keep_alive for message in found] == list(map(is_kept_by_aiohttp, carried))
        assert ours.pending_bytes == 0
        return found
    finally:
        writer.close()
        await writer.wait_closed()


def possible(exchange: Exchange) -> Exchange:
    """In HTTP/1.0 a streamed answer ends with the connection; asked to keep it, aiohttp's server leaves it open."""
    lasts_until_close = exchange.request.version == "HTTP/1.0" and exchange.response_chunked
    return replace(exchange, request_connection=None) if lasts_until_close else exchange


def is_kept_by_aiohttp(exchange: Exchange) -> bool:
    """By its server: as it was asked to."""
    return is_kept(exchange.request.version, exchange.request_connection)
