"""From one measured client to ten million: memory, requests, machines, and how wrong that may be.

The problem: nobody has ten million clients on a laptop. The assumption: a client costs what the one before did, so
the price of many is a straight line through what was measured. The bargain: the line is only as good as the
assumption, so its error is carried along, and it is checked wherever it can be: at more clients than it was drawn
through. What does not grow with the clients (the interpreter, the machine's own needs) is left out; so is what
grows faster, which no measurement at ten thousand shows: the operators' work, a failed machine's reconnects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Limit = Literal["memory", "requests", "connections"]


@dataclass(frozen=True, slots=True)
class Machine:
    """A server: its memory, its cores, the connections its processes may hold; how much of it may be used."""

    memory_bytes: float = 64 * 2**30
    cores: int = 16
    connections: int = 1_000_000
    share: float = 0.7


@dataclass(frozen=True, slots=True)
class Client:
    """What one client costs: memory ± its error, user and kernel together; requests a second; a core's requests."""

    memory_bytes: float
    memory_error_bytes: float
    requests_per_s: float
    requests_per_s_a_core: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """`memory_bytes` ± `memory_error_bytes` in all, `requests_per_s` in all; `machines` for that, `least` to `most`.

    `limit`: what runs out first.
    """

    clients: int
    memory_bytes: float
    memory_error_bytes: float
    requests_per_s: float
    machines: int
    least: int
    most: int
    limit: Limit


def fleet(clients: int, client: Client, machine: Machine = Machine()) -> Fleet:
    """What so many clients need.

    Raises:
        ValueError: fewer than one client, or a core that answers nothing.
    """
    if clients < 1 or not client.requests_per_s_a_core > 0:
        raise ValueError(f"expected a client at least and a core that answers, got {clients} and {client}")
    memory, error = clients * client.memory_bytes, clients * client.memory_error_bytes
    requests = clients * client.requests_per_s
    by_rest: dict[Limit, float] = {
        "requests": requests / (machine.cores * client.requests_per_s_a_core * machine.share),
        "connections": clients / machine.connections,
    }

    def needed(memory_bytes: float) -> tuple[float, Limit]:
        shares: dict[Limit, float] = {"memory": memory_bytes / (machine.memory_bytes * machine.share), **by_rest}
        limit = max(shares, key=lambda name: shares[name])
        return shares[limit], limit

    count, limit = needed(memory)
    least, most = needed(max(0.0, memory - error))[0], needed(memory + error)[0]
    return Fleet(clients, memory, error, requests, _whole(count), _whole(least), _whole(most), limit)


def _whole(machines: float) -> int:
    return max(1, math.ceil(machines))
