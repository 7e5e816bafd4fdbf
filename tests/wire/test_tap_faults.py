"""The faults of a link on whole connections, set before and under way."""

import asyncio

import pytest

from patterns.cost.autojump import AutojumpEventLoop
from patterns.wire.listen import listen
from patterns.wire.tap import Direction, Kind, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly


async def test_a_slider_changes_the_delay_of_an_open_connection(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        for delay_s in (D, 4 * D, 0.0, 2 * D):
            path.link.delay_s = delay_s
            start = now()
            writer.write(b"x")
            assert await reader.readexactly(1) == b"X"
            assert now() == start + 2 * delay_s
        writer.close()


async def test_a_link_that_changes_while_the_loop_is_late_makes_one_connection_all_the_same(servers):
    """The change is seen before the handshake's own timer, which is due as well."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AutojumpEventLoop)

    async with await listen(servers.shout) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(D)
        loop.selector.now += 4 * D
        path.link.delay_s = 2 * D
        writer.write(b"x")
        assert await reader.readexactly(1) == b"X"
        await asyncio.sleep(1)
        assert server.connections == 1
        assert [record.kind for record in path.traffic] == [Kind.OPEN, Kind.DATA, Kind.DATA]
        writer.close()


async def test_a_throttled_connection_trickles(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, bytes_per_s=1024.0) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        start = now()
        writer.write(b"x" * 1024)
        assert await reader.readexactly(1024) == b"X" * 1024
        assert now() == start + 2.0
        writer.close()


async def test_corruption_reaches_the_client_and_the_record(servers):
    async with await listen(servers.shout) as server, await tap(server.address, corrupt_every=4) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"0000")
        got = await reader.readexactly(4)
        assert path.traffic.stream(1, DOWN) == got
        assert path.traffic.stream(1, UP)[:3] == got[:3] == b"000"
        assert got[3:] != path.traffic.stream(1, UP)[3:].upper() != b"0"
        writer.close()


async def test_a_blackhole_is_only_silence_and_what_was_sent_arrives_after_it(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"X"
        path.link.blackhole = True
        writer.write(b"y")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await reader.read(1)
        assert path.connections == 1
        start = now()
        path.link.blackhole = False
        assert await reader.readexactly(1) == b"Y"
        assert now() == start + 2 * D
        writer.close()


async def test_a_connection_begun_in_a_blackhole_reaches_the_server_after_it(servers):
    async with await listen(servers.shout) as server, await tap(server.address, blackhole=True) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"x")
        await asyncio.sleep(10)
        assert server.connections == len(path.traffic) == 0
        path.link.blackhole = False
        assert await reader.readexactly(1) == b"X"
        writer.close()
