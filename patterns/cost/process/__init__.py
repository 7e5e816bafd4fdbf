"""A server in a process of its own, priced from outside: memory and CPU a connection, its half only.

The problem: in one process, server, clients and notebook share a heap, a loop and a lock; no figure of that
process is the server's. The assumption: what a server costs is what the operating system books on its
processes, and the kernel on its sockets. The bargain: the server runs in a fresh interpreter (or is any
command: Node, uvicorn), the clients in child processes, and only the system's books are read. That takes a
second to set up, and needs the server as something that can be imported or run.

    async with served("held:serve", wait_s=60) as server:
        rows = await cost_of_parking(server, b"GET /poll HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", (10, 100, 1_000))

- `served` runs the server, `Serving.sample` looks at it and all its child processes;
- `parked` holds clients in child processes, and times their answers; `load` is a closed loop;
- `cost_of_parking` puts them together; `what_fits` says beforehand how many connections are possible.

Nothing outlives its block, or this process: children end when a pipe from us ends. All waiting is bounded.
Child processes start from the main thread's loop or any ordinary one, not under `cost.autojump`'s clock. Linux
tells everything; elsewhere some figures are None, and `Sample.missing` says why.

Errors: ProcessError, and below it NotImportable, DidNotStart, HasEnded, NotConnected, TookTooLong.
"""

from __future__ import annotations

from patterns.cost.process.costs import ParkedCost, Slope, at_rest, cost_of_parking, slope
from patterns.cost.process.errors import (
    DidNotStart,
    HasEnded,
    NotConnected,
    NotImportable,
    ProcessError,
    TookTooLong,
)
from patterns.cost.process.fits import (
    Fits,
    descriptors_used,
    ephemeral_ports,
    raise_descriptor_limit,
    what_fits,
    what_ports_allow,
)
from patterns.cost.process.load import Load, load
from patterns.cost.process.parking import AnswerEnds, Answers, FanOut, Parked, Standing, parked
from patterns.cost.process.sample import Kernel, Sample, look
from patterns.cost.process.serving import Serving, served
from patterns.cost.process.sock_diag import PortSockets

__all__ = [
    "AnswerEnds",
    "Answers",
    "DidNotStart",
    "FanOut",
    "Fits",
    "HasEnded",
    "Kernel",
    "Load",
    "NotConnected",
    "NotImportable",
    "Parked",
    "ParkedCost",
    "PortSockets",
    "ProcessError",
    "Sample",
    "Serving",
    "Slope",
    "Standing",
    "TookTooLong",
    "at_rest",
    "cost_of_parking",
    "descriptors_used",
    "ephemeral_ports",
    "load",
    "look",
    "parked",
    "raise_descriptor_limit",
    "served",
    "slope",
    "what_fits",
    "what_ports_allow",
]
