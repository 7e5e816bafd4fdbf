"""What a pattern costs on average, by closed form: the line that every measurement is drawn on.

The problem: a measurement alone says what happened, not why, and not what a thousand times more would cost.
The assumption: independent random arrivals, a path with one constant round-trip time, a memoryless fault.
The bargain: each formula is short enough to derive in its docstring and to be wrong in a way one can name;
where the assumption fails, the points leave the line, and that is worth a look.

Symbols: n requests; R round-trip time; s service time; N clients; T duration; Δ poll interval; λ events a
second; S size; m mean bytes between two faults of a link; h overhead of one request and its answer.
"""

from __future__ import annotations

import math
from typing import Literal

from patterns.cost.model.row import Cost

How = Literal["new connection", "keep-alive", "pipelined"]


def round_trips(n: int, how: How) -> int:
    """Return the round trips that n requests take in a row, from nothing; 0 for none.

    A TCP connection costs one before the first byte of a request may be sent (RFC 9293 §3.5).
    New connection each: n · (1 + 1). Keep-alive: 1 + n. Pipelined: 1 + 1, for all are under way at once
    (RFC 9112 §9.3.2).
    """
    if n < 0:
        raise ValueError(f"n is {n}: the number of requests must be at least 0")
    if how not in ("new connection", "keep-alive", "pipelined"):
        raise ValueError(f"how is {how!r}: expected 'new connection', 'keep-alive' or 'pipelined'")
    if n == 0:
        return 0
    return {"new connection": 2 * n, "keep-alive": 1 + n, "pipelined": 2}[how]


def request_response_time_s(n: int, rtt_s: float, service_s: float, how: How) -> float:
    """Return the seconds until the last of n answers is there, the server working on one at a time.

    Waiting is R · `round_trips`, working is n · s, and the two add up. In a row they alternate. Pipelined,
    the handshake takes R, the first request R/2 to arrive, the queue n · s to work off, the last answer R/2.
    New connection each: n · (2R + s). Keep-alive: R + n · (R + s). Pipelined: 2R + n · s.
    Assumes messages that fit into one segment or a wide path: the time to push bytes out is left out.
    """
    return round_trips(n, how) * rtt_s + n * service_s


def overhead_bytes(head_to_server_bytes: int, head_to_client_bytes: int, n: int) -> int:
    """Return the bytes of n requests and answers that are not payload: n · (request head + answer head)."""
    return n * (head_to_server_bytes + head_to_client_bytes)


def overhead_share(head_to_server_bytes: int, head_to_client_bytes: int, payload_bytes: int) -> float:
    """Return which part of the bytes of one exchange is not payload, 0 … 1."""
    head_bytes = head_to_server_bytes + head_to_client_bytes
    return head_bytes / (head_bytes + payload_bytes) if head_bytes else 0.0


def pulling(
    rate_per_s: float,
    interval_s: float,
    duration_s: float,
    clients: int = 1,
    *,
    request_bytes: float = 0,
    empty_response_bytes: float = 0,
    event_bytes: float = 0,
    rtt_s: float = 0.0,
) -> Cost:
    """Each client asks "what is new?" at a fixed interval Δ over one kept connection; news are Poisson.

    - Asks: each client's come Δ apart, so N · T/Δ, news or not. As many answers.
    - Useless: an answer is empty if nothing happened in the Δ before it, for Poisson arrivals with
      probability e^(−λΔ): N · T/Δ · e^(−λΔ). Every client hears of every event, so λ is each client's rate.
    - Staleness: an event falls anywhere in its interval with equal chance, so it waits uniformly 0 … Δ for
      the next ask, and then travels half a round trip: p50 = Δ/2 + R/2, p99 = 0.99 Δ + R/2, at most Δ + R/2.
      How long the ask travelled does not matter: asks arrive Δ apart all the same.
    - Bytes: each ask `request_bytes`; each answer `empty_response_bytes`, and `event_bytes` more for each
      of the N · λT events in them.
    - Connections: N, held for all of T.

    Raises:
        ValueError: an interval that is not positive.
    """
    if not interval_s > 0:
        raise ValueError(f"interval_s is {interval_s!r}: it must be above 0")
    asks = clients * duration_s / interval_s
    one_way_s = rtt_s / 2
    return Cost(
        pattern="pulling",
        messages_to_server=asks,
        messages_to_client=asks,
        bytes_to_server=asks * request_bytes,
        bytes_to_client=asks * empty_response_bytes + clients * rate_per_s * duration_s * event_bytes,
        useless_responses=asks * math.exp(-rate_per_s * interval_s),
        connections_held_s=clients * duration_s,
        staleness_p50_s=0.50 * interval_s + one_way_s,
        staleness_p99_s=0.99 * interval_s + one_way_s,
        staleness_max_s=interval_s + one_way_s,
        events_missed=0,
    )


