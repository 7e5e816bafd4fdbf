"""The lost wake-up, forced; and the server with three bugs, each shown, and its mended twin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patterns.long_polling import Darkroom, counter, counter_with_bugs, follow, hold, hold_after_a_look, serve_handler
from patterns.request_response import Disconnected, ask, serve
from patterns.wait.log import Log
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address


@pytest.mark.parametrize(("held", "waited_s"), [(hold, 0.0), (hold_after_a_look, 30.0)])
async def test_an_event_between_the_look_and_the_wait(held: Any, waited_s: float) -> None:
    log, loop = Log(), asyncio.get_running_loop()

    async def it_happens_now() -> None:
        log.append(b"in between", loop.time())

    before_s = loop.time()
    await held(log, 0, 30.0, between=it_happens_now)
    assert loop.time() - before_s == pytest.approx(waited_s)
    assert log.watchers == 0


@pytest.mark.parametrize("held", [hold, hold_after_a_look])
async def test_both_work_as_long_as_nothing_happens_in_between(held: Any) -> None:
    log, loop = Log(), asyncio.get_running_loop()
    before_s = loop.time()
    loop.call_later(5.0, log.append, b"news", 0.0)
    await held(log, 0, 30.0)
    assert loop.time() - before_s == pytest.approx(5.0)
    await held(log, 0, 30.0)
    assert loop.time() - before_s == pytest.approx(5.0)
    await held(log, 1, 30.0)
    assert loop.time() - before_s == pytest.approx(35.0)
    assert log.watchers == 0


@pytest.mark.parametrize(("held", "age_s"), [(hold, 0.05), (hold_after_a_look, 20.05)])
async def test_a_client_of_the_broken_server_hears_of_it_at_the_time_out(held: Any, age_s: float) -> None:
    """What lies in between takes 0.1 s; the event happens in its middle."""
    log, loop = Log(), asyncio.get_running_loop()

    async def something_slow() -> None:
        await asyncio.sleep(0.1)

    async with await serve_handler(log, wait_s=20.0, hold=held, between=something_slow) as server:
        events = follow(server.address, wait_s=20.0)
        loop.call_later(0.05, lambda: log.append(b"lost?", loop.time()))
        event = await anext(events)
        assert loop.time() - event.time_s == pytest.approx(age_s)
        await events.aclose()


async def get(address: Address, ticket: str, timeout_s: float) -> Response | None:
    """What the counter answers within so many seconds, or None."""
    try:
        return await ask(address, Request("GET", ticket), timeout_s=timeout_s)
    except (TimeoutError, Disconnected):
        return None


COUNTERS = [pytest.param(counter_with_bugs, True, id="with bugs"), pytest.param(counter, False, id="mended")]
each_counter = pytest.mark.parametrize(("counter", "has_bugs"), COUNTERS)


@each_counter
async def test_in_a_demonstration_both_work(counter: Any, has_bugs: bool) -> None:
    room, loop = Darkroom(), asyncio.get_running_loop()
    async with await serve(counter(room)) as server:
        ticket = (await ask(server.address, Request("POST", "/films"))).header("Location") or ""
        for second in range(1, 11):
            loop.call_later(second, room.develop, ticket, second * 10)
        answered = await get(server.address, ticket, 60.0)
        assert answered is not None
        assert (answered.status, answered.body) == (200, b"developed")


@each_counter
async def test_the_first_bug_it_looks_at_a_clock_and_not_at_the_film(counter: Any, has_bugs: bool) -> None:
    room, loop = Darkroom(), asyncio.get_running_loop()
    async with await serve(counter(room)) as server:
        ticket = room.hand_in()
        loop.call_later(2.3, room.develop, ticket, 100)
        before_s = loop.time()
        assert await get(server.address, ticket, 60.0) is not None
        assert loop.time() - before_s == pytest.approx(3.0 if has_bugs else 2.3)


@each_counter
async def test_the_second_bug_it_has_no_time_out(counter: Any, has_bugs: bool) -> None:
    room = Darkroom()
    async with await serve(counter(room)) as server:
        answered = await get(server.address, room.hand_in(), 3600.0)
        assert (None if answered is None else answered.status) == (None if has_bugs else 204)


@each_counter
async def test_the_third_bug_it_says_that_what_it_never_had_is_there(counter: Any, has_bugs: bool) -> None:
    async with await serve(counter(Darkroom())) as server:
        answered = await get(server.address, "/films/99", 60.0)
        assert answered is not None
        assert (answered.status, answered.body) == ((200, b"undefined") if has_bugs else (404, b"no such ticket\n"))
