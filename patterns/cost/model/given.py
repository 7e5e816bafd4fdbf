"""What a pattern costs, given what happened: no averages, each event's own way through the pattern.

The problem: a closed form is right on average, and one hour of random arrivals is no average, so that a measurement
may miss it by several per cent and both be right. The assumption: a path with one constant round-trip time R, servers
and clients that compute in no time. The bargain: fed with the very times of the events, these count exactly what has
to come by, and a measurement that differs has found a defect, in itself or in them.

Times and lengths are in seconds from the start; `times_s` ascending. Where all clients are alike, one is followed
and counted so many times; clients that come at different times are followed one by one, each an `Hour`, and put
together by `row`. Requests are sent before `duration_s`; their answers are all counted, those that the last ones
brought too. What happens too late for them is missed.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from patterns.cost.model.row import Cost, percentile


@dataclass(slots=True)
class Hour:
    """What one client goes through: requests, answers, those of them that brought nothing, each event's age.

    `responses` None: as many as requests.
    """

    requests: int = 0
    useless: int = 0
    staleness_s: list[float] = field(default_factory=list)
    held_s: float = 0.0
    responses: int | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the messages: a request; an answer that brings nothing; and what each event in an answer adds.

    `news_bytes`: by how much an answer that brings something is longer besides, such as by a Content-Length.
    """

    request_bytes: float = 0
    empty_response_bytes: float = 0
    event_bytes: float = 0
    news_bytes: float = 0


NO_SIZES = Sizes()


def short_polling(
    times_s: Sequence[float],
    interval_s: float,
    duration_s: float,
    clients: int = 1,
    *,
    rtt_s: float = 0.0,
    start_s: float = 0.0,
    sizes: Sizes = NO_SIZES,
) -> Cost:
    """Return what asking at `start_s`, then every `interval_s`, costs. N · ⌈(T − start)/Δ⌉ requests, come what may.

    For a client that naps Δ after each answer, give Δ + R: so far apart are its requests.

    Raises:
        ValueError: an interval that is not positive.
    """
    hour = short_polling_hour(times_s, duration_s, interval_s=interval_s, rtt_s=rtt_s, start_s=start_s)
    return row("short polling", [hour] * clients, len(times_s), sizes)


def short_polling_hour(
    times_s: Sequence[float],
    duration_s: float,
    *,
    interval_s: float,
    rtt_s: float = 0.0,
    start_s: float = 0.0,
    connect_s: float = 0.0,
) -> Hour:
    """Return what one client of `short_polling` goes through; its first request sets out `connect_s` late."""
    _above_0(interval_s=interval_s)
    client, next_event, number = Hour(), 0, 0
    while (asked_s := start_s + number * interval_s) < duration_s:
        asked_s += connect_s if number == 0 else 0.0
        number += 1
        after = bisect_right(times_s, asked_s + rtt_s / 2)
        client.requests += 1
        client.useless += after == next_event
        client.staleness_s += [asked_s + rtt_s - time_s for time_s in times_s[next_event:after]]
        next_event = after
    client.held_s = duration_s - start_s
    return client


def long_polling(
    times_s: Sequence[float],
    wait_s: float,
    duration_s: float,
    clients: int = 1,
    *,
    rtt_s: float = 0.0,
    sizes: Sizes = NO_SIZES,
) -> Cost:
    """Return what being held costs: answered at the next event, or after `wait_s`, and asking again at once.

    What happened while no request was at the server is in the answer to the next one, all of it. Events of one
    moment come in one answer.

    Raises:
        ValueError: a wait that is not positive.
    """
    hour = long_polling_hour(times_s, duration_s, wait_s=wait_s, rtt_s=rtt_s)
    return row("long polling", [hour] * clients, len(times_s), sizes)


def long_polling_hour(
    times_s: Sequence[float],
    duration_s: float,
    *,
    wait_s: float,
    rtt_s: float = 0.0,
    start_s: float = 0.0,
    ticks_a_s: int | None = None,
) -> Hour:
    """Return what one client of `long_polling` goes through that first asks at `start_s`.

    ticks_a_s: a server whose clock shows only so many moments a second counts the wait from the one nearest.
    """
    _above_0(wait_s=wait_s)
    client, next_event, asked_s = Hour(), 0, start_s
    while asked_s < duration_s:
        came_s = asked_s + rtt_s / 2
        held_s = came_s if ticks_a_s is None else round(came_s * ticks_a_s) / ticks_a_s
        answered_s = time_out_s = held_s + wait_s
        if next_event < len(times_s) and times_s[next_event] < answered_s:
            answered_s = max(came_s, times_s[next_event])
        after = bisect_right(times_s, answered_s) if answered_s < time_out_s else next_event
        client.requests += 1
        client.useless += after == next_event
        had_s = answered_s + rtt_s / 2
        client.staleness_s += [had_s - time_s for time_s in times_s[next_event:after]]
        next_event, asked_s = after, had_s
    client.held_s = max(duration_s, asked_s) - start_s
    return client


