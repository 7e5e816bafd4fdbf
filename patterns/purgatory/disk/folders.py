"""Topics and partitions as folders of one folder, each named as people name a partition: events-0, events-1, …"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

from patterns.purgatory.disk.errors import BadFolder, MissingPartition
from patterns.purgatory.disk.lock import Lock
from patterns.purgatory.disk.log import SEGMENT_BYTES, DiskLog
from patterns.purgatory.disk.segments import sync_folder

_PARTITION = re.compile(r"([a-zA-Z0-9._-]{1,249})-(0|[1-9][0-9]{0,4})")  # no more than the 255 a file system takes

_CLUSTER = re.compile(r"[a-zA-Z0-9_-]{22}")


class DiskLogs:
    """The logs of all partitions in one folder, for one process; the options are those of each `DiskLog`.

    whole: the topics of which nothing is ever forgotten.

    `topics` are those that were there when it was opened, each with the number of its partitions. `open` is what the
    broker's `Topics` make their storage with. A folder that is not named as a partition is let be.

    Raises:
        FolderInUse: another process writes there.
        MissingPartition: of a topic's partitions not all are there.
        OSError: the folder cannot be made or read.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        retention_bytes: int | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        fsync: bool = False,
        whole: Collection[str] = (),
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._retention_bytes = retention_bytes
        self._segment_bytes = segment_bytes
        self._fsync = fsync
        self._whole = frozenset(whole)
        self._opened: dict[str, DiskLog] = {}
        self._lock = Lock(self.folder)
        try:
            self._known = {path.name for path in self.folder.iterdir() if path.is_dir()}
            self.topics: Mapping[str, int] = _topics(self.folder, self._known)
        except BaseException:
            self.close()
            raise

    def open(self, topic: str, partition: int) -> DiskLog:
        """The log of that partition, with what is in it; made if there is none. Opened twice it is the same one.

        Raises:
            BadFolder: a name that could lead out of the folder, or that the file system takes for another topic's.
            CorruptLog: as `DiskLog`.
            OSError: as `DiskLog`.
        """
        name = f"{topic}-{partition}"
        if name not in self._opened:
            self._make(topic, partition)
        return self._open(name, None if topic in self._whole else self._retention_bytes, self._segment_bytes)

    def of_the_broker(self, name: str, *, retention_bytes: int) -> DiskLog:
        """A log that is no topic's, and that no client can reach, in segments small enough to keep to that size.

        Raises: as `DiskLog`, and BadFolder for what is named as a partition, or is no plain name.
        """
        if not name.isidentifier():
            raise BadFolder(f"expected a plain word, not a partition, got {name!r}; choose another name")
        return self._open(name, retention_bytes, max(1, retention_bytes // 8))

    def cluster_id(self) -> str:
        """What the broker of this folder calls its cluster: made up once, for clients notice that it is another.

        Raises:
            OSError: it cannot be read or written.
        """
        file = self.folder / "cluster.id"
        known = file.read_bytes().decode("ascii", "replace").strip() if file.exists() else ""
        if not _CLUSTER.fullmatch(known):  # cut off before it was on the disk, say: a new one does less harm than none
            known = secrets.token_urlsafe(16)
            beside = file.with_suffix(".new")
            beside.write_text(known + "\n", encoding="ascii")
            beside.replace(file)
        return known

    def _open(self, name: str, retention_bytes: int | None, segment_bytes: int) -> DiskLog:
        log = self._opened.get(name)
        if log is None:
            log = self._opened[name] = DiskLog(
                self.folder / name,
                retention_bytes=retention_bytes,
                segment_bytes=segment_bytes,
                fsync=self._fsync,
                is_locked=True,
            )
        return log

    def _make(self, topic: str, partition: int) -> None:
        name = f"{topic}-{partition}"
        named = _PARTITION.fullmatch(name)
        if named is None or (named[1], int(named[2])) != (topic, partition):  # events and -1 would be events- and 1
            raise BadFolder(
                "expected a topic of 1 to 249 of a–z, A–Z, 0–9, dot, dash and underscore, and a partition from 0 to "
                f"99999, got {topic!r:.300} and {partition}; choose another name"
            )
        if name in self._known:
            return
        try:
            (self.folder / name).mkdir()
        except FileExistsError:  # macOS takes Events and events for the same
            raise BadFolder(
                f"expected a name that the file system does not know yet, got {name!r}, which it takes for another; "
                "choose one that differs by more than capitals"
            ) from None
        self._known.add(name)
        if self._fsync:
            sync_folder(self.folder)

    def close(self) -> None:
        """Close them all, and let another process have the folder."""
        for log in self._opened.values():
            log.close()
        self._lock.release()

    def __enter__(self) -> DiskLogs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _topics(folder: Path, names: set[str]) -> dict[str, int]:
    """Of each topic, how many partitions there are, the topics in order of their names."""
    found: dict[str, set[int]] = {}
    for name in sorted(names):
        if partition := _PARTITION.fullmatch(name):
            found.setdefault(partition[1], set()).add(int(partition[2]))
    for topic, numbers in found.items():
        if missing := set(range(len(numbers))) - numbers:
            raise MissingPartition(
                f"expected the folders {topic}-0 to {topic}-{max(numbers)} in {folder}, got none for "
                f"{topic}-{min(missing)}; bring it back, or make it, empty, if what was in it may be lost"
            )
    return {topic: len(numbers) for topic, numbers in found.items()}
