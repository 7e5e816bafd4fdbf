"""Work: what a request asks for, and in whose time it is done."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time

import pytest

from patterns.sync_async import Work, asked_for, compute, do, do_on_the_loop
from patterns.wire.framing import Request


@pytest.mark.parametrize(
    ("target", "work"),
    [
        ("/wait/50", Work("wait", 50)),
        ("/block/0", Work("block", 0)),
        ("/compute/10000", Work("compute", 10_000)),
        ("/compute/10001", None),
        ("/wait/-1", None),
        ("/wait/5.5", None),
        ("/wait/50/", None),
        ("/sleep/50", None),
        ("/", None),
    ],
)
def test_a_request_says_what_is_to_be_done(target: str, work: Work | None) -> None:
    assert asked_for(Request("GET", target)) == work


def test_work_and_its_request_are_the_same_thing() -> None:
    work = Work("compute", 7)
    assert work.request == Request("GET", "/compute/7")
    assert asked_for(work.request) == work


def test_the_answer_names_work_process_and_thread() -> None:
    answer = do(Work("block", 0))
    assert answer.status == 200
    assert json.loads(answer.body) == {
        "work": "/block/0",
        "process": os.getpid(),
        "thread": threading.get_native_id(),
    }


def test_computing_is_measured_in_the_threads_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([5.0, 5.01, 5.02, 5.04, 5.05, 99.0])
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    assert compute(0.05) == 3
    assert next(clock) == 99.0


@pytest.mark.parametrize("kind", ["wait", "block"])
def test_a_thread_that_waits_or_blocks_sleeps_as_long_as_asked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    do(Work(kind, 250))  # type: ignore[arg-type]  # both are kinds
    assert slept == [0.25]


async def test_waiting_on_the_loop_lets_others_in() -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*(do_on_the_loop(Work("wait", 50)) for _ in range(100)))
    assert loop.time() - started == 0.05


async def test_blocking_on_the_loop_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    during: list[str] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: during.append(f"held for {seconds}"))

    async def other() -> None:
        during.append("another")

    async with asyncio.TaskGroup() as group:
        group.create_task(do_on_the_loop(Work("block", 300)))
        group.create_task(other())
    assert during == ["held for 0.3", "another"]
