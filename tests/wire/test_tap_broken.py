import asyncio
import os
import sys

import pytest

from patterns.wire.listen import listen
from patterns.wire.tap import Direction, Kind, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly


@pytest.mark.skipif(sys.platform != "linux", reason="without epoll a reset after a FIN shows at the next write")
@pytest.mark.parametrize("who", ["client", "server"])
@pytest.mark.parametrize("delay_s", [0.0, D])
async def test_a_reset_after_a_half_close_is_noticed_when_it_comes(who, delay_s, now, reset, until, kinds):
    left = []

    async def leave(reader, writer):
        writer.write(b"the last")
        writer.write_eof()
        await asyncio.sleep(2)
        left.append(now())
        reset(writer)

    async def stay(reader, writer):
        assert await reader.read() == b"the last"
        await over.wait()

    over = asyncio.Event()
    before = len(os.listdir("/dev/fd"))
    client, handler = (leave, stay) if who == "client" else (stay, leave)
    async with await listen(handler) as server, await tap(server.address, delay_s=delay_s) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        talking = asyncio.create_task(client(reader, writer))
        await until(lambda: path.connections == 0)
        assert now() == pytest.approx(left[0] + delay_s, abs=0.0011)
        over.set()
        await talking
        writer.close()
    way = UP if who == "client" else DOWN
    assert kinds(path.traffic) == [
        (Kind.OPEN, UP), (Kind.DATA, way), (Kind.EOF, way), (Kind.RESET, way), (Kind.CLOSE, way)
    ]  # fmt: skip
    assert path.traffic[-2].time_s == left[0] + delay_s
    assert path.traffic[-2].sent_s == left[0]
    del reader, writer
    assert len(os.listdir("/dev/fd")) == before


async def test_a_long_half_close_costs_no_work_and_ends_in_order(now, until):
    async def answer_late(reader, writer):
        await reader.read()
        await asyncio.sleep(3600)
        writer.write(b"at last")

    async with await listen(answer_late) as server, await tap(server.address) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write_eof()
        assert await reader.read() == b"at last"
        assert now() == 3600
        writer.close()
        await until(lambda: path.connections == 0)
