"""A writer is killed, at any moment: whatever it was told is appended is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from disk_batches import values
from disk_writer import RETENTION_BYTES, SEGMENT_BYTES, value

from patterns.purgatory.disk import DiskLog, FolderInUse

WRITER = Path(__file__).with_name("disk_writer.py")


def writer(folder: Path, *moment: object) -> subprocess.Popen[bytes]:
    """A process that appends to the folder until it dies."""
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(WRITER.parent)])
    return subprocess.Popen(
        [sys.executable, WRITER, folder, *map(str, moment)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # what is read line by line leaves the rest where `communicate` finds it
        env={**os.environ, "PYTHONPATH": paths},
    )


def killed(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end, which only the signal may be; the last of the next offsets that were not read yet."""
    told, _ = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    return int(told.split(b"\n")[-2]) if told else 0


def is_all_there(folder: Path, told: int) -> DiskLog:
    """Every record that was told is in the folder, or was forgotten in due course; at most one batch more is."""
    with DiskLog(folder, segment_bytes=SEGMENT_BYTES, retention_bytes=RETENTION_BYTES) as log:
        assert told <= log.next_offset <= told + 3
        assert values(log) == [value(offset) for offset in range(log.start_offset, log.next_offset)]
        assert log.start_offset == 0 or log.size_bytes >= RETENTION_BYTES
        return log


MOMENTS = (
    ("written", 1, 0),
    ("written", 1, 1),
    ("written", 4, 16),
    ("written", 4, 60),
    ("written", 9, 75),
    ("written", 9, 1000),
    ("synced", 1),
    ("synced", 12),
    ("forgotten", 1, 0),
    ("forgotten", 2, 1),
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: " ".join(map(str, moment)))
def test_what_a_killed_writer_was_told_is_there(tmp_path, moment) -> None:
    told = killed(writer(tmp_path, *moment))
    log = is_all_there(tmp_path, told)
    if moment[0] == "written":
        assert (log.cut.size_bytes if log.cut else 0) == moment[2] % 1000
        assert log.next_offset > told or moment[2] < 1000


@pytest.mark.parametrize("is_kept", [0, 1])
def test_a_writer_killed_while_it_cuts_off_what_another_left_costs_nothing_more(tmp_path, is_kept) -> None:
    told = killed(writer(tmp_path, "written", 5, 50))
    assert killed(writer(tmp_path, "cut", is_kept)) == 0
    log = is_all_there(tmp_path, told)
    assert log.cut is not None
    assert log.cut.size_bytes == len(log.cut.kept_in.read_bytes()) == 50


def test_a_writer_killed_again_and_again_at_no_particular_moment_loses_nothing(tmp_path) -> None:
    draw = random.Random(9)
    for _ in range(4):
        process = writer(tmp_path, "never")
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(draw.randrange(1, 200))][-1]
        process.kill()
        is_all_there(tmp_path, max(told, killed(process)))


def test_while_one_process_writes_no_other_may_and_when_it_is_killed_one_may(tmp_path) -> None:
    process = writer(tmp_path, "never")
    assert process.stdout is not None
    told = int(process.stdout.readline())
    with pytest.raises(FolderInUse) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected {tmp_path} for this process alone, got it locked by process {process.pid}; "
        "stop that one first, or choose another folder"
    )
    process.kill()
    is_all_there(tmp_path, max(told, killed(process)))
