"""Topics and partitions as folders of one folder: found again, never led out of it, written by one process."""

from __future__ import annotations

import os

import pytest
from disk_batches import append, values

from patterns.purgatory.disk import BadFolder, Closed, DiskLogs, FolderInUse, MissingPartition, segments
from patterns.purgatory.disk.lock import Lock


def test_each_partition_is_a_folder_and_found_again_even_if_there_is_nothing_in_it(tmp_path) -> None:
    with DiskLogs(tmp_path / "made" / "for it") as logs:
        assert dict(logs.topics) == {}
        append(logs.open("events", 0), b"a")
        append(logs.open("a-b.c_d", 0), b"b")
        append(logs.open("a-b.c_d", 1), b"c")
        logs.open("idle", 0)
    with DiskLogs(tmp_path / "made" / "for it") as logs:
        assert list(logs.topics.items()) == [("a-b.c_d", 2), ("events", 1), ("idle", 1)]
        found = {(name, n): values(logs.open(name, n)) for name, count in logs.topics.items() for n in range(count)}
    assert found == {("events", 0): [b"a"], ("a-b.c_d", 0): [b"b"], ("a-b.c_d", 1): [b"c"], ("idle", 0): []}


def test_opened_twice_it_is_the_same_log(tmp_path) -> None:
    with DiskLogs(tmp_path) as logs:
        assert logs.open("events", 0) is logs.open("events", 0)


def test_topics_with_more_than_ten_partitions_are_counted_by_number(tmp_path) -> None:
    with DiskLogs(tmp_path) as logs:
        for n in range(12):
            logs.open("t", n)
    with DiskLogs(tmp_path) as logs:
        assert dict(logs.topics) == {"t": 12}


def test_the_options_are_those_of_each_log(tmp_path, monkeypatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(segments, "sync", synced.append)
    with DiskLogs(tmp_path, segment_bytes=1, retention_bytes=0, fsync=True) as logs:
        log = logs.open("events", 0)
        append(log, b"a")
        append(log, b"b")
        assert (log.start_offset, values(log)) == (1, [b"b"])
    assert len(synced) == 5  # the folder's name, two files, their names


BAD = [
    "",
    "a/b",
    "../a",
    "/etc/passwd",
    "a\0b",
    "a\nb",
    "ä",
    "a b",
    "~",
    "$HOME",
    "x" * 250,
    "a\\b",
    "events-0/../../a",
]


@pytest.mark.parametrize("topic", BAD)
def test_no_name_leads_out_of_the_folder(tmp_path, topic) -> None:
    with DiskLogs(tmp_path / "inside") as logs, pytest.raises(BadFolder) as caught:
        logs.open(topic, 0)
    assert str(caught.value) == (
        "expected a topic of 1 to 249 of a–z, A–Z, 0–9, dot, dash and underscore, and a partition from 0 to 99999, "
        f"got {topic!r} and 0; choose another name"
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", ".lock"]


@pytest.mark.parametrize("topic", [".", "..", "-", "...", "-1", ".lock", "x" * 249])
def test_names_that_look_dangerous_and_are_not_are_folders_inside(tmp_path, topic) -> None:
    with DiskLogs(tmp_path) as logs:
        folder = logs.open(topic, 0).folder
        assert folder.resolve().parent == tmp_path.resolve()
    with DiskLogs(tmp_path) as logs:
        assert dict(logs.topics) == {topic: 1}


@pytest.mark.parametrize("partition", [-1, 100_000])
def test_no_partition_has_a_number_that_a_name_has_no_room_for(tmp_path, partition) -> None:
    with DiskLogs(tmp_path) as logs, pytest.raises(BadFolder):
        logs.open("events", partition)


def test_two_topics_that_the_file_system_takes_for_one_are_not_written_into_one_folder(tmp_path) -> None:
    with DiskLogs(tmp_path) as logs:
        (tmp_path / "events-0").mkdir()  # what macOS does when it is asked to make Events-0
        with pytest.raises(BadFolder) as caught:
            logs.open("events", 0)
    assert str(caught.value) == (
        "expected a name that the file system does not know yet, got 'events-0', which it takes for another; "
        "choose one that differs by more than capitals"
    )


def test_what_is_no_partition_is_let_be(tmp_path) -> None:
    for name in ("lost+found", "events", "events-x", "events-00", "events-١"):
        (tmp_path / name).mkdir()
    (tmp_path / "file-0").touch()
    with DiskLogs(tmp_path) as logs:
        assert dict(logs.topics) == {}


def test_a_topic_with_a_partition_missing_is_refused_and_the_folder_free_again(tmp_path) -> None:
    for n in (0, 2):
        (tmp_path / f"events-{n}").mkdir()
    for _ in range(2):
        with pytest.raises(MissingPartition) as caught:
            DiskLogs(tmp_path)
    assert str(caught.value) == (
        f"expected the folders events-0 to events-2 in {tmp_path}, got none for events-1; "
        "bring it back, or make it, empty, if what was in it may be lost"
    )


def test_a_folder_is_opened_once_at_a_time(tmp_path) -> None:
    with DiskLogs(tmp_path):
        with pytest.raises(FolderInUse) as caught:
            DiskLogs(tmp_path)
        assert str(caught.value) == (
            f"expected {tmp_path} for this process alone, got it locked by this process, {os.getpid()}, itself; "
            "stop that one first, or choose another folder"
        )
    DiskLogs(tmp_path).close()


def test_who_has_the_lock_and_has_not_said_so_yet_is_another_process(tmp_path) -> None:
    lock = Lock(tmp_path)
    (tmp_path / ".lock").write_bytes(b"")
    with pytest.raises(FolderInUse, match="got it locked by another process;"):
        Lock(tmp_path)
    lock.release()
    lock.release()


def test_closed_with_its_folder_a_log_is_closed(tmp_path) -> None:
    logs = DiskLogs(tmp_path)
    log = logs.open("events", 0)
    logs.close()
    with pytest.raises(Closed):
        append(log, b"a")


def test_a_log_of_the_broker_is_no_topic_and_no_topic_s_name_reaches_it(tmp_path) -> None:
    with DiskLogs(tmp_path) as logs:
        log = logs.of_the_broker("groups", retention_bytes=800)
        for _ in range(30):
            append(log, b"a commit")
        assert 800 <= log.size_bytes <= 900
        assert logs.of_the_broker("groups", retention_bytes=800) is log
    with DiskLogs(tmp_path) as logs:
        assert dict(logs.topics) == {}
        assert logs.of_the_broker("groups", retention_bytes=800).next_offset == 30
        with pytest.raises(BadFolder) as caught:
            logs.of_the_broker("groups-0", retention_bytes=800)
    assert str(caught.value) == "expected a plain word, not a partition, got 'groups-0'; choose another name"
