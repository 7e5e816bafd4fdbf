"""A writer is killed, at any moment: whatever it was told is appended is there."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import disk_writer
import pytest
from disk_batches import values
from disk_writer import RETENTION_BYTES, SEGMENT_BYTES, value

from patterns.purgatory.disk import DiskLog, FolderInUse

PROCESSES = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module", autouse=True)
def imported_once() -> None:
    """What each process needs is imported by the one that they are forked from."""
    PROCESSES.set_forkserver_preload(["disk_writer"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # it does not look where we do otherwise
        forkserver.ensure_running()


class Writer:
    """A process that appends to the folder until it dies."""

    def __init__(self, folder: Path, moment: str, *numbers: int) -> None:
        self.told, its_end = PROCESSES.Pipe(duplex=False)
        self.process = PROCESSES.Process(target=disk_writer.main, args=(folder, moment, numbers, its_end), daemon=True)
        self.process.start()
        its_end.close()

    def offsets(self) -> Iterator[int]:
        """The next offsets that it tells, until it is dead."""
        with self.told:
            while True:
                try:
                    yield self.told.recv()
                except EOFError:
                    return

    def killed(self) -> int:
        """Wait for its end, which only the signal may be; the last offset that it told, if it was not read before."""
        offset = max(self.offsets(), default=0)
        self.process.join(30)
        assert self.process.exitcode == -signal.SIGKILL
        return offset


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
    told = Writer(tmp_path, *moment).killed()
    log = is_all_there(tmp_path, told)
    if moment[0] == "written":
        assert (log.cut.size_bytes if log.cut else 0) == moment[2] % 1000
        assert log.next_offset > told or moment[2] < 1000


@pytest.mark.parametrize("is_kept", [0, 1])
def test_a_writer_killed_while_it_cuts_off_what_another_left_costs_nothing_more(tmp_path, is_kept) -> None:
    told = Writer(tmp_path, "written", 5, 50).killed()
    assert Writer(tmp_path, "cut", is_kept).killed() == 0
    log = is_all_there(tmp_path, told)
    assert log.cut is not None
    assert log.cut.size_bytes == len(log.cut.kept_in.read_bytes()) == 50


def test_a_writer_killed_again_and_again_at_no_particular_moment_loses_nothing(tmp_path) -> None:
    draw = random.Random(9)
    for _ in range(8):
        writer = Writer(tmp_path, "never")
        told = [writer.told.recv() for _ in range(draw.randrange(1, 200))][-1]
        writer.process.kill()
        is_all_there(tmp_path, max(told, writer.killed()))


def test_while_one_process_writes_no_other_may_and_when_it_is_killed_one_may(tmp_path) -> None:
    writer = Writer(tmp_path, "never")
    told = writer.told.recv()
    with pytest.raises(FolderInUse) as caught:
        DiskLog(tmp_path)
    assert str(caught.value) == (
        f"expected {tmp_path} for this process alone, got it locked by process {writer.process.pid}; "
        "stop that one first, or choose another folder"
    )
    writer.process.kill()
    is_all_there(tmp_path, max(told, writer.killed()))
