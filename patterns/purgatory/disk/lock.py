"""One writer at a time: a file that a process holds locked, and in which stands who it is.

The system lets go of the lock when the process ends, however it ends; so the file may stay, and says nothing then.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from patterns.purgatory.disk.errors import FolderInUse

FILE = ".lock"


class Lock:
    """The folder for this process alone, until `release`.

    Raises:
        FolderInUse: somebody has it.
        OSError: no file can be made there.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            who = os.pread(self._descriptor, 100, 0).decode(errors="replace").strip() or "another process"
            if who == f"process {os.getpid()}":
                who = f"this process, {os.getpid()}, itself"
            self.release()
            raise FolderInUse(
                f"expected {folder} for this process alone, got it locked by {who}; "
                "stop that one first, or choose another folder"
            ) from None
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let go of it; twice is once."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
