import asyncio
import json

import pytest

from patterns.cost.workload import every, feed
from patterns.request_response import Disconnected, ask, notices, pull, serve
from patterns.wait.log import Log
from patterns.wire.framing import Request, Response
from patterns.wire.tap import Direction, tap


async def test_every_event_is_pulled_once_in_order_and_as_old_as_the_interval_allows():
    loop, log, ages, offsets = asyncio.get_running_loop(), Log(), [], []
    async with await serve(notices(log)) as server, asyncio.TaskGroup() as group:
        group.create_task(feed(log, every(7.0, 100.0, start_s=1.0)))
        async for event in pull(server.address, interval_s=10, duration_s=120):
            offsets.append(event.offset)
            ages.append(loop.time() - event.time_s)
    assert offsets == list(range(len(log)))
    assert all(0 <= age <= 10 for age in ages)


async def test_an_hour_of_pulling_is_one_request_an_interval_news_or_not():
    log = Log()
    async with await serve(notices(log), idle_timeout_s=7200) as server, await tap(server.address) as path:
        assert [event async for event in pull(path.address, interval_s=60, duration_s=3600)] == []
        answers = [seen for seen in path.traffic.messages() if seen.direction is Direction.TO_CLIENT]
        assert len(answers) == 60
        assert {seen.message.what.body for seen in answers} == {b"[]"}
        assert path.traffic.connections == [1]


async def test_a_question_beyond_the_log_is_refused():
    async with await serve(notices(Log())) as server:
        response = await ask(server.address, Request("GET", "/notices?after=1"))
    assert (response.status, response.body) == (400, b"after=N takes 0 to 0, got '1'\n")


@pytest.mark.parametrize(
    "target", ["//[", "/notices?after=" + "9" * 5000, "/notices?after=-1", "/notices?after=%D9%A3"]
)
async def test_a_question_that_makes_no_sense_is_refused(target):
    async with await serve(notices(Log())) as server:
        assert (await ask(server.address, Request("GET", target))).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "X"])
async def test_notices_are_read_and_nothing_else(method):
    async with await serve(notices(Log())) as server:
        response = await ask(server.address, Request(method, "/notices"))
    assert (response.status, response.header("Allow")) == (405, "GET, HEAD")


async def test_a_payload_that_is_no_text_arrives_byte_for_byte():
    log, every_byte = Log(), bytes(range(256))
    log.append(every_byte, 0.0)
    async with await serve(notices(log)) as server:
        (event,) = [event async for event in pull(server.address, interval_s=1, duration_s=1)]
    assert event.payload == every_byte


async def test_who_is_far_behind_gets_a_thousand_at_once():
    log = Log()
    for number in range(2_500):
        log.append(b"%d" % number, 0.0)
    async with await serve(notices(log)) as server:
        sizes = [
            len(json.loads((await ask(server.address, Request("GET", f"/notices?after={after}"))).body))
            for after in (0, 1_000, 2_000, 2_500)
        ]
        pulled = [event.payload async for event in pull(server.address, interval_s=1, duration_s=3)]
    assert sizes == [1_000, 1_000, 500, 0]
    assert pulled == [b"%d" % number for number in range(2_500)]


async def test_an_answer_has_128_kib_of_payloads_or_a_single_longer_one():
    log = Log()
    for size in (65_536, 65_536, 1, 200_000, 5):
        log.append(b"x" * size, 0.0)
    async with await serve(notices(log)) as server:
        offsets = [
            [event[0] for event in json.loads((await ask(server.address, Request("GET", f"/notices?after={n}"))).body)]
            for n in range(6)
        ]
    assert offsets == [[0, 1], [1, 2], [2], [3], [4], []]


class Asked:
    """A server's handler with no news, `slow_s[n]` seconds late at the n-th ask; `at`: when it was asked."""

    def __init__(self, **slow_s: float) -> None:
        self.start, self.at, self.slow_s = asyncio.get_running_loop().time(), [], slow_s

    async def __call__(self, request: Request) -> Response:
        self.at.append(round(asyncio.get_running_loop().time() - self.start, 6))
        await asyncio.sleep(self.slow_s.get(f"ask_{len(self.at)}", 0))
        return Response(200, body=b"[]")


@pytest.mark.parametrize(
    ("interval_s", "duration_s", "asks"), [(60, 3600, 60), (0.1, 0.3, 3), (0.1, 0.39, 3), (10, 9, 0), (1 / 3, 1, 3)]
)
async def test_a_quick_server_is_asked_once_in_every_whole_interval(interval_s, duration_s, asks):
    asked = Asked()
    async with await serve(asked) as server:
        assert [event async for event in pull(server.address, interval_s=interval_s, duration_s=duration_s)] == []
    assert asked.at == pytest.approx([turn * interval_s for turn in range(1, asks + 1)])


async def test_a_server_that_hangs_up_between_two_questions_is_asked_over_a_new_connection():
    asked = Asked()
    async with await serve(asked, idle_timeout_s=75) as server, await tap(server.address) as path:
        assert [event async for event in pull(path.address, interval_s=100, duration_s=500)] == []
        assert path.traffic.connections == [1, 2, 3, 4, 5, 6]
    assert asked.at == [100, 200, 300, 400, 500]


async def test_a_server_that_hangs_up_on_the_question_itself_is_not_asked_for_ever():
    log = Log()
    async with await serve(notices(log)) as server, await tap(server.address, cut_after_bytes=10) as path:
        with pytest.raises(Disconnected):
            _ = [event async for event in pull(path.address, interval_s=10, duration_s=1000)]
        assert path.traffic.connections == [1, 2]


async def test_turns_missed_during_a_slow_answer_are_not_made_up_for():
    asked = Asked(ask_2=35)
    async with await serve(asked) as server:
        assert [event async for event in pull(server.address, interval_s=10, duration_s=100)] == []
    assert asked.at == [10, 20, 60, 70, 80, 90, 100]


@pytest.mark.parametrize(("status", "text"), [(404, "Not Found"), (413, "Content Too Large"), (500, "Internal")])
async def test_an_answer_that_is_no_news_raises(status, text):
    async def refuse(_: Request) -> Response:
        return Response(status, text, body=b"because\n")

    async with await serve(refuse) as server:
        with pytest.raises(LookupError, match=rf"expected 200 for /notices\?after=0, got {status} {text}: because"):
            _ = [event async for event in pull(server.address, interval_s=1, duration_s=10)]
