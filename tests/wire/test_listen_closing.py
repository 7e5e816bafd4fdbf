import asyncio
import contextlib
import gc
import socket
import warnings

import pytest
from listen_clients import descriptors, talk, until

from patterns.wire.listen import FLUSH_LIMIT_S, LINGER_S, STOP_LIMIT_S, listen


async def forever(reader, writer):
    await asyncio.Event().wait()


async def test_stopping_cancels_the_handlers_and_leaves_nothing():
    before, cleaned = descriptors(), []

    async def held(reader, writer):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.5)
            cleaned.append(True)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server = await listen(held)
        clients = [await asyncio.open_connection(*server.address) for _ in range(20)]
        await until(lambda: server.connections == 20)
        await server.stop()
        assert len(cleaned) == 20
        assert server.connections == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert [await reader.read() for reader, _ in clients] == [b""] * 20
        for _, writer in clients:
            writer.close()
            await writer.wait_closed()
        del clients, writer
        gc.collect()
    assert descriptors() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*server.address)


@pytest.mark.parametrize("steps", range(6))
async def test_stopping_while_clients_are_being_accepted_leaves_nothing(steps):
    before = descriptors()
    server = await listen(forever)
    sockets = [socket.create_connection(server.address) for _ in range(5)]
    for _ in range(steps):
        await asyncio.sleep(0)
    await server.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    for client in sockets:
        client.close()
    await asyncio.sleep(0)
    assert descriptors() == before


async def test_stopping_twice_and_at_the_same_time_is_allowed():
    server = await listen(forever)
    _, writer = await asyncio.open_connection(*server.address)
    await until(lambda: server.connections)
    await asyncio.gather(server.stop(), server.stop(), server.stop())
    await server.stop()
    assert server.connections == 0
    writer.close()


async def test_stopping_from_within_a_handler_spares_that_handler():
    async def stop(reader, writer):
        await server.stop()
        writer.write(b"stopped")

    server = await listen(stop)
    assert await talk(server.address, b"") == b"stopped"
    await until(lambda: not server.connections)
    await server.stop()


async def test_a_handler_that_ignores_its_cancellation_is_reported(expected_failures):
    patience = asyncio.Event()

    async def stubborn(reader, writer):
        while not patience.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await patience.wait()

    server = await listen(stubborn)
    _, writer = await asyncio.open_connection(*server.address)
    await until(lambda: server.connections)
    start = asyncio.get_running_loop().time()
    await server.stop()
    assert asyncio.get_running_loop().time() - start == pytest.approx(STOP_LIMIT_S)
    (message,) = expected_failures.take()
    assert f"listening on {server.address}, was cancelled 5 s ago and goes on: <Task" in message
    patience.set()
    await asyncio.sleep(0.1)
    writer.close()


async def test_a_last_response_is_not_overtaken_by_a_reset():
    """A client that is still sending when it is refused reads the refusal, not ECONNRESET."""

    async def refuse(reader, writer):
        await reader.read(10)
        writer.write(b"too large")

    async with await listen(refuse) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"x" * 1_000_000)
        await writer.drain()
        assert await reader.read() == b"too large"
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_never_hangs_up_is_left_after_the_linger_time():
    async def say(reader, writer):
        writer.write(b"bye")

    async with await listen(say) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        assert await reader.read() == b"bye"
        start = asyncio.get_running_loop().time()
        await until(lambda: not server.connections)
        assert asyncio.get_running_loop().time() - start == pytest.approx(LINGER_S, abs=0.002)
        writer.close()


async def test_a_client_that_never_reads_is_left_after_the_flush_time():
    async def flood(reader, writer):
        writer.write(b"x" * 50_000_000)

    async with await listen(flood) as server:
        with socket.create_connection(server.address):
            await until(lambda: server.connections)
            start = asyncio.get_running_loop().time()
            await until(lambda: not server.connections, 0.25)
            assert asyncio.get_running_loop().time() - start == pytest.approx(FLUSH_LIMIT_S, abs=0.25)


@pytest.mark.parametrize("steps", range(1, 8))  # at 0 it has not begun
async def test_a_stop_that_is_interrupted_leaves_nothing_either(steps):
    before = descriptors()
    server = await listen(forever)
    sockets = [socket.create_connection(server.address) for _ in range(5)]
    await asyncio.sleep(0.001)
    stopping = asyncio.create_task(server.stop())
    for _ in range(steps):
        await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    for client in sockets:
        client.close()
    await asyncio.sleep(0.001)
    assert (server.connections, descriptors()) == (0, before)
