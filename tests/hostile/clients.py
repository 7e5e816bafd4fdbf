"""Hostile clients, in one table: each misbehaves in one way against any HTTP/1.1 server of the course.

The problem: a server is judged by what it does for the others while one client is slow, greedy, mute or gone.
The assumption: a client can do no more than send bytes, not send them, not read, half-close, or reset.
The bargain: each kind here is a coroutine over asyncio's streams that ends by itself, once the server has hung up,
it has left, or its `patience_s` is over; so it runs under the jumping clock, where waiting is exact and free, and
against a real clock just as well. What later lessons have to bring is a `Target`: an address, a small question
and one with a big answer.

    from tests.hostile.clients import KINDS, Target, reset
    ending = await KINDS["half a request, then silence"](Target(server.address))
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import NamedTuple

SMALL = b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n"
BIG = b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n"
# What a browser sends first to https://: record type 22, version 3.1, and a ClientHello in it (RFC 8446 §4.1.2).
TLS_HELLO = bytes.fromhex("160301002f0100002b0303") + bytes(range(32)) + bytes.fromhex("0000021301010000")


@dataclass(frozen=True)
class Target:
    """Whom to trouble, with which bytes; `patience_s`: how long a client waits for the server to hang up."""

    address: tuple[str, int]
    small: bytes = SMALL
    big: bytes = BIG
    patience_s: float = 7200.0


class Ending(NamedTuple):
    """The statuses the client saw; how it ended; after how many seconds.

    `how`: "closed" or "reset" by the server, "left" by itself, or "held" until its patience was over.
    """

    statuses: tuple[int, ...]
    how: str
    after_s: float


Hostile = Callable[[Target], Coroutine[None, None, Ending]]
KINDS: dict[str, Hostile] = {}


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees RST, not FIN; closed already, do nothing."""
    if writer.transport.is_closing():
        return
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Client:
    """One connection of a hostile client, on which everything may fail at any time without harm."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.target, self.reader, self.writer = target, reader, writer
        self.began, self.came = asyncio.get_running_loop().time(), bytearray()

    async def send(self, data: bytes) -> None:
        """Write all of it, or as much as the server takes."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def read_on(self, until: Callable[[bytes], bool] = lambda _: False) -> str:
        """Read until `until` is content, or the server hangs up, or patience ends."""
        try:
            async with asyncio.timeout(self.target.patience_s):
                while not until(self.came):
                    if not (data := await self.reader.read(65_536)):
                        return "closed"
                    self.came += data
        except ConnectionError:
            return "reset"
        except TimeoutError:
            return "held"
        return "left"

    def ending(self, how: str) -> Ending:
        """What became of it, so far."""
        statuses = tuple(map(int, re.findall(rb"HTTP/1\.[01] ([0-9]{3}) [A-Z]", self.came)))
        return Ending(statuses, how, round(asyncio.get_running_loop().time() - self.began, 3))


def kind(name: str, *, limit: int = 65_536) -> Callable[[Callable[[Client], Awaitable[str]]], Hostile]:
    """Enter a way of misbehaving into the table; `limit`: of the client's own read buffer, in bytes."""

    def enter(misbehave: Callable[[Client], Awaitable[str]]) -> Hostile:
        async def act(target: Target) -> Ending:
            try:
                reader, writer = await asyncio.open_connection(*target.address, limit=limit)
            except ConnectionError:
                return Ending((), "reset", 0.0)
            client = Client(target, reader, writer)
            try:
                return client.ending(await misbehave(client))
            finally:
                reset(writer)
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

        KINDS[name] = act
        return act

    return enter


async def _drip(client: Client, pieces: list[bytes], pause_s: float = 1.0) -> str:
    """A piece every second, until they are all sent or the server hangs up."""
    reading = asyncio.ensure_future(client.read_on())
    for piece in pieces:
        await client.send(piece)
        await asyncio.wait({reading}, timeout=pause_s)
        if reading.done():
            break
    return await reading


@kind("one byte a second")
async def _one_byte_a_second(client: Client) -> str:
    return await _drip(client, [bytes([byte]) for byte in client.target.small])


@kind("empty lines for ever")
async def _empty_lines(client: Client) -> str:
    return await _drip(client, [b"\r\n"] * 4_500, pause_s=0.9)  # at no round moment: the server hangs up at one


