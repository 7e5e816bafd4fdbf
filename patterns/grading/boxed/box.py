"""The box around an answer: what it may read, write, start, signal and use up.

Which parts are in force depends on the system, and `describe` says which. Without Landlock and bubblewrap (macOS, old
kernels) limits remain: they hold accidents back, not intentions.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import resource
import shutil
import signal
import struct
import sys
import sysconfig
from pathlib import Path
from typing import Literal

from patterns.grading.boxed import landlock, seccomp

MEMORY_BYTES = 256 << 20  # of addresses, beyond what the process has when the box closes
CPU_S = 5  # in one check, however willingly it goes on talking to the grader
DESCRIPTORS = 64
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
CAPSET, CAPABILITY_VERSION_3 = {"x86_64": 126, "aarch64": 91}, 0x20080522


Kind = Literal["landlock", "bubblewrap", "limits", "none"]


def best() -> Kind:
    """The strongest box there is here; bubblewrap (bwrap) is taken where it is installed and Landlock is not there."""
    if landlock.version():
        return "landlock"
    return "bubblewrap" if sys.platform.startswith("linux") and shutil.which("bwrap") else "limits"


def describe(kind: Kind) -> str:
    """One line: what a box of that kind holds back."""
    if kind == "none":
        return "none"
    if kind == "limits":
        return "accidents only: an answer is limited in time and memory, not in what it may touch"
    known = landlock.version()
    parts = ["files read-only and only Python's own"]
    if known >= 4 or kind == "bubblewrap":
        parts.append("no TCP")
    if known >= 6 and kind == "landlock":
        parts.append("no signals to others")
    if seccomp.is_possible():
        parts.append("no processes, no sockets")
    name = f"Landlock {known}" if kind == "landlock" else "bubblewrap"
    return f"{name}{' and seccomp' if seccomp.is_possible() else ''}: {', '.join(parts)}"


def hide() -> None:
    """Nobody but root may look into this process from now on (prctl(2), PR_SET_DUMPABLE): for the grader."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


@functools.cache
def readable() -> tuple[list[str], list[str]]:
    """(what an answer may read, what it may only list): Python's library and the system's, never the course."""
    course = Path(__file__).resolve().parents[2]
    wanted = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), "/lib", "/lib64", "/usr/lib"]
    read = ["/dev/null", "/dev/zero", "/dev/urandom"]
    listed: list[str] = []
    for path in dict.fromkeys(os.path.realpath(one) for one in wanted):
        _all_but(Path(path), course, read, listed)
    return read, listed


def _all_but(path: Path, hidden: Path, read: list[str], listed: list[str]) -> None:
    """What is below `path`; if the course is installed there, each thing beside the way to it."""
    if not hidden.is_relative_to(path):
        read.append(str(path))
    elif hidden != path:
        listed.append(str(path))
        for child in sorted(path.iterdir()):
            _all_but(child, hidden, read, listed)


def close(kind: Kind, memory_bytes: int = MEMORY_BYTES, cpu_s: int = CPU_S) -> None:
    """Close the box around this process, for good. Called with one thread; `bubblewrap` is around it already.

    Raises:
        OSError: the system refuses a part that it said it had.
    """
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        seccomp.no_new_privileges()
        if kind == "landlock":
            landlock.restrict(*readable())
        _drop_capabilities(libc)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CPU, cpu_s + 1)  # where the kernel kills
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # where it says so before
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)
    if sys.platform.startswith("linux"):  # macOS takes no limit of addresses
        _limit(resource.RLIMIT_AS, _addresses() + memory_bytes)
    if seccomp.is_possible():
        seccomp.restrict()


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with contextlib.suppress(ValueError):
        resource.setrlimit(what, (most, most))


def _addresses() -> int:
    return _pages * resource.getpagesize()


def prepare() -> None:
    """Find out, in the process that forks, what every box needs: it takes a while, and cannot be seen from within."""
    global _pages
    readable()
    seccomp.is_possible()
    with contextlib.suppress(OSError), open("/proc/self/statm", encoding="ascii") as file:
        _pages = int(file.read().split()[0])


_pages = (1 << 30) // resource.getpagesize()


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Root without rights: what remains is its name."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    number = CAPSET.get(sysconfig.get_platform().rpartition("-")[2])
    if number is not None:
        libc.syscall(number, struct.pack("=II", CAPABILITY_VERSION_3, 0), bytes(24))