def push(
    times_s: Sequence[float],
    duration_s: float,
    clients: int = 1,
    *,
    rtt_s: float = 0.0,
    sizes: Sizes = NO_SIZES,
) -> Cost:
    """Return what subscribing once costs: one request, its answer, then one message an event, R/2 old.

    What happened before the request came to the server follows its answer, older by what it waited.
    """
    return row("push", [push_hour(times_s, duration_s, rtt_s=rtt_s)] * clients, len(times_s), sizes)


def push_hour(times_s: Sequence[float], duration_s: float, *, rtt_s: float = 0.0, start_s: float = 0.0) -> Hour:
    """Return what one client of `push` goes through that subscribes at `start_s`."""
    subscribed_s = start_s + rtt_s / 2
    delivered = [time_s for time_s in times_s if time_s < duration_s]
    ages = [max(0.0, subscribed_s - time_s) + rtt_s / 2 for time_s in delivered]
    return Hour(requests=1, staleness_s=ages, held_s=duration_s - start_s, responses=1 + len(ages))


def request_response(
    times_s: Sequence[float],
    *,
    rtt_s: float = 0.0,
    service_s: float = 0.0,
    sizes: Sizes = NO_SIZES,
) -> Cost:
    """Return what one question at each of `times_s` costs, the server working on one at a time, in their order.

    The event is the question; its staleness is the time to its answer: R, s, and the wait for those before it
    (Lindley's recursion: done = max(came, done before) + s).
    """
    client, done_s = Hour(requests=len(times_s)), -math.inf
    for time_s in times_s:
        done_s = max(time_s + rtt_s / 2, done_s) + service_s
        client.staleness_s.append(done_s + rtt_s / 2 - time_s)
    client.held_s = math.fsum(client.staleness_s)
    return row("request-response", [client], len(times_s), sizes)


def quantile_interval(n: int, q: float, confidence: float = 0.99) -> tuple[float, float]:
    """Return between which quantiles of a distribution the q-quantile of n draws lies, with that confidence.

    The k-th smallest of n draws lies below the u-quantile if at least k of n do, a binomial tail, whatever the
    (continuous) distribution. Uniform staleness 0 … Δ, say: p50 of n events lies in Δ · low … Δ · high. As
    `percentile` interpolates between two neighbours, the lower serves for `low`, the upper for `high`.

    Raises:
        ValueError: no draws, or q or confidence not in 0 … 1.
    """
    if n < 1 or not 0 <= q <= 1 or not 0 < confidence < 1:
        raise ValueError(f"expected n ≥ 1, q in 0 … 1, confidence between, got {n!r}, {q!r}, {confidence!r}")
    position, tail = q * (n - 1), (1 - confidence) / 2
    return _order_statistic(n, math.floor(position) + 1, tail), _order_statistic(n, math.ceil(position) + 1, 1 - tail)


def _order_statistic(n: int, k: int, probability: float) -> float:
    """The u with P(k-th smallest of n uniform draws ≤ u) = probability, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        below = math.fsum(_binomial(n, j, middle) for j in range(k, n + 1))
        low, high = (middle, high) if below < probability else (low, middle)
    return (low + high) / 2


def _binomial(n: int, k: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def row(pattern: str, hours: Sequence[Hour], happened: int, sizes: Sizes = NO_SIZES) -> Cost:
    """Add the clients up: one row, for `happened` events that each of them should have had."""
    requests = sum(hour.requests for hour in hours)
    useless = sum(hour.useless for hour in hours)
    ages = [age_s for hour in hours for age_s in hour.staleness_s]
    return Cost(
        pattern=pattern,
        messages_to_server=requests,
        messages_to_client=sum(hour.requests if hour.responses is None else hour.responses for hour in hours),
        bytes_to_server=requests * sizes.request_bytes,
        # An event that is pushed comes without a head: as many heads as requests.
        bytes_to_client=requests * sizes.empty_response_bytes
        + (requests - useless) * sizes.news_bytes
        + len(ages) * sizes.event_bytes,
        useless_responses=useless,
        connections_held_s=math.fsum(hour.held_s for hour in hours),
        staleness_p50_s=percentile(ages, 50) if ages else None,
        staleness_p99_s=percentile(ages, 99) if ages else None,
        staleness_max_s=max(ages, default=None),
        events_missed=len(hours) * happened - len(ages),
    )


def _above_0(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} is {value!r}: it must be above 0")
