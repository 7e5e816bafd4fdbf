"""Polling for events: what a poll costs to the byte, when it is asked, and what the client does when told to wait."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from patterns.cost.workload import feed
from patterns.request_response import serve as serve_handler
from patterns.short_polling import answer_bytes, exponential, fixed, follow, jittered, question_bytes, serve
from patterns.short_polling.exchange import MOST_BYTES, Question, answer, read_answer, understand
from patterns.wait.log import Event, Log
from patterns.wire.framing import Request, Response
from patterns.wire.tap import Direction, Tap, tap


def log_of(*payloads: bytes) -> Log:
    log = Log()
    for payload in payloads:
        log.append(payload, 1.5)
    return log


async def follow_for(duration_s: float, path: Tap, got: list[Event], **options: Any) -> None:
    async def read() -> None:
        async with aclosing(follow(path.address, **options)) as events:
            async for event in events:
                got.append(event)

    reading = asyncio.create_task(read())
    await asyncio.sleep(duration_s)
    reading.cancel()
    await asyncio.wait([reading])


def asked(path: Tap) -> list[float]:
    """When each question reached the tap, in seconds since the first."""
    times = [seen.arrived_s for seen in path.traffic.messages() if seen.direction is Direction.TO_SERVER]
    return [round(time_s - times[0], 6) for time_s in times]


def statuses(path: Tap) -> list[int]:
    return [
        seen.message.what.status
        for seen in path.traffic.messages()
        if seen.message is not None and isinstance(seen.message.what, Response)
    ]


async def test_an_idle_hour_costs_a_question_and_a_no_every_interval_to_the_byte() -> None:
    async with await serve(Log()) as server, await tap(server.address) as path:
        await follow_for(3599.5, path, [], interval_s=10.0)
        assert asked(path) == [10.0 * number for number in range(360)]
        assert statuses(path) == [204] * 360
        assert path.traffic.bytes(Direction.TO_SERVER) == 360 * question_bytes(path.address, Question(0))
        assert path.traffic.bytes(Direction.TO_CLIENT) == 360 * answer_bytes(0)


@pytest.mark.parametrize(
    ("server_options", "client_options", "not_yet"),
    [({}, {}, 204), ({"not_yet": 200}, {}, 200), ({}, {"if_none_match": True}, 304)],
)
async def test_every_way_to_say_not_yet(server_options: Any, client_options: Any, not_yet: int) -> None:
    log = log_of(b"abc")
    async with await serve(log, **server_options) as server, await tap(server.address) as path:
        await follow_for(3.5, path, [], interval_s=1.0, **client_options)
        assert statuses(path) == [200] + [not_yet] * 3
        expected = answer_bytes(1, [3]) + 3 * answer_bytes(1, not_yet=not_yet)
        assert path.traffic.bytes(Direction.TO_CLIENT) == expected
        etag = '"1"' if not_yet == 304 else None
        expected = question_bytes(path.address, Question(0)) + 3 * question_bytes(path.address, Question(1, etag=etag))
        assert path.traffic.bytes(Direction.TO_SERVER) == expected


async def test_the_bytes_of_a_poll_as_they_are() -> None:
    """HTTP's heads cost 55 and 40 bytes here for nothing at all."""
    log = log_of(b"x" * 3)
    async with await serve(log, port=0) as server, await tap(server.address) as path:
        await follow_for(1.5, path, [])
        host = str(path.address).encode()
        up, down = (path.traffic.stream(1, way) for way in Direction)
        assert up == b"".join(b"GET /events?from=%d HTTP/1.1\r\nHost: %b\r\n\r\n" % (n, host) for n in (0, 1))
        frame = b"\0\0\0\x13" + bytes(8) + b"\x3f\xf8\0\0\0\0\0\0" + b"xxx"
        assert down == (
            b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 23\r\n\r\n' + frame
            + b'HTTP/1.1 204 No Content\r\nETag: "1"\r\n\r\n'
        )  # fmt: skip


async def test_news_is_as_old_as_the_time_to_the_next_poll() -> None:
    log, ages = Log(), []
    async with await serve(log) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(log, [1.0, 7.5, 19.0]))
        async with aclosing(follow(server.address, interval_s=10.0)) as events:
            async for event in events:
                ages.append(round(asyncio.get_running_loop().time() - event.time_s, 6))
                if len(ages) == 3:
                    break
    assert ages == [9.0, 2.5, 1.0]


async def test_naps_grow_and_begin_anew_with_news() -> None:
    log = Log()
    async with await serve(log) as server, await tap(server.address) as path, asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(log, [6.5]))
        await follow_for(20.0, path, [], pace=lambda: exponential(1.0, 8.0))
        assert asked(path) == [0, 1, 3, 7, 8, 10, 14]


async def test_retry_after_makes_a_nap_longer_but_never_shorter() -> None:
    async with await serve(Log(), retry_after_s=5) as server, await tap(server.address) as path:
        await follow_for(16.0, path, [], interval_s=1.0)
        assert asked(path) == [0, 5, 10, 15]
        path.traffic.clear()
        await follow_for(25.0, path, [], interval_s=12.0)
        assert asked(path) == [0, 12, 24]


