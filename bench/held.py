"""Five thousand held questions, and one event for all: lesson 5's server beside three that one might write instead.

The problem: "long polling scales" is two claims: that a held question costs little, and that all who wait hear of
an event soon. Both depend on what holds it. The assumption: the same question, held by every server, and the
same event, a signal (see bench/peers); clients in child processes, so that memory and CPU are the server's.
The bargain: loopback, where two cores are shared by the server and the clients; a client's part in an answer is
in every rate, so that ratios between fast servers are closer to 1 than those of the servers' own work.

A server is taken anew for each round, the servers in turn, each round beginning with the next one. Bytes are the
slope of the server's own memory over rising numbers of clients; the rate is answers a second, from the event
to the last byte of the last answer as the clients got it, of several events the median.

`python -m bench.held` prints the servers one by one: besides, percentiles of the time to an answer, and idle CPU.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Literal

from bench.peers import HAPPENS
from bench.side_by_side import Row
from patterns.cost.process import AnswerEnds, Answers, FanOut, Parked, TookTooLong, at_rest, parked, served, slope

CLIENTS = 5_000
FEWEST = 100  # with less, the memory to spare holds them all, and the cost is nothing
EVENTS = 5
ROUNDS = 3
IDLE_S = 1.0
HELD_S = 600.0  # longer than all of it takes: nobody is answered by a time-out
ANSWERS_LIMIT_S = 60.0
Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Server:
    """Who holds: its name in the table, what `served` runs, and what clients ask when they want `offset` next."""

    name: str
    runs: str | Sequence[str]
    question: Callable[[int], bytes]
    answer_ends: AnswerEnds = "http"
    options: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """One server in one round: bytes a client, µs of CPU a second with nothing to do, how each event reached all."""

    clients: int
    user_bytes: float
    idle_us: float
    events: tuple[FanOut, ...]

    def middle(self, of: Callable[[FanOut], float]) -> float:
        """The median over the events."""
        return statistics.median(map(of, self.events))


def counts(clients: int) -> tuple[int, ...]:
    """In fifths, so that the steps in which dicts grow even out; all at once, if they are too few for a line."""
    return tuple(clients * fifth // 5 for fifth in range(1, 6)) if clients > FEWEST else (FEWEST,)


def get(offset: int) -> bytes:
    """What a client of long polling asks."""
    return f"GET /events?from={offset}&wait={HELD_S:g} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def over_http(name: str, peer: str, **options: float) -> Server:
    """A server in `bench.peers` that answers that."""
    return Server(name, f"bench.peers.{peer}:serve", get, options=options)


OURS = over_http("long_polling.serve", "lesson", wait_s=HELD_S)
PEERS = [
    over_http("aiohttp's handler", "aiohttp_handler"),
    over_http("uvicorn", "uvicorn_app"),
    over_http("a thread a connection", "threads"),
]


async def holding(who: Server, effort: float) -> Holding:
    """Park all clients with a server, a fresh one, and let something happen several times."""
    quick = effort < 0.1
    crowds: list[Parked] = []
    line: list[tuple[int, int]] = []
    async with served(who.runs, **who.options) as server, AsyncExitStack() as stack:
        steps = counts(round(CLIENTS * effort))
        if len(steps) == 1:
            line.append((0, (await at_rest(server, 0)).user_bytes))
        for clients in steps:
            more = clients - (line[-1][0] if line else 0)
            crowd = parked(server.address, more, who.question(0), answer_ends=who.answer_ends)
            crowds.append(await stack.enter_async_context(crowd))
            before = await at_rest(server, clients)
            line.append((clients, before.user_bytes))
        await asyncio.sleep(0.05 if quick else IDLE_S)
        after = await server.sample()
        events: list[FanOut] = []
        for number in range(1 if quick else EVENTS):
            if number:
                await asyncio.gather(*(crowd.send(who.question(number)) for crowd in crowds))
                await at_rest(server, clients)
            event_s = time.monotonic()
            os.kill(server.pid, HAPPENS)
            events.append((await answers(crowds)).fan_out(event_s))
        for crowd in crowds:
            standing = await crowd.standing()
            is_http = who.answer_ends == "http"
            if standing.statuses != ({"200": standing.answered} if is_http else {}) or standing.failed:
                raise ValueError(f"expected nothing but 200 from {who.name}, got {standing}")
        return Holding(
            clients,
            slope(*zip(*line, strict=True)).value,
            1e6 * (after.cpu_s - before.cpu_s) / (after.time_s - before.time_s),
            tuple(events),
        )


async def answers(crowds: list[Parked]) -> Answers:
    """The answers of all clients; `TookTooLong` if one has none."""
    all_of_them = Answers(array("d"), array("d"), array("d"), 0)
    for some in await asyncio.gather(*(crowd.answers(limit_s=ANSWERS_LIMIT_S) for crowd in crowds)):
        if some.missing:
            raise TookTooLong(f"expected every client answered in {ANSWERS_LIMIT_S:g} s, {some.missing:,} are not")
        all_of_them.sent_s.extend(some.sent_s)
        all_of_them.first_byte_s.extend(some.first_byte_s)
        all_of_them.last_byte_s.extend(some.last_byte_s)
    return all_of_them


async def a_round(servers: Sequence[Server], effort: float) -> list[Holding]:
    """One after the other; with little effort, which says nothing of what they cost, all at once."""
    if effort < 0.1:
        return await asyncio.gather(*(holding(server, effort) for server in servers))
    return [await holding(server, effort) for server in servers]


def measured(servers: Sequence[Server], effort: float) -> dict[str, list[Holding]]:
    """Every server, one value a round; each round begins with another."""
    found: dict[str, list[Holding]] = {server.name: [] for server in servers}
    for number in range(1 if effort < 0.1 else ROUNDS):
        turns = (*servers[number:], *servers[:number])
        for server, held in zip(turns, asyncio.run(a_round(turns, effort)), strict=True):
            found[server.name].append(held)
    return found


def user_bytes(one: Holding) -> float:
    """Of each client."""
    return one.user_bytes


def rate(one: Holding) -> float:
    """Of answers, the events' median."""
    return one.middle(lambda event: event.rate_per_s)


