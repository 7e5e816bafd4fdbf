import asyncio
import contextlib
import os
import socket

import pytest

from patterns.wire.listen import Address, listen
from patterns.wire.tap import Direction, Kind, Record, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly


async def test_a_half_close_is_passed_on_and_the_other_direction_goes_on(kinds, now, until):
    async def sum_up(reader, writer):
        data = await reader.read()
        await asyncio.sleep(1)
        writer.write(b"%d bytes" % len(data))

    async with await listen(sum_up) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"x" * 100_000)
        writer.write_eof()
        assert await reader.read() == b"100000 bytes"
        assert now() == 4 * D + 1
        await until(lambda: path.connections == 0)
        writer.close()
    assert kinds(path.traffic)[-4:] == [(Kind.EOF, UP), (Kind.DATA, DOWN), (Kind.EOF, DOWN), (Kind.CLOSE, DOWN)]


async def test_a_server_that_hangs_up_hangs_up_on_the_client_after_what_is_in_flight(now, until):
    async def bye(reader, writer):
        writer.write(b"x" * 1_000_000)

    async with await listen(bye) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        assert await reader.read() == b"x" * 1_000_000
        assert now() == 4 * D
        writer.close()
        await until(lambda: path.connections == 0)


async def test_an_answer_to_a_client_that_has_gone_ends_the_connection_quietly():
    async def answers_late(reader, writer):
        await reader.read()
        await asyncio.sleep(60)
        writer.write(b"too late")

    async with await listen(answers_late) as server, await tap(server.address, delay_s=0.02) as path:
        _, writer = await asyncio.open_connection(*path.address)
        writer.write(b"a question")
        await asyncio.sleep(1)
        writer.close()
        await asyncio.sleep(100)
        assert [record.kind for record in path.traffic] == [
            *(Kind.OPEN, Kind.DATA, Kind.EOF),
            *(Kind.DATA, Kind.EOF, Kind.CLOSE),  # the tap had the answer; the client's kernel refused it
        ]
        assert path.connections == 0


async def test_a_clients_reset_reaches_the_server_as_a_reset_after_the_bytes_before_it(now, reset):
    seen = []

    async def read(reader, writer):
        with contextlib.suppress(asyncio.CancelledError):
            try:
                while True:
                    data = await reader.readexactly(5)
                    seen.append((now(), data))
            except ConnectionResetError as error:
                seen.append((now(), type(error)))

    async with await listen(read) as server, await tap(server.address, delay_s=D) as path:
        start = now()
        _, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(1)
        writer.write(b"hello")
        reset(writer)
        await asyncio.sleep(1)
        assert path.connections == 0
    assert seen == [(start + 1 + D, b"hello"), (start + 1 + D, ConnectionResetError)]
    assert list(path.traffic) == [
        Record(start + 3 * D, 1, UP, Kind.OPEN, b"", start),
        Record(start + 1 + D, 1, UP, Kind.DATA, b"hello", start + 1),
        Record(start + 1 + D, 1, UP, Kind.RESET, b"", start + 1),
        Record(start + 1 + D, 1, UP, Kind.CLOSE, b"", start + 1 + D),
    ]


async def test_a_servers_reset_reaches_the_client_as_a_reset(kinds, now, reset):
    async def slam(reader, writer):
        writer.write(b"no")
        await reader.read(1)
        reset(writer)

    async with await listen(slam) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        assert await reader.readexactly(2) == b"no"
        assert now() == 4 * D
        writer.write(b"!")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert now() == 6 * D
        writer.close()
    assert kinds(path.traffic) == [
        (Kind.OPEN, UP),
        (Kind.DATA, DOWN),
        (Kind.DATA, UP),
        (Kind.RESET, DOWN),
        (Kind.CLOSE, DOWN),
    ]


async def test_resets_from_both_sides_that_cross_on_the_way_end_it(kinds, reset, until):
    async def slam(reader, writer):
        await asyncio.sleep(1 - 3 * D)
        reset(writer)

    async with await listen(slam) as server, await tap(server.address, delay_s=D) as path:
        _, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(1)
        reset(writer)
        await until(lambda: path.connections == 0)
    assert kinds(path.traffic)[0] == (Kind.OPEN, UP)
    assert [kind for kind, _ in kinds(path.traffic)[1:]] == [Kind.RESET, Kind.CLOSE]


