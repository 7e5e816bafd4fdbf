"""What an answer has not cleaned up: tasks, descriptors, coroutines that nobody awaited."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import stat
import threading
import time
from typing import Any

HIGHEST_DESCRIPTOR = 256
MOST = 20  # of each are named
MOMENT_S = 0.25  # for all threads together, to end


def living_tasks(own: set[Any], file: str) -> list[str]:
    """Each task that lives, by its coroutine's name and the line of `file` where it waits; `own` are the driver's."""
    gc.collect()
    return sorted(where(task, file) for task in asyncio.all_tasks() - own)[:MOST]


def where(task: Any, file: str) -> str:
    """The coroutine of a task by its name, and the innermost line of `file` in it."""
    coroutine = task.get_coro()
    name, line, inner = getattr(coroutine, "__qualname__", "a task"), "", coroutine
    for _ in range(100):  # through what it awaits
        frame = getattr(inner, "cr_frame", None)
        if frame is not None and frame.f_code.co_filename == file:
            name, line = frame.f_code.co_qualname, f", line {frame.f_lineno}"
        inner = getattr(inner, "cr_await", None)
        if inner is None:
            break
    return f"{name}{line}"


def threads(loop: asyncio.AbstractEventLoop) -> list[str]:
    """The threads that live beside the main one; those of `asyncio.to_thread` that have nothing to do end here.

    One that is about to end is given a moment for it: on a busy machine it may not have had its turn yet.
    """
    executor = getattr(loop, "_default_executor", None)
    if executor is not None:
        executor.shutdown(wait=False)
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    until_s = time.monotonic() + MOMENT_S
    for each in others:
        each.join(max(0.0, until_s - time.monotonic()))
    return [each.name for each in others if each.is_alive()][:MOST]


def descriptors() -> set[int]:
    """The open descriptors."""
    found = set()
    for number in range(HIGHEST_DESCRIPTOR):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            continue
        found.add(number)
    return found


def opened_since(before: set[int]) -> list[str]:
    """What kind of thing each new open descriptor is."""
    return [_kind(number) for number in sorted(descriptors() - before)][:MOST]


def _kind(number: int) -> str:
    mode = os.fstat(number).st_mode
    return "socket" if stat.S_ISSOCK(mode) else "pipe" if stat.S_ISFIFO(mode) else "file"
