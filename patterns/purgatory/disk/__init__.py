"""A partition in a folder: what was appended is there again after the process has ended, however it ended.

The problem: whoever was told "appended" relies on it, and a process may be killed between any two bytes that it
writes. The assumption: the operating system goes on; what it was given to write it keeps in its page cache, and writes
out later. The bargain: an append is done when the system has the bytes. That survives `kill -9`, and costs about as
much as copying them. A machine that loses its power loses what was not written out yet, unless each append waits for
the disk: `fsync=True` buys that, for one wait for the disk an append (`python -m bench disk` shows its price), in which
everybody waits who shares a loop with it. Kafka takes the same bargain, and leaves the lost machine to replicas.

A folder holds segments, each a file of batches one behind the other, as they go over the wire. Its name is the offset
of its first record, so the files in order are the log, and to forget the oldest records is to remove a file:

    events-0/                         topic events, partition 0
        00000000000000000000.log      offsets 0 to 119
        00000000000000000120.log      from 120 on; the last one is appended to
        .lock                         held by the one process that writes here

There is no index file: batches say themselves how long they are, so who opens the log reads it once, checks every
checksum, and has the index in memory. Two things can be found:

    torn        the last file ends in what is no whole batch, because whoever wrote it was killed meanwhile. It was
                never acknowledged. It is cut off and put into a file of its own beside, `….log.POSITION.cut`, a warning
                on the logger `patterns.purgatory.disk` says so, and `DiskLog.cut` does.
    corrupt     anything else: a whole batch follows what is none, or another file does. Something changed what had been
                acknowledged, and no guess is made: `CorruptLog` says where, and what can be done.

errors      what can be wrong, each with a name
lock        one writer at a time
segments    a segment that is a file
recovery    a folder read again, and what is torn cut off
log         the log itself
folders     topics and partitions as folders of one folder
"""

from patterns.purgatory.disk.errors import (
    BadFolder,
    Closed,
    CorruptLog,
    DiskLogError,
    FolderInUse,
    MissingPartition,
    NotInOrder,
)
from patterns.purgatory.disk.folders import DiskLogs
from patterns.purgatory.disk.log import DiskLog
from patterns.purgatory.disk.recovery import Cut

__all__ = [
    "BadFolder",
    "Closed",
    "CorruptLog",
    "Cut",
    "DiskLog",
    "DiskLogError",
    "DiskLogs",
    "FolderInUse",
    "MissingPartition",
    "NotInOrder",
]
