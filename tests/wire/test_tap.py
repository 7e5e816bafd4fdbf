import asyncio

import pytest

from patterns.wire.listen import Address, listen
from patterns.wire.tap import Direction, Kind, Record, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
# Delays are sums of powers of two, so that times add up exactly.
D = 0.0625


async def hang_up(writer):
    writer.close()
    await writer.wait_closed()


async def test_what_goes_by_is_recorded_and_not_changed(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address) as path:
        start = now()
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.write_eof()
        assert await reader.read() == b""
        await hang_up(writer)
    assert list(path.traffic) == [
        Record(start, 1, UP, Kind.OPEN, b"", start),
        Record(start, 1, UP, Kind.DATA, b"hello", start),
        Record(start, 1, DOWN, Kind.DATA, b"HELLO", start),
        Record(start, 1, UP, Kind.EOF, b"", start),
        Record(start, 1, DOWN, Kind.EOF, b"", start),
        Record(start, 1, DOWN, Kind.CLOSE, b"", start),
    ]


async def test_delay_is_charged_each_way_and_the_handshake_a_round_trip(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, delay_s=D) as path:
        start = now()
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        assert now() == start + 4 * D
        writer.write(b"again")
        assert await reader.readexactly(5) == b"AGAIN"
        assert now() == start + 6 * D
        writer.write_eof()
        assert await reader.read() == b""
        assert now() == start + 8 * D
        await hang_up(writer)
    assert list(path.traffic) == [
        Record(start + 3 * D, 1, UP, Kind.OPEN, b"", start),
        Record(start + 3 * D, 1, UP, Kind.DATA, b"hello", start + 2 * D),
        Record(start + 4 * D, 1, DOWN, Kind.DATA, b"HELLO", start + 3 * D),
        Record(start + 5 * D, 1, UP, Kind.DATA, b"again", start + 4 * D),
        Record(start + 6 * D, 1, DOWN, Kind.DATA, b"AGAIN", start + 5 * D),
        Record(start + 7 * D, 1, UP, Kind.EOF, b"", start + 6 * D),
        Record(start + 8 * D, 1, DOWN, Kind.EOF, b"", start + 7 * D),
        Record(start + 8 * D, 1, DOWN, Kind.CLOSE, b"", start + 8 * D),
    ]


@pytest.mark.parametrize("delay_s", [0.05, 0.1, 0.007, 1 / 3])
async def test_delays_that_binary_fractions_cannot_hold_come_out_to_the_nanosecond(delay_s, now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, delay_s=delay_s) as path:
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection(*path.address)
        for round in range(20):
            writer.write(b"x")
            assert await reader.readexactly(1) == b"X"
            assert now() == pytest.approx(0.1 + (4 + 2 * round) * delay_s, abs=1e-9)
        writer.close()
    data = [record for record in path.traffic if record.kind is Kind.DATA]
    assert all(record.time_s - record.sent_s == pytest.approx(delay_s, abs=1e-9) for record in data)
    assert len(data) == 40


async def test_two_hundred_connections_at_once_do_not_mix(kinds, now, servers, until):
    async def talk(n):
        reader, writer = await asyncio.open_connection(*path.address)
        for round in range(5):
            text = b"client %d, round %d" % (n, round)
            writer.write(text)
            assert await reader.readexactly(len(text)) == text.upper()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    async with await listen(servers.shout) as server, await tap(server.address, delay_s=D) as path:
        await asyncio.gather(*map(talk, range(200)))
        assert now() == 14 * D
        await until(lambda: path.connections == 0)
    assert path.traffic.connections == list(range(1, 201))
    for connection in path.traffic.connections:
        one = path.traffic.only(connection)
        n = one.stream(connection, UP).split(b",")[0]
        assert one.stream(connection, UP) == b"".join(n + b", round %d" % round for round in range(5))
        assert one.stream(connection, DOWN) == one.stream(connection, UP).upper()
        assert kinds(one)[0] == (Kind.OPEN, UP)
        assert kinds(one)[-3:] == [(Kind.EOF, UP), (Kind.EOF, DOWN), (Kind.CLOSE, DOWN)]


async def test_a_tap_in_front_of_a_tap_adds_up(now, servers):
    async with (
        await listen(servers.shout) as server,
        await tap(server.address, delay_s=D) as near,
        await tap(near.address, delay_s=2 * D) as far,
    ):
        reader, writer = await asyncio.open_connection(*far.address)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"X"
        assert now() == 6 * D + 3 * D + D + 2 * D
        writer.close()
    assert near.traffic.stream(1, UP) == far.traffic.stream(1, UP) == b"x"


async def test_the_host_is_checked_and_the_tap_says_what_it_is(servers):
    with pytest.raises(ValueError, match="other machines may reach"):
        await tap(Address("127.0.0.1", 9), "0.0.0.0")
    async with await listen(servers.shout) as server, await tap(server.address) as path:
        assert path.target == server.address
        assert repr(path) == f"<Tap on {path.address}, before {server.address}, 0 connections>"


@pytest.mark.real_clock
async def test_on_the_ordinary_clock_delays_are_real(now, servers):
    async with await listen(servers.shout) as server, await tap(server.address, delay_s=0.02) as path:
        start = now()
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"X"
        assert 0.08 <= now() - start < 0.5
        writer.close()
        await writer.wait_closed()
    data = [record for record in path.traffic if record.kind is Kind.DATA]
    assert all(record.time_s - record.sent_s >= 0.02 - 1e-6 for record in data)


async def test_a_head_longer_than_any_server_reads_is_still_one_unfinished_request():
    async def reads_all(reader, writer):
        await reader.read()

    async with await listen(reads_all) as server, await tap(server.address) as path:
        _, writer = await asyncio.open_connection(*path.address)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X-More: %b\r\n" % (b"x" * 1000) * 200)
        await asyncio.sleep(1)
        seen = path.traffic.messages()
        writer.close()
    assert {one.error for one in seen} == {"incomplete: the rest of its headers is to come"}
