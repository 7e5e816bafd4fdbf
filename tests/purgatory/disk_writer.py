"""A process that appends until it is killed, by itself at a chosen moment or by others; it tells each next offset.

MOMENTS says when it kills itself, such as ("written", 3, 40): within the third append, after 40 bytes of it. Values
are made of the records' offsets, so they can be checked.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from disk_batches import batch

from patterns.purgatory.disk import DiskLog, segments

SEGMENT_BYTES = 300  # every few batches another file
RETENTION_BYTES = 1000  # the oldest ones are removed meanwhile


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def value(offset: int) -> bytes:
    return b"%06d" % offset * (1 + offset % 7)


def on_call(number: int, function: Callable, instead: Callable) -> Callable:
    """The function, but for its call of that number, counted from 1."""
    calls = itertools.count(1)
    return lambda *args, **options: (instead if next(calls) == number else function)(*args, **options)


def some_of_it(size_bytes: int) -> Callable:
    def write(descriptor: int, data: bytes, at: int) -> None:
        os_pwrite(descriptor, bytes(data[:size_bytes]), at)
        die()

    return write


os_pwrite = os.pwrite


def written(number: int, size_bytes: int) -> None:
    """Within an append, after so many bytes of it; 1000: after all of it, before anything else."""
    os.pwrite = on_call(number + 1, os.pwrite, some_of_it(size_bytes))  # the first is the lock's


def synced(number: int) -> None:
    """When the bytes are written, and the disk is still to be waited for."""
    segments.sync = on_call(number, segments.sync, lambda descriptor: die())


def forgotten(number: int, is_removed: int) -> None:
    """Before or after the file of the oldest records is removed."""

    def unlink(path: Path, missing_ok: bool) -> None:
        if is_removed:
            os.unlink(path)
        die()

    Path.unlink = on_call(number, Path.unlink, unlink)


def cut(is_kept: int) -> None:
    """While what was torn is cut off: before or after it was put aside."""
    if is_kept:
        os.truncate = lambda path, size_bytes: die()
    else:
        Path.write_bytes = lambda path, data: die()


def never() -> None:
    """Others will."""


MOMENTS = {"written": written, "synced": synced, "forgotten": forgotten, "cut": cut, "never": never}


def main(folder: Path, moment: str, numbers: tuple[int, ...], told: Connection) -> None:
    """In a process of its own: append, and tell."""
    logging.disable()  # what is cut off is for the next one to look at
    MOMENTS[moment](*numbers)
    with DiskLog(folder, segment_bytes=SEGMENT_BYTES, retention_bytes=RETENTION_BYTES, fsync=moment == "synced") as log:
        while True:
            count = 1 + log.next_offset % 3
            payloads = [value(log.next_offset + n) for n in range(count)]
            log.append(batch(log.next_offset, *payloads), count)
            told.send(log.next_offset)
