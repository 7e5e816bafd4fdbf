"""From one measured client to ten million: memory, requests, machines, and how wrong that may be.

The problem: nobody has ten million clients on a laptop. The assumption: a client costs what the one before did, so
the price of many is a straight line through what was measured. The bargain: the line is only as good as the
assumption, so every price carries its error, it is checked wherever it can be, and it is said how many machines each
limit alone would take: then one sees which of them was measured and which was assumed. What does not grow with
the clients is left out; so is what grows faster, which no measurement at ten thousand shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Limit = Literal["memory", "requests", "connections"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A value and how far it may be off, either way."""

    value: float
    error: float = 0.0

    def times(self, factor: float) -> Measured:
        """So many of them, all wrong alike."""
        return Measured(factor * self.value, factor * self.error)


@dataclass(frozen=True, slots=True)
class Machine:
    """A server: its memory, its cores, the connections that it may hold; how much of the first two may be used."""

    memory_bytes: float = 64 * 2**30
    cores: int = 16
    connections: int = 1_000_000
    share: float = 0.7


@dataclass(frozen=True, slots=True)
class Client:
    """What one client costs: bytes of memory; requests a second, None if their price was not measured."""

    memory_bytes: Measured
    requests_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Fleet:
    """What so many clients need: bytes, requests a second, and machines, were this the only limit, for each limit."""

    clients: int
    memory_bytes: Measured
    requests_per_s: float | None
    machines_by: dict[Limit, Measured]

    @property
    def limit(self) -> Limit:
        """What runs out first."""
        return max(self.machines_by, key=lambda limit: self.machines_by[limit].value)

    @property
    def machines(self) -> tuple[int, int]:
        """At least and at most so many whole machines."""
        least = max(needed.value - needed.error for needed in self.machines_by.values())
        most = max(needed.value + needed.error for needed in self.machines_by.values())
        return max(1, math.ceil(least)), max(1, math.ceil(most))


def fleet(clients: int, client: Client, requests_per_s_a_core: Measured, machine: Machine = Machine()) -> Fleet:
    """What so many clients need.

    Raises:
        ValueError: fewer than one client, or a core that answers nothing.
    """
    core = requests_per_s_a_core
    if clients < 1 or not core.value > core.error >= 0:
        raise ValueError(f"expected a client at least and a core that answers, got {clients} and {core}")
    memory = client.memory_bytes.times(clients)
    machines_by: dict[Limit, Measured] = {
        "memory": memory.times(1 / (machine.memory_bytes * machine.share)),
        "connections": Measured(clients / machine.connections),
    }
    requests = None
    if client.requests_per_s is not None:
        requests = clients * client.requests_per_s
        middle, most = (
            requests / (rate * machine.cores * machine.share) for rate in (core.value, core.value - core.error)
        )
        machines_by["requests"] = Measured(middle, most - middle)
    return Fleet(clients, memory, requests, machines_by)
