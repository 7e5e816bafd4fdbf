"""Thousands of connections come and go, by a clean close, a reset, or half a request: nothing of them is left.

Memory is judged by its slope over equal batches, not by one number: what a server keeps for each connection that was
shows as a line that climbs by batch after batch, while caches, pools and the interpreter's own arenas level out.
"""

import asyncio
import contextlib
import gc
import itertools
import os
import statistics
import tracemalloc

import pytest

from patterns.request_response.requests import Requests
from patterns.wire.framing import RequestParser
from patterns.wire.listen import listen
from patterns.wire.listen.connection import Connection
from tests.hostile.clients import Target, storm
from tests.hostile.servers import SERVERS, meeting

BATCHES = 10
LEAK_BYTES = 32  # a connection: an integer in a list takes more, any object of ours many times that
OURS = (Connection, Requests, RequestParser, asyncio.StreamReader, asyncio.StreamWriter)


@contextlib.asynccontextmanager
async def listening():
    async def read(reader, writer):
        while await reader.read(65_536):
            pass

    async with await listen(read) as server:
        yield server, Target(server.address)


@contextlib.asynccontextmanager
async def lesson_1(name):
    async with meeting(name) as met:
        yield met.server, met.target


async def at_rest(server) -> None:
    """Wait until the server has closed what its clients have left; then let go of what only a cycle holds."""
    await asyncio.sleep(5)
    assert getattr(server, "connections", 0) == 0
    gc.collect()


def ours() -> int:
    return sum(isinstance(thing, OURS) for thing in gc.get_objects())


async def come_and_go(running, connections: int) -> None:
    async with running as (server, target):
        await storm(target, connections // BATCHES)  # caches fill, lists find their size
        await at_rest(server)
        tasks, descriptors, objects = len(asyncio.all_tasks()), len(os.listdir("/dev/fd")), ours()
        sizes = []
        tracemalloc.start()
        try:
            for _ in range(BATCHES):
                await storm(target, connections // BATCHES)
                await at_rest(server)
                sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
        assert (len(asyncio.all_tasks()), len(os.listdir("/dev/fd")), ours()) == (tasks, descriptors, objects)
        # The median of the slopes of all pairs (Theil and Sen): a pool that grows once, in one step, is no slope.
        pairs = itertools.combinations(enumerate(sizes), 2)
        climb = statistics.median((y - x) / (j - i) for (i, x), (j, y) in pairs) / (connections // BATCHES)
        assert climb < LEAK_BYTES, f"{climb:.1f} bytes a connection stay behind: {sizes}"


RUNNING = {"listen": listening} | {name: lambda name=name: lesson_1(name) for name in SERVERS}


@pytest.mark.parametrize("name", RUNNING)
async def test_five_hundred_connections_leave_nothing(name):
    await come_and_go(RUNNING[name](), 500)


@pytest.mark.soak
@pytest.mark.parametrize("name", RUNNING)
async def test_ten_thousand_connections_leave_nothing(name):
    await come_and_go(RUNNING[name](), 10_000)
