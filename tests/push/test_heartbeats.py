"""Heartbeats, to the byte and the second; half-dead connections, noticed on both sides within a known time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from patterns.push import follow, follow_raw, follow_sse, serve, serve_raw, serve_sse
from patterns.push.event_stream import EventStreamParser
from patterns.wait.log import Log
from patterns.wire.listen import Address
from patterns.wire.tap import Direction, Kind, tap

FORMS = [
    pytest.param(serve, follow, 2, 6, id="websocket"),
    pytest.param(serve_raw, follow_raw, 4, 4, id="raw"),
    pytest.param(serve_sse, follow_sse, 3, 0, id="server-sent events"),
]
each_form = pytest.mark.parametrize(("serve", "follow", "beat_bytes", "answer_bytes"), FORMS)


async def waiting(follow: Any, address: Address, **options: Any) -> None:
    async with aclosing(follow(address, **options)) as events:
        async for _ in events:
            pass


@each_form
async def test_a_quiet_hour_costs_a_heartbeat_every_interval_and_its_answer(
    serve: Any, follow: Any, beat_bytes: int, answer_bytes: int
) -> None:
    options = {"most_age_s": 1e6} if serve is serve_sse else {}
    async with await serve(Log(), heartbeat_s=15.0, **options) as server, await tap(server.address) as path:
        task = asyncio.create_task(waiting(follow, path.address))
        await asyncio.sleep(1)
        path.traffic.clear()
        await asyncio.sleep(3600)
        assert path.traffic.bytes(Direction.TO_CLIENT) == 240 * beat_bytes
        assert path.traffic.bytes(Direction.TO_SERVER) == 240 * answer_bytes
        assert not [record for record in path.traffic if record.kind is not Kind.DATA]
        task.cancel()
        await asyncio.wait([task])


@each_form
async def test_a_path_that_falls_silent_is_noticed_by_both_sides_in_a_known_time(
    serve: Any, follow: Any, beat_bytes: int, answer_bytes: int
) -> None:
    options = {"most_age_s": 60.0} if serve is serve_sse else {}
    loop = asyncio.get_running_loop()
    log = Log()
    async with (
        await serve(log, heartbeat_s=15.0, silence_s=40.0, **options) as server,
        await tap(server.address) as path,
    ):
        task = asyncio.create_task(waiting(follow, path.address, silence_s=40.0))
        await asyncio.sleep(20)
        path.link.blackhole = True
        silent_s = loop.time()
        came = path.connections
        while path.connections == came:  # noqa: ASYNC110  # looking again costs nothing on a clock that jumps
            await asyncio.sleep(0.5)
        assert loop.time() - silent_s <= 41.0 + 1
        while log.watchers:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.5)
        assert loop.time() - silent_s <= 60.0
        path.link.blackhole = False
        task.cancel()
        await asyncio.wait([task])


@each_form
async def test_events_do_not_hide_that_a_subscriber_says_nothing(
    serve: Any, follow: Any, beat_bytes: int, answer_bytes: int
) -> None:
    """Little is sent, so the kernel takes it all: only what does not come back tells of a dead client."""
    options = {"most_age_s": 60.0} if serve is serve_sse else {}
    log = Log()
    async with await serve(log, silence_s=40.0, **options) as server, await tap(server.address) as path:
        task = asyncio.create_task(waiting(follow, path.address, silence_s=1e6))
        await asyncio.sleep(1)
        path.link.blackhole = True
        for _ in range(70):
            await server.publish(b"news")
            await asyncio.sleep(1)
        assert log.watchers == 0
        task.cancel()
        await asyncio.wait([task])


async def test_who_follows_from_now_on_misses_what_happens_while_it_is_away() -> None:
    for serve_it, follow_it in ((serve, follow), (serve_raw, follow_raw), (serve_sse, follow_sse)):
        log, got = Log(), []
        log.append(b"before", 0.0)

        async def read() -> None:
            async with aclosing(follow_it(path.address, from_now=True, retry_s=5.0)) as events:  # noqa: B023  # read in this turn
                async for event in events:
                    got.append(event.offset)  # noqa: B023  # as above

        async with await serve_it(log) as server, await tap(server.address) as path:
            reading = asyncio.create_task(read())
            await asyncio.sleep(1)
            await server.publish(b"heard")
            await asyncio.sleep(1)
            path.cut()
            await asyncio.sleep(1)
            await server.publish(b"missed")
            await server.publish(b"missed")
            await asyncio.sleep(10)
            await server.publish(b"heard")
            await asyncio.sleep(1)
            assert got == [1, 4]
            reading.cancel()
            await asyncio.wait([reading])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"id: 7\ndata: a\n\n", [("7", "a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
        (b"id: 7\r\ndata: a\r\ndata: b\r\n\r\ndata:c\r\r", [("7", "a\nb"), ("7", "c")]),
        (b":\n\n: a comment\n\n", []),
        (b"data\n\n", [("", "")]),
        (b"id: 1\n\ndata: a\n\nid: bad\0\ndata: b\n\nid\ndata: c\n\n", [("1", "a"), ("1", "b"), ("", "c")]),
        (b"event: add\nretry: 5\nnonsense\ndata:  two spaces\n\n", [("", " two spaces")]),
        (b"data: unfinished\n", []),
    ],
)
def test_lines_are_read_as_the_standard_says_in_any_pieces(text: bytes, found: list[tuple[str, str]]) -> None:
    for size in range(1, len(text) + 1):
        parser = EventStreamParser()
        got = []
        for start in range(0, len(text), size):
            got += parser.feed(text[start : start + size])
        assert got == found, size
