"""A partition: whole batches by offset, what is forgotten, and plain errors for what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wait.partition_log import (
    BadSize,
    NegativeMaxBytes,
    NothingAppended,
    OffsetOutOfRange,
    PartitionLog,
    PartitionLogError,
)


def log_of(*batches: tuple[bytes, int], **options) -> PartitionLog:
    log = PartitionLog(**options)
    for data, records in batches:
        log.append(data, records)
    return log


THREE = (b"aaa", 3), (b"bb", 1), (b"cccc", 2)


def test_a_batch_gets_the_offsets_behind_those_of_the_last_one() -> None:
    log = PartitionLog()
    assert (log.start_offset, log.next_offset, log.size_bytes) == (0, 0, 0)
    assert [log.append(*batch) for batch in THREE] == [0, 3, 4]
    assert (log.start_offset, log.next_offset, log.size_bytes) == (0, 6, 9)
    assert repr(log) == "<PartitionLog of offsets 0–6, 9 bytes>"


def test_a_read_begins_with_the_whole_batch_in_which_its_offset_lies() -> None:
    log = log_of(*THREE)
    assert [log.read(offset) for offset in range(7)] == [b"aaabbcccc"] * 3 + [b"bbcccc"] + [b"cccc"] * 2 + [b""]
    assert [log.available(offset) for offset in range(7)] == [9, 9, 9, 6, 4, 4, 0]


def test_as_many_whole_batches_come_as_fit_and_the_first_even_if_it_does_not() -> None:
    log = log_of(*THREE)
    assert [log.read(0, limit) for limit in range(10)] == [b"aaa"] * 5 + [b"aaabb"] * 4 + [b"aaabbcccc"]
    assert [log.available(0, limit) for limit in (0, 1, 5, 8, 9, 100)] == [0, 1, 5, 8, 9, 9]


@pytest.mark.parametrize("segment_bytes", range(1, 11))
def test_where_a_segment_ends_a_reader_does_not_see(segment_bytes) -> None:
    log, whole = log_of(*THREE, segment_bytes=segment_bytes), log_of(*THREE)
    for offset in range(7):
        for limit in (None, *range(11)):
            assert log.read(offset, limit) == whole.read(offset, limit)
            assert log.available(offset, limit) == whole.available(offset, limit)


def test_one_batch_is_handed_out_without_being_copied() -> None:
    data = b"a batch that ten thousand readers wait for"
    log = log_of((b"old", 1), (data, 1))
    assert log.read(1) is data
    assert log.read(1, 10) is data


def test_the_oldest_segments_are_forgotten_as_long_as_enough_stays_without_them() -> None:
    log = PartitionLog(retention_bytes=5, segment_bytes=4)
    kept = []
    for n in range(6):  # two batches a segment
        log.append(b"%02d" % n, 10)
        kept.append((log.start_offset, log.read(log.start_offset)))
    assert kept == [(0, b"00"), (0, b"0001"), (0, b"000102"), (0, b"00010203"), (20, b"020304"), (20, b"02030405")]


def test_what_is_appended_to_is_never_forgotten() -> None:
    log = log_of((b"aaa", 1), retention_bytes=0, segment_bytes=1)
    assert (log.start_offset, log.read(0)) == (0, b"aaa")
    log.append(b"bbb", 1)
    assert (log.start_offset, log.read(1), log.size_bytes) == (1, b"bbb", 3)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda log: log.read(2),
            OffsetOutOfRange,
            "expected an offset from 3 to 6, got 2, before the start; read from 3, the oldest, or from 6, the next",
        ),
        (
            lambda log: log.available(7),
            OffsetOutOfRange,
            "expected an offset from 3 to 6, got 7, beyond the end; read from 3, the oldest, or from 6, the next",
        ),
        (
            lambda log: log.read(6, -1),
            NegativeMaxBytes,
            "expected at least 0 bytes, got -1; None reads to the end",
        ),
        (
            lambda log: log.append(b"", 1),
            NothingAppended,
            "expected a batch with at least one record, got 1 in 0 bytes; append nothing instead",
        ),
        (
            lambda log: log.append(b"data", 0),
            NothingAppended,
            "expected a batch with at least one record, got 0 in 4 bytes; append nothing instead",
        ),
        (
            lambda _: PartitionLog(segment_bytes=0),
            BadSize,
            "expected segments of at least 1 byte, got 0; leave it out for the usual size",
        ),
        (
            lambda _: PartitionLog(retention_bytes=-1),
            BadSize,
            "expected at least 0 bytes to keep, got -1; None keeps everything",
        ),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing(call, error, text) -> None:
    log = log_of(*THREE, retention_bytes=6, segment_bytes=3)
    with pytest.raises(error) as caught:
        call(log)
    assert str(caught.value) == text
    assert isinstance(caught.value, PartitionLogError)
    assert (log.start_offset, log.next_offset, log.read(3)) == (3, 6, b"bbcccc")


def test_a_reader_outside_is_told_the_range() -> None:
    log = log_of(*THREE, retention_bytes=6, segment_bytes=3)
    for offset in (-1, 0, 2, 7, 1 << 62):
        with pytest.raises(OffsetOutOfRange) as caught:
            log.read(offset)
        assert (caught.value.offset, caught.value.start_offset, caught.value.next_offset) == (offset, 3, 6)


@dataclass
class Listed:
    """The same, each offset looked for from the front: what a log should do, slowly."""

    retention_bytes: int | None
    segment_bytes: int
    next_offset: int = 0
    segments: list[list[tuple[int, bytes, int]]] = field(default_factory=lambda: [[]])

    def append(self, data: bytes, records: int) -> None:
        size_bytes = sum(len(data) for _, data, _ in self.segments[-1])
        if size_bytes and size_bytes + len(data) > self.segment_bytes:
            self.segments.append([])
        self.segments[-1].append((self.next_offset, data, records))
        self.next_offset += records
        sizes = [sum(len(data) for _, data, _ in segment) for segment in self.segments]
        while self.retention_bytes is not None and len(sizes) > 1 and sum(sizes[1:]) >= self.retention_bytes:
            del sizes[0], self.segments[0]

    @property
    def batches(self) -> list[tuple[int, bytes, int]]:
        return [batch for segment in self.segments for batch in segment]

    def read(self, offset: int, max_bytes: int | None) -> bytes:
        read = b""
        for base_offset, data, records in self.batches:
            if base_offset + records > offset:
                if read and max_bytes is not None and len(read) + len(data) > max_bytes:
                    break
                read += data
        return read


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=6), st.integers(1, 3)), max_size=30),
    st.none() | st.integers(0, 40),
    st.integers(1, 20),
    st.integers(-1, 95),
    st.none() | st.integers(0, 40),
)
def test_reading_is_looking_through_a_list(batches, retention_bytes, segment_bytes, offset, max_bytes) -> None:
    log = log_of(*batches, retention_bytes=retention_bytes, segment_bytes=segment_bytes)
    listed = Listed(retention_bytes, segment_bytes)
    for batch in batches:
        listed.append(*batch)
    start_offset = listed.batches[0][0] if listed.batches else listed.next_offset
    assert (log.start_offset, log.next_offset) == (start_offset, listed.next_offset)
    assert log.size_bytes == sum(len(data) for _, data, _ in listed.batches)
    if start_offset <= offset <= log.next_offset:
        assert log.read(offset, max_bytes) == listed.read(offset, max_bytes)
        everything = len(listed.read(offset, None))
        assert log.available(offset, max_bytes) == (everything if max_bytes is None else min(everything, max_bytes))
    else:
        with pytest.raises(OffsetOutOfRange):
            log.read(offset, max_bytes)
        with pytest.raises(OffsetOutOfRange):
            log.available(offset, max_bytes)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.integers(1, 20))
def test_a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice(limits, segment_bytes) -> None:
    log = log_of(*((b"%02d" % n, 1) for n in range(40)), segment_bytes=segment_bytes)
    seen = b""
    for limit in limits:
        seen += log.read(len(seen) // 2, limit)
    assert seen == log.read(0)[: len(seen)]
