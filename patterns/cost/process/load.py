"""A closed loop: each client asks again as soon as it is answered, so the load adapts to the server.

The problem: a server's throughput and its latency belong together. The assumption: so many clients, each with
one request under way. The bargain: by Little's law clients = throughput × mean latency, the two cannot be chosen
apart, and a server that stalls is asked less meanwhile: the tail is flattered (what Tene named coordinated
omission). It compares servers under the same clients; it does not say how one bears a given rate.
"""

from __future__ import annotations

import asyncio
import base64
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from patterns.cost.measure import percentile
from patterns.cost.process.errors import NotConnected
from patterns.cost.process.fits import Fits
from patterns.cost.process.parking import REPLY_LIMIT_S, AnswerEnds, Standing, parked
from patterns.wire.listen import Address

DRAIN_S = 10.0  # as in clients.py: how long the last answers may take after the time is over
LONGEST_S = 120.0  # a load given in requests ends after so long, done or not


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a closed loop; `latencies_s` are raw, from sending to the last byte, in order of no meaning.

    `failed` counts requests without a whole answer, by reason; `statuses` HTTP answers by status, 4xx and 5xx
    among them; `unanswered` requests were still under way when it was broken off.
    """

    clients: int
    answered: int
    duration_s: float
    throughput_per_s: float
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float
    latencies_s: array[float]
    unanswered: int
    reconnected: int
    failed: dict[str, int]
    statuses: dict[str, int]
    fits: Fits


async def load(
    address: Address | tuple[str, int],
    request: bytes,
    *,
    clients: int,
    requests: int | None = None,
    duration_s: float | None = None,
    processes: int = 1,
    addresses: Sequence[str] = (),
    answer_ends: AnswerEnds = "http",
) -> Load:
    """Load a server with `clients` connections from `processes` children, for so many requests or so long.

    A server that closes after its answer is connected to again, and connecting counts into the latency.

    Raises:
        NotConnected: not all clients could connect, or none of them was answered.
        ValueError: neither or both of `requests` and `duration_s`, or less than one client or request.
    """
    if (requests is None) == (duration_s is None):
        raise ValueError(f"expected either requests or duration_s, got requests={requests}, duration_s={duration_s}")
    if clients < 1 or (requests is not None and requests < 1) or (duration_s is not None and duration_s <= 0):
        raise ValueError(
            f"expected at least one client, and a request or a time, got {clients}, {requests}, {duration_s}"
        )
    longest_s = LONGEST_S if duration_s is None else duration_s
    processes = min(processes, clients)
    async with parked(address, clients, processes=processes, addresses=addresses, answer_ends=answer_ends) as crowd:
        order = {"do": "load", "duration_s": longest_s, "request": base64.b64encode(request).decode()}
        orders = [
            {**order, "requests": None if requests is None else requests // processes + (k < requests % processes)}
            for k in range(processes)
        ]
        replies, times = await crowd._order(orders, longest_s + DRAIN_S + REPLY_LIMIT_S)
        standing = await crowd.standing()
    if not times:
        raise NotConnected(f"expected answers from {Address(*address[:2])}, got none; failures: {standing.failed}")
    began_s = min(reply["begin_s"] for reply in replies)
    unanswered = sum(reply["unanswered"] for reply in replies)
    return await asyncio.to_thread(_summed_up, times, began_s, clients, unanswered, standing, crowd.fits)


def _summed_up(
    times: array[float], began_s: float, clients: int, unanswered: int, standing: Standing, fits: Fits
) -> Load:
    latencies = array("d", (last - sent for sent, last in zip(times[0::2], times[1::2], strict=True)))
    duration_s = max(times[1::2]) - began_s
    ordered = sorted(latencies)
    p50, p90, p99 = (percentile(ordered, q) for q in (50, 90, 99))
    return Load(
        clients=clients if not fits.cut else fits.n,
        answered=len(latencies),
        duration_s=duration_s,
        throughput_per_s=len(latencies) / duration_s,
        p50_s=p50,
        p90_s=p90,
        p99_s=p99,
        max_s=ordered[-1],
        latencies_s=latencies,
        unanswered=unanswered,
        reconnected=standing.reconnected,
        failed=standing.failed,
        statuses=standing.statuses,
        fits=fits,
    )
