"""The six servers: the same questions, the same answers, different threads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import threading

import pytest

from patterns.sync_async import WAYS, How, Work, ask, serve
from patterns.sync_async.work import Kind
from patterns.wire.framing import Request, encode
from patterns.wire.listen import Address

QUICK: list[How] = [how for how in WAYS if how != "process pool"]  # whose processes take a second to start
pytestmark = pytest.mark.real_clock


async def asked(address: Address, *requests: Request, cut: int = 10_000) -> bytes:
    """All that comes back when the requests are sent in pieces of `cut` bytes, and no more will come."""
    reader, writer = await asyncio.open_connection(*address)
    data = b"".join(map(encode, requests))
    for start in range(0, len(data), cut):
        writer.write(data[start : start + cut])
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def bodies(answers: bytes) -> list[dict[str, object]]:
    return [json.loads(body) for body in re.findall(rb"\{.*?\}", answers)]


HOST = (("Host", "x"),)
CLOSE = (*HOST, ("Connection", "close"))


@pytest.mark.parametrize("how", WAYS)
async def test_every_server_does_the_work_it_is_asked_for(how: How) -> None:
    async with await serve(how) as server:
        kinds = [Work("wait", 1), Work("block", 1), Work("compute", 1)]
        answers = [await asyncio.to_thread(ask, server.address, work.request) for work in kinds]
    assert [answer.status for answer in answers] == [200, 200, 200]
    told = [json.loads(answer.body) for answer in answers]
    assert [one["work"] for one in told] == ["/wait/1", "/block/1", "/compute/1"]
    own = {one["process"] == os.getpid() for one in told}
    assert own == {how != "process pool"}


@pytest.mark.parametrize("how", QUICK)
async def test_every_server_finds_the_requests_in_any_pieces_and_keeps_the_connection(how: How) -> None:
    requests = [Request("GET", f"/wait/{ms}", HOST) for ms in (0, 1, 2)]
    async with await serve(how) as server:
        whole = await asked(server.address, *requests)
        pieces = await asked(server.address, *requests, cut=7)
    for answers in (whole, pieces):
        assert [one["work"] for one in bodies(answers)] == ["/wait/0", "/wait/1", "/wait/2"]


@pytest.mark.parametrize("how", QUICK)
async def test_every_server_hangs_up_when_asked_to(how: How) -> None:
    requests = [Request("GET", "/wait/0", CLOSE), Request("GET", "/wait/1", HOST)]
    async with await serve(how) as server:
        assert [one["work"] for one in bodies(await asked(server.address, *requests))] == ["/wait/0"]


@pytest.mark.parametrize("how", QUICK)
async def test_what_is_no_work_is_not_found(how: How) -> None:
    async with await serve(how) as server:
        answer = await asyncio.to_thread(ask, server.address, Request("GET", "/sleep"))
    assert answer.status == 404
    assert answer.body == b"expected /wait/50, /block/50 or /compute/50, at most 10000 ms, got /sleep\n"


@pytest.mark.parametrize("how", QUICK)
async def test_what_is_no_request_is_refused(how: How) -> None:
    async with await serve(how) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"hello\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close\r\n" in answer


async def one_after_another(address: Address, clients: int) -> set[object]:
    """The threads that answered clients who keep their connections open, each asking once."""
    writers, threads = [], set()
    for _ in range(clients):
        reader, writer = await asyncio.open_connection(*address)
        writers.append(writer)
        writer.write(encode(Request("GET", "/block/0", HOST)))
        answer = await reader.readuntil(b"}")
        threads.update(one["thread"] for one in bodies(answer))
    for writer in writers:
        writer.close()
        await writer.wait_closed()
    return threads


@pytest.mark.parametrize(("how", "threads"), [("thread a connection", 4), ("event loop", 1)])
async def test_how_many_threads_serve_four_open_connections(how: How, threads: int) -> None:
    async with await serve(how) as server:
        assert len(await one_after_another(server.address, 4)) == threads


async def test_the_loop_serves_in_its_own_thread_and_to_thread_does_not() -> None:
    own = threading.get_native_id()
    async with await serve("event loop") as loop, await serve("loop + to_thread", workers=1) as threaded:
        assert await one_after_another(loop.address, 1) == {own}
        assert own not in await one_after_another(threaded.address, 1)


async def test_a_pool_for_one_kind_of_work_leaves_the_rest_to_the_loop() -> None:
    own = threading.get_native_id()
    async with await serve("loop + to_thread", workers=1, only="compute") as server:
        answers = [
            await asyncio.to_thread(ask, server.address, Work(kind, 1).request) for kind in ("wait", "block", "compute")
        ]
    assert [json.loads(answer.body)["thread"] == own for answer in answers] == [True, True, False]


@pytest.mark.parametrize("how", QUICK)
async def test_a_server_stops_with_a_silent_client_connected_and_may_be_stopped_twice(how: How) -> None:
    server = await serve(how)
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(encode(Request("GET", "/wait/0", HOST)))
    await reader.readuntil(b"}")  # it is served, not in the backlog
    await server.stop()
    await server.stop()
    with contextlib.suppress(ConnectionResetError):  # either way it is over
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await asyncio.open_connection(*server.address)


@pytest.mark.parametrize(
    ("how", "workers", "complaint"),
    [
        (
            "two threads",
            None,
            "expected how to serve to be one of one thread, thread a connection, thread pool, event loop, "
            "loop + to_thread, process pool; got 'two threads'",
        ),
        ("event loop", 3, "expected no workers for 'event loop', which has no pool, got 3"),
        ("thread pool", -1, "expected threads ≥ 1, or None for a thread a connection, got -1"),
    ],
)
async def test_a_number_or_a_way_that_cannot_be_is_refused_in_words(
    how: How, workers: int | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        await serve(how, workers=workers)


@pytest.mark.parametrize("how", QUICK)
async def test_no_server_listens_to_the_network_unasked(how: How) -> None:
    with pytest.raises(ValueError, match="expected a loopback host"):
        await serve(how, "0.0.0.0")


@pytest.mark.parametrize(
    ("how", "only", "complaint"),
    [
        (
            "event loop",
            "compute",
            "expected nothing to hand over for 'event loop', which has no loop with a pool, got 'compute'",
        ),
        (
            "process pool",
            "sleep",
            "expected the work to hand over to be one of wait, block, compute; got 'sleep'",
        ),
    ],
)
async def test_what_cannot_be_handed_over_is_refused_in_words(how: How, only: Kind, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        await serve(how, only=only)
