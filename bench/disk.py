"""A log in a folder: what an append costs that survives `kill -9`, and one that survives a lost machine.

The problem: "acknowledged" has a price, and it depends on what may happen afterwards. The assumption: batches of one
record of 1 kB, appended one by one, each done before the next. The bargain: this machine's disk and file system (in
the folder for temporary files) are in every figure that waits for them; the ratios say more.

Peers: the log in memory, for what the file costs; SQLite, which one would take instead, a row and a commit an append,
in WAL mode: with `synchronous=OFF` it survives what our log survives without `fsync`, with FULL what it does with it.
"""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from bench.side_by_side import Row, in_turn
from patterns.purgatory.disk import DiskLog
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import Record, encode_batch, produced_batches, stamp

APPENDS = 5_000
SYNCED = 200
OPENED_BYTES = 64 << 20
ROUNDS = 5
BATCH = encode_batch([Record(b"." * 1000, timestamp_ms=1_764_000_000_000)])
HEADERS = produced_batches(BATCH)


def appended_us(log: PartitionLog, appends: int) -> Callable[[], float]:
    """µs by the wall of one append, stamped first, as the broker does."""

    def measure() -> float:
        started_s = time.perf_counter()
        for _ in range(appends):
            log.append(stamp(BATCH, HEADERS, log.next_offset).data, 1)
        return (time.perf_counter() - started_s) / appends * 1e6

    return measure


def inserted_us(folder: Path, synchronous: str, appends: int, stack: ExitStack) -> Callable[[], float]:
    """µs by the wall of one insert and its commit."""
    database = stack.enter_context(closing(sqlite3.connect(folder / f"{synchronous}.db", isolation_level=None)))
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={synchronous}")
    database.execute("CREATE TABLE log (offset INTEGER PRIMARY KEY, batch BLOB)")
    offsets = itertools.count()

    def measure() -> float:
        started_s = time.perf_counter()
        for _ in range(appends):
            database.execute("INSERT INTO log VALUES (?, ?)", (next(offsets), BATCH))
        return (time.perf_counter() - started_s) / appends * 1e6

    return measure


def opened_ms(folder: Path, size_bytes: int) -> tuple[Callable[[], float], Callable[[], float]]:
    """ms to open a log of that size, every checksum taken; and only to read its files."""
    with DiskLog(folder) as log:
        while log.size_bytes < size_bytes:
            piece = b"".join(stamp(BATCH, HEADERS, log.next_offset + n).data for n in range(100))
            log.append(piece, 100)

    def opened() -> float:
        started_s = time.perf_counter()
        DiskLog(folder).close()
        return (time.perf_counter() - started_s) * 1e3

    def read() -> float:
        started_s = time.perf_counter()
        for file in sorted(folder.glob("*.log")):
            file.read_bytes()
        return (time.perf_counter() - started_s) * 1e3

    return opened, read


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Five rows, about ten seconds with full effort; how long the disk takes to sync decides."""
    appends, synced = (max(2, int(count * effort)) for count in (APPENDS, SYNCED))
    rounds = ROUNDS if effort > 0.1 else 1
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        cached = appended_us(stack.enter_context(DiskLog(folder / "cached")), appends)
        safe = appended_us(stack.enter_context(DiskLog(folder / "synced", fsync=True)), synced)
        in_memory = appended_us(PartitionLog(retention_bytes=1 << 24), appends)
        off, full = inserted_us(folder, "OFF", appends, stack), inserted_us(folder, "FULL", synced, stack)
        for ours_is, ours, peer_is, peer in (
            ("DiskLog", cached, "in memory", in_memory),
            ("DiskLog", cached, "SQLite, synchronous=OFF", off),
            ("DiskLog, fsync", safe, "DiskLog", cached),
            ("DiskLog, fsync", safe, "SQLite, synchronous=FULL", full),
        ):
            what = "a batch of 1 kB appended to a log in a folder"
            yield Row(what, ours_is, peer_is, "µs", **in_turn(ours, peer, rounds))
        size_bytes = int(OPENED_BYTES * effort)
        opened, read = opened_ms(folder / "opened", size_bytes)
        what = f"a log of {size_bytes >> 10:,} kB opened again, every checksum taken"
        yield Row(what, "DiskLog", "its files read", "ms", **in_turn(opened, read, rounds))
