"""What can be wrong with a log in a folder; besides, whatever the system says (OSError: no space left, …).

DiskLogError                a PartitionLogError
    FolderInUse             another process writes there
    CorruptLog              what is in the folder is not what was appended
    MissingPartition        of a topic's folders not all are there
    BadFolder               a name that is no folder's, or another topic's
    NotInOrder              what is to be appended are not batches that go on where the log ends
    Closed                  the log was closed before
"""

from pathlib import Path

from patterns.wait.partition_log import PartitionLogError


class DiskLogError(PartitionLogError):
    """Says what was expected, what came and what to do."""


class FolderInUse(DiskLogError):
    """Another process writes there, or this one does already; the text says who."""


class CorruptLog(DiskLogError):
    """What is in `file` from byte `position` on is not what was appended; records from `offset` on are in doubt."""

    def __init__(self, file: Path, position: int, offset: int, expected: str, got: str, mend: str) -> None:
        super().__init__(f"expected {expected} at byte {position} of {file}, got {got}; {mend}")
        self.file = file
        self.position = position
        self.offset = offset


class MissingPartition(DiskLogError):
    """A topic's partitions are numbered from 0 on, and one of their folders is not there."""


class BadFolder(DiskLogError):
    """A topic whose name could lead out of the folder, or that the file system takes for another's."""


class NotInOrder(DiskLogError):
    """Only batches that were given the log's next offsets can be found again; nothing was appended."""


class Closed(DiskLogError):
    """The log was closed; open the folder again."""
