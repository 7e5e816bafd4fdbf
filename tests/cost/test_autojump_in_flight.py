"""The clock does not jump over bytes that are on their way, on an idle machine or a busy one."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import ClientSession, web

from patterns.cost import autojump
from patterns.cost.autojump import in_flight
from patterns.wire.listen import listen

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's TCP")


def now() -> float:
    return asyncio.get_running_loop().time()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()


async def short_polling(seconds: int) -> tuple[int, int, float]:
    """(requests seen by the server, bytes of the bodies, time at the end) of one poll a second by aiohttp."""
    seen = 0

    async def nothing_new(_request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        return web.Response(text="no")

    app = web.Application()
    app.router.add_get("/news", nothing_new)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    received = 0
    async with ClientSession() as session:
        for second in range(seconds):
            async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/news") as response:
                received += len(await response.read())
            assert now() == second, "a request took time"
            await asyncio.sleep(1)
    end_s = now()
    await runner.cleanup()
    return seen, received, end_s


async def test_an_hour_of_short_polling_by_aiohttp_is_counted_exactly() -> None:
    assert await short_polling(3600) == (3600, 7200, 3600.0)


def test_twenty_runs_count_the_same() -> None:
    assert {autojump.run(short_polling(50)) for _ in range(20)} == {(50, 100, 50.0)}


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two children that burn a processor each, for at most 3 s."""
    burn = "import time; end = time.monotonic() + 3\nwhile time.monotonic() < end: pass"
    burning = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(2)]
    try:
        yield
    finally:
        for child in burning:
            child.kill()
            child.wait()


async def test_on_a_busy_machine_200_connections_see_no_false_time_out() -> None:
    async def client(address: tuple[str, int], number: int) -> None:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*address), 1e-3)
        for turn in range(10):
            message = b"%d of %d\n" % (turn, number)
            writer.write(message)
            # Would fire if the clock jumped while the bytes are under way.
            assert await asyncio.wait_for(reader.readline(), 1e-3) == message
            await asyncio.sleep(1 + number / 1000)
        writer.close()
        await writer.wait_closed()

    with busy_machine():
        async with await listen(echo) as server, asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(client(server.address, number))