def rows(effort: float = 1.0) -> Iterator[Row]:
    found = measured([OURS, *PEERS], effort)
    figures: tuple[tuple[str, str, Better, Callable[[Holding], float]], ...] = (
        ("memory", "bytes a client", "lower", user_bytes),
        ("one event for all", "answers a second", "higher", rate),
    )
    for what, unit, better, figure in figures:
        for peer in PEERS:
            ours, other = (tuple(map(figure, found[who.name])) for who in (OURS, peer))
            title = f"{found[OURS.name][0].clients:,} held questions: {what}"
            yield Row(title, OURS.name, peer.name, unit, ours, other, better)


def printed(found: dict[str, list[Holding]]) -> None:
    """The servers one by one: medians over the rounds, in brackets the smallest and the largest."""
    columns: dict[str, Callable[[Holding], float]] = {
        "bytes a client": user_bytes,
        "answers a second": rate,
        "p50 ms": lambda one: one.middle(lambda event: 1e3 * event.p50_s),
        "p99 ms": lambda one: one.middle(lambda event: 1e3 * event.p99_s),
        "idle µs of CPU a second": lambda one: one.idle_us,
    }
    for name, rounds in found.items():
        print(f"{name}, {rounds[0].clients:,} clients")
        for title, figure in columns.items():
            values = list(map(figure, rounds))
            print(f"    {title}: {statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})")


def main() -> None:
    """The servers one by one, and what else went on."""
    print(f"load {os.getloadavg()[0]:.1f} before")
    printed(measured([OURS, *PEERS], 1.0))
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
