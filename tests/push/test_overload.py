"""A slow reader: what waits for it and where, under each bargain; the tap shows TCP's own back-pressure."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from patterns.push import Overload, PushServer, follow, follow_raw, follow_sse, serve, serve_raw, serve_sse
from patterns.wait.log import Event, Log
from patterns.wire.tap import Direction, Tap, tap

FORMS = [
    pytest.param(serve, follow, id="websocket"),
    pytest.param(serve_raw, follow_raw, id="raw"),
    pytest.param(serve_sse, follow_sse, id="server-sent events"),
]
each_form = pytest.mark.parametrize(("serve", "follow"), FORMS)
BUFFER = 20
PAYLOAD = bytes(50_000)


@contextlib.asynccontextmanager
async def slow_subscriber(
    serve: Callable[..., Any], follow: Callable[..., Any], log: Log, **options: Any
) -> AsyncIterator[tuple[PushServer, Tap, list[Event]]]:
    """A subscriber that is up to date, and from then on behind a path that carries 10 kB a second."""
    got: list[Event] = []

    async def read() -> None:
        async with aclosing(follow(path.address, log.next_offset, retry_s=1.0)) as events:
            async for event in events:
                got.append(event)

    async with (
        await serve(log, buffer_events=BUFFER, write_buffer_bytes=1000, kernel_buffer_bytes=8192, **options) as server,
        await tap(server.address) as path,
    ):
        reading = asyncio.create_task(read())
        await asyncio.sleep(1)
        assert len(server.subscribers) == 1
        path.link.bytes_per_s = 10_000
        path.link.window_bytes = 4096
        yield server, path, got
        reading.cancel()
        await asyncio.wait([reading])


async def flood(server: PushServer, count: int) -> None:
    for _ in range(count):
        await server.publish(PAYLOAD)
        await asyncio.sleep(0.001)


@each_form
@pytest.mark.parametrize("overload", ["drop newest", "drop oldest"])
async def test_dropping_bounds_what_waits_and_counts_what_is_lost(serve: Any, follow: Any, overload: str) -> None:
    log = Log()
    async with slow_subscriber(serve, follow, log, overload=overload, silence_s=1e6) as (server, path, got):
        await flood(server, 300)
        assert server.subscribers.most_waiting == BUFFER
        dropped = server.subscribers.dropped
        assert dropped > 100
        path.link.bytes_per_s = None
        await asyncio.sleep(30)
        assert len(got) == 300 - dropped
        has_the_last = got[-1].offset == 299
        assert has_the_last == (overload == "drop oldest")


@each_form
async def test_without_a_bound_everything_waits_in_the_servers_memory(serve: Any, follow: Any) -> None:
    async with slow_subscriber(serve, follow, Log(), overload="unbounded", silence_s=1e6) as (server, _, _):
        await flood(server, 300)
        assert server.subscribers.most_waiting > 150
        assert server.subscribers.dropped == 0


@each_form
async def test_who_is_cut_off_comes_back_with_its_offset_and_misses_nothing(serve: Any, follow: Any) -> None:
    log = Log()
    async with slow_subscriber(serve, follow, log, overload="disconnect", silence_s=1e6) as (server, path, got):
        await flood(server, 300)
        assert server.subscribers.cut_off == 1
        assert server.subscribers.most_waiting <= BUFFER
        path.link.bytes_per_s = None
        await asyncio.sleep(30)
        assert got == list(log)
        assert server.subscribers.dropped == 0


@each_form
async def test_a_publisher_that_waits_goes_at_the_pace_of_the_slowest(serve: Any, follow: Any) -> None:
    log = Log()
    async with slow_subscriber(serve, follow, log, overload="wait", silence_s=1e6) as (server, path, got):
        publishing = asyncio.create_task(flood(server, 300))
        await asyncio.sleep(60)
        assert not publishing.done()
        assert server.subscribers.most_waiting == BUFFER
        path.link.bytes_per_s = None
        await publishing
        await asyncio.sleep(30)
        assert got == list(log)


@each_form
async def test_several_waiting_publishers_do_not_share_one_free_place(serve: Any, follow: Any) -> None:
    async with slow_subscriber(serve, follow, Log(), overload="wait", silence_s=1e6) as (server, path, _):
        publishing = [asyncio.create_task(flood(server, 30)) for _ in range(10)]
        await asyncio.sleep(100)
        path.link.bytes_per_s = 1e6
        await asyncio.gather(*publishing)
        assert server.subscribers.most_waiting == BUFFER


@each_form
async def test_one_who_takes_nothing_is_given_up_and_publishers_go_on(serve: Any, follow: Any) -> None:
    log = Log()
    async with slow_subscriber(serve, follow, log, overload="wait", silence_s=20.0) as (server, path, _):
        path.link.blackhole = True
        async with asyncio.timeout(60):
            await flood(server, 300)
        assert server.subscribers.unheard == 1


@each_form
async def test_the_tap_shows_that_the_server_stops_writing(serve: Any, follow: Any) -> None:
    """Of 15 MB the path takes what its window holds, the kernel some, and the rest is never written."""
    async with slow_subscriber(serve, follow, Log(), overload="drop newest", silence_s=1e6) as (server, path, _):
        path.traffic.clear()
        await flood(server, 300)
        assert path.traffic.bytes(Direction.TO_CLIENT) < 50_000
        assert len(server.subscribers.outboxes[0]) == BUFFER


@each_form
async def test_a_fast_subscriber_is_not_held_up_by_a_slow_one(serve: Any, follow: Any) -> None:
    log = Log()
    async with slow_subscriber(serve, follow, log, overload="drop newest", silence_s=1e6) as (server, _, _):
        fast: list[Event] = []

        async def read() -> None:
            async with aclosing(follow(server.address)) as events:
                async for event in events:
                    fast.append(event)

        reading = asyncio.create_task(read())
        await asyncio.sleep(1)
        await flood(server, 100)
        await asyncio.sleep(1)
        assert fast == list(log)
        reading.cancel()
        await asyncio.wait([reading])


async def test_a_buffer_for_nobody_and_an_unknown_bargain_are_refused() -> None:
    with pytest.raises(ValueError, match="expected buffer_events ≥ 1, got 0; for no limit say overload='unbounded'"):
        await serve_raw(Log(), buffer_events=0)
    with pytest.raises(ValueError, match="'perhaps' is not a valid Overload"):
        await serve_raw(Log(), overload="perhaps")
    assert [str(bargain) for bargain in Overload] == ["unbounded", "drop newest", "drop oldest", "disconnect", "wait"]
