"""A segment that is a file. It is open only while it is written to or read: ten thousand idle partitions hold none.

A write that breaks off, for want of space or because it was interrupted, leaves bytes that nobody was told of; before
the next one they are cut off. A write that is never followed by another one, recovery finds.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from patterns.purgatory.disk.errors import CorruptLog
from patterns.wait.partition_log import Segment
from patterns.wire.kafka import Batch
from patterns.wire.kafka.batches import HEADER, HEADER_BYTES, LENGTH_END

logger = logging.getLogger("patterns.purgatory.disk")

_TO_THE_PLATTER: int | None = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: its fsync stops at the disk's own cache


def file_name(base_offset: int) -> str:
    """The file of a segment, as Kafka names it: in order of names they are in order of offsets."""
    return f"{base_offset:020}.log"


def sync(descriptor: int) -> None:
    """Return when the disk has it."""
    if _TO_THE_PLATTER is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, _TO_THE_PLATTER)


def sync_folder(folder: Path) -> None:
    """Return when the disk has the names in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


class FileSegment(Segment):
    """The same as a `Segment`, its batches in a file of `folder`."""

    __slots__ = ("_fsync", "_is_torn", "path")

    def __init__(self, folder: Path, base_offset: int, position: int, *, fsync: bool) -> None:
        super().__init__(base_offset, position)
        self.path = folder / file_name(base_offset)
        self._fsync = fsync
        self._is_torn = False

    def add(self, base_offset: int, data: bytes) -> None:
        """Write the batches in `data` behind the last; they are known one by one, as they will be when read again."""
        self.write(data)
        at = 0
        while at < len(data):
            size_bytes = LENGTH_END + int.from_bytes(data[at + 8 : at + LENGTH_END], "big")
            self.note(int.from_bytes(data[at : at + 8], "big"), size_bytes)
            at += size_bytes
        self._is_torn = False

    def write(self, data: bytes) -> None:
        """Give the bytes to the system, and with `fsync` to the disk; what an earlier write left is gone before."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            if self._is_torn:
                os.ftruncate(descriptor, self.size_bytes)
            self._is_torn = True
            left, position = memoryview(data), self.size_bytes
            while left:
                written = os.pwrite(descriptor, left, position)
                left, position = left[written:], position + written
            if self._fsync:
                sync(descriptor)
        finally:
            os.close(descriptor)
        if self._fsync and not self.size_bytes:
            sync_folder(self.path.parent)

    def take(self, first: int, stop: int) -> bytes:
        """Read the bytes of batches number `first` up to, without it, `stop`."""
        if stop <= first:
            return b""
        start = self.starts[first]
        size_bytes = (self.starts[stop] if stop < len(self.starts) else self.size_bytes) - start
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            pieces, found = [], 0
            while found < size_bytes and (piece := os.pread(descriptor, size_bytes - found, start + found)):
                pieces.append(piece)
                found += len(piece)
        finally:
            os.close(descriptor)
        if found < size_bytes:
            mend = "somebody else has cut the file: stop who writes there, and open the folder again"
            raise CorruptLog(self.path, start, self.offsets[first], f"{size_bytes} bytes", f"{found} bytes", mend)
        return b"".join(pieces)

    def headers(self, most: int) -> Iterator[Batch]:
        """The headers of so many batches, the last one first."""
        if not self.starts:  # and perhaps no file
            return
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            for start in islice(reversed(self.starts), most):
                yield Batch._make((*HEADER.unpack(os.pread(descriptor, HEADER_BYTES, start)), start))
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Remove the file. Should that fail, the log goes on; the file is read again when the folder is opened."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s holds nothing that need be kept, and cannot be removed: %s", self.path, error)
