"""Which pattern for which system: a few questions, and what the formulas answer for each pattern.

The problem: "which one is best?" has no answer, and "it depends" is none. The assumption: six facts about a system
decide, and most of the decision is arithmetic. The bargain: the rules below are few and can be read; each
says which number made it speak. They know nothing of your team, your libraries or your operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from patterns.cost.model import closed

Fit = Literal["fits", "with a limit", "does not fit"]
RANK: dict[Fit, int] = {"fits": 0, "with a limit": 1, "does not fit": 2}
WATCH_S = 55.0  # a held question's time-out, and push's heartbeat: below the minute after which many proxies cut
MANY_USELESS = 0.5
GAP_SHARE = 0.5  # events per round trip from which on a held question hardly waits


@dataclass(frozen=True, slots=True)
class System:
    """What has to be known.

    events_an_hour: that concern one client. staleness_s: how old news may be. clients: in all. rtt_s: a round trip.
    away: clients go away and must miss nothing. slow: some take news more slowly than it comes, at times.
    plain_http: only plain HTTP gets through. job: the client waits for the outcome of work that it asked for.
    """

    events_an_hour: float
    staleness_s: float
    clients: int = 1
    rtt_s: float = 0.05
    away: bool = False
    slow: bool = False
    plain_http: bool = False
    job: bool = False

    def __post_init__(self) -> None:
        if self.events_an_hour < 0 or self.rtt_s < 0 or self.clients < 1 or not self.staleness_s > 0:
            raise ValueError(
                f"expected events and round trip of at least 0, a client, and a staleness above 0, got {self}"
            )

    @property
    def interval_s(self) -> float:
        """How often short polling asks: news waits for the next question, and its answer travels half a round trip.

        Never oftener than an answer takes, so that news may get up to 1.5 round trips old.
        """
        return max(self.staleness_s - self.rtt_s / 2, self.rtt_s)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a pattern fits, why, and its price: messages an hour for a client, both ways; its useless answers' share."""

    pattern: str
    fit: Fit
    because: tuple[str, ...]
    messages_an_hour: float
    useless_share: float
    staleness_p99_s: float | None


def verdicts(system: System) -> list[Verdict]:
    """Each pattern's verdict: by fit, and of those that fit alike the one with the fewest messages first.

    The same is asked of all: each watches its connection every WATCH_S, and whoever must miss nothing needs a log.
    """
    found = [_request_response(system), _short_polling(system), _long_polling(system), _push(system)]
    return sorted(found, key=lambda verdict: (RANK[verdict.fit], round(verdict.messages_an_hour)))


def _verdict(
    pattern: str, no: list[str], limits: list[str], yes: list[str], messages: float, useless: float, p99_s: float | None
) -> Verdict:
    fit: Fit = "does not fit" if no else "with a limit" if limits else "fits"
    return Verdict(pattern, fit, tuple(no + limits or yes), messages, useless, p99_s)


def _request_response(system: System) -> Verdict:
    no = []
    if system.events_an_hour > 0:
        no.append("the server cannot say by itself that something happened")
    if system.job:
        no.append("a request that takes long ties up the client and dies by a time-out on the way")
    return _verdict("request-response", no, [], ["the answer is there at once, and nobody has to be told"], 2, 0, None)


def _away(system: System) -> list[str]:
    """What every pattern needs so that who was away misses nothing."""
    return ["for who was away: a log, and an offset to come back with"] if system.away else []


def _short_polling(system: System) -> Verdict:
    interval_s = system.interval_s
    row = closed.pulling(system.events_an_hour / 3600, interval_s, 3600, rtt_s=system.rtt_s)
    useless = row.useless_responses / row.messages_to_client
    no, limits = [], []
    if system.staleness_s < system.rtt_s / 2:
        no.append(f"half of {_s(system.rtt_s)} is already too late")
    elif system.staleness_s < 1.5 * system.rtt_s:
        no.append(
            f"asked as often as it can answer, every {_s(system.rtt_s)}, its news is up to {_s(1.5 * system.rtt_s)} old"
        )
    if useless > MANY_USELESS:
        limits.append(f"asked every {_s(interval_s)}, {useless:.0%} of the answers bring nothing")
    yes = [f"asked every {_s(interval_s)}, most answers bring something; the client sets the pace", *_away(system)]
    return _verdict(
        "short polling", no, limits, yes, row.messages_to_server + row.messages_to_client, useless, row.staleness_p99_s
    )


def _long_polling(system: System) -> Verdict:
    rate_per_s = system.events_an_hour / 3600
    row = closed.long_polling(rate_per_s, WATCH_S, 3600, rtt_s=system.rtt_s)
    useless = row.useless_responses / row.messages_to_client
    limits = []
    if useless > MANY_USELESS:
        limits.append(f"{useless:.0%} of the answers are time-outs, though only {row.useless_responses:.0f} an hour")
    if rate_per_s * system.rtt_s > GAP_SHARE:
        limits.append(
            f"{rate_per_s * system.rtt_s:.1f} events a round trip: hardly a question is held any more, "
            "each answer costs a question"
        )
    if system.staleness_s < 1.5 * system.rtt_s:
        limits.append(f"news that falls into the gap between two questions is up to {_s(1.5 * system.rtt_s)} old")
    yes = ["answered the moment something happens, over plain HTTP; the client sets the pace", *_away(system)]
    return _verdict(
        "long polling", [], limits, yes, row.messages_to_server + row.messages_to_client, useless, row.staleness_p99_s
    )


def _push(system: System) -> Verdict:
    beats = 2 * 3600 / WATCH_S
    messages = system.events_an_hour + beats
    limits = []
    if beats / messages > MANY_USELESS:
        limits.append(
            f"{beats / messages:.0%} of the messages are heartbeats, though only {beats:.0f} an hour and tiny"
        )
    if system.slow:
        limits.append("a client that is too slow has to be dealt with: drop, disconnect, or wait for it")
    if system.plain_http:
        limits.append("by server-sent events: WebSocket does not get through")
    no = [f"half of {_s(system.rtt_s)} is already too late"] if system.staleness_s < system.rtt_s / 2 else []
    yes = ["one message for each event, in the moment in which it happens", *_away(system)]
    return _verdict("push", no, limits, yes, messages, 0.0, system.rtt_s / 2)


def _s(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 120 else f"{seconds / 60:.3g} min"
