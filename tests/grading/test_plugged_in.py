"""An answer's object in a loop of ours: awaited, woken and timed out as if it were here, and given up if it hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from textwrap import dedent

import pytest

from patterns.cost import autojump
from patterns.grading.probe import Answer, Error, ForkServer
from patterns.grading.probe.accidents import Accident
from patterns.grading.probe.line import Line
from patterns.grading.probe.plugged import GivenUp, Plugged

SOURCE = """
    import asyncio

    class Waiter:
        def __init__(self, read):
            self.read = read
            self.rang = asyncio.Event()

        async def wait(self, seconds):
            try:
                await asyncio.wait_for(self.rang.wait(), seconds)
            except TimeoutError:
                return "late"
            return self.read("key")

        def ring(self):
            self.rang.set()

        async def fail(self):
            raise LookupError("mine")

        def hang(self):
            while True:
                pass
"""


@pytest.fixture
def answer(server: ForkServer) -> Iterator[Answer]:
    line = Line(server, patience=0.2)
    yield Answer(line, "framing", dedent(SOURCE))
    line.close()


def plugged(answer: Answer) -> Plugged:
    def read(key: str) -> object:
        if key != "key":
            raise Error("KeyError", key)
        return b"what was read"

    return Plugged(answer, answer.Waiter(answer.function("read", read)))


async def test_it_is_awaited_and_woken_at_the_moment_of_our_loop(answer: Answer) -> None:
    one = plugged(answer)
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(one.call("wait", 10.0))
    await asyncio.sleep(2.5)
    one.now("ring")
    assert await waiting == b"what was read"
    assert (loop.time(), answer.now) == (2.5, 2.5)
    one.close()


async def test_its_time_outs_come_by_our_clock(answer: Answer) -> None:
    one = plugged(answer)
    assert await asyncio.gather(one.call("wait", 3.0), one.call("wait", 0.75)) == ["late", "late"]
    assert asyncio.get_running_loop().time() == 3.0
    assert answer.wakeups == 2
    one.close()


async def test_what_it_raises_is_raised_here(answer: Answer) -> None:
    one = plugged(answer)
    with pytest.raises(LookupError, match="mine"):
        await one.call("fail")
    one.close()


async def test_cancelling_here_cancels_there(answer: Answer) -> None:
    one = plugged(answer)
    waiting = asyncio.create_task(one.call("wait", 10.0))
    await asyncio.sleep(1.0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert answer.leftovers() == []
    assert answer.next_timer is None
    one.close()


def test_whoever_waits_is_told_when_it_hangs(answer: Answer) -> None:
    async def main() -> None:
        one = plugged(answer)
        waiting = asyncio.create_task(one.call("wait", 10.0))
        await asyncio.sleep(1.0)
        with pytest.raises(GivenUp):
            one.now("hang")
        with pytest.raises(GivenUp, match="Your code did not come to an end"):
            await waiting
        with pytest.raises(GivenUp):
            await one.call("wait", 1.0)
        with pytest.raises(Accident) as told:
            one.close()
        assert told.value.name == "endless-loop"

    autojump.run(main())
