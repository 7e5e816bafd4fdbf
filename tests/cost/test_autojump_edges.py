"""The jumping clock at its edges: storms of cancelling, signals, debug mode, several clocks, closing early."""

from __future__ import annotations

import asyncio
import math
import signal
import threading

import pytest

from patterns.cost import autojump
from patterns.wire.listen import listen


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_time_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        asyncio.get_running_loop().call_at(math.nan, print)
    assert str(caught.value) == "expected a time to call at, got nan; give seconds on this loop's clock"


async def test_a_timer_at_the_end_of_time_runs_and_later_ones_still_have_an_order() -> None:
    await asyncio.sleep(1e15)
    assert now() == 1e15
    seen: list[float] = []
    for delay in (0.5, 0.25):
        asyncio.get_running_loop().call_later(delay, lambda: seen.append(now()))
    await asyncio.sleep(1)
    assert seen == [1e15 + 0.25, 1e15 + 0.5]


async def test_a_storm_of_cancelled_timers_neither_moves_nor_holds_the_clock() -> None:
    """Beyond 100 cancelled timers asyncio rebuilds its heap."""
    loop, ran = asyncio.get_running_loop(), []
    timers = [loop.call_at(1 + number / 1000, ran.append, number) for number in range(5000)]
    for timer in timers:
        if timer.when() != 3.0:
            timer.cancel()
    await asyncio.sleep(3600)
    assert ran == [2000]
    assert now() == 3600


async def test_a_thousand_waits_cancelled_and_begun_again_take_no_time() -> None:
    async def holds() -> None:
        await asyncio.sleep(3600)

    for _ in range(10):
        held = [asyncio.create_task(holds()) for _ in range(1000)]
        await asyncio.sleep(0)
        for task in held:
            task.cancel()
        assert {task.cancelled() for task in (await asyncio.wait(held))[0]} == {True}
    assert now() == 0.0


def test_an_interrupt_ends_the_run_as_it_ends_asyncios_own() -> None:
    cleaned: list[float] = []

    async def main() -> None:
        asyncio.get_running_loop().call_at(7.0, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)
            cleaned.append(now())

    with pytest.raises(KeyboardInterrupt):
        autojump.run(main())
    assert cleaned == [8.0]


async def test_a_signal_handler_of_the_loop_is_called_though_no_time_passes() -> None:
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, came.set)
    signal.raise_signal(signal.SIGUSR1)
    await asyncio.wait_for(came.wait(), 1e-9)
    loop.remove_signal_handler(signal.SIGUSR1)


def test_a_run_that_ends_early_cancels_what_is_left_at_the_time_it_is() -> None:
    ended: list[float] = []

    async def left() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(now())

    async def main() -> None:
        tasks = {asyncio.create_task(left()) for _ in range(3)}
        await asyncio.sleep(5)
        assert len(tasks) == 3

    autojump.run(main())
    assert ended == [5.0, 5.0, 5.0]


async def echo_for_an_hour(clients: int = 5) -> tuple[int, float]:
    """(lines echoed, time at the end)."""
    echoed = 0

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)

    async def client(address: tuple[str, int]) -> None:
        nonlocal echoed
        reader, writer = await asyncio.open_connection(*address)
        for turn in range(60):
            due_s = turn * 60.0
            await asyncio.sleep(due_s - now())
            writer.write(b"%d\n" % turn)
            async with asyncio.timeout(1e-3):
                assert await reader.readline() == b"%d\n" % turn
            assert now() == due_s
            echoed += 1
        writer.close()
        await writer.wait_closed()

    async with await listen(echo) as server, asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client(server.address))
    return echoed, now()


def test_in_debug_mode_the_hour_is_the_same() -> None:
    async def main() -> tuple[int, float]:
        asyncio.get_running_loop().set_debug(True)
        return await echo_for_an_hour()

    assert autojump.run(main()) == (300, 3540.0)


def test_several_clocks_in_several_threads_each_keep_their_own_time() -> None:
    results: list[tuple[int, float]] = []
    threads = [threading.Thread(target=lambda: results.append(autojump.run(echo_for_an_hour()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [(300, 3540.0)] * 6


async def test_an_hour_in_an_hour_elsewhere_takes_its_callers_no_time() -> None:
    async def middle() -> tuple[float, list[tuple[int, float]]]:
        await asyncio.sleep(10)
        inner = await asyncio.gather(*(autojump.elsewhere(echo_for_an_hour) for _ in range(3)))
        return now(), inner

    assert await autojump.elsewhere(middle) == (10.0, [(300, 3540.0)] * 3)
    assert now() == 0.0
