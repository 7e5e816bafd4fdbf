"""A log in a folder: the same as in memory, and there again when it is opened the next time."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from disk_batches import FIRST, append, batch, files, values
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.purgatory.disk import Closed, CorruptLog, DiskLog, NotInOrder
from patterns.purgatory.disk import segments as disk_segments
from patterns.wait.partition_log import NothingAppended, OffsetOutOfRange, PartitionLog, PartitionLogError
from patterns.wire.kafka import scan_batches


def test_the_files_hold_the_batches_as_they_were_appended_named_by_their_first_offset(tmp_path: Path) -> None:
    with DiskLog(tmp_path / "events-0", segment_bytes=160) as log:
        appended = [append(log, b"a", b"b"), append(log, b"c"), append(log, b"d")]
    assert files(tmp_path / "events-0") == {
        FIRST: appended[0] + appended[1],
        "00000000000000000003.log": appended[2],
    }


def test_what_was_appended_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    with DiskLog(tmp_path) as log:
        append(log, b"a", b"b")
        append(log, b"c")
    with DiskLog(tmp_path) as again:
        assert (again.start_offset, again.next_offset, again.cut) == (0, 3, None)
        append(again, b"d")
        assert values(again) == [b"a", b"b", b"c", b"d"]
        assert repr(again) == f"<DiskLog of offsets 0–4, {again.size_bytes} bytes>"


def test_several_batches_appended_in_one_piece_are_read_one_by_one_now_and_later(tmp_path: Path) -> None:
    first, second = batch(0, b"a", b"b"), batch(2, b"c")
    with DiskLog(tmp_path) as log:
        assert log.append(first + second, 3) == 0
        assert [log.read(0, 1), log.read(2)] == [first, second]
    with DiskLog(tmp_path) as log:
        assert [log.read(0, 1), log.read(2)] == [first, second]


batches = st.lists(st.lists(st.binary(max_size=9), min_size=1, max_size=3), max_size=8)


@settings(max_examples=40)
@given(
    batches, batches, st.none() | st.integers(0, 600), st.integers(1, 500), st.lists(st.none() | st.integers(0, 600))
)
def test_it_reads_as_the_log_in_memory_does_before_and_after(before, after, retention_bytes, segment_bytes, limits):
    limits = [None, 0, 75, *limits]
    in_memory = PartitionLog(retention_bytes=retention_bytes, segment_bytes=segment_bytes)
    with tempfile.TemporaryDirectory() as folder:
        for some in (before, after, []):
            options = {"retention_bytes": retention_bytes, "segment_bytes": segment_bytes}
            with DiskLog(folder, **options) as log:
                for payloads in some:
                    assert append(log, *payloads) == append(in_memory, *payloads)
                assert log.size_bytes == in_memory.size_bytes == sum(map(len, files(Path(folder)).values()))
                assert (log.start_offset, log.next_offset) == (in_memory.start_offset, in_memory.next_offset)
                for offset in range(log.start_offset, log.next_offset + 1):
                    for limit in limits:
                        assert log.read(offset, limit) == in_memory.read(offset, limit)
                        assert log.available(offset, limit) == in_memory.available(offset, limit)
                with pytest.raises(OffsetOutOfRange):
                    log.read(log.next_offset + 1)


def test_what_is_forgotten_has_no_file_any_more_and_stays_forgotten(tmp_path: Path) -> None:
    with DiskLog(tmp_path, segment_bytes=1, retention_bytes=100) as log:
        for value in (b"a", b"b", b"c", b"d"):
            append(log, value)
        assert list(files(tmp_path)) == ["00000000000000000002.log", "00000000000000000003.log"]
    with DiskLog(tmp_path) as log:
        assert (log.start_offset, values(log)) == (2, [b"c", b"d"])


def test_a_file_that_cannot_be_removed_keeps_nobody_from_appending(tmp_path, monkeypatch, caplog) -> None:
    def refuse(path: Path, missing_ok: bool) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with DiskLog(tmp_path, segment_bytes=1, retention_bytes=0) as log:
        append(log, b"a")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            append(log, b"b")
        assert values(log) == [b"b"]
    assert caplog.messages == [
        f"{tmp_path / FIRST} holds nothing that need be kept, and cannot be removed: [Errno 1] Operation not permitted"
    ]


def short_of_space(after: int):
    """An `os.pwrite` for which the disk is full after so many bytes; it writes no more than 10 at once."""
    room = after

    def pwrite(descriptor: int, data: bytes, position: int) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os_pwrite(descriptor, bytes(data[: min(10, room)]), position)
        room -= written
        return written

    return pwrite


os_pwrite = os.pwrite


@pytest.mark.parametrize("segment_bytes", [1, 1000])
@pytest.mark.parametrize("room", [0, 5, 70, 100])
def test_what_the_disk_did_not_take_is_not_there_and_the_next_append_is(
    tmp_path, monkeypatch, room, segment_bytes
) -> None:
    with DiskLog(tmp_path, segment_bytes=segment_bytes) as log:
        kept = append(log, b"a")
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", short_of_space(room))
            with pytest.raises(OSError, match="No space left on device"):
                append(log, b"much" * 20, b"more")
        assert (log.next_offset, log.size_bytes, values(log)) == (1, len(kept), [b"a"])
        append(log, b"b")
        append(log, b"c")
        assert values(log) == [b"a", b"b", b"c"]
    with DiskLog(tmp_path) as again:
        assert (values(again), again.cut) == ([b"a", b"b", b"c"], None)


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "pwrite", short_of_space(1000))
    monkeypatch.setattr(os, "pread", lambda descriptor, size, at, pread=os.pread: pread(descriptor, min(size, 7), at))
    with DiskLog(tmp_path) as log:
        assert log.read(0) + append(log, b"a" * 100) == log.read(0)


def test_with_fsync_an_append_is_done_when_the_disk_has_the_bytes_and_the_name(tmp_path, monkeypatch) -> None:
    synced = []

    def sync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}")) if Path("/proc/self/fd").exists() else None
        synced.append((path, os.fstat(descriptor).st_size) if path and path.is_file() else path)

    monkeypatch.setattr(disk_segments, "sync", sync)
    with DiskLog(tmp_path, fsync=True) as log:
        first = append(log, b"a")
        second = append(log, b"b")
    file = tmp_path / FIRST
    assert synced in ([(file, len(first)), tmp_path, (file, len(first + second))], [None] * 3)


def test_without_it_nobody_waits_for_the_disk(tmp_path, monkeypatch) -> None:
    monkeypatch.delattr(os, "fsync")
    with DiskLog(tmp_path) as log:
        append(log, b"a")


def test_what_the_disk_refuses_to_sync_is_not_appended(tmp_path, monkeypatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with DiskLog(tmp_path, fsync=True) as log:
        append(log, b"a")
        with monkeypatch.context() as patch:
            patch.setattr(disk_segments, "sync", fail)
            with pytest.raises(OSError, match="Input/output error"):
                append(log, b"b", b"c")
        assert values(log) == [b"a"]
        append(log, b"d")
        assert values(log) == [b"a", b"d"]


TWO = batch(1, b"b") + batch(2, b"c", b"d")


@pytest.mark.parametrize(
    ("data", "records", "in_order", "offset"),
    [
        (TWO, 2, len(TWO), 4),
        (b"no batch at all", 3, 0, 1),
        (batch(0, b"x"), 1, 0, 1),
        (batch(1, b"x"), 2, 69, 2),
        (batch(1, b"x")[:-1], 1, 68, 2),
        (batch(1, b"x") + b"y", 1, 69, 2),
        (batch(1, b"x") + batch(3, b"y"), 2, 69, 2),
        (batch(1, b"x")[:8] + bytes(61), 1, 0, 1),
    ],
)
def test_only_what_goes_on_where_the_log_ends_is_written(tmp_path, data, records, in_order, offset) -> None:
    with DiskLog(tmp_path) as log:
        append(log, b"a")
        before = files(tmp_path)
        with pytest.raises(NotInOrder) as caught:
            log.append(data, records)
        assert files(tmp_path) == before
        assert log.append(TWO, 3) == 1
    assert str(caught.value) == (
        f"expected whole batches with offsets 1 to {records}, got {len(data)} bytes that are in order up to byte "
        f"{in_order}, offset {offset}; stamp them with next_offset first (patterns.wire.kafka.stamp)"
    )


def test_nothing_is_refused_as_it_is_in_memory(tmp_path) -> None:
    with DiskLog(tmp_path) as log, pytest.raises(NothingAppended):
        log.append(b"", 1)


@pytest.mark.parametrize("call", [lambda log: append(log, b"a"), lambda log: log.read(0), lambda log: log.available(0)])
def test_a_log_that_was_closed_says_so(tmp_path, call) -> None:
    log = DiskLog(tmp_path)
    log.close()
    log.close()
    with pytest.raises(Closed) as caught:
        call(log)
    assert str(caught.value) == f"expected an open log, got one that was closed; open {tmp_path} again"
    assert isinstance(caught.value, PartitionLogError)


def test_a_file_cut_under_the_log_is_an_error_and_not_half_an_answer(tmp_path) -> None:
    with DiskLog(tmp_path) as log:
        data = append(log, b"a") + append(log, b"b")
        os.truncate(tmp_path / FIRST, 100)
        with pytest.raises(CorruptLog) as caught:
            log.read(0)
    assert str(caught.value) == (
        f"expected {len(data)} bytes at byte 0 of {tmp_path / FIRST}, got 100 bytes; "
        "somebody else has cut the file: stop who writes there, and open the folder again"
    )


def test_no_file_is_held_open(tmp_path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))

    before = descriptors()
    with DiskLog(tmp_path, segment_bytes=1, is_locked=True) as log:
        for value in (b"a", b"b"):
            append(log, value)
        assert values(log) == [b"a", b"b"]
        assert descriptors() == before


def test_the_headers_of_the_newest_batches_are_read_alone_the_oldest_of_them_first(tmp_path) -> None:
    with DiskLog(tmp_path, segment_bytes=160) as log:
        for value in (b"a", b"b", b"c", b"d", b"e"):  # two a segment
            append(log, value)
        offsets = [[header.base_offset for header in log.last_batches(most)] for most in range(7)]
        assert offsets == [[], [4], [3, 4], [2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
        (newest,) = log.last_batches(1)
        assert (newest, newest.size_bytes) == (next(scan_batches(log.read(4))), len(log.read(4)))


def test_a_segment_that_could_not_be_begun_has_no_headers(tmp_path, monkeypatch) -> None:
    with DiskLog(tmp_path) as log:
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", short_of_space(0))
            with pytest.raises(OSError, match="No space left on device"):
                append(log, b"a")
        assert log.last_batches(1) == []
