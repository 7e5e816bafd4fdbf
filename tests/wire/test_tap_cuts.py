import asyncio
import contextlib
import socket

import pytest

from patterns.wire.listen import listen
from patterns.wire.tap import Direction, Kind, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly


@pytest.mark.parametrize("wait_s", [0, D, 10 * D])
async def test_cutting_now_resets_both_sides_whatever_is_under_way(wait_s, now, until):
    gone = []

    async def read(reader, writer):
        try:
            await reader.read()
        except ConnectionResetError:
            gone.append(now())

    async with await listen(read) as server, await tap(server.address, delay_s=D) as path:
        clients = [await asyncio.open_connection(*path.address) for _ in range(3)]
        await until(lambda: path.connections == 3, 0)
        await asyncio.sleep(wait_s)
        clients[0][1].write(b"under way")
        await asyncio.sleep(0)
        assert path.cut() == 3
        assert path.cut() == 0
        for reader, writer in clients:
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
        assert now() == wait_s
        await until(lambda: server.connections == path.connections == 0)
    assert gone == ([wait_s] * 3 if wait_s > 3 * D else [])
    assert path.traffic.bytes(UP) == 0
    assert [record.kind for record in path.traffic][-6:] == [Kind.CUT, Kind.CLOSE] * 3


async def test_a_silent_connection_is_cut_after_the_idle_time_and_a_busy_one_is_not(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, idle_cut_s=8.0) as path:
        quiet, quiet_writer = await asyncio.open_connection(*path.address)
        busy, busy_writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(5)
        busy_writer.write(b"x")
        assert await busy.readexactly(1) == b"X"
        with pytest.raises(ConnectionResetError):
            await quiet.read()
        assert now() == 8.0
        with pytest.raises(ConnectionResetError):
            await busy.read()
        assert now() == 13.0
        quiet_writer.close()
        busy_writer.close()
    assert [record.time_s for record in path.traffic if record.kind is Kind.CUT] == [8.0, 13.0]


async def test_the_idle_time_can_be_changed_under_way(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, idle_cut_s=8.0) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(5)
        path.link.idle_cut_s = None
        await asyncio.sleep(100)
        assert path.connections == 1
        path.link.idle_cut_s = 200.0
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert now() == 200.0
        writer.close()


@pytest.mark.parametrize("n", [0, 1, 4, 5, 6, 9])
@pytest.mark.parametrize("piece", [1, 2, 100])
async def test_a_cut_after_n_bytes_delivers_exactly_n_whatever_the_pieces(n, piece, until):
    received = bytearray()

    async def read(reader, writer):
        with contextlib.suppress(ConnectionResetError):
            while data := await reader.read(100):
                received.extend(data)

    async with await listen(read) as server, await tap(server.address, cut_after_bytes=n) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        for start in range(0, 10, piece):
            writer.write(b"0123456789"[start : start + piece])
            await asyncio.sleep(0.001)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        await until(lambda: server.connections == 0)
    assert bytes(received) == b"0123456789"[:n] == path.traffic.stream(1, UP)


async def test_a_cut_can_count_one_direction_and_be_healed(servers):
    async with (
        await listen(servers.shout) as server,
        await tap(server.address, cut_after_bytes={DOWN: 3}) as path,
    ):
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"0123456789")
        assert await reader.readexactly(3) == b"012"
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        path.link.cut_after_bytes = None
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"0123456789")
        assert await reader.readexactly(10) == b"0123456789"
        path.link.cut_after_bytes = 20
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
    assert path.traffic.only(1).bytes(UP) == 10


async def read_until_reset(client, pause_s=0.0):
    """How many bytes come before the reset; fails if none comes."""
    received = 0
    try:
        while data := await asyncio.get_running_loop().sock_recv(client, 65_536):
            received += len(data)
            await asyncio.sleep(pause_s)
    except ConnectionResetError:
        return received
    pytest.fail(f"FIN in place of RST after {received} bytes")


@pytest.mark.parametrize("n", [100_000, 3_000_000, 12_345_678])
async def test_a_cut_waits_until_a_slow_reader_has_every_byte_before_it(n, servers):
    async with await listen(servers.pour) as server, await tap(server.address, cut_after_bytes=n) as path:
        client = socket.create_connection(path.address)
        client.setblocking(False)
        received = await read_until_reset(client, 1)
        client.close()
    assert received == n == path.traffic.bytes(DOWN)


async def test_a_cut_set_while_the_receiver_takes_nothing_lets_it_have_the_rest(servers):
    async with await listen(servers.pour) as server, await tap(server.address) as path:
        with socket.create_connection(path.address) as client:
            client.setblocking(False)
            await asyncio.sleep(1)
            path.link.cut_after_bytes = handed_on = path.traffic.bytes(DOWN)
            await asyncio.sleep(1)
            assert [record.kind for record in path.traffic][-2:] == [Kind.CUT, Kind.CLOSE]
            assert (path.connections, server.connections) == (1, 0)
            received = await read_until_reset(client)
            assert path.connections == 0
    assert received == handed_on


def places(path):
    return [path.traffic.only(n).bytes(UP) + path.traffic.only(n).bytes(DOWN) for n in path.traffic.connections]


async def test_a_path_that_cuts_at_random_places_does_so_alike_for_the_same_seed(servers, until):
    async def lengths(seed):
        async with (
            await listen(servers.shout) as server,
            await tap(server.address, cut_mean_bytes=1000.0, seed=seed) as path,
        ):
            for _ in range(40):
                _, writer = await asyncio.open_connection(*path.address)
                writer.write(bytes(20_000))
                await until(lambda: path.connections == 0)
                writer.close()
        return places(path)

    once = await lengths(1)
    assert once == await lengths(1) != await lengths(2)
    assert 700 < sum(once) / 40 < 1300
    assert max(once) > 2000


@pytest.mark.parametrize("n", [0, 1, 5, 9])
@pytest.mark.parametrize("piece", [1, 2, 100])
async def test_a_direction_can_be_ended_after_n_bytes_while_the_other_goes_on(n, piece, now, until):
    received = []

    async def hear_and_speak(reader, writer):
        received.append(await reader.read())
        for number in range(3):
            await asyncio.sleep(60)
            writer.write(b"%d" % number)

    settings = {"half_close_after_bytes": {UP: n}, "delay_s": D}
    async with await listen(hear_and_speak) as server, await tap(server.address, **settings) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        for start in range(0, 10, piece):
            writer.write(b"0123456789"[start : start + piece])
            await asyncio.sleep(0.001)
        assert await reader.read() == b"012"
        writer.close()
        await until(lambda: path.connections == 0)
    assert received == [b"0123456789"[:n]]
    assert path.traffic.stream(1, UP) == b"0123456789"[:n]
    assert [record.kind for record in path.traffic if record.kind is not Kind.DATA] == [
        Kind.OPEN, Kind.EOF, Kind.EOF, Kind.CLOSE
    ]  # fmt: skip


async def test_a_half_close_set_under_way_ends_both_directions_each_at_its_place(servers, until):
    async with await listen(servers.shout) as server, await tap(server.address) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"abc")
        assert await reader.readexactly(3) == b"ABC"
        path.link.half_close_after_bytes = 5
        writer.write(b"defg")
        assert await reader.read() == b"DE"
        await until(lambda: path.connections == 0)
        writer.close()
        reader, writer = await asyncio.open_connection(*path.address)
        path.link.half_close_after_bytes = 0
        assert await reader.read() == b""
        writer.close()
