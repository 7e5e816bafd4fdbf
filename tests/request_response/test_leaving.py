"""A client that leaves while its request is worked on: what the handler hears of it, by choice."""

import asyncio

import pytest

from patterns.request_response import serve, serve_aiohttp
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Leaving, listen, when_client_leaves
from tests.hostile import clients

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Report:
    """A handler that takes 90 s: how far it got, and when it was cancelled."""

    def __init__(self) -> None:
        self.began, self.made, self.cancelled_at = asyncio.Event(), 0, None

    async def __call__(self, request: Request) -> Response:
        self.began.set()
        try:
            await asyncio.sleep(90)
        except asyncio.CancelledError:
            self.cancelled_at = asyncio.get_running_loop().time()
            raise
        self.made += 1
        return Response(200, body=b"the report")


def reset(writer):
    clients.reset(writer)


def close(writer):
    writer.close()


def half_close(writer):
    writer.write_eof()


RESET, HANG_UP = Leaving.RESET, Leaving.HANG_UP


@pytest.mark.parametrize(
    ("choice", "leave", "is_cancelled"),
    [
        (None, reset, False),
        (None, close, False),
        (None, half_close, False),
        (RESET, reset, True),
        (RESET, close, False),
        (RESET, half_close, False),
        (HANG_UP, reset, True),
        (HANG_UP, close, True),
        (HANG_UP, half_close, True),
        ("aiohttp", reset, True),
        ("aiohttp", close, True),
        ("aiohttp", half_close, True),
    ],
)
async def test_a_handler_whose_client_leaves_is_cancelled_by_choice(choice, leave, is_cancelled):
    report = Report()
    started = serve_aiohttp(report) if choice == "aiohttp" else serve(report, handler_cancellation=choice)
    async with await started as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(GET)
        await report.began.wait()
        await asyncio.sleep(10)
        leave(writer)
        await asyncio.sleep(100)
        assert (report.made, report.cancelled_at) == ((0, 10) if is_cancelled else (1, None))
        if leave is half_close:
            answer = await reader.read(200)
            assert answer.endswith(b"the report") is not is_cancelled
        clients.reset(writer)


@pytest.mark.parametrize("choice", [RESET, HANG_UP])
async def test_a_client_that_stays_gets_its_answers(choice):
    report = Report()
    async with await serve(report, handler_cancellation=choice) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(GET + GET)
        for _ in range(2):
            assert (await reader.readuntil(b"the report")).startswith(b"HTTP/1.1 200 OK")
        assert asyncio.get_running_loop().time() == 180
        writer.close()


async def test_a_client_that_left_before_its_turn_is_given_no_slow_work():
    report = Report()
    async with await serve(report, handler_cancellation=HANG_UP) as server:
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(GET)
        writer.close()
        await asyncio.sleep(0.001)
        assert server.connections == 0
    assert report.made == 0


async def test_a_stopping_server_cancels_a_watched_handler():
    report = Report()
    server = await serve(report, handler_cancellation=HANG_UP)
    _, writer = await asyncio.open_connection(*server.address)
    writer.write(GET)
    await report.began.wait()
    await server.stop()
    assert report.cancelled_at == 0
    writer.close()


async def test_a_handler_of_listen_may_be_told_and_go_on():
    heard, ended = [], asyncio.Event()

    async def work(reader, writer):
        with when_client_leaves(writer, HANG_UP, lambda: heard.append("once")):
            await asyncio.sleep(60)
        ended.set()

    async with await listen(work) as server:
        _, writer = await asyncio.open_connection(*server.address)
        await asyncio.sleep(1)
        clients.reset(writer)
        await ended.wait()
        assert (heard, asyncio.get_running_loop().time()) == (["once"], 60)


async def test_only_a_connection_of_listen_is_watched():
    async def say_nothing(reader, writer):
        await reader.read()

    async with await listen(say_nothing) as server:
        _, writer = await asyncio.open_connection(*server.address)
        with (
            pytest.raises(TypeError, match=r"^expected a writer that listen\(\) handed to its handler, got one of <"),
            when_client_leaves(writer, RESET, print),
        ):
            pass
        writer.close()
