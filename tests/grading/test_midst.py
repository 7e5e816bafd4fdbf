"""What a check may do in the midst of what happens in the answer's process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from patterns.grading.probe import Accident, Answer, Error, ForkServer
from patterns.grading.probe.line import Line

SOURCE = """
import asyncio

kept = []

class Box:
    def __init__(self):
        self.seen = []
    def note(self, what):
        self.seen.append(what)
        return len(self.seen)
    async def turns(self, count):
        self.note("begun")
        for turn in range(count):
            await asyncio.sleep(0)
            self.note(turn)
        return self.seen
    async def waits(self, seconds, keeps):
        if keeps:
            kept.append(asyncio.Event())
        await asyncio.sleep(seconds)

async def passes_on(fetch, key):
    return await fetch(key)

async def cancels_twice(fetch, key):
    task = asyncio.ensure_future(fetch(key))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])

async def without_end(fetch):
    while True:
        await fetch()
"""


@pytest.fixture
def answer() -> Iterator[Callable[[], Answer]]:
    """`answer()` is a fresh process that holds SOURCE."""
    with ForkServer() as server, contextlib.ExitStack() as lines:

        def make() -> Answer:
            line = Line(server)
            lines.callback(line.close)
            return Answer(line, "midst", SOURCE)

        yield make


@pytest.mark.parametrize(("turns", "seen"), [(0, ["now", "begun", 0, 1, 2]), (1, ["begun", "now", 0, 1, 2])])
def test_a_call_is_made_between_two_turns_of_the_loop(answer, turns: int, seen: list[object]) -> None:
    box = answer().Box()
    running, outcomes = box._answer.during(box.turns.with_(3), turns, box.note.with_("now"))
    assert (running.result(), outcomes) == (seen, [seen.index("now") + 1])


def test_a_result_that_is_kept_is_the_object_itself(answer) -> None:
    box = answer().Box()
    seen = box._answer.start(box.turns, 0).keep()
    seen.append("mine")
    assert box.get("seen") == ["begun", "mine"]
    assert len(seen) == 2


@pytest.mark.parametrize(("keeps", "at_least", "at_most"), [(False, -5, 5), (True, 28, 60)])
def test_what_fifty_cancelled_coroutines_leave_is_counted(answer, keeps: bool, at_least: int, at_most: int) -> None:
    box = answer().Box()
    driven = box._answer
    counts = []
    for times in (10, 30):
        for _ in range(times):
            driven.start(box.waits, 1000.0, keeps).cancel()
        counts.append(driven.objects())
    assert at_least <= counts[1] - counts[0] <= at_most


def test_a_clean_up_may_fail(answer) -> None:
    driven = answer()
    fetch = driven.callback("fetch")
    running = driven.start(driven.passes_on, fetch, "a")
    fetch.calls[0].hold_cancel(2.0, then=Error("OSError", "no room"))
    running.cancel()
    assert (fetch.calls[0].cancelling, running.done) == (True, False)
    driven.advance(2.0)
    assert (running.at, str(running.error), fetch.calls[0].cancelled) == (2.0, "OSError: no room", True)


def test_a_clean_up_is_hurried_by_nobody(answer) -> None:
    driven = answer()
    fetch = driven.callback("fetch")
    running = driven.start(driven.cancels_twice, fetch, "a")
    fetch.calls[0].hold_cancel(5.0)
    driven.advance(10.0)
    assert (running.at, fetch.calls[0].ended_at) == (6.0, 6.0)


def test_calls_without_end_in_one_moment_are_named(answer) -> None:
    driven = answer()
    fetch = driven.callback("fetch", serve=lambda _: None)
    with pytest.raises(Accident) as caught:
        driven.start(driven.without_end, fetch)
    said = "Your code kept the event loop busy 5,000 times without letting time pass (calls of 'fetch')."
    assert str(caught.value) == said
