"""What `Stuck` says: each task, the line where it waits, and for what, whatever kind of thing that is."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from patterns.cost import autojump
from patterns.cost.autojump import Stuck
from patterns.wire.listen import listen

HERE = Path(__file__).relative_to(Path.cwd())


def text_of(main: Coroutine[Any, Any, None]) -> list[str]:
    """The lines of the error; places in the library, ports, descriptors and given names as N."""
    with pytest.raises(Stuck) as caught:
        autojump.run(main, patience_s=0.05)
    text = re.sub(r"(asyncio/\w+\.py|patterns/[\w/]+\.py):\d+", r"\1:N", str(caught.value))
    return re.sub(r"(Task-|descriptor |127\.0\.0\.1:)\d+", r"\1N", text).splitlines()


def line_of(text: str) -> int:
    """The line of this file that ends in the comment `# text`."""
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {text}"))


def test_it_names_who_waits_for_a_future_a_lock_a_queue_an_event_and_each_end_of_a_socket() -> None:
    async def main() -> None:
        loop, lock = asyncio.get_running_loop(), asyncio.Lock()
        mine, theirs = socket.socketpair()
        mine.setblocking(False)
        read_on = asyncio.Event()

        async def slow(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await read_on.wait()  # slow

        async def reads() -> None:
            await reader.readexactly(1)  # reads

        async def writes() -> None:
            writer.write(b"x" * 30_000_000)
            await writer.drain()  # writes

        async with lock:
            with mine, theirs:
                async with await listen(slow) as server, asyncio.TaskGroup() as group:
                    reader, writer = await asyncio.open_connection(*server.address)
                    await asyncio.sleep(1)
                    for name, waiting in {
                        "a future": awaiting(loop.create_future()),
                        "a lock": awaiting(lock.acquire()),
                        "a queue": awaiting(asyncio.Queue[int]().get()),
                        "a socket": awaiting(loop.sock_recv(mine, 1)),
                        "b reads": reads(),
                        "c writes": writes(),
                    }.items():
                        group.create_task(waiting, name=name)
                    group.create_task(closing(writer), name="d closes")

    test = "test_it_names_who_waits_for_a_future_a_lock_a_queue_an_event_and_each_end_of_a_socket"
    awaits = f"awaiting ({HERE}:{line_of('awaiting')})"
    text = text_of(main())
    assert text[0] == (
        "every task waits and no timer will wake one; the clock stands at 1 s, and nothing came in 0.05 s of real time:"
    )
    assert text[-1] == "Set what they wait for, cancel them, or give the wait a time-out."
    tasks = dict(line.strip().split(": ", 1) for line in text[1:-1])
    assert tasks.pop("Task-N").startswith((f"{test}.main ({HERE}:", "Connection._converse", "_Connection._converse"))
    assert tasks == {
        "a future": f"{awaits} → a future",
        "a lock": f"{awaits} → Lock.acquire (asyncio/locks.py:N) → a future",
        "a queue": f"{awaits} → Queue.get (asyncio/queues.py:N) → a future",
        "a socket": f"{awaits} → BaseSelectorEventLoop.sock_recv (asyncio/selector_events.py:N) "
        "→ bytes or a connection on descriptor N",
        "b reads": f"{test}.main.reads ({HERE}:{line_of('reads')}) → StreamReader.readexactly (asyncio/streams.py:N) "
        "→ StreamReader._wait_for_data (asyncio/streams.py:N) → bytes from 127.0.0.1:N",
        "c writes": f"{test}.main.writes ({HERE}:{line_of('writes')}) → StreamWriter.drain (asyncio/streams.py:N) "
        "→ FlowControlMixin._drain_helper (asyncio/streams.py:N) → room to write to 127.0.0.1:N",
        "d closes": f"closing ({HERE}:{line_of('closing')}) → Event.wait (asyncio/locks.py:N) → a future",
    }


async def awaiting(what: Any) -> None:
    await what  # awaiting


async def closing(writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.Event().wait()  # closing
    finally:
        writer.transport.abort()


def test_it_names_the_job_in_an_executor_that_does_not_come_back() -> None:
    release = threading.Event()

    def wait_for(event: threading.Event) -> None:
        event.wait()

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.selector.executor_patience_s = 0.05
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.to_thread(wait_for, release), name="by to_thread")
                job = functools.partial(wait_for, release)
                group.create_task(awaiting(loop.run_in_executor(None, job)), name="by run_in_executor")
        finally:
            release.set()

    test = "test_it_names_the_job_in_an_executor_that_does_not_come_back"
    text = text_of(main())
    assert [text[0], *text[2:]] == [
        "a job in an executor has not come back in 0.05 s of real time; the clock stands still for it at 0 s:",
        f"  by run_in_executor: awaiting ({HERE}:{line_of('awaiting')}) → a job in an executor: {test}.wait_for",
        f"  by to_thread: to_thread (asyncio/threads.py:N) → a job in an executor: {test}.wait_for",
        "If the job waits for this loop, it waits for ever: let it return, or await it here.",
    ]
    assert text[1].startswith(f"  Task-N: {test}.main ({HERE}:")


def test_it_says_of_a_thread_that_the_clock_cannot_see_only_that_nothing_came() -> None:
    """A thread is invisible: while it computes, a task that waits for it is stuck after `patience_s`."""
    release = threading.Event()

    async def main() -> None:
        loop, came = asyncio.get_running_loop(), asyncio.Event()

        def compute() -> None:
            release.wait()
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(came.set)

        thread = threading.Thread(target=compute, name="computing")
        thread.start()
        try:
            await came.wait()
        finally:
            release.set()
            thread.join()

    text = text_of(main())
    assert [text[0], *text[2:]] == [
        "every task waits and no timer will wake one; the clock stands at 0 s, "
        "and nothing came in 0.05 s of real time:",
        "Set what they wait for, cancel them, or give the wait a time-out.",
        "If they wait for a thread (computing): this clock does not see threads; "
        "have the work done by asyncio.to_thread, and it stands still meanwhile.",
    ]
