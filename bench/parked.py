"""What a held request costs a server: a bare protocol beside a thread a connection, and beside aiohttp.

The problem: "async holds more clients" is a claim about memory, and it depends on what is held. The assumption:
a request that is read and never answered, over loopback. The bargain: `cost.process` reads the system's books on
a server in a process of its own, so a figure is the server's own memory only (see there for the kernel's part);
a fresh server each time, bytes by the slope over rising numbers of clients.

Idle CPU is of the same servers with every client parked, in microseconds a second: by rights it is nothing, and
the row shows whether one wakes up to look.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from bench.side_by_side import Row, in_turn
from patterns.cost.process import ParkedCost, cost_of_parking, served

CLIENTS = 1_000
FEWEST = 100  # with less, the memory to spare holds them all, and the cost is nothing
IDLE_S = 0.5
IDLE_FLOOR_US = 1.0  # added to both, so that nothing beside nothing is a ratio of one
ROUNDS = 3
REQUEST = b"GET /poll HTTP/1.1\r\nHost: bench\r\n\r\n"
BACKLOG = 4096


class Holding(asyncio.Protocol):
    """Takes a request, and never answers; asyncio and the kernel do the rest."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


async def protocol() -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(Holding, "127.0.0.1", 0, backlog=BACKLOG)


def threads(announce: Callable[[Any], None]) -> None:
    server = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    announce(server.getsockname())

    def hold(connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass

    while True:
        connection, _ = server.accept()
        threading.Thread(target=hold, args=(connection,), daemon=True).start()


async def aiohttp() -> asyncio.Server:
    from aiohttp import web  # here: what it leaves free at its import would hold the other servers' connections

    async def poll(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    application = web.Application()
    application.router.add_get("/poll", poll)
    runner = web.AppRunner(application)
    await runner.setup()
    return await asyncio.get_running_loop().create_server(runner.server, "127.0.0.1", 0, backlog=BACKLOG)


def counts(clients: int) -> tuple[int, ...]:
    """A half, three quarters, all: a line, beyond the memory that an interpreter has to spare at its start."""
    return (clients // 2, clients * 3 // 4, clients) if clients > FEWEST else (FEWEST,)


def parked(server: Callable[..., Any], effort: float) -> ParkedCost:
    """What the last step costs of parking CLIENTS × effort clients with this server."""

    async def cost() -> ParkedCost:
        async with served(f"bench.parked:{server.__name__}") as running:
            idle_s = max(0.05, IDLE_S * min(1.0, effort))
            return (await cost_of_parking(running, REQUEST, counts(round(CLIENTS * effort)), idle_s=idle_s))[-1]

    return asyncio.run(cost())


def rows(effort: float = 1.0) -> Iterator[Row]:
    quick = effort < 0.1
    clients = max(counts(round(CLIENTS * effort)))
    for peer, peer_is in ((threads, "a thread a connection"), (aiohttp, "aiohttp's handler")):
        costs: dict[Callable[..., Any], list[ParkedCost]] = {protocol: [], peer: []}

        def user_bytes(server: Callable[..., Any], costs: dict[Callable[..., Any], list[ParkedCost]] = costs) -> float:
            costs[server].append(parked(server, effort))
            return costs[server][-1].user_slope.value

        pair = functools.partial(user_bytes, protocol), functools.partial(user_bytes, peer)
        measured = {"ours": (pair[0](),), "peer": (pair[1](),)} if quick else in_turn(*pair, ROUNDS)
        what = f"{clients:,} parked clients"
        yield Row(f"{what}: memory", "asyncio.Protocol", peer_is, "bytes a connection", **measured)
        ours, other = (
            tuple(IDLE_FLOOR_US + cost.idle_cpu * 1e6 for cost in costs[server][not quick :])  # but the warming up
            for server in (protocol, peer)
        )
        yield Row(f"{what}: idle CPU", "asyncio.Protocol", peer_is, "µs a second, floor 1", ours, other)
