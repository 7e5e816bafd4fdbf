"""aiohttp's WebSocket and event streams through the tap: read by what RFC 6455 says, not by who sent them."""

import asyncio
import contextlib

from aiohttp import ClientSession, WSMsgType, web

from patterns.wire.framing.websocket import Frame
from patterns.wire.listen import Address
from patterns.wire.tap import Direction, Part, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly

SWITCHED = "101 Switching Protocols"


@contextlib.asynccontextmanager
async def serving(handler):
    application = web.Application()
    application.router.add_get("/", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Address(*runner.addresses[0])
    await runner.cleanup()


async def test_aiohttps_websocket_is_read_in_both_directions_compressed_or_not(until):
    async def echo(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data.upper())
            else:
                await socket.send_bytes(message.data)
        return socket

    labels = {}
    for compress in (0, 15):
        async with (
            serving(echo) as address,
            await tap(address, delay_s=D) as path,
            ClientSession() as session,
        ):
            async with session.ws_connect(path.address.url, compress=compress) as socket:
                await socket.send_str("hello " * 10)
                assert (await socket.receive()).data == "HELLO " * 10
                await socket.send_bytes(bytes(70_000))
                assert (await socket.receive()).data == bytes(70_000)
                await socket.ping(b"there?")
            await until(lambda path=path: path.connections == 0)
        seen = path.traffic.messages()
        assert [one.error for one in seen] == [None] * len(seen)
        labels[compress] = {way: [one.label for one in seen if one.direction is way] for way in Direction}
        whats = [one.message.what for one in seen]
        assert all(one.masked is (seen[n].direction is UP) for n, one in enumerate(whats) if isinstance(one, Frame))
    assert labels[0] == {
        UP: ["GET /", f'text "{"hello " * 10}"', "binary, 70000 bytes", "ping, 6 bytes", "close 1000"],
        DOWN: [
            "101 Switching Protocols",
            f'text "{"HELLO " * 10}"',
            "binary, 70000 bytes",
            "pong, 6 bytes",
            "close 1000",
        ],
    }
    assert [label.partition(", compressed")[0] for label in labels[15][UP]] == [
        "GET /", "text", "binary", "ping, 6 bytes", "close 1000"
    ]  # fmt: skip
    assert [", compressed, " in label for label in labels[15][DOWN]] == [False, True, True, False, False]


async def test_aiohttps_event_stream_is_told_event_by_event_while_it_goes_on():
    async def prices(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(1000):
            await response.write(b"event: price\ndata: %d\n\n" % number)
            await asyncio.sleep(1)
        return response

    async with (
        serving(prices) as address,
        await tap(address, delay_s=D) as path,
        ClientSession() as session,
        session.get(path.address.url) as response,
    ):
        for number in range(5):
            assert await response.content.readuntil(b"\n\n") == b"event: price\ndata: %d\n\n" % number
            *_, last = path.traffic.messages()
            assert last.message.what == Part(b"event: price\ndata: %d\n\n" % number)
            assert (last.label, last.arrived_s - last.sent_s) == ("part: event: price", D)
        assert len(path.traffic.messages()) == 2 + 5
