"""What the tests of the tap share: servers and clients of a few lines, and how to look at what was recorded."""

import asyncio
import socket
import struct
from types import SimpleNamespace

import pytest

LINGER_NOT = struct.pack("ii", 1, 0)  # struct linger: on, 0 s; closed so, a socket sends RST (socket(7))


async def shout(reader, writer):
    """A server that answers everything in capitals."""
    while data := await reader.read(65_536):
        writer.write(data.upper())


async def forever(reader, writer):
    """A server that says nothing and never hangs up."""
    await asyncio.Event().wait()


async def pour(reader, writer):
    """A server that sends as much as is taken, until it is cut off."""
    while True:
        writer.write(bytes(1 << 20))
        await writer.drain()


@pytest.fixture
def servers():
    """Handlers for `listen`."""
    return SimpleNamespace(shout=shout, forever=forever, pour=pour)


@pytest.fixture
def now():
    """The loop's time in seconds."""
    return lambda: asyncio.get_running_loop().time()


@pytest.fixture
def until():
    """Wait until a condition holds; TimeoutError if it does not for very long."""

    async def wait(condition, step_s=0.001, limit_s=200):
        async with asyncio.timeout(limit_s):
            while not condition():  # noqa: ASYNC110  # the clock jumps, so looking often costs nothing
                await asyncio.sleep(step_s)

    return wait


@pytest.fixture
def reset():
    """Close a connection with RST in place of FIN."""

    def send(writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()

    return send


@pytest.fixture
def kinds():
    """What was recorded, without times and bytes."""
    return lambda traffic: [(record.kind, record.direction) for record in traffic]
