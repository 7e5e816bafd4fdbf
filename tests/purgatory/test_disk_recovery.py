"""A folder opened again: what is torn at its end is cut off and said, what was changed is refused and said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from disk_batches import FIRST, append, batch, files, values
from google_crc32c import value as crc32c

from patterns.purgatory.disk import CorruptLog, Cut, DiskLog, recovery
from patterns.wire.kafka import scan_batches, stamp
from patterns.wire.kafka.batches import HEADER_BYTES, produced_batches

SECOND = "00000000000000000003.log"


def three(folder: Path, **options) -> list[bytes]:
    """A log of three batches, closed again; what each wrote."""
    with DiskLog(folder, **options) as log:
        return [append(log, b"a", b"b"), append(log, b"c"), append(log, b"d", b"e")]


LAST = len(batch(3, b"d", b"e"))


@pytest.mark.parametrize("left", range(LAST))
def test_a_last_batch_torn_at_any_byte_is_cut_off_put_aside_and_told(tmp_path, caplog, left) -> None:
    written = b"".join(three(tmp_path))
    end = len(written) - LAST
    os.truncate(tmp_path / FIRST, end + left)
    with DiskLog(tmp_path) as log:
        assert values(log) == [b"a", b"b", b"c"]
        kept_in = tmp_path / f"{FIRST}.{end}.cut"
        why = f"expected a batch, got the first {left} bytes of one"
        assert log.cut == (Cut(tmp_path / FIRST, end, left, why, kept_in) if left else None)
        kept = {kept_in.name: written[end : end + left]} if left else {}
        assert files(tmp_path) == {FIRST: written[:end], **kept}
        append(log, b"x")
    assert caplog.messages == [
        f"cut {left} bytes off the end of {tmp_path / FIRST}, from byte {end} on: {why}. Who wrote them did not come "
        f"to an end, and told nobody that they were appended; they are kept in {FIRST}.{end}.cut"
    ] * bool(left)
    caplog.clear()
    with DiskLog(tmp_path) as again:
        assert (values(again), again.cut, caplog.messages) == ([b"a", b"b", b"c", b"x"], None, [])


@pytest.mark.parametrize(
    ("end", "none"),
    [
        (bytes(50), "50 bytes that are none (expected magic 2, a record batch, at byte {at}, got magic 0)"),
        (bytes(17), "17 bytes that are none (expected magic 2, a record batch, at byte {at}, got magic 0)"),
        (bytes(16), "the first 16 bytes of one"),
        (
            bytes(16) + b"\2" + bytes(9),
            "26 bytes that are none "
            "(expected a batch of at least 49 bytes behind its length, at byte {at}, got one of 0)",
        ),
    ],
)
def test_what_a_lost_machine_left_behind_the_last_batch_is_cut_off_too(tmp_path, end, none) -> None:
    written = b"".join(three(tmp_path))
    with (tmp_path / FIRST).open("ab") as file:
        file.write(end)
    with DiskLog(tmp_path) as log:
        assert values(log) == [b"a", b"b", b"c", b"d", b"e"]
        assert log.cut is not None
        assert log.cut.why == "expected a batch, got " + none.format(at=len(written))
        assert log.cut.kept_in.read_bytes() == end


def test_a_last_batch_that_is_long_enough_and_not_what_was_written_is_cut_off_too(tmp_path) -> None:
    *before, last = three(tmp_path)
    at, changed = len(b"".join(before)), last[:-1] + b"?"
    (tmp_path / FIRST).write_bytes(b"".join([*before, changed]))
    with DiskLog(tmp_path) as log:
        assert values(log) == [b"a", b"b", b"c"]
        assert log.cut is not None
        assert log.cut.why == (
            f"expected a batch, got {len(last)} bytes that are none (expected bytes with the CRC-32C "
            f"0x{last[17:21].hex()} in the batch at byte {at}, got {crc32c(changed[21:]):#010x})"
        )
        assert log.cut.kept_in.read_bytes() == changed


def test_what_is_in_a_file_of_no_batches_at_all_is_put_aside_whole(tmp_path) -> None:
    (tmp_path / FIRST).write_bytes(b"my diary, which I keep here")
    with DiskLog(tmp_path) as log:
        append(log, b"a")
        assert values(log) == [b"a"]
    assert files(tmp_path)[f"{FIRST}.0.cut"] == b"my diary, which I keep here"


def test_a_first_batch_torn_in_a_new_segment_leaves_the_segment_empty_and_the_next_one_goes_there(tmp_path) -> None:
    three(tmp_path, segment_bytes=200)
    os.truncate(tmp_path / SECOND, 30)
    for value, segments in ((b"x", [FIRST, SECOND]), (b"y", [FIRST, SECOND])):
        with DiskLog(tmp_path, segment_bytes=200) as log:
            append(log, value)
        assert [name for name in files(tmp_path) if name.endswith(".log")] == segments
    with DiskLog(tmp_path) as log:
        assert (values(log), log.cut) == ([b"a", b"b", b"c", b"x", b"y"], None)


def test_a_segment_that_was_begun_and_has_nothing_in_it_is_nothing_to_speak_of(tmp_path) -> None:
    (tmp_path / SECOND).touch()
    with DiskLog(tmp_path) as log:
        assert (log.start_offset, log.next_offset, log.size_bytes, log.cut, log.read(3)) == (3, 3, 0, None, b"")
        append(log, b"x")
        assert values(log) == [b"x"]


MIDDLE_AT = len(batch(0, b"a", b"b"))
MIDDLE = len(batch(2, b"c"))
LEADER_EPOCH = range(12, 16)  # no checksum covers it, and it is nothing that readers go by


@pytest.mark.parametrize("at", [n for n in range(MIDDLE) if n not in LEADER_EPOCH])
def test_a_byte_changed_anywhere_in_a_batch_in_the_middle_is_refused_and_nothing_else_changed(tmp_path, at) -> None:
    changed = bytearray(b"".join(three(tmp_path)))
    changed[MIDDLE_AT + at] ^= 0x40
    (tmp_path / FIRST).write_bytes(changed)
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    assert (caught.value.file, caught.value.position, caught.value.offset) == (tmp_path / FIRST, MIDDLE_AT, 2)
    assert files(tmp_path) == {FIRST: changed}
    (tmp_path / FIRST).write_bytes(changed[:MIDDLE_AT])  # as the advice says
    with DiskLog(tmp_path) as log:
        assert values(log) == [b"a", b"b"]


def advice(file: Path, position: int, offset: int) -> str:
    return (
        f"bring the file back from a copy, or give up everything from offset {offset} on: "
        f"`truncate -s {position} {file}`, and remove the segments behind it"
    )


def test_a_corrupt_batch_in_the_middle_is_told_with_what_can_be_done(tmp_path) -> None:
    first, middle, last = three(tmp_path)
    file = tmp_path / FIRST
    file.write_bytes(first + middle[:9] + b"\1" + middle[10:] + last)  # a length beyond the end, as of a torn batch
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    at = len(first)
    assert str(caught.value) == (
        f"expected a batch with offset 2 at byte {at} of {file}, got the first {len(middle + last)} bytes of one, and "
        f"a whole batch follows at byte {at + len(middle)}, with offset 3; {advice(file, at, 2)}"
    )


def test_offsets_that_do_not_go_on_are_refused_though_their_checksums_are_right(tmp_path) -> None:
    file = tmp_path / FIRST
    file.write_bytes(batch(0, b"a", b"b") + batch(7, b"c"))
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected a batch with offset 2 at byte {MIDDLE_AT} of {file}, got one with offsets 7 to 7; "
        + advice(file, MIDDLE_AT, 2)
    )


def test_only_the_last_segment_can_be_torn(tmp_path) -> None:
    three(tmp_path, segment_bytes=200)
    file = tmp_path / FIRST
    os.truncate(file, 100)
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected a batch with offset 2 at byte {MIDDLE_AT} of {file}, got the first {100 - MIDDLE_AT} bytes of one, "
        f"and another segment follows; {advice(file, MIDDLE_AT, 2)}"
    )


def test_a_segment_that_is_missing_is_told(tmp_path) -> None:
    three(tmp_path, segment_bytes=1)
    (tmp_path / "00000000000000000002.log").unlink()
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected a segment that goes on with offset 2, 00000000000000000002.log, at byte 0 of {tmp_path / SECOND}, "
        "got one that starts with 3; "
        "bring back what was removed, or remove the files on one side of the gap, with what is in them"
    )


@pytest.mark.parametrize("name", ["today.log", "7.log", "-0000000000000000001.log", "0000000000000000000１.log"])
def test_a_file_that_only_ends_as_segments_do_is_nothing_to_guess_about(tmp_path, name) -> None:
    (tmp_path / name).touch()
    with pytest.raises(CorruptLog) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected a segment, named by its first offset ({FIRST}), at byte 0 of {tmp_path / name}, got another file; "
        "move away what is not the log's"
    )


def test_what_is_no_log_s_is_let_be(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    three(tmp_path)
    with DiskLog(tmp_path):
        assert files(tmp_path)["notes.txt"] == b"mine"


def test_a_folder_that_could_not_be_opened_is_not_locked(tmp_path) -> None:
    (tmp_path / "today.log").touch()
    with pytest.raises(CorruptLog):
        DiskLog(tmp_path)
    (tmp_path / "today.log").unlink()
    DiskLog(tmp_path).close()


def test_a_torn_batch_full_of_what_looks_like_batches_is_cut_off_without_summing_up_each(tmp_path, monkeypatch) -> None:
    lookalike = batch(9, b"x" * 40)[:-1] + b"y"  # a later offset, a length that fits, the wrong checksum
    torn = batch(0, lookalike * 200 + b"\2" * 100_000)[:-1]
    (tmp_path / FIRST).write_bytes(torn)
    looked_at = []
    monkeypatch.setattr(recovery, "scan_batches", lambda data, at=0: looked_at.append(at) or scan_batches(data, at))
    with DiskLog(tmp_path) as log:
        assert (log.next_offset, log.cut and log.cut.size_bytes) == (0, len(torn))
    assert len(looked_at) == 1 + recovery.LOOKALIKES


def test_an_earlier_batch_inside_of_a_torn_one_is_no_reason_to_refuse(tmp_path) -> None:
    first = batch(0, b"a")
    (tmp_path / FIRST).write_bytes(first + batch(1, first + batch(1, b"b"))[:-1])
    with DiskLog(tmp_path) as log:
        assert values(log) == [b"a"]


def test_compressed_batches_are_kept_as_they_are(tmp_path) -> None:
    data = bytearray(batch(0, b"not really gzip"))
    data[22] |= 1
    data[17:21] = crc32c(bytes(data[21:])).to_bytes(4, "big")
    stamped = stamp(bytes(data), produced_batches(bytes(data)), 0)
    with DiskLog(tmp_path) as log:
        log.append(stamped.data, 1)
    with DiskLog(tmp_path) as log:
        assert log.read(0) == stamped.data
        assert len(stamped.data) > HEADER_BYTES