async def test_bytes_that_nagle_holds_back_arrive_before_the_clock_jumps() -> None:
    """Small pieces on a plain socket: TCP holds the second until the first is acknowledged, 40 ms later."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
        listening.setblocking(False)
        client.setblocking(False)
        await loop.sock_connect(client, listening.getsockname())
        server, _ = await loop.sock_accept(listening)
        with server:
            for _ in range(50):
                async with asyncio.timeout(1e-3):
                    await loop.sock_sendall(client, b"head")
                    received = await loop.sock_recv(server, 100)
                    await loop.sock_sendall(client, b"body")
                    await loop.sock_sendall(client, b"tail")
                    while len(received) < 12:
                        received += await loop.sock_recv(server, 100)
                    await loop.sock_sendall(server, b"done")
                    assert await loop.sock_recv(client, 100) == b"done"


async def test_a_megabyte_between_a_slow_and_a_fast_end_takes_no_time() -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(10):
            writer.write(b"x" * 3_000_000)
            await writer.drain()

    async with await listen(flood) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        async with asyncio.timeout(1e-3):
            for _ in range(10):
                await reader.readexactly(3_000_000)
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_a_reader_that_stops_does_not_stop_the_clock() -> None:
    """Bytes that wait for room at the reader's are not under way: only time can help."""
    read_on = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_on.wait()
        while await reader.read(1 << 20):
            pass

    started = time.perf_counter()
    async with await listen(slow) as server:
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(b"x" * 20_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await writer.drain()
        assert now() == 3600.0
        read_on.set()
        writer.close()
        await writer.wait_closed()
    assert time.perf_counter() - started < 5


@LINUX_ONLY
async def test_a_connection_that_tcp_tries_again_after_a_second_is_waited_for() -> None:
    """The queue of the listening socket holds two: the other SYNs are dropped, and sent again in 1 s."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, backlog=1)
    address = server.sockets[0].getsockname()

    async def connect() -> None:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*address), 1e-3)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    async with server:
        await asyncio.gather(*(connect() for _ in range(4)))


@LINUX_ONLY
async def test_no_socket_paces_its_segments_in_real_time() -> None:
    chosen = []

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(congestion_control(writer))

    async with await listen(look) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        chosen.append(congestion_control(writer))
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert chosen == [b"reno", b"reno"]


def congestion_control(writer: asyncio.StreamWriter) -> bytes:
    sock = writer.get_extra_info("socket")
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


@LINUX_ONLY
def test_the_backlog_of_every_processor_is_waited_for_and_a_drop_is_given_time(monkeypatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(in_flight.time, "sleep", slept.append)
    loopback = in_flight.Loopback()
    states = iter([(3, 0), (1, 0), (1, 2), (0, 2), (0, 2)])
    loopback._dropped = 0
    monkeypatch.setattr(loopback, "_waiting_and_dropped", lambda: next(states))
    loopback.settle()
    assert slept == [0.0001, 0.0001, in_flight.LOST_S, 0.0001]
    slept.clear()
    loopback.settle()
    assert slept == [], "a drop is mended once"
    loopback.close()


@LINUX_ONLY
def test_linux_tells_how_many_packets_wait() -> None:
    loopback = in_flight.Loopback()
    waiting, dropped = loopback._waiting_and_dropped() or (-1, -1)
    assert waiting >= 0
    assert dropped >= 0
    loopback.close()


@pytest.mark.parametrize(
    ("text", "processors"),
    [("0\n", set()), ("3\n", {0, 1}), ("00000001,00000004\n", {2, 32}), ("", set()), (None, set())],
)
def test_the_processors_that_packets_are_steered_to_are_read_from_their_mask(
    monkeypatch, tmp_path, text, processors
) -> None:
    monkeypatch.setattr(in_flight, "STEERING", tmp_path / "rps_cpus")
    if text is not None:
        in_flight.STEERING.write_text(text)
    assert in_flight.steered_to() == processors


@LINUX_ONLY
def test_each_processor_that_delivers_gets_a_datagram_of_its_own(monkeypatch) -> None:
    delivers = iter([1, 1, 0, 1, 0, 3])
    monkeypatch.setattr(in_flight, "steered_to", lambda: {0, 1, 3})

    class Canary(socket.socket):
        def getsockopt(self, *_: int) -> int:
            return next(delivers)

    monkeypatch.setattr(in_flight.socket, "socket", Canary)
    loopback = in_flight.Loopback()
    assert len(loopback._canaries) == 1 + 3
    assert next(delivers, None) is None
    loopback.settle()
    loopback.close()
    assert loopback._canaries == []


def test_a_system_that_cannot_be_asked_gets_a_moment_of_real_time(monkeypatch) -> None:
    monkeypatch.setattr(in_flight, "LINUX", False)
    slept: list[float] = []
    monkeypatch.setattr(in_flight.time, "sleep", slept.append)
    loopback = in_flight.Loopback()
    loopback.settle()
    loopback.close()
    assert slept == [in_flight.UNKNOWN_S]


def test_a_datagram_to_oneself_that_comes_late_is_waited_for() -> None:
    """As on a kernel that left the delivery to its own thread: here a thread plays the kernel."""
    canary, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    canary.setblocking(False)
    delivered: list[float] = []

    def deliver_late() -> None:
        datagram = kernel.recv(1)
        time.sleep(0.05)
        delivered.append(time.monotonic())
        kernel.send(datagram)

    thread = threading.Thread(target=deliver_late)
    thread.start()
    in_flight._send(canary)
    in_flight._receive(canary)
    returned = time.monotonic()
    thread.join()
    assert delivered[0] <= returned < delivered[0] + in_flight.LOST_S
    canary.close()
    kernel.close()


def test_what_is_no_tcp_socket_is_left_alone() -> None:
    reading, writing = socket.socketpair()
    with reading, writing:
        in_flight.do_not_pace(reading.fileno())
        in_flight.acknowledge(reading.fileno())
        assert in_flight.is_connecting(reading.fileno()) is False
        writing.send(b"still open")
        assert reading.recv(100) == b"still open"
    for ask in (in_flight.do_not_pace, in_flight.acknowledge, in_flight.is_connecting):
        assert not ask(10_000)
