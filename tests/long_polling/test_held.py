"""The held question: answered in the moment, or with nothing in time; one a connection; forgotten with its client."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from patterns.cost.workload import every, feed
from patterns.long_polling import follow, serve, serve_aiohttp, serve_handler
from patterns.push.events import event_bytes
from patterns.request_response import connect
from patterns.request_response import serve as serve_on_streams
from patterns.short_polling.exchange import Question, answer_bytes, question_bytes
from patterns.wait.log import Event, Log
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address, Leaving
from patterns.wire.tap import Direction, Kind, Tap, tap

each_server = pytest.mark.parametrize(
    "serve", [serve, serve_handler, serve_aiohttp], ids=["streams", "handler", "aiohttp"]
)


async def follow_for(duration_s: float, address: Address, got: list[tuple[Event, float]], **options: Any) -> None:
    loop = asyncio.get_running_loop()

    async def read() -> None:
        async with aclosing(follow(address, **options)) as events:
            async for event in events:
                got.append((event, round(loop.time() - event.time_s, 6)))

    reading = asyncio.create_task(read())
    await asyncio.sleep(duration_s)
    reading.cancel()
    await asyncio.wait([reading])


def statuses(path: Tap) -> list[int]:
    return [
        seen.message.what.status
        for seen in path.traffic.messages()
        if seen.message is not None and isinstance(seen.message.what, Response)
    ]


@each_server
@pytest.mark.parametrize("not_yet", [200, 204])
async def test_an_idle_hour_costs_one_question_a_time_out(serve: Any, not_yet: int) -> None:
    async with await serve(Log(), wait_s=30.0, not_yet=not_yet) as server, await tap(server.address) as path:
        await follow_for(3599.0, path.address, [], wait_s=30.0)
        assert statuses(path) == [not_yet] * 119
        question = question_bytes(path.address, Question(0, 30.0))
        assert path.traffic.bytes(Direction.TO_SERVER) == 120 * question
        assert sum(record.kind is Kind.OPEN for record in path.traffic) == 1
        if serve is not serve_aiohttp:  # which adds headers of its own
            assert path.traffic.bytes(Direction.TO_CLIENT) == 119 * answer_bytes(0, not_yet=not_yet)


@each_server
async def test_an_event_is_answered_in_the_moment_in_which_it_happens(serve: Any) -> None:
    log, got = Log(), []
    async with await serve(log) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(log, every(7.3, 100.0, start_s=1.0)))
        await follow_for(100.0, server.address, got)
    assert [event for event, _ in got] == list(log)
    assert {age_s for _, age_s in got} == {0.0}


@each_server
async def test_the_gap_before_the_client_asks_again_is_a_round_trip(serve: Any) -> None:
    """Of two events 1 ms apart over a path of 50 ms one way, the second waits for the next question."""
    log, got = Log(), []
    async with (
        await serve(log) as server,
        await tap(server.address, delay_s=0.05) as path,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(feed(log, [5.0, 5.001]))
        await follow_for(10.0, path.address, got)
    assert [age_s for _, age_s in got] == [0.05, 0.149]


@each_server
async def test_what_happens_in_one_moment_or_meanwhile_comes_in_one_answer(serve: Any) -> None:
    log, got = Log(), []
    async with await serve(log) as server, await tap(server.address, delay_s=0.5) as path:
        following = asyncio.create_task(follow_for(10.0, path.address, got))
        await asyncio.sleep(4)
        log.append(b"1", 0.0)
        log.append(b"2", 0.0)
        await asyncio.sleep(0.2)
        for number in range(5):
            log.append(b"%d" % number, 0.0)
        await following
        sizes = [sum(event_bytes(len(event.payload)) for event in events) for events in (log.read(0, 2), log.read(2))]
        answers = [seen.message.what for seen in path.traffic.messages() if seen.direction is Direction.TO_CLIENT]
        assert [len(answer.body) for answer in answers] == sizes
        assert [event for event, _ in got] == list(log)


@each_server
async def test_a_client_has_at_most_one_question_open(serve: Any) -> None:
    log = Log()
    async with (
        await serve(log) as server,
        await tap(server.address, delay_s=0.01) as path,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(feed(log, every(0.37, 300.0)))
        await follow_for(300.0, path.address, [], wait_s=10.0)
        is_open = 0
        for seen in path.traffic.messages():
            is_open += 1 if seen.direction is Direction.TO_SERVER else -1
            assert is_open in {0, 1}


@each_server
async def test_a_client_that_is_less_patient_than_the_server_asks_into_the_dark(serve: Any) -> None:
    log, got = Log(), []
    async with await serve(log, wait_s=30.0) as server, await tap(server.address) as path:
        await follow_for(99.0, path.address, got, wait_s=30.0, client_wait_s=10.0)
        assert statuses(path) == []
        assert sum(record.kind is Kind.OPEN for record in path.traffic) == 10


@each_server
async def test_a_proxy_that_cuts_silent_connections_needs_a_shorter_time_out(serve: Any) -> None:
    log = Log()
    async with await serve(log, wait_s=60.0) as server, await tap(server.address, idle_cut_s=30.0) as path:
        await follow_for(300.0, path.address, [], wait_s=60.0)
        assert sum(record.kind is Kind.CUT for record in path.traffic) == 9
        path.traffic.clear()
        await follow_for(300.0, path.address, [], wait_s=25.0)
        assert sum(record.kind is Kind.CUT for record in path.traffic) == 0


@pytest.mark.parametrize(
    ("serve", "options", "held_after"),
    [
        (serve, {}, 0),
        (serve_handler, {}, 0),
        (serve_handler, {"handler_cancellation": Leaving.RESET}, 20),
        (serve_handler, {"handler_cancellation": None}, 20),
        (serve_aiohttp, {}, 0),
        (serve_aiohttp, {"handler_cancellation": False}, 20),
    ],
)
async def test_of_clients_that_hang_up_while_held_nothing_is_left_or_ghosts(
    serve: Any, options: Any, held_after: int
) -> None:
    log = Log()
    async with await serve(log, wait_s=30.0, **options) as server:
        clients = [asyncio.create_task(follow_for(5.0, server.address, [])) for _ in range(20)]
        await asyncio.sleep(4)
        assert log.watchers == 20
        await asyncio.gather(*clients)
        await asyncio.sleep(1)
        assert log.watchers == held_after
        await asyncio.sleep(30)
        assert log.watchers == 0


async def test_who_asks_again_before_the_answer_gets_the_first_one_at_once_and_in_order() -> None:
    log = Log()
    async with await serve(log) as server, connect(server.address) as connection:
        questions = [Question(0, wait_s).request() for wait_s in (20.0, 10.0, 5.0)]
        before_s = asyncio.get_running_loop().time()
        answers = await connection.ask_all(questions)
        assert [response.status for response in answers] == [204, 204, 204]
        assert asyncio.get_running_loop().time() - before_s == pytest.approx(5.0)
        assert log.watchers == 0


@each_server
async def test_a_client_may_ask_for_less_patience_but_not_for_more(serve: Any) -> None:
    loop = asyncio.get_running_loop()
    async with await serve(Log(), wait_s=30.0) as server, connect(server.address) as connection:
        for asked_s, held_s in ((2.5, 2.5), (30.0, 30.0), (99.0, 30.0), (0.0, 0.0)):
            before_s = loop.time()
            assert (await connection.ask(Question(0, asked_s).request())).status == 204
            assert loop.time() - before_s == pytest.approx(held_s)


async def test_a_question_that_is_the_connections_last_is_answered_and_then_it_is_closed() -> None:
    log = Log()
    async with await serve(log) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /events?from=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(3)
        log.append(b"a", 1.0)
        answered = await reader.read()
        assert answered.startswith(b'HTTP/1.1 200 OK\r\nETag: "1"\r\n')
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("behind", [b"GET /events?from=0 HTTP/1.1\r\nHost: x\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_what_comes_behind_the_last_question_is_not_heard(behind: bytes) -> None:
    log = Log()
    async with await serve(log, wait_s=5.0) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"HEAD /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + behind)
        answered = await reader.read()
        assert answered == (
            b"HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nAllow: GET\r\n"
            b"Connection: close\r\nContent-Length: 50\r\n\r\n"
        )
        writer.close()
        await writer.wait_closed()


async def test_what_is_no_request_ends_the_connection_after_the_answer_that_is_owed() -> None:
    log = Log()
    async with await serve(log) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /events?from=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1)
        writer.write(b"nonsense\r\n\r\n")
        told = await reader.read()
        assert told.startswith(b'HTTP/1.1 204 No Content\r\nETag: "0"\r\n\r\nHTTP/1.1 400 Bad Request\r\n')
        assert log.watchers == 0
        writer.close()
        await writer.wait_closed()


async def test_a_connection_without_a_question_is_closed_in_time() -> None:
    async with await serve(Log(), wait_s=30.0) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        before_s = asyncio.get_running_loop().time()
        assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - before_s == pytest.approx(105.0)
        writer.close()
        await writer.wait_closed()


async def test_a_thousand_parked_clients_are_all_answered_by_one_event() -> None:
    log = Log()
    async with await serve(log) as server:
        got: list[tuple[Event, float]] = []
        clients = [asyncio.create_task(follow_for(20.0, server.address, got)) for _ in range(1000)]
        await asyncio.sleep(10)
        assert (log.watchers, server.connections) == (1000, 1000)
        log.append(b"to all", asyncio.get_running_loop().time())
        await asyncio.gather(*clients)
        assert len(got) == 1000
        assert {age_s for _, age_s in got} == {0.0}
        await asyncio.sleep(3)
        assert (log.watchers, server.connections) == (0, 0)


async def test_a_busy_server_is_given_a_rest() -> None:
    asked: list[float] = []

    async def busy(_: Request) -> Response:
        asked.append(asyncio.get_running_loop().time())
        return Response(503, headers=(("Retry-After", "4"),))

    async with await serve_on_streams(busy) as server:
        await follow_for(11.0, server.address, [])
    assert [round(time_s - asked[0], 3) for time_s in asked] == [0.0, 4.0, 8.0]


async def test_time_outs_of_nothing_are_refused() -> None:
    for options in ({"wait_s": 0.0}, {"client_wait_s": 0.0}):
        with pytest.raises(ValueError, match="expected time-outs above 0 s, got "):
            await anext(follow(Address("127.0.0.1", 1), **options))
    with pytest.raises(ValueError, match="expected not_yet to be 200 or 204, got 304"):
        await serve(Log(), not_yet=304)
