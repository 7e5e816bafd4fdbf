"""An hour from inside a running loop: awaited, cancelled, raising, as if it were an ordinary coroutine."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from patterns.cost.autojump import Stuck, elsewhere
from patterns.wire.listen import listen


def now() -> float:
    return asyncio.get_running_loop().time()


async def an_hour() -> float:
    await asyncio.sleep(3600)
    return now()


async def cancelled_once(begun: threading.Event, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it elsewhere, cancel it when it says that it has begun, and see it end by that."""
    task = asyncio.create_task(elsewhere(make))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def no_worker_lives() -> bool:
    return not any(thread.name == "autojump" for thread in threading.enumerate())


@pytest.mark.real_clock
async def test_an_hour_passes_elsewhere_while_the_caller_goes_on() -> None:
    started = now()
    assert await elsewhere(an_hour) == 3600.0
    assert now() - started < 5
    assert no_worker_lives()


async def test_an_hour_elsewhere_takes_no_time_under_the_jumping_clock() -> None:
    alarm = asyncio.get_running_loop().call_later(0.001, pytest.fail, "the caller's clock jumped")
    assert await elsewhere(an_hour) == 3600.0
    assert now() == 0.0
    alarm.cancel()


@pytest.mark.real_clock
async def test_what_is_raised_elsewhere_is_raised_here_with_its_traceback() -> None:
    async def breaks() -> None:
        await asyncio.sleep(5)
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there") as caught:
        await elsewhere(breaks)
    assert "breaks" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    with pytest.raises(Stuck):
        await elsewhere(asyncio.Event().wait, patience_s=0.05)
    assert no_worker_lives()


@pytest.mark.real_clock
@pytest.mark.parametrize("turns_before", [0, 1, 50])
async def test_cancelling_waits_until_the_worker_is_clean(turns_before) -> None:
    clean = []

    async def endless() -> None:
        try:
            for _ in itertools.count():
                await asyncio.sleep(1)
        finally:
            await asyncio.to_thread(time.sleep, 0.05)
            clean.append(now() >= 0)

    task = asyncio.create_task(elsewhere(endless))
    for _ in range(turns_before):
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert no_worker_lives()
    assert clean == [True] or (turns_before < 50 and not clean), "cancelled before it began, or cleaned up"


@pytest.mark.real_clock
async def test_cancelled_it_closes_the_connections_that_the_coroutine_left_open() -> None:
    begun = threading.Event()

    async def leaves_a_connection_open() -> None:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            begun.set()
            await reader.read()

        async with await listen(hold) as server:
            left = await asyncio.open_connection(*server.address)
            while True:
                await asyncio.sleep(1)
                assert left

    task = asyncio.create_task(elsewhere(leaves_a_connection_open))
    await asyncio.to_thread(begun.wait)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
    assert warned == []


@pytest.mark.real_clock
async def test_cancelled_it_does_not_tell_of_tasks_that_failed_because_of_it() -> None:
    """The suite itself fails where the loop's exception handler is told of anything."""
    follows = threading.Event()

    async def follow_and_feed() -> None:
        server = await listen(lambda reader, writer: reader.read())

        async def follow() -> None:
            while True:
                reader, writer = await asyncio.open_connection(*server.address)
                follows.set()
                await reader.read()
                writer.close()

        async with server:
            following = asyncio.create_task(follow())
            for _ in itertools.count():
                await asyncio.sleep(1)
            following.cancel()

    await cancelled_once(follows, follow_and_feed)
    gc.collect()
    await asyncio.sleep(0)


@pytest.mark.real_clock
@pytest.mark.parametrize("in_a_task", [False, True])
async def test_cancelled_it_interrupts_code_that_never_yields(in_a_task, monkeypatch) -> None:
    monkeypatch.setattr("patterns.cost.autojump.thread.STALL_S", 0.1)
    spins, clean = threading.Event(), []

    async def reads_on_behind_the_end() -> None:
        reader = asyncio.StreamReader()
        reader.feed_eof()
        while True:
            spins.set()
            await reader.read(1)  # b"" at once, for ever

    async def spin() -> None:
        try:
            if in_a_task:
                spinning = asyncio.create_task(reads_on_behind_the_end())
                await asyncio.sleep(3600)
                assert spinning
            else:
                await reads_on_behind_the_end()
        finally:
            clean.append(True)

    await cancelled_once(spins, spin)
    assert clean == [True]
    assert no_worker_lives()


