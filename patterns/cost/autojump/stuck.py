"""The error of a program that can never go on, and the account of who waits where."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any


class Stuck(RuntimeError):
    """Every task waits and no timer will wake one.

    The text names each task and the chain of coroutines down to what it awaits, each with its file and
    line. `tasks` holds these lines, one a task.
    """

    def __init__(self, message: str, tasks: tuple[str, ...]) -> None:
        super().__init__(message)
        self.tasks = tasks

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop, waited_s: float, *, executor: bool) -> Stuck:
        """Take stock of a loop.

        Args:
            loop: the loop in which nothing happens.
            waited_s: real seconds for which that was observed.
            executor: whether jobs in an executor, for which time stands still, are part of the reason.
        """
        tasks = tuple(sorted(map(account, asyncio.all_tasks(loop)), key=_natural))
        if executor:
            reason = (
                f"a job in an executor has not come back in {waited_s:g} s of real time; "
                f"the clock stands still for it at {loop.time():g} s"
            )
            mend = "If the job waits for this loop, it waits for ever: let it return, or await it here."
        else:
            reason = (
                f"every task waits and no timer will wake one; "
                f"the clock stands at {loop.time():g} s, and nothing came in {waited_s:g} s of real time"
            )
            mend = "Set what they wait for, cancel them, or give the wait a time-out."
            if threads := _unseen_threads():
                mend += (
                    f"\nIf they wait for a thread ({', '.join(threads)}): this clock does not see threads; "
                    "have the work done by asyncio.to_thread, and it stands still meanwhile."
                )
        return cls("\n".join([f"{reason}:", *(f"  {task}" for task in tasks), mend]), tasks)


def _unseen_threads() -> list[str]:
    """The threads somebody started for work of his own: not an executor's, no daemon, not the main thread."""
    known = {threading.current_thread(), threading.main_thread()}
    threads = (thread for thread in threading.enumerate() if thread not in known and not thread.daemon)
    return sorted(thread.name for thread in threads if not thread.name.startswith(("asyncio_", "ThreadPoolExecutor")))


def account(task: asyncio.Task[Any]) -> str:
    """`Task-1: main (lesson.py:12) → Event.wait (asyncio/locks.py:213) → a future`."""
    return f"{task.get_name()}: " + " → ".join(_chain(task))


def _chain(task: asyncio.Task[Any]) -> Iterator[str]:
    step: Any = task.get_coro()
    while step is not None:
        frame = getattr(step, "cr_frame", None) or getattr(step, "gi_frame", None)
        if frame is None:
            break
        name = getattr(step, "__qualname__", type(step).__qualname__).replace("<locals>.", "")
        yield f"{name} ({_place(frame.f_code.co_filename)}:{frame.f_lineno})"
        step = getattr(step, "cr_await", None) or getattr(step, "gi_yieldfrom", None)
    yield _awaited(getattr(task, "_fut_waiter", None))


def _awaited(future: Any) -> str:
    if isinstance(future, asyncio.Task):
        return f"task {future.get_name()}"
    if future is None:
        return "its next turn"
    children = getattr(future, "_children", None)
    if children:  # asyncio.gather
        return f"{len(children)} gathered"
    loop = future.get_loop()
    if (job := getattr(loop, "jobs", {}).get(future)) is not None:
        return f"a job in an executor: {job}"
    return next(_on_sockets(loop, future), "a future")


def _on_sockets(loop: Any, future: Any) -> Iterator[str]:
    """What a future waits for, if a socket that the loop watches has to bring it about.

    The handles in the selector lead there: those of `loop.sock_…` have the future as an argument, those of
    a transport its protocol, and a stream's protocol the futures of its reader and of `drain`.
    """
    for key in loop.selector.get_map().values() if hasattr(loop, "selector") else ():
        for handle, wants in zip(key.data or (), ("bytes or a connection", "room to write"), strict=False):
            if handle is not None and future in (handle._args or ()):
                yield f"{wants} on descriptor {key.fd}"
    for transport in list(getattr(loop, "_transports", {}).values()):
        protocol = transport.get_protocol()
        peer = transport.get_extra_info("peername")
        whose = "{}:{}".format(*peer[:2]) if isinstance(peer, tuple) else "a pipe"
        if future is getattr(getattr(protocol, "_stream_reader", None), "_waiter", None):
            yield f"bytes from {whose}"
        if future in getattr(protocol, "_drain_waiters", ()):
            yield f"room to write to {whose}"


def _place(filename: str) -> str:
    """A file as its reader knows it: below the working folder, or the last two parts of its path."""
    path = PurePath(filename)
    here = PurePath(os.getcwd())
    return str(path.relative_to(here)) if path.is_relative_to(here) else "/".join(path.parts[-2:])


def _natural(account: str) -> tuple[str, int, str]:
    """Task-2 before Task-10."""
    name = account.partition(":")[0]
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0), account