async def test_a_refused_client_is_reset_and_that_is_recorded(now, servers):
    server = await listen(servers.forever)
    await server.stop()
    async with await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"anybody?")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert now() == 4 * D
        writer.close()
    assert list(path.traffic) == [
        Record(4 * D, 1, DOWN, Kind.RESET, b"", 3 * D),
        Record(4 * D, 1, DOWN, Kind.CLOSE, b"", 4 * D),
    ]


async def test_a_refused_client_that_has_gone_itself_leaves_nothing(reset, servers, until):
    server = await listen(servers.forever)
    await server.stop()
    async with await tap(server.address, delay_s=D) as path:
        _, writer = await asyncio.open_connection(*path.address)
        reset(writer)
        await until(lambda: path.connections == 0)


async def test_who_does_not_read_is_not_sent_to_without_end(until):
    poured = 0

    async def pour(reader, writer):
        nonlocal poured
        for _ in range(50):
            writer.write(bytes(1 << 20))
            poured += 1 << 20
            await writer.drain()

    async with await listen(pour) as server, await tap(server.address) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(10)
        assert path.traffic.bytes(DOWN) < poured < 40 << 20
        held = poured
        await asyncio.sleep(10)
        assert poured == held
        assert len(await reader.read()) == 50 << 20
        writer.close()
        await until(lambda: path.connections == 0)
    assert path.traffic.bytes(DOWN) == 50 << 20


async def test_a_delayed_sender_has_at_most_a_window_under_way(now):
    async def pour(reader, writer):
        writer.write(bytes(1 << 20))

    async with await listen(pour) as server, await tap(server.address, delay_s=1.0) as path:
        path.link.window_bytes = 65_536
        reader, writer = await asyncio.open_connection(*path.address)
        assert len(await reader.read()) == 1 << 20
        assert now() > 4 + 1  # a window a second, give or take what one read takes
        arrivals = {}
        for record in path.traffic:
            arrivals[record.time_s] = arrivals.get(record.time_s, 0) + len(record.data)
        assert max(arrivals.values()) <= 65_536 + 262_144
        writer.close()


async def test_a_reset_reaches_a_receiver_that_does_not_read(kinds, reset):
    async def pour(reader, writer):
        writer.write(bytes(50 << 20))
        await asyncio.sleep(5)
        reset(writer)

    async with await listen(pour) as server, await tap(server.address) as path:
        path.link.window_bytes = 1 << 30
        with socket.create_connection(path.address):
            await asyncio.sleep(6)
            assert path.connections == 0
    assert kinds(path.traffic)[-2:] == [(Kind.RESET, DOWN), (Kind.CLOSE, DOWN)]


@pytest.mark.parametrize("steps", range(8))
@pytest.mark.parametrize("delay_s", [0.0, D])
async def test_stopping_at_any_moment_leaves_nothing(steps, delay_s, servers):
    before = len(os.listdir("/dev/fd"))
    async with await listen(servers.shout) as server:
        path = await tap(server.address, delay_s=delay_s)
        sockets = [socket.create_connection(path.address) for _ in range(5)]
        for client in sockets:
            client.sendall(b"x")
        for _ in range(steps):
            await asyncio.sleep(0)
        await asyncio.gather(path.stop(), path.stop())
        assert path.connections == 0
        assert all("tap" not in task.get_name() for task in asyncio.all_tasks())
        await path.stop()
        path.link.delay_s = 1.0
        for client in sockets:
            client.close()
    assert len(os.listdir("/dev/fd")) == before


async def test_stopping_with_open_connections_hangs_up_on_both_sides(kinds, servers, until):
    async with await listen(servers.shout) as server:
        path = await tap(server.address)
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"X"
        await path.stop()
        assert await reader.read() == b""
        await until(lambda: server.connections == 0)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*path.address)
    assert kinds(path.traffic)[-1] == (Kind.CLOSE, DOWN)


@pytest.mark.real_clock
async def test_stopping_does_not_wait_for_a_server_that_does_not_answer():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, contextlib.ExitStack() as queue:
        for _ in range(3):  # its queue is full from here on, and the kernel drops every further SYN
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        path = await tap(Address(*deaf.getsockname()))
        reader, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(0.05)
        async with asyncio.timeout(0.5):
            await path.stop()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
