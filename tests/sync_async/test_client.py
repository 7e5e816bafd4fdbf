"""The caller who stands still: pieces, ends, time-outs."""

from __future__ import annotations

import asyncio
import re

import pytest

from patterns.sync_async import ask
from patterns.wire.framing import Request
from patterns.wire.listen import Address, Listening, listen

pytestmark = pytest.mark.real_clock


async def saying(*pieces: bytes, then_wait: bool = False) -> Listening:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if then_wait:
            await reader.read()

    heard: list[bytes] = []
    server = await listen(answer)
    server.heard = heard  # type: ignore[attr-defined]  # for the test to look at
    return server


async def ask_it(address: Address, request: Request, **options: float) -> object:
    return await asyncio.to_thread(ask, address, request, **options)


async def test_the_request_is_lesson_ones_to_the_byte() -> None:
    async with await saying(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        await ask_it(server.address, Request("GET", "/books/2", (("Accept", "text/plain"),)))
        host = str(server.address).encode()
        expected = b"GET /books/2 HTTP/1.1\r\nHost: %b\r\nAccept: text/plain\r\nConnection: close\r\n\r\n" % host
        assert server.heard == [expected]  # type: ignore[attr-defined]  # set above


async def test_an_answer_in_pieces_is_whole_when_it_is_whole() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
    async with await saying(*(whole[n : n + 1] for n in range(len(whole))), then_wait=True) as server:
        answer = await asyncio.to_thread(ask, server.address, Request("GET", "/"))
    assert (answer.status, answer.body) == (200, b"done")


async def test_an_answer_may_end_with_the_connection() -> None:
    async with await saying(b"HTTP/1.1 200 OK\r\n\r\nto the end") as server:
        answer = await asyncio.to_thread(ask, server.address, Request("GET", "/"))
    assert answer.body == b"to the end"


async def test_to_head_there_is_no_body_to_wait_for() -> None:
    async with await saying(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", then_wait=True) as server:
        answer = await asyncio.to_thread(ask, server.address, Request("HEAD", "/"))
    assert answer.status == 200


async def test_an_end_before_any_answer_is_an_error_that_says_so() -> None:
    async with await saying() as server:
        complaint = re.escape(
            "expected the whole response to GET /, got its end after 0 bytes; ask again, where asking twice does no "
            "harm"
        )
        with pytest.raises(ConnectionError, match=complaint):
            await ask_it(server.address, Request("GET", "/"))


async def test_a_server_that_says_nothing_is_waited_for_as_long_as_was_said() -> None:
    async with await saying(then_wait=True) as server:
        with pytest.raises(TimeoutError):
            await ask_it(server.address, Request("GET", "/"), timeout_s=0.02)