def long_polling(
    rate_per_s: float,
    wait_s: float,
    duration_s: float,
    clients: int = 1,
    *,
    request_bytes: float = 0,
    empty_response_bytes: float = 0,
    event_bytes: float = 0,
    rtt_s: float = 0.0,
) -> Cost:
    """Each client asks, is held until news or for `wait_s` = W, and asks again at once; news are Poisson.

    Poisson arrivals do not remember, so each request begins afresh when it reaches the server (a renewal
    process), R after the answer before it left:

    - Something happened during that R, with probability 1 − e^(−λR): answered at once, everything in one answer.
      Otherwise it is held for min(Exp(λ), W), on average (1 − e^(−λW))/λ, or W where nothing ever happens.
    - So a request takes C = R + e^(−λR) · (1 − e^(−λW))/λ, and there are N · T/C: near one an event for
      rare events and a long W, at most N · T/R however many happen.
    - Useless are those that time out: e^(−λR) · e^(−λW) of them.
    - Staleness: an event that finds a request waiting travels R/2. For a part a = (C − R)/C of the time
      one is waiting; other events fall uniformly into the gap R, wait out the rest of it, and
      travel R/2. So quantile q is R/2 for q ≤ a, else R/2 + R · (q − a)/(1 − a), and the largest 3R/2.
    - Connections: N, held for all of T.

    Raises:
        ValueError: a wait that is not positive.
    """
    if not wait_s > 0:
        raise ValueError(f"wait_s is {wait_s!r}: it must be above 0")
    quiet = math.exp(-rate_per_s * rtt_s)
    held_s = quiet * (-math.expm1(-rate_per_s * wait_s) / rate_per_s if rate_per_s else wait_s)
    cycle_s = rtt_s + held_s
    waiting = held_s / cycle_s
    asks = clients * duration_s / cycle_s

    def quantile_s(q: float) -> float:
        return rtt_s / 2 + (rtt_s * (q - waiting) / (1 - waiting) if q > waiting else 0.0)

    return Cost(
        pattern="long polling",
        messages_to_server=asks,
        messages_to_client=asks,
        bytes_to_server=asks * request_bytes,
        bytes_to_client=asks * empty_response_bytes + clients * rate_per_s * duration_s * event_bytes,
        useless_responses=asks * quiet * math.exp(-rate_per_s * wait_s),
        connections_held_s=clients * duration_s,
        staleness_p50_s=quantile_s(0.50),
        staleness_p99_s=quantile_s(0.99),
        staleness_max_s=1.5 * rtt_s,
        events_missed=0,
    )


def restarted_bytes(size_bytes: float, mean_bytes: float, overhead_bytes: float = 0) -> float:
    """Return the expected bytes sent until a transfer that starts again after each fault is through.

    The link fails after a number of bytes that is exponentially distributed with mean m. An attempt gets
    through with p = e^(−S/m) and sends min(X, S) bytes, on average ∫₀^S e^(−x/m) dx = m(1 − p). It takes
    1/p attempts on average, and by Wald's identity the bytes are m(1 − p)/p = m(e^(S/m) − 1); h counts as
    part of what has to get through, so S + h stands for S. It grows without bound: at S = 10m it is
    2,200 times S.
    """
    _positive(mean_bytes)
    try:
        return mean_bytes * math.expm1((size_bytes + overhead_bytes) / mean_bytes)
    except OverflowError:
        return math.inf


def resumed_bytes(size_bytes: float, mean_bytes: float, overhead_bytes: float = 0) -> float:
    """Return the same for a transfer that is resumed where it broke off (RFC 9110 §14): S + h · (1 + S/m).

    No payload is sent twice. A memoryless link fails S/m times on average while S bytes pass (a Poisson
    process in bytes instead of seconds), each fault costs one more request, and the first one h, too.
    Assumes that the overhead itself is too short to be hit, h ≪ m.
    """
    _positive(mean_bytes)
    return size_bytes + overhead_bytes * (1 + size_bytes / mean_bytes)


def chunked_bytes(size_bytes: float, chunk_bytes: float, mean_bytes: float, overhead_bytes: float = 0) -> float:
    """Return the same for a transfer in chunks of c bytes, each a request that starts again if it fails.

    Each of the S/c chunks is a small restarted transfer, so (S/c) · m(e^((c + h)/m) − 1). Small chunks pay
    heads, large ones pay repeats; for c, h ≪ m the best size is near √(2hm).
    """
    if not chunk_bytes > 0:
        raise ValueError(f"chunk_bytes is {chunk_bytes!r}: it must be above 0")
    return size_bytes / chunk_bytes * restarted_bytes(chunk_bytes, mean_bytes, overhead_bytes)


def _positive(mean_bytes: float) -> None:
    if not mean_bytes > 0:
        raise ValueError(f"mean_bytes is {mean_bytes!r}: it must be above 0")