async def test_a_server_that_is_busy_is_asked_again_when_it_says() -> None:
    answers = iter([Response(503, headers=(("Retry-After", "7"),)), Response(429, headers=(("Retry-After", "2"),))])
    log = log_of(b"at last")

    async def handle(request: Request) -> Response:
        question = understand(request)
        assert isinstance(question, Question)
        return next(answers, None) or answer(log, question)

    got: list[Event] = []
    async with await serve_handler(handle) as server, await tap(server.address) as path:
        await follow_for(9.5, path, got, interval_s=1.0)
        assert asked(path) == [0, 7, 9]
        assert got == list(log)


async def test_a_slow_answer_delays_the_next_question_and_no_other() -> None:
    async with await serve(Log()) as server, await tap(server.address, delay_s=0.2) as path:
        await follow_for(5.0, path, [], interval_s=1.0)
        assert [round(time_s) for time_s in asked(path)[1:]] == [1, 2, 3, 4]
        path.traffic.clear()
        path.link.delay_s = 1.0
        await follow_for(16.0, path, [], interval_s=1.0)
        gaps = [later - sooner for sooner, later in zip(asked(path), asked(path)[1:], strict=False)]
        assert all(gap == pytest.approx(2.0) for gap in gaps)


async def test_what_does_not_fit_one_answer_is_asked_for_at_once() -> None:
    log = log_of(*[bytes(1000)] * 200)
    got: list[Event] = []
    async with await serve(log) as server, await tap(server.address) as path:
        await follow_for(0.5, path, got)
        assert got == list(log)
        most = MOST_BYTES // 1020
        assert statuses(path) == [200] * -(-200 // most)
    first = answer(log, Question(0))
    assert first.header("Link") == f'</events?from={most}>; rel="next"'
    assert read_answer(Question(0), first).has_more


def test_an_event_that_is_larger_than_an_answer_should_be_goes_alone() -> None:
    log = log_of(bytes(MOST_BYTES * 2), b"next")
    (event,) = read_answer(Question(0), answer(log, Question(0))).events
    assert event == log[0]


@pytest.mark.parametrize(
    ("request_", "status", "text"),
    [
        (Request("GET", "/"), 404, "expected /events, got /; there is nothing else here\n"),
        (Request("POST", "/events?from=0"), 405, "expected GET, got POST; events are only read here\n"),
        (
            Request("GET", "/events?from=-1"),
            400,
            "expected /events?from=N or /events?from=N&wait=S, in digits; say from where on\n",
        ),
    ],
)
def test_what_is_no_question_is_refused(request_: Request, status: int, text: str) -> None:
    refused = understand(request_)
    assert isinstance(refused, Response)
    assert (refused.status, refused.body.decode()) == (status, text)


@pytest.mark.parametrize("question", [Question(0), Question(17, 2.5), Question(10**17, 30.0, '"9"'), Question(1, 1e-6)])
def test_a_question_is_understood_as_it_was_meant(question: Question) -> None:
    assert understand(question.request()) == question


def test_beyond_the_end_of_the_log_there_is_no_answer() -> None:
    refused = answer(log_of(b"a"), Question(3))
    assert refused.status == 416
    with pytest.raises(LookupError) as caught:
        read_answer(Question(3), refused)
    assert str(caught.value) == (
        "expected 200, 204 or 304 for /events?from=3, got 416 Requested Range Not Satisfiable: "
        "offset 3 is beyond the end: the next event will have offset 1; read from there, or from 0"
    )


async def test_a_status_that_says_not_yet_is_200_or_204() -> None:
    with pytest.raises(ValueError, match="expected not_yet to be 200 or 204, got 404; 304 goes to who asks with"):
        await serve(Log(), not_yet=404)


def take(count: int, naps: Any) -> list[float]:
    return [next(naps) for _ in range(count)]


def test_paces() -> None:
    assert take(3, fixed(2.0)) == [2.0, 2.0, 2.0]
    assert take(6, exponential(0.5, 5.0)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert take(3, exponential(9.0, 5.0, factor=3)) == [5.0, 5.0, 5.0]
    assert take(50, jittered(fixed(8.0), seed=1)) == take(50, jittered(fixed(8.0), seed=1))
    assert take(50, jittered(fixed(8.0), seed=1)) != take(50, jittered(fixed(8.0), seed=2))
    drawn = take(20_000, jittered(fixed(8.0), seed=1))
    assert min(drawn) >= 0
    assert max(drawn) <= 8
    assert sum(drawn) / len(drawn) == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize(
    ("naps", "text"),
    [
        (fixed(0.0), "interval_s is 0.0: it must be above 0"),
        (exponential(1.0, -1.0), "cap_s is -1.0: it must be above 0"),
        (exponential(1.0, 2.0, factor=0.5), "factor is 0.5: it must be at least 1, or the naps would shrink"),
    ],
)
def test_a_pace_that_would_not_nap_is_refused(naps: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is compared
        next(naps)
    assert str(caught.value) == text


async def test_clients_that_begin_together_come_together_and_jitter_spreads_them() -> None:
    async def busiest(pace: Any) -> int:
        """The most questions within a tenth of a second, after a minute, of 100 clients that began at once."""
        async with await serve(Log()) as server, await tap(server.address) as path:
            await asyncio.gather(*(follow_for(120, path, [], pace=lambda n=n: pace(n)) for n in range(100)))
            seen = [int(time_s * 10) for time_s in asked(path) if time_s > 60]
            return max(map(seen.count, set(seen)))

    assert await busiest(lambda _: fixed(10.0)) == 100
    assert await busiest(lambda n: jittered(fixed(20.0), seed=n)) < 15