@kind("half a request, then silence")
async def _half_a_request(client: Client) -> str:
    await client.send(client.target.small[:20])
    return await client.read_on()


@kind("half a body, then silence")
async def _half_a_body(client: Client) -> str:
    await client.send(b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + bytes(500))
    return await client.read_on()


@kind("half-closes behind its request")
async def _half_closes(client: Client) -> str:
    await client.send(client.target.small)
    with contextlib.suppress(OSError):
        client.writer.write_eof()
    return await client.read_on()


@kind("resets in the middle of its request")
async def _resets_in_request(client: Client) -> str:
    await client.send(client.target.small[:20])
    await asyncio.sleep(0.01)
    return "left"


@kind("resets in the middle of the response", limit=1024)
async def _resets_in_response(client: Client) -> str:
    await client.send(client.target.big)
    return await client.read_on(lambda came: len(came) >= 1000)


@kind("resets while its request is worked on")
async def _resets_at_once(client: Client) -> str:
    await client.send(client.target.big)
    return "left"


@kind("never reads the big answers it asks for", limit=1024)
async def _never_reads(client: Client) -> str:
    asking = asyncio.ensure_future(client.send(client.target.big * 300))
    try:
        while not client.writer.transport.is_closing():  # paused, it hears of a reset by writing only
            await asyncio.sleep(1)
            client.writer.write(b"\r\n")
            if asyncio.get_running_loop().time() - client.began > client.target.patience_s:
                return "held"
    finally:
        asking.cancel()
        await asyncio.wait({asking})
    return "reset"


@kind("floods with requests in advance")
async def _floods(client: Client) -> str:
    sending = asyncio.ensure_future(client.send(client.target.small * 500))
    how = await client.read_on(lambda came: came.count(b"HTTP/1.1 ") >= 500)
    await sending
    return how


@kind("a start line without an end")
async def _endless_start_line(client: Client) -> str:
    await client.send(b"GET /" + b"x" * 100_000)
    return await client.read_on()


@kind("a header without an end")
async def _endless_header(client: Client) -> str:
    await client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 200_000)
    return await client.read_on()


@kind("ten thousand headers")
async def _many_headers(client: Client) -> str:
    await client.send(b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: x\r\n" * 10_000)
    return await client.read_on()


@kind("a body said to be too large")
async def _large_body(client: Client) -> str:
    await client.send(b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n" + bytes(100_000))
    return await client.read_on()


@kind("chunks without an end")
async def _endless_chunks(client: Client) -> str:
    await client.send(b"POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    reading = asyncio.ensure_future(client.read_on())
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
    for _ in range(400):
        await client.send(chunk)
        if reading.done():
            break
    return await reading


@kind("a body in chunks of one byte")
async def _tiny_chunks(client: Client) -> str:
    head = client.target.small.split(b"\r\n\r\n")[0].split(b"\r\nContent-Length")[0]
    await client.send(head + b"\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
    await client.send(b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n")
    return await client.read_on()


@kind("opens and says nothing")
async def _says_nothing(client: Client) -> str:
    return await client.read_on()


@kind("greets like TLS")
async def _tls_hello(client: Client) -> str:
    await client.send(TLS_HELLO)
    return await client.read_on()


@kind("random bytes")
async def _random_bytes(client: Client) -> str:
    await client.send(random.Random(1).randbytes(20_000))
    return await client.read_on()


@kind("will not hang up behind the last response")
async def _will_not_hang_up(client: Client) -> str:
    await client.send(client.target.small.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    await client.read_on()  # our FIN stays out
    await asyncio.sleep(client.target.patience_s if client.target.patience_s < 60 else 60)
    return "left"


async def storm(target: Target, connections: int = 200) -> Ending:
    """Connect and disconnect, by turns cleanly, by a reset, and with half a request sent; 20 at a time."""
    began = asyncio.get_running_loop().time()

    async def come_and_go(number: int) -> None:
        with contextlib.suppress(ConnectionError):
            _, writer = await asyncio.open_connection(*target.address)
            if number % 3 == 2:
                writer.write(target.small[:20])
            if number % 3 == 1:
                reset(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    for start in range(0, connections, 20):
        await asyncio.gather(*(come_and_go(number) for number in range(start, min(start + 20, connections))))
    return Ending((), "left", round(asyncio.get_running_loop().time() - began, 3))


KINDS["a storm of connections"] = storm
