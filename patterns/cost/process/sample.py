"""One look at a server from outside: it, and every process below it.

The problem: asked about itself, a server answers with memory and time that the answer cost; and "memory" means
four things. The assumption: the system's own books are right. The bargain: a look from outside costs the
server nothing, but sees only what the system writes down, at the system's resolution; what it cannot see here
is None, and `missing` says why.

Sources, on Linux: /proc/PID/smaps_rollup (memory), /proc/PID/task/*/status (context switches), the process's
own CPU clock (clock_getcpuclockid(3), nanoseconds), /proc/PID/stat (ticks of 10 ms), /proc/PID/fd, sock_diag(7),
/proc/meminfo. Elsewhere psutil's.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

from patterns.cost.process import sock_diag
from patterns.cost.process.errors import HasEnded

T = TypeVar("T")
PROC = Path("/proc")
GONE = (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel holds because of the server, apart from the server's own memory; bytes, None if unknown.

    `sockets`, from sock_diag(7), are the buffers of exactly the server's own sockets.
    `page_table_bytes` (VmPTE) are exactly the server's processes' own.
    `stack_bytes` are the kernel's stacks of the server's threads: their number times the machine's mean.
    `machine_slab_bytes` and nothing less: a socket, its inode, its file and its entry in epoll come from the
    slab, whose books are per machine. On loopback both ends are in it, and everybody else on the machine.
    """

    sockets: sock_diag.PortSockets | None = None
    page_table_bytes: int | None = None
    stack_bytes: int | None = None
    machine_slab_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A server and all its child processes at one moment; memory in bytes, CPU in seconds since their start.

    `anonymous_bytes` is what `cost_of_parking` goes by: heap, stacks and data that no file backs. A page that
    n forked processes still share counts 1/n in each, so the sum over the tree is exact (Pss_Anon; a page that
    was swapped out is in it). `private_bytes` (USS) leaves shared pages out, `resident_bytes` (RSS) counts them
    in every process again: for one process the three grow alike, for a hundred forked ones they do not.
    `cpu_s` includes children that ended and were waited for. `cpu_user_s` and `cpu_system_s` come in ticks.
    Context switches are of the threads that live; the system forgets those of a thread that has ended.
    """

    time_s: float
    processes: int
    threads: int
    descriptors: int | None
    anonymous_bytes: int | None
    private_bytes: int | None
    resident_bytes: int
    cpu_s: float
    cpu_user_s: float
    cpu_system_s: float
    voluntary_switches: int | None
    involuntary_switches: int | None
    kernel: Kernel
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def user_bytes(self) -> int:
        """The best figure of the server's own memory that this system gives."""
        for known in (self.anonymous_bytes, self.private_bytes):
            if known is not None:
                return known
        return self.resident_bytes


def look(pid: int, port: int | None = None) -> Sample:
    """Sample process `pid` and all below it; `port` is the one it listens on, for its sockets.

    It blocks for as long as reading takes, tens of milliseconds for thousands of threads.

    Raises:
        HasEnded: there is no such process any more.
    """
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        if root.status() == psutil.STATUS_ZOMBIE:
            raise psutil.NoSuchProcess(pid)
        time_s = time.monotonic()
        ones = [one for process in tree if (one := _one(process)) is not None]
    except GONE:
        ones = []
    if not ones:
        raise HasEnded(f"expected process {pid} to live, it has ended; sample it before it is stopped")
    missing: dict[str, str] = {}

    def total(name: str) -> int | None:
        values = [one.counts[name] for one in ones]
        for value in values:
            if isinstance(value, str):
                missing[name] = value
                return None
        return sum(value for value in values if isinstance(value, int))

    threads = sum(one.threads for one in ones)
    kernel = Kernel(
        _or_why(missing, "kernel.sockets", lambda: sock_diag.ask(port)) if port is not None else None,
        total("kernel.page_table_bytes"),
        _or_why(missing, "kernel.stack_bytes", lambda: round(threads * _bytes_a_kernel_stack())),
        _or_why(missing, "kernel.machine_slab_bytes", lambda: _meminfo("Slab")),
    )
    return Sample(
        time_s,
        len(ones),
        threads,
        total("descriptors"),
        total("anonymous_bytes"),
        total("private_bytes"),
        sum(one.resident_bytes for one in ones),
        sum(one.cpu_s for one in ones),
        sum(one.user_s for one in ones),
        sum(one.system_s for one in ones),
        total("voluntary_switches"),
        total("involuntary_switches"),
        kernel,
        missing,
    )


