"""One event, many who wait: it is put into bytes once for those who asked the same, and each hears what it asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patterns.long_polling import held, serve
from patterns.request_response import server
from patterns.short_polling.exchange import Question, answer
from patterns.wait.log import Log
from patterns.wire.framing import Request, Response, encode
from patterns.wire.listen import Address

CLOSE = ("Connection", "close")


def asked(offset: int, *headers: tuple[str, str], version: str = "HTTP/1.1") -> bytes:
    return encode(Request("GET", f"/events?from={offset}", (("Host", "test"), *headers), version=version))


async def heard(address: Address, question: bytes) -> bytes:
    """Ask, and read for five seconds, or until the server hangs up."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(question)
    said = b""
    try:
        async with asyncio.timeout(5.0):
            while piece := await reader.read(65_536):
                said += piece
            said += b"<hung up>"
    except TimeoutError:
        pass
    writer.close()
    await writer.wait_closed()
    return said


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[Response]:
    """The responses that the server put into bytes."""
    found: list[Response] = []

    def in_bytes(request: Request, response: Response) -> tuple[bytes, bool]:
        found.append(response)
        return server.answer(request, response)

    monkeypatch.setattr(held, "in_bytes", in_bytes)
    return found


async def all_hear(questions: list[bytes], log: Log, **options: Any) -> list[bytes]:
    """What each of them hears when two events happen in one moment while all are held."""
    async with await serve(log, **options) as running, asyncio.TaskGroup() as tasks:
        clients = [tasks.create_task(heard(running.address, one)) for one in questions]
        await asyncio.sleep(1.0)
        assert log.watchers == len(questions)
        loop = asyncio.get_running_loop()
        log.append(b"one", loop.time())
        log.append(b"two", loop.time())
        return [await client for client in clients]


async def test_an_event_is_put_into_bytes_once_for_all_who_wait_for_it(encoded: list[Response]) -> None:
    log = Log()
    said = await all_hear([asked(0)] * 20, log)
    assert said == [encode(answer(log, Question(0)))] * 20
    assert encoded == [answer(log, Question(0))]


async def test_each_hears_what_it_asked_whatever_its_neighbour_asked() -> None:
    log = Log()
    log.append(b"zero", 0.0)
    kept, old, last = asked(1), asked(1, version="HTTP/1.0"), asked(1, CLOSE)
    said = await all_hear([kept, last, old, kept, asked(1, ("If-None-Match", '"1"'))], log)
    news = answer(log, Question(1))
    closing = encode(Response(200, headers=(*news.headers, CLOSE), body=news.body)) + b"<hung up>"
    assert said == [encode(news), closing, closing, encode(news), encode(news)]


async def test_nothing_in_time_is_not_taken_for_an_answer_with_news() -> None:
    """The same question, told nothing at first and asked again: the log is longer, and so it is another answer."""
    log = Log()
    async with await serve(log, wait_s=1.0) as running:
        reader, writer = await asyncio.open_connection(*running.address)
        writer.write(asked(0))
        assert await reader.readuntil(b"\r\n\r\n") == b'HTTP/1.1 204 No Content\r\nETag: "0"\r\n\r\n'
        writer.write(asked(0))
        await asyncio.sleep(0.5)
        log.append(b"news", asyncio.get_running_loop().time())
        news = encode(answer(log, Question(0)))
        assert await reader.readexactly(len(news)) == news
        writer.close()
        await writer.wait_closed()
