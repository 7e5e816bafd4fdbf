"""What an answer has not cleaned up: tasks, descriptors, coroutines that nobody awaited."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import stat
from typing import Any

HIGHEST_DESCRIPTOR = 256
MOST = 20  # of each are named


def living_tasks(own: set[Any]) -> list[str]:
    """Each task that lives, by its coroutine's name and the line where it waits; `own` are the driver's."""
    gc.collect()
    found = []
    for task in asyncio.all_tasks() - own:
        stack = task.get_stack(limit=1)
        where = f", line {stack[0].f_lineno}" if stack else ""
        found.append(f"{getattr(task.get_coro(), '__qualname__', 'a task')}{where}")
    return sorted(found)[:MOST]


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