@pytest.mark.real_clock
async def test_a_cancelled_coroutine_that_yields_may_take_its_time(monkeypatch) -> None:
    monkeypatch.setattr("patterns.cost.autojump.thread.STALL_S", 0.02)
    began, clean = threading.Event(), []

    async def slow_to_end() -> None:
        try:
            began.set()
            for _ in itertools.count():
                await asyncio.sleep(1)
        finally:
            await asyncio.to_thread(time.sleep, 0.3)
            clean.append(True)

    await cancelled_once(began, slow_to_end)
    assert clean == [True]


@pytest.mark.real_clock
async def test_cancelled_twice_it_still_waits_for_the_clean_up() -> None:
    began, clean = threading.Event(), []

    async def slow_to_end() -> None:
        try:
            began.set()
            for _ in itertools.count():
                await asyncio.sleep(1)
        finally:
            await asyncio.shield(asyncio.create_task(asyncio.to_thread(time.sleep, 0.2)))
            clean.append(True)

    task = asyncio.create_task(elsewhere(slow_to_end))
    await asyncio.to_thread(began.wait)
    task.cancel()
    await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clean == [True]
    assert no_worker_lives()


@pytest.mark.real_clock
async def test_progress_is_told_in_virtual_seconds_in_the_callers_loop() -> None:
    told = []

    async def long() -> None:
        for _ in range(3):
            await asyncio.sleep(1200)
            await asyncio.to_thread(time.sleep, 0.12)

    await elsewhere(long, progress=lambda time_s: told.append((time_s, threading.current_thread())))
    times = [time_s for time_s, _ in told]
    assert times == sorted(times)
    assert times[-1] == 3600.0
    assert 3 <= len(times) <= 7
    assert {thread for _, thread in told} == {threading.current_thread()}


@pytest.mark.real_clock
async def test_a_progress_that_fails_ends_the_hour_and_is_raised() -> None:
    async def endless() -> None:
        for _ in itertools.count():
            await asyncio.sleep(1)

    with pytest.raises(ZeroDivisionError):
        await elsewhere(endless, progress=lambda _time_s: 1 / 0)
    assert no_worker_lives()


@pytest.mark.real_clock
async def test_context_variables_are_seen_elsewhere() -> None:
    lesson = contextvars.ContextVar("lesson", default="none")
    lesson.set("first")

    async def reads() -> str:
        seen = lesson.get()
        lesson.set("changed")
        return seen

    assert await elsewhere(reads) == "first"
    assert lesson.get() == "first"


async def test_a_failure_that_nobody_awaits_elsewhere_reaches_the_callers_handler(expected_failures: Any) -> None:
    async def drops_a_task() -> None:
        async def fails() -> None:
            raise RuntimeError("on purpose")

        asyncio.create_task(fails())  # noqa: RUF006  # dropped: that is what is tested
        await asyncio.sleep(1)
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    await elsewhere(drops_a_task)
    await asyncio.sleep(0)
    assert sorted(map(repr, expected_failures.take())) == [
        "RuntimeError('on purpose')",
        "ZeroDivisionError('division by zero')",
    ]


async def test_a_failure_elsewhere_is_reported_though_its_context_is_in_use_there(expected_failures: Any) -> None:
    """Python 3.12 runs the handler in the context of the failing handle: the worker is within it."""

    async def fails_and_computes() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251  # computing, within the context

    await elsewhere(fails_and_computes)
    await asyncio.sleep(0)
    assert list(map(repr, expected_failures.take())) == ["ZeroDivisionError('division by zero')"]
