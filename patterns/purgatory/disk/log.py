"""The log itself: a `PartitionLog` whose segments are files, and that accepts only what can be found again."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType

from patterns.purgatory.disk.errors import Closed, NotInOrder
from patterns.purgatory.disk.lock import Lock
from patterns.purgatory.disk.recovery import recover
from patterns.purgatory.disk.segments import FileSegment
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import Batch
from patterns.wire.kafka.batches import HEADER_BYTES, LENGTH_END

SEGMENT_BYTES = 16 << 20
_ORDER = struct.Struct(">qi11xi")  # of a batch's header: base offset, length, last offset delta


class DiskLog(PartitionLog):
    """A `PartitionLog` in a folder, which is made if there is none; reading, writing and `fsync` block.

    Args:
        folder: of this log alone.
        retention_bytes, segment_bytes: as `PartitionLog`; a segment is read whole when the folder is opened.
        fsync: an append is done when the disk has it, and not before.
        is_locked: whoever opens this holds a lock already on a folder above.

    Raises:
        FolderInUse: another process writes there.
        CorruptLog: what is there is not what was appended; nothing was changed.
        BadSize: as `PartitionLog`.
        OSError: the folder cannot be made, read or written.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        retention_bytes: int | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: bool = False,
        is_locked: bool = False,
    ) -> None:
        super().__init__(retention_bytes=retention_bytes, segment_bytes=segment_bytes)
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._fsync = fsync
        self._is_closed = False
        self._lock = None if is_locked else Lock(self.folder)
        try:
            found = recover(self.folder, fsync=fsync)
        except BaseException:
            self.close()
            raise
        self._segments.extend(found.segments)
        self._next_offset = found.next_offset
        self.cut = found.cut  # what was torn when it was opened, or None

    def append(self, data: bytes, records: int) -> int:
        """Write batches stamped with the offsets from `next_offset` on; done when the system has all bytes.

        Raises:
            NothingAppended: no bytes, or no records.
            NotInOrder: no batches, or other offsets.
            Closed: the log was closed.
            OSError: the system would not take all of it; nothing was appended.
        """
        self._refuse_closed()
        if data:
            self._check_order(data, records)
        return super().append(data, records)

    def last_batches(self, most: int) -> list[Batch]:
        """The headers of the newest batches, the oldest of them first. `start` is where each is in its own file."""
        self._refuse_closed()
        found: list[Batch] = []
        for segment in reversed(self._segments):
            assert isinstance(segment, FileSegment)
            found.extend(segment.headers(most - len(found)))
            if len(found) == most:
                break
        return found[::-1]

    def _check_order(self, data: bytes, records: int) -> None:
        """Refuse what recovery would not find; checksums were somebody else's to check."""
        expected_offset, at = self._next_offset, 0
        while len(data) - at >= HEADER_BYTES:
            base_offset, length, last_offset_delta = _ORDER.unpack_from(data, at)
            if base_offset != expected_offset or last_offset_delta < 0 or length < HEADER_BYTES - LENGTH_END:
                break
            expected_offset += last_offset_delta + 1
            at += LENGTH_END + length
        if at != len(data) or expected_offset != self._next_offset + records:
            raise NotInOrder(
                f"expected whole batches with offsets {self._next_offset} to {self._next_offset + records - 1}, got "
                f"{len(data)} bytes that are in order up to byte {min(at, len(data))}, offset {expected_offset}; "
                "stamp them with next_offset first (patterns.wire.kafka.stamp)"
            )

    def _find(self, offset: int, max_bytes: int | None) -> tuple[int, int] | None:
        self._refuse_closed()
        return super()._find(offset, max_bytes)

    def _segment(self, base_offset: int, position: int) -> FileSegment:
        return FileSegment(self.folder, base_offset, position, fsync=self._fsync)

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise Closed(f"expected an open log, got one that was closed; open {self.folder} again")

    def close(self) -> None:
        """Let another process write there; everything is there already. Closing twice is closing once."""
        self._is_closed = True
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> DiskLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
