"""A thread, or a process, for each held question: they keep the wire contract of `held`, each with its own price."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import psutil
import pytest

from patterns.cost.process import at_rest, parked, served
from patterns.long_polling import follow, held_by_processes, held_by_threads
from patterns.request_response import ask, connect
from patterns.short_polling.exchange import Question
from patterns.wire.framing import Request, encode

pytestmark = pytest.mark.real_clock
each_server = pytest.mark.parametrize(
    "serve", [held_by_threads.serve, held_by_processes.serve], ids=["thread", "process"]
)


def post(payload: bytes) -> Request:
    return Request("POST", "/events", body=payload)


HELD = encode(Request("GET", "/events?from=0&wait=60", (("Host", "x"),)))


@each_server
async def test_all_who_wait_are_told_of_one_event(serve: Any) -> None:
    async with served(serve) as server, parked(server.address, 20, HELD) as clients:
        await at_rest(server, 20)
        assert (await clients.standing()).answered == 0
        assert (await ask(server.address, post(b"news"))).status == 201
        assert (await clients.answers(limit_s=20.0)).missing == 0
        assert (await clients.standing()).statuses == {"200": 20}


@each_server
async def test_events_come_in_order_and_each_once(serve: Any) -> None:
    payloads = [b"one", b"two", b"", b"four"]
    async with served(serve) as server, aclosing(follow(server.address)) as events:
        for payload in payloads[:2]:
            await ask(server.address, post(payload))
        got = [await anext(events), await anext(events)]
        for payload in payloads[2:]:
            coming = asyncio.ensure_future(anext(events))
            await ask(server.address, post(payload))
            got.append(await coming)
    assert [event.payload for event in got] == payloads
    assert [event.offset for event in got] == [0, 1, 2, 3]


@each_server
async def test_who_comes_later_finds_what_happened_before(serve: Any) -> None:
    async with served(serve) as server, connect(server.address) as early:
        await early.ask(post(b"before"))
        async with aclosing(follow(server.address)) as late:
            assert (await anext(late)).payload == b"before"


ANSWERS = (
    (Question(0, 0.01).request(), 204),
    (Question(1, 60.0).request(), 416),
    (Request("GET", "/"), 404),
    (Request("HEAD", "/events?from=0"), 405),
    (Request("GET", "/events"), 400),
)


@each_server
async def test_it_answers_as_the_loop_does(serve: Any) -> None:
    async with served(serve) as server, connect(server.address) as connection:
        for asked, status in ANSWERS:
            assert (await connection.ask(asked)).status == status, asked


@each_server
async def test_its_own_time_out_holds_for_who_names_none_or_a_longer_one(serve: Any) -> None:
    async with served(serve, wait_s=0.01) as server, connect(server.address) as connection:
        for wait_s in (None, 60.0):
            assert (await connection.ask(Question(0, wait_s).request())).status == 204


@each_server
async def test_what_is_no_request_or_the_last_one_ends_the_connection(serve: Any) -> None:
    nonsense, last = b"nonsense\r\n\r\n", b"GET /events?from=1 HTTP/1.0\r\nHost: x\r\n\r\n"
    async with served(serve) as server:
        for said, answered in ((nonsense, b""), (last, b"HTTP/1.1 416")):
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(said)
            assert (await reader.read())[:12] == answered
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("serve", "threads", "processes"),
    [(held_by_threads.serve, 10, 0), (held_by_processes.serve, 10, 10)],
    ids=["thread", "process"],
)
async def test_each_client_has_one_of_its_own(serve: Any, threads: int, processes: int) -> None:
    async with served(serve) as server:
        empty = await at_rest(server, 0)
        async with parked(server.address, 10, HELD):
            full = await at_rest(server, 10)
    assert (full.threads - empty.threads, full.processes - empty.processes) == (threads, processes)


async def test_a_process_ends_when_its_client_hangs_up_while_held() -> None:
    async with served(held_by_processes.serve) as server:
        async with parked(server.address, 3, HELD):
            await at_rest(server, 3)
            children = psutil.Process(server.pid).children()
            assert len(children) == 3
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 20)
        assert alive == []
        assert (await ask(server.address, post(b"to nobody"))).status == 201


async def test_a_process_that_is_asked_again_while_it_holds_answers_the_first_question_at_once() -> None:
    async with served(held_by_processes.serve) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(HELD)
        await at_rest(server, 1)
        writer.write(HELD.replace(b"wait=60", b"wait=0.01"))
        assert [(await reader.readuntil(b"\r\n\r\n"))[9:12] for _ in range(2)] == [b"204", b"204"]
        writer.close()
        await writer.wait_closed()


async def test_a_process_that_slept_while_something_happened_knows_of_it_when_it_is_asked() -> None:
    async with served(held_by_processes.serve) as server, connect(server.address) as early:
        assert (await early.ask(Question(0, 0.01).request())).status == 204
        await ask(server.address, post(b"meanwhile"))
        await at_rest(server, 1)  # the event has come to every child's pipe
        assert (await early.ask(Question(1, 0.01).request())).status == 204
        assert (await early.ask(Question(2, 0.01).request())).status == 416
