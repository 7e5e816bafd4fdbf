"""A thousand connections through one tap at once, each with its own payload."""

import asyncio
import contextlib
import hashlib
import os
import random

import pytest

from patterns.wire.listen import listen
from patterns.wire.tap import Direction, Kind, tap

resource = pytest.importorskip("resource", reason="Windows counts descriptors in another way")
UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
CONNECTIONS = 1000
SOCKETS = 4  # of each: the client's, the tap's two, the server's


@pytest.fixture
def many_descriptors():
    """Room for four thousand sockets, where the system gives it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS * SOCKETS + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"expected a hard limit of {wanted} descriptors, got {hard}; raise it with ulimit -Hn")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def payload(number):
    """Between 1 byte and some kilobytes, of this connection alone."""
    name = b"%d:" % number
    return name + random.Random(number).randbytes(number * 7 % 5000)


def open_descriptors():
    return len(os.listdir("/dev/fd"))


async def digest(reader, writer):
    """Answer with the digest of what came, and what came, when it has ended."""
    data = await reader.read()
    writer.write(hashlib.sha256(data).digest() + data)


async def test_a_thousand_connections_at_once_are_each_complete_recorded_and_closed(many_descriptors, until):
    everybody_is_here = asyncio.Barrier(CONNECTIONS)

    async def talk(number):
        reader, writer = await asyncio.open_connection(*path.address)
        await everybody_is_here.wait()
        data = payload(number)
        for start in range(0, len(data), 1000):
            writer.write(data[start : start + 1000])
            await asyncio.sleep(0.01)
        writer.write_eof()
        assert await reader.read() == hashlib.sha256(data).digest() + data
        writer.close()
        await writer.wait_closed()

    before = open_descriptors()
    async with await listen(digest) as server, await tap(server.address, delay_s=0.05) as path:
        await asyncio.gather(*map(talk, range(CONNECTIONS)))
        await until(lambda: path.connections == server.connections == 0)
        assert path.traffic.connections == list(range(1, CONNECTIONS + 1))
        streams = {(connection, way): b"" for connection in path.traffic.connections for way in Direction}
        story = {connection: [] for connection in path.traffic.connections}
        for record in path.traffic:
            streams[record.connection, record.direction] += record.data
            story[record.connection].append((record.kind, record.direction))
    asked = {streams[connection, UP] for connection in story}
    assert asked == set(map(payload, range(CONNECTIONS)))
    for connection, steps in story.items():
        up = streams[connection, UP]
        assert streams[connection, DOWN] == hashlib.sha256(up).digest() + up
        assert steps[0] == (Kind.OPEN, UP)
        assert steps[-2:] == [(Kind.EOF, DOWN), (Kind.CLOSE, DOWN)]
        assert steps.index((Kind.EOF, UP)) < steps.index((Kind.DATA, DOWN))
        assert [kind for kind, _ in steps].count(Kind.CLOSE) == 1
    assert path.traffic.bytes(UP) == sum(len(payload(number)) for number in range(CONNECTIONS))
    assert open_descriptors() == before


@pytest.mark.parametrize("who", ["client", "server"])
@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_of_a_thousand_connections_the_end_of_either_side_ends_the_other(
    many_descriptors, until, reset, who, how
):
    ends = {"client": [], "server": []}  # what each side saw of the other
    leave = asyncio.Event()

    async def sit(side, reader, writer):
        if side == who:
            await leave.wait()
            if how == "RST":
                reset(writer)
        else:
            try:
                ends[side].append(await reader.read())
            except ConnectionResetError as error:
                ends[side].append(type(error))

    async def client():
        reader, writer = await asyncio.open_connection(*path.address)
        await sit("client", reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async with (
        await listen(lambda reader, writer: sit("server", reader, writer)) as server,
        await tap(server.address) as path,
    ):
        clients = [asyncio.create_task(client()) for _ in range(CONNECTIONS)]
        await until(lambda: server.connections == path.connections == CONNECTIONS)
        leave.set()
        await asyncio.gather(*clients)
        await until(lambda: path.connections == server.connections == 0)
    other = "server" if who == "client" else "client"
    assert ends == {who: [], other: [b"" if how == "FIN" else ConnectionResetError] * CONNECTIONS}
    kinds = [record.kind for record in path.traffic]
    expected = {Kind.OPEN: 1, Kind.CLOSE: 1, Kind.EOF: 2 * (how == "FIN"), Kind.RESET: how == "RST"}
    assert {kind: kinds.count(kind) for kind in expected} == {
        kind: count * CONNECTIONS for kind, count in expected.items()
    }


async def test_with_faults_on_a_third_of_a_thousand_connections_the_others_do_not_notice(many_descriptors, until):
    """The faulty third goes through a tap of its own, before the one that all share."""

    async def talk(number, address):
        reader, writer = await asyncio.open_connection(*address)
        data = payload(number)
        try:
            writer.write(data)
            writer.write_eof()
            answer = await reader.read()
        except OSError:
            return "reset"
        finally:
            writer.close()
        if answer == hashlib.sha256(data).digest() + data:
            return "whole"
        return "corrupt" if len(answer) == 32 + len(data) else "short"

    async def once(seed):
        async with (
            await listen(digest) as server,
            await tap(server.address) as path,
            await tap(path.address, cut_mean_bytes=8000.0, corrupt_every=3000, jitter_s=0.5, seed=seed) as bad,
        ):
            went = await asyncio.gather(
                *(talk(number, bad.address if number % 3 == 0 else path.address) for number in range(CONNECTIONS))
            )
            await until(lambda: bad.connections == path.connections == server.connections == 0)
        records = list(path.traffic)
        assert [record.kind for record in records].count(Kind.CLOSE) == CONNECTIONS
        assert len({record.connection for record in records}) == CONNECTIONS
        return went, [(record.connection, record.direction, record.kind, record.data) for record in bad.traffic]

    went, carried = await once(1)
    assert [one for number, one in enumerate(went) if number % 3] == ["whole"] * (CONNECTIONS * 2 // 3)
    faulty = [one for number, one in enumerate(went) if number % 3 == 0]
    assert min(faulty.count("reset"), faulty.count("corrupt"), faulty.count("whole")) > 20
    assert (went, carried) == await once(1)
    assert went != (await once(2))[0]
