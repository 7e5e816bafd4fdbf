"""How many connections fit: one descriptor an end, and one port a connection and source address.

The problem: to run into the limit in the middle of accepting costs a server its responsiveness for seconds
(`accept` fails, the backlog stays readable, the loop spins), and tells the learner "Too many open files".
The assumption: descriptors are spent on connections, on what is open already, and on a reserve for the rest.
The bargain: the number is computed beforehand and cut if it must be, and the sentence says so.
"""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import dataclass

RESERVE = 200  # descriptors left for files, pipes, the kernel's own channels
PORTS = 28_232  # Linux's ephemeral ports, 32768–60999, where the machine does not tell


@dataclass(frozen=True, slots=True)
class Fits:
    """`n` connections fit, of `wanted`; `why` is a sentence for the learner, empty if none was cut."""

    n: int
    wanted: int
    why: str = ""

    @property
    def cut(self) -> bool:
        """Whether fewer fit than were wanted."""
        return self.n < self.wanted


def raise_descriptor_limit() -> int:
    """Raise this process's soft limit of descriptors to the hard one, as anyone may; return the soft limit.

    Where the hard limit is unlimited the system may still refuse (macOS names its own maximum): then as
    many as it allows, and at least what there was.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    goals = [hard] if hard != resource.RLIM_INFINITY else [1_048_576, 65_536, 10_240]
    for goal in goals:
        if soft == resource.RLIM_INFINITY or soft >= goal:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
        except (ValueError, OSError):
            continue
        soft = goal
    return soft if soft != resource.RLIM_INFINITY else sys.maxsize


def descriptors_used() -> int:
    """How many descriptors this process has open."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(folder)) - 1  # one of them is the folder itself
        except OSError:
            continue
    return 64  # nobody tells; a notebook's kernel has about as many


def what_fits(
    wanted: int,
    per_client: int = 1,
    *,
    soft: int,
    used: int,
    reserve: int = RESERVE,
    who: str = "this process",
) -> Fits:
    """How many of `wanted` connections fit under `soft` descriptors, `per_client` each, `used` being open.

    `per_client` is 2 where both ends live in one process, 1 where it has only one. Pure: it asks nobody.

    Raises:
        ValueError: a negative number wanted, or less than one descriptor a client.
    """
    if wanted < 0 or per_client < 1:
        raise ValueError(f"expected wanted ≥ 0 and per_client ≥ 1, got {wanted} and {per_client}")
    n = max(0, min(wanted, (soft - used - reserve) // per_client))
    if n == wanted:
        return Fits(n, wanted)
    return Fits(
        n,
        wanted,
        f"{n:,} of {wanted:,} connections fit: {who} may open {soft:,} descriptors, {used:,} are open and "
        f"{reserve:,} are kept in reserve, each connection takes {per_client}. "
        f"For all of them: `ulimit -n {used + reserve + wanted * per_client}` in the terminal before the start; "
        "where that is refused, the hard limit must be raised first (Linux: /etc/security/limits.conf).",
    )


def what_ports_allow(wanted: int, addresses: int, *, ports: int = PORTS) -> Fits:
    """How many of `wanted` connections to one server fit on `addresses` source addresses with `ports` each.

    A connection is told from the others by its two addresses and two ports (RFC 9293 §3.1), so that to one
    server only as many lead from one address as the system has ephemeral ports.
    """
    if wanted < 0 or addresses < 1:
        raise ValueError(f"expected wanted ≥ 0 and at least one address, got {wanted} and {addresses}")
    n = min(wanted, addresses * ports)
    if n == wanted:
        return Fits(n, wanted)
    return Fits(
        n,
        wanted,
        f"{n:,} of {wanted:,} connections fit: to one server lead at most {ports:,} from each source address, "
        f"and there are {addresses}; for all of them give {-(-wanted // ports)}, such as 127.0.0.1, 127.0.0.2, …",
    )


def ephemeral_ports() -> int:
    """How many ports the system hands out by itself for one source address."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            first, last = map(int, file.read().split())
    except (OSError, ValueError):
        return 16_384 if sys.platform == "darwin" else PORTS  # macOS: 49152–65535
    return last - first + 1
