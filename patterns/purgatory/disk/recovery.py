"""A folder read again: each batch checked, a torn end cut off and put aside, anything else refused.

How a torn end is told from a changed one: who is killed leaves the front of what was being written, and nothing behind
it. So where no whole batch can be read, the rest of the last file is searched for one that could have come later. If
there is one, the file was not torn there, and to cut it would lose what was acknowledged.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from patterns.purgatory.disk.errors import CorruptLog
from patterns.purgatory.disk.segments import FileSegment, file_name
from patterns.wire.kafka import Batch, RecordsError, scan_batches
from patterns.wire.kafka.batches import LENGTH_END, SMALLEST_LENGTH

logger = logging.getLogger("patterns.purgatory.disk")

# What a record holds may look like a batch. So many lookalikes have their checksums taken, and no more: whoever sends a
# record that is full of them shall not keep the log from being opened.
LOOKALIKES = 100
_LOOKALIKE = re.compile(rb"(?s)(?=\0.{15}\x02)")  # the first byte of an offset, and the magic; found without Python


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut off: `size_bytes` from byte `position` of `file`, because of `why`; they are in `kept_in` now."""

    file: Path
    position: int
    size_bytes: int
    why: str
    kept_in: Path

    def __str__(self) -> str:
        return (
            f"cut {self.size_bytes} bytes off the end of {self.file}, from byte {self.position} on: {self.why}. "
            f"Who wrote them did not come to an end, and told nobody that they were appended; "
            f"they are kept in {self.kept_in.name}"
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """The segments, of which the last may be empty, the next offset, and what was cut off."""

    segments: list[FileSegment]
    next_offset: int
    cut: Cut | None


def recover(folder: Path, *, fsync: bool) -> Recovered:
    """Read every segment of the folder.

    Raises:
        CorruptLog: what is there is not what was appended; nothing was changed.
        OSError: it cannot be read, or not be cut.
    """
    files = sorted(folder.glob("*.log"))
    segments: list[FileSegment] = []
    next_offset, position, cut = 0, 0, None
    for file in files:
        base_offset = _base_offset(file)
        if file is not files[0] and base_offset != next_offset:
            expected = f"a segment that goes on with offset {next_offset}, {file_name(next_offset)},"
            mend = "bring back what was removed, or remove the files on one side of the gap, with what is in them"
            raise CorruptLog(file, 0, next_offset, expected, f"one that starts with {base_offset}", mend)
        segment = FileSegment(folder, base_offset, position, fsync=fsync)
        next_offset, cut = _read(segment, is_last=file is files[-1])
        segments.append(segment)
        position = segment.end
    return Recovered(segments, next_offset, cut)


def _base_offset(file: Path) -> int:
    try:
        base_offset = int(file.stem)
    except ValueError:
        base_offset = -1
    if base_offset < 0 or file.name != file_name(base_offset):
        mend = "move away what is not the log's"
        raise CorruptLog(file, 0, 0, f"a segment, named by its first offset ({file_name(0)}),", "another file", mend)
    return base_offset


def _read(segment: FileSegment, *, is_last: bool) -> tuple[int, Cut | None]:
    """Note what is in the file; the offset behind it, and what was cut off."""
    data = segment.path.read_bytes()
    next_offset, end, fault = segment.base_offset, 0, ""
    try:
        for batch in scan_batches(data):
            if batch.base_offset != next_offset or batch.last_offset_delta < 0:
                got = f"one with offsets {batch.base_offset} to {batch.next_offset - 1}"
                raise _corrupt(segment.path, end, next_offset, got)
            segment.note(batch.base_offset, batch.size_bytes)
            next_offset, end = batch.next_offset, batch.end
    except RecordsError as error:
        fault = f"expected {error.expected}, got {error.got}"
    left = len(data) - end
    if not left:
        return next_offset, None
    got = f"{left} bytes that are none ({fault})" if fault else f"the first {left} bytes of one"
    if not is_last:
        raise _corrupt(segment.path, end, next_offset, f"{got}, and another segment follows")
    if (later := _later_batch(data, end + 1, next_offset)) is not None:
        what = f"a whole batch follows at byte {later.start}, with offset {later.base_offset}"
        raise _corrupt(segment.path, end, next_offset, f"{got}, and {what}")
    return next_offset, _cut(segment, data[end:], end, f"expected a batch, got {got}")


def _corrupt(file: Path, position: int, offset: int, got: str) -> CorruptLog:
    mend = (
        f"bring the file back from a copy, or give up everything from offset {offset} on: "
        f"`truncate -s {position} {file}`, and remove the segments behind it"
    )
    return CorruptLog(file, position, offset, f"a batch with offset {offset}", got, mend)


def _later_batch(data: bytes, at: int, offset: int) -> Batch | None:
    """The first whole batch from byte `at` on that could have come after one with that offset."""
    for start in islice(_lookalikes(data, at, offset), LOOKALIKES):
        try:
            return next(scan_batches(data, start))
        except RecordsError:
            continue
    return None


def _lookalikes(data: bytes, at: int, offset: int) -> Iterator[int]:
    """Where in the data something has the numbers of a later batch."""
    for found in _LOOKALIKE.finditer(data, at):
        start = found.start()
        base_offset = int.from_bytes(data[start : start + 8], "big")
        length = int.from_bytes(data[start + 8 : start + LENGTH_END], "big")
        is_next = 0 < base_offset - offset < 1 << 32  # the one before numbers at most 2³¹ records
        if is_next and SMALLEST_LENGTH <= length <= len(data) - start - LENGTH_END:
            yield start


def _cut(segment: FileSegment, data: bytes, position: int, why: str) -> Cut:
    """Put the end of the file aside; killed between the two steps, the next start does both again."""
    kept_in = segment.path.with_name(f"{segment.path.name}.{position}.cut")
    kept_in.write_bytes(data)
    os.truncate(segment.path, position)
    cut = Cut(segment.path, position, len(data), why, kept_in)
    logger.warning("%s", cut)
    return cut