@dataclass(frozen=True, slots=True)
class _One:
    """One process of the tree; a count that cannot be had is the reason."""

    threads: int
    resident_bytes: int
    cpu_s: float
    user_s: float
    system_s: float
    counts: dict[str, int | str]


def _one(process: psutil.Process) -> _One | None:
    """A process's own figures; None if it ended while we looked."""
    try:
        with process.oneshot():
            times = process.cpu_times()
            threads, resident = process.num_threads(), process.memory_info().rss
        children_s = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        user = times.user + getattr(times, "children_user", 0.0)
        system = times.system + getattr(times, "children_system", 0.0)
        switches = _counted(lambda: _switches(process))
        memory = _counted(lambda: _rolled_up(process.pid))
        counts: dict[str, int | str] = {
            "descriptors": _counted(process.num_fds),
            "voluntary_switches": switches if isinstance(switches, str) else switches[0],
            "involuntary_switches": switches if isinstance(switches, str) else switches[1],
            "anonymous_bytes": memory if isinstance(memory, str) else memory["Pss_Anon"] + memory["SwapPss"],
            "private_bytes": (
                _counted(lambda: process.memory_full_info().uss)
                if isinstance(memory, str)
                else memory["Private_Clean"] + memory["Private_Dirty"]
            ),
            "kernel.page_table_bytes": _counted(lambda: _status(PROC / f"{process.pid}/status", "VmPTE")[0]),
        }
        own_s = _cpu_clock_s(process.pid)
    except GONE:
        return None
    return _One(
        threads, resident, (times.user + times.system if own_s is None else own_s) + children_s, user, system, counts
    )


def _counted(get: Callable[[], T]) -> T | str:
    """What `get` gives, or why it gives nothing; that the process has gone is not a reason."""
    try:
        return get()
    except GONE as error:
        if sys.platform == "linux":
            raise
        return f"{sys.platform} has no {getattr(error, 'filename', None) or 'such figure'}"
    except (OSError, psutil.Error, KeyError) as error:
        return f"{type(error).__name__}: {error}"


def _or_why(missing: dict[str, str], name: str, get: Callable[[], T]) -> T | None:
    try:
        return get()
    except (OSError, KeyError, ValueError) as error:
        missing[name] = f"{type(error).__name__}: {error}"
        return None


def _cpu_clock_s(pid: int) -> float | None:
    """The process's CPU time in nanosecond steps, threads that ended included; None where there is no such clock."""
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3): CPUCLOCK_SCHED of a whole process
    except OSError:
        return None


def _rolled_up(pid: int) -> dict[str, int]:
    """Bytes by name out of smaps_rollup (proc(5))."""
    sizes: dict[str, int] = {}
    for line in (PROC / f"{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0]) * 1024
    if not sizes:
        raise ProcessLookupError(pid)  # a zombie's is empty
    return sizes


def _switches(process: psutil.Process) -> tuple[int, int]:
    """(voluntary, involuntary), over the threads that live; psutil's on Linux are the first thread's alone."""
    if sys.platform != "linux":
        switches = process.num_ctx_switches()
        return switches.voluntary, switches.involuntary
    voluntary = involuntary = 0
    for task in os.scandir(PROC / f"{process.pid}/task"):
        try:
            one, other = _status(Path(task.path, "status"), "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
        except (OSError, KeyError):  # it ended just now
            continue
        voluntary, involuntary = voluntary + one, involuntary + other
    return voluntary, involuntary


def _status(file: Path, *names: str) -> list[int]:
    """Numbers by name out of a /proc status file; those in kB as bytes."""
    lines = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
    return [int(lines[name].split()[0]) * (1024 if lines[name].endswith("kB") else 1) for name in names]


def _meminfo(name: str) -> int:
    return _status(PROC / "meminfo", name)[0]


def _bytes_a_kernel_stack() -> float:
    """The machine's kernel stacks, divided by all its threads: 16 KiB on most."""
    every_thread = int((PROC / "loadavg").read_text().split()[3].split("/")[1])
    return _meminfo("KernelStack") / every_thread
