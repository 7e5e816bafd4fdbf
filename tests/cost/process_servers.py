"""Servers whose cost is known beforehand, for the tests of cost/process: imported by an interpreter apart."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Announce = Callable[[Any], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ANSWERS = {
    b"/ok": OK,
    b"/busy": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"/nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"/leaving": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    b"/line": b"ok\n",
}


class Holding(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


class Heavy(Holding):
    """Each connection holds so many bytes, written to."""

    each_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.weight = bytearray(b"\1") * self.each_bytes


class Deaf(Holding):
    """Reads nothing, and so the loop forgets it."""

    kept: list[asyncio.BaseProtocol] = []  # noqa: RUF012  # one list for the server, meant

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.pause_reading()
        self.kept.append(self)


class Answering(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        path = data.split()[1]
        if path == b"/die":
            print("I was told to", file=sys.stderr, flush=True)
            os._exit(3)
        elif path == b"/until-the-end":
            self.transport.write(b"HTTP/1.1 200 OK\r\n\r\nok")
            self.transport.close()
        elif path == b"/cut":
            self.transport.write(OK[:-1])
            self.transport.close()
        elif path == b"/never":
            self.transport.close()
        else:
            self.transport.write(ANSWERS[path])


class Waiting(asyncio.Protocol):
    """/wait is held until somebody asks for /event."""

    waiting: list[asyncio.Transport] = []  # noqa: RUF012  # one list for the server, meant

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.split()[1] == b"/wait":
            self.waiting.append(self.transport)
            return
        for transport in [*self.waiting, self.transport]:
            transport.write(OK)
        self.waiting.clear()


async def listening(protocol: type[asyncio.BaseProtocol]) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, backlog=4096)


async def hold() -> asyncio.Server:
    return await listening(Holding)


async def never_read() -> asyncio.Server:
    return await listening(Deaf)


async def answer() -> asyncio.Server:
    return await listening(Answering)


async def wait_for_event() -> asyncio.Server:
    return await listening(Waiting)


async def hold_heavily(each_bytes: int) -> asyncio.Server:
    Heavy.each_bytes = each_bytes
    return await listening(Heavy)


async def talk(announced: str = "") -> asyncio.Server:
    print("127.0.0.1:1 is not my address")  # what a server prints is no announcement
    return await listening(Holding)


async def allocate(size_bytes: int) -> asyncio.Server:
    server = await listening(Holding)
    server.ballast = bytearray(b"\1") * size_bytes  # type: ignore[attr-defined]  # to be held somewhere
    return server


async def open_sockets(n: int) -> asyncio.Server:
    server = await listening(Holding)
    server.ballast = [socket.socket() for _ in range(n)]  # type: ignore[attr-defined]  # to be held somewhere
    return server


async def no_address() -> int:
    return 42


def listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=1024)


def burn(announce: Announce, cpu_s: float) -> None:
    """Announce once this process has burned so much by its own books."""
    server = listen()
    while time.process_time() < cpu_s:
        pass
    announce(server.getsockname())
    threading.Event().wait()


def burn_in_a_child(announce: Announce, cpu_s: float) -> None:
    """The child burns, ends and is waited for."""
    server = listen()
    if (child := os.fork()) == 0:
        begin = time.process_time()
        while time.process_time() - begin < cpu_s:
            pass
        os._exit(0)
    os.waitpid(child, 0)
    announce(server.getsockname())
    threading.Event().wait()


def thread_a_connection(announce: Announce) -> None:
    server = listen()
    announce(server.getsockname())
    while True:
        connection, _ = server.accept()
        threading.Thread(target=connection.recv, args=(1,), daemon=True).start()


def process_a_connection(announce: Announce) -> None:
    """Every process ignores a polite request to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = listen()
    announce(server.getsockname())
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            connection.sendall(b"here")
            signal.pause()
        connection.close()


def say_goodbye(announce: Announce) -> None:
    """Asked to end, it tells its client."""
    server = listen()
    announce(server.getsockname())
    connection, _ = server.accept()
    signal.signal(signal.SIGTERM, lambda *_: (connection.sendall(b"goodbye"), os._exit(0)))
    connection.sendall(b"here")
    threading.Event().wait()


def in_the_background() -> Any:
    """Returns, and goes on in a thread."""
    server = listen()
    threading.Thread(target=server.accept, daemon=True).start()
    return server.getsockname()


def switch_threads(announce: Announce, times: int) -> None:
    """A second thread naps so often; then it tells how many context switches the process has counted itself."""
    server = listen()

    def second() -> None:
        for _ in range(times):
            time.sleep(1e-6)
        announce(server.getsockname())
        connection, _ = server.accept()
        connection.sendall(b"%d\n" % resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw)
        threading.Event().wait()

    threading.Thread(target=second, daemon=True).start()
    threading.Event().wait()
