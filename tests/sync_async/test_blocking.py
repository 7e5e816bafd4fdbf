"""Threads that wait: how many clients are in conversation at once, and a stop that leaves nothing."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from typing import Any

import pytest

from patterns.sync_async import listen_blocking
from patterns.wire.listen import Address

pytestmark = pytest.mark.real_clock


class Conversations:
    """Each waits until as many as `wanted` are held at once, or until it is let go."""

    def __init__(self, wanted: int) -> None:
        self.enough = threading.Event()
        self.let_go = threading.Event()
        self.most = self._now = 0
        self._wanted, self._lock = wanted, threading.Lock()

    def __call__(self, connection: socket.socket) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self.most >= self._wanted:
                self.enough.set()
        connection.sendall(b"hello")
        self.let_go.wait(30)
        with self._lock:
            self._now -= 1


async def visit(address: Address) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    return said


@pytest.mark.parametrize(("threads", "at_once"), [(1, 1), (3, 3), (None, 5)])
async def test_as_many_clients_are_served_at_once_as_there_are_threads(threads: int | None, at_once: int) -> None:
    held = Conversations(at_once)
    async with await listen_blocking(held, threads=threads) as server:
        visits = [asyncio.create_task(visit(server.address)) for _ in range(5)]
        await asyncio.to_thread(held.enough.wait, 30)
        held.let_go.set()
        assert await asyncio.gather(*visits) == [b"hello"] * 5
    assert held.most == at_once
    assert server.connections == 0


@pytest.mark.parametrize("threads", [1, 2, None])
async def test_a_stop_wakes_threads_that_wait_for_a_silent_client(threads: int | None) -> None:
    waits, woken = threading.Event(), []

    def listen_for_ever(connection: socket.socket) -> None:
        waits.set()
        woken.append(connection.recv(1))

    server = await listen_blocking(listen_for_ever, threads=threads)
    visits = [asyncio.create_task(visit(server.address)) for _ in range(3)]
    await asyncio.to_thread(waits.wait, 30)
    await server.stop()
    for one in await asyncio.gather(*visits, return_exceptions=True):
        assert one == b"" or isinstance(one, ConnectionResetError)
    assert set(woken) <= {b""}
    assert server.connections == 0


async def test_a_stop_ends_the_accepting_thread_though_nobody_ever_came() -> None:
    async with await listen_blocking(lambda _: None) as server:
        (accepting,) = [one for one in threading.enumerate() if one.name == f"accepts on {server.address}"]
    assert not accepting.is_alive()


async def test_a_conversation_that_fails_is_reported_and_the_next_is_served(expected_failures: Any) -> None:
    def fails(connection: socket.socket) -> None:
        raise ZeroDivisionError("as planned")

    async with await listen_blocking(fails, threads=1) as server:
        assert await visit(server.address) == b""
        assert await visit(server.address) == b""
    await asyncio.sleep(0)
    assert [repr(one) for one in expected_failures.take()] == ["ZeroDivisionError('as planned')"] * 2


async def test_fewer_threads_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("expected threads ≥ 1, or None for a thread a connection, got 0")):
        await listen_blocking(lambda _: None, threads=0)
