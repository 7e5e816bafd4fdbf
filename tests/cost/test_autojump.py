"""The jumping clock: exact to the last bit, still while executors work, plain about being stuck."""

from __future__ import annotations

import asyncio
import gc
import math
import random
import re
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from patterns.cost import autojump
from patterns.cost.autojump import Stuck

HERE = Path(__file__).relative_to(Path.cwd())


def now() -> float:
    return asyncio.get_running_loop().time()


def line_of(text: str) -> int:
    """The line of this file that ends in the comment `# text`."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {text}"))


async def test_time_starts_at_zero_and_leaps_to_the_timer() -> None:
    assert now() == 0.0
    await asyncio.sleep(3600)
    assert now() == 3600.0


async def test_a_timer_sees_exactly_the_time_it_was_set_for() -> None:
    expected, draw = 0.0, random.Random(1)
    for delay in (0.05, 0.05, 0.1, 1 / 3, 1e-9, 0.7, *(draw.expovariate(1) for _ in range(300)), 1e6, math.pi):
        await asyncio.sleep(delay)
        expected += delay
        assert now() == expected


async def test_timers_a_last_bit_apart_run_apart_and_in_order() -> None:
    loop, seen = asyncio.get_running_loop(), []
    first = 3600.1
    second = math.nextafter(first, math.inf)
    for when in (second, first):
        loop.call_at(when, lambda when=when: seen.append((when, now())))
    await asyncio.sleep(3601)
    assert seen == [(first, first), (second, second)]


async def test_timers_of_one_moment_run_at_that_moment_in_the_order_they_were_set() -> None:
    loop, seen = asyncio.get_running_loop(), []
    for number in range(100):
        loop.call_at(0.1 + 0.2, lambda number=number: seen.append((number, now())))
    await asyncio.sleep(1)
    assert seen == [(number, 0.1 + 0.2) for number in range(100)]


async def test_a_leap_over_weeks_is_one_leap() -> None:
    await asyncio.sleep(100 * 24 * 3600)
    assert now() == 8_640_000.0


async def test_a_cancelled_timer_does_not_hold_the_clock() -> None:
    asyncio.get_running_loop().call_at(5.0, print).cancel()
    await asyncio.sleep(7)
    assert now() == 7.0


async def test_a_time_out_fires_at_its_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.Event().wait()
    assert now() == 0.3


@pytest.mark.parametrize("job", [lambda: time.sleep(0.2), lambda: socket.getaddrinfo("localhost", 80)])
async def test_time_stands_still_while_an_executor_works(job) -> None:
    ticks = []
    ticking = asyncio.create_task(tick(ticks))
    async with asyncio.timeout(0.001):
        await asyncio.to_thread(job)
    assert now() == 0.0
    assert ticks == [0.0]
    ticking.cancel()
    await asyncio.wait({ticking})


async def tick(times: list[float]) -> None:
    while True:
        times.append(now())
        await asyncio.sleep(0.0005)


async def test_name_resolution_of_the_loop_causes_no_false_time_out() -> None:
    async with asyncio.timeout(1e-6):
        assert await asyncio.get_running_loop().getaddrinfo("localhost", 80)


async def test_a_job_whose_waiter_was_cancelled_lets_time_go_on() -> None:
    release = threading.Event()
    waiting = asyncio.create_task(asyncio.to_thread(release.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(1)
    assert now() == 1.0
    release.set()


async def test_another_thread_may_call_in() -> None:
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: (time.sleep(0.05), loop.call_soon_threadsafe(came.set)))
    thread.start()
    await came.wait()
    thread.join()
    assert now() == 0.0


async def test_child_processes_are_refused_with_a_way_out() -> None:
    message = (
        "a child process lives in real time and would be overtaken by the jumping clock: "
        "run it by asyncio.to_thread(subprocess.run, …), during which time stands still"
    )
    for refused in (
        asyncio.create_subprocess_exec("true"),
        asyncio.create_subprocess_shell("true"),
    ):
        with pytest.raises(NotImplementedError) as caught:
            await refused
        assert str(caught.value) == message
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", "print(1)"], capture_output=True)
    assert done.stdout == b"1\n"


def test_being_stuck_names_every_task_and_where_it_waits() -> None:
    cleaned = []

    async def asks(queue: asyncio.Queue[int]) -> None:
        try:
            await queue.get()  # asks
        finally:
            cleaned.append(now())

    async def main() -> None:
        await asyncio.sleep(2.5)
        queue: asyncio.Queue[int] = asyncio.Queue()
        asking = [asyncio.create_task(asks(queue), name=f"client-{n}") for n in (10, 9)]
        never = asyncio.get_running_loop().create_future()
        asyncio.create_task(answers(never), name="server")  # noqa: RUF006 stuck, and held by the loop
        await asking[0]  # main

    async def answers(never: asyncio.Future[None]) -> None:
        await asyncio.gather(never, asyncio.sleep(math.inf))  # answers

    with pytest.raises(Stuck) as caught:
        autojump.run(main(), patience_s=0.05)
    test = "test_being_stuck_names_every_task_and_where_it_waits"
    get = f"{test}.asks ({HERE}:{line_of('asks')}) → Queue.get (asyncio/queues.py:…) → a future"
    sleep = "sleep (asyncio/tasks.py:…) → a future"
    text = re.sub(r"(asyncio/\w+\.py):\d+", r"\1:…", str(caught.value))
    text = re.sub(r"Task-\d+", "Task-N", text)
    assert text.splitlines() == [
        "every task waits and no timer will wake one; the clock stands at 2.5 s, "
        "and nothing came in 0.05 s of real time:",
        f"  Task-N: {test}.main ({HERE}:{line_of('main')}) → task client-10",
        f"  Task-N: {sleep}",
        f"  client-9: {get}",
        f"  client-10: {get}",
        f"  server: {test}.answers ({HERE}:{line_of('answers')}) → 2 gathered",
        "Set what they wait for, cancel them, or give the wait a time-out.",
    ]
    assert caught.value.tasks == tuple(line[2:] for line in str(caught.value).splitlines()[1:-1])
    assert cleaned == [2.5, 2.5], "the tasks were not cancelled and cleaned up"


def test_a_stuck_program_that_needs_time_to_clean_up_gets_it() -> None:
    ended = []

    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(10)
            await asyncio.to_thread(time.sleep, 0.1)
            ended.append(now())

    with pytest.raises(Stuck):
        autojump.run(main(), patience_s=0.05)
    assert ended == [10.0]


def test_a_stuck_program_that_is_stuck_again_while_it_cleans_up_ends_all_the_same() -> None:
    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Stuck) as caught:
            autojump.run(main(), patience_s=0.05)
        assert isinstance(caught.value.__context__, Stuck)
        gc.collect()


def test_a_job_that_waits_for_the_loop_that_waits_for_it_is_stuck() -> None:
    release = threading.Event()

    async def main() -> None:
        asyncio.get_running_loop().selector.executor_patience_s = 0.05
        try:
            await asyncio.to_thread(release.wait)  # job
        finally:
            release.set()

    with pytest.raises(Stuck) as caught:
        autojump.run(main())
    assert str(caught.value).splitlines()[0] == (
        "a job in an executor has not come back in 0.05 s of real time; the clock stands still for it at 0 s:"
    )
    assert "If the job waits for this loop, it waits for ever" in str(caught.value)


def test_a_loop_that_was_stuck_goes_on_when_it_has_something_to_do() -> None:
    loop = autojump.AutojumpEventLoop(patience_s=0.05)
    never = loop.create_future()
    with pytest.raises(Stuck):
        loop.run_until_complete(never)
    loop.run_until_complete(asyncio.sleep(3))
    assert loop.time() == 3.0
    loop.close()


def test_run_returns_the_result_and_closes_its_descriptors() -> None:
    async def main() -> int:
        await asyncio.sleep(1)
        return 42

    before = len(list(Path("/dev/fd").iterdir()))
    assert autojump.run(main()) == 42
    assert len(list(Path("/dev/fd").iterdir())) == before
