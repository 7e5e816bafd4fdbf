"""Has it hung? Judged by what the process does, not by how long we wait.

The problem: on a slow or busy machine everything takes long, and a time limit takes points from right answers.
The assumption: a process that works uses CPU time; one that waits in vain has all its threads asleep, look after
look; one that only waits for its turn on a busy machine is runnable, and does neither.
The bargain: an endless loop is one that used so much CPU time without a word, a deadlock one that has slept through
so many looks. Both are the process's own doing, on any machine.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

LOOK_S = 0.05  # between two looks
STILL_IN_ALL = 3  # times as long as at once it may have stood still over all orders: naps add up
LINUX = sys.platform.startswith("linux")


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used, to the nanosecond on Linux; 0.0 if it is gone."""
    try:
        if LINUX:
            return time.clock_gettime(~pid << 3 | 2)  # its CPU clock (clock_getcpuclockid(3))
        import psutil

        used = psutil.Process(pid).cpu_times()
        return float(used.user + used.system)
    except Exception:  # OSError, or psutil's own
        return 0.0


def is_asleep(pid: int) -> bool:
    """True if no thread of the process works or waits for the processor or the disk; one that is stopped does not."""
    if not LINUX:
        import psutil

        with contextlib.suppress(psutil.Error):
            return psutil.Process(pid).status() not in {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP}
        return False
    states = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            states.append((thread / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0])
    return bool(states) and not {"R", "D"} & set(states)


class Patience:
    """The watch over one process while a word from it is awaited."""

    def __init__(self, pid: int, cpu_limit_s: float, still_limit_s: float) -> None:
        self.pid = pid
        self.cpu_limit_s = cpu_limit_s
        self.still_limit_s = still_limit_s
        self._still_in_all_s = 0.0
        self.begin()

    def begin(self) -> None:
        """From now on it owes us a word."""
        self._cpu_s: float | None = None
        self._still_s = 0.0

    def look(self, waited_s: float) -> str | None:
        """After waiting in vain so long: endless-loop, stuck, or None for waiting on."""
        used = cpu_s(self.pid)
        if self._cpu_s is None:
            self._cpu_s = used  # the first look comes after LOOK_S, of which a word rarely has need
        elif used - self._cpu_s >= self.cpu_limit_s:
            return "endless-loop"
        if is_asleep(self.pid):
            self._still_s += waited_s
            self._still_in_all_s += waited_s
            if self._still_s >= self.still_limit_s or self._still_in_all_s >= STILL_IN_ALL * self.still_limit_s:
                return "stuck"
        else:
            self._still_s = 0.0
        return None
