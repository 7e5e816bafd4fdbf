"""aiohttp's real client and server, over loopback: we read what they send, and they what we send."""

from __future__ import annotations

import asyncio

import aiohttp
from framing_exchanges import CONVERSATIONS, Exchange
from framing_loopback import check_with_aiohttp_s_client, check_with_aiohttp_s_server
from hypothesis import given, settings

from patterns.wire.framing import Data, Head, RequestParser, Response, State, encode


@settings(max_examples=40, deadline=None)
@given(CONVERSATIONS)
async def test_we_read_what_aiohttp_s_client_asks_and_it_reads_what_we_answer(conversation: list[Exchange]) -> None:
    await check_with_aiohttp_s_client(conversation)


@settings(max_examples=40, deadline=None)
@given(CONVERSATIONS)
async def test_aiohttp_s_server_reads_what_we_ask_and_we_read_what_it_answers(conversation: list[Exchange]) -> None:
    await check_with_aiohttp_s_server(conversation)


async def test_a_client_of_aiohttp_s_that_waits_for_100_continue_gets_ours_and_goes_on() -> None:
    bodies: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ours = RequestParser()
        head, *_ = ours.feed(await reader.readuntil(b"\r\n\r\n"))
        assert isinstance(head, Head)
        assert head.message.header("Expect") == "100-continue"
        assert ours.state is State.BODY
        writer.write(encode(Response(100)))
        while ours.state is State.BODY:
            bodies.extend(event.data for event in ours.feed(await reader.read(3)) if isinstance(event, Data))
        writer.write(encode(Response(201, headers=(("Connection", "close"),))))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with aiohttp.ClientSession() as session, session.post(url, data=b"hello", expect100=True) as found:
            assert (found.status, await found.read()) == (201, b"")
    assert b"".join(bodies) == b"hello"


async def test_aiohttp_s_client_reads_a_body_of_ours_that_lasts_until_the_connection_closes() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        RequestParser().feed(await reader.readuntil(b"\r\n\r\n"))
        writer.write(encode(Response(200)).replace(b"Content-Length: 0\r\n", b"") + b"hello")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with aiohttp.ClientSession() as session, session.get(url) as found:
            assert await found.read() == b"hello"
