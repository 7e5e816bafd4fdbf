"""Five thousand parked fetches, and one event for all: lesson 6's broker beside the least that can hold one.

The problem: the broker reads requests, queues them, parks them under keys with time-outs, reads the log for each and
encodes an answer; that must not cost much more than holding a connection costs anyway. The assumption: a bare
`asyncio.Protocol` that keeps the request's bytes and writes one ready answer is what nobody undercuts on that loop;
aiohttp's handler and Node's http server, asked over HTTP, are what one would write instead.
The bargain: as in `bench/held.py`, whose clients and figures these are.

`python -m bench.fetches` prints the servers one by one: besides, percentiles of the time to an answer, and idle CPU.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.held import HELD_S, Better, Holding, Server, get, measured, over_http, printed, rate, user_bytes
from bench.peers import PAYLOAD
from bench.side_by_side import LeftOut, Row
from patterns.purgatory import answer_bytes
from patterns.purgatory.client import FETCH_VERSION, fetch
from patterns.wire.kafka import encode_request

NODE = shutil.which("node")
NODE_IS = "Node's http"
NODE_SERVER = str(Path(__file__).parent / "peers" / "node_server.js")


def question(offset: int) -> bytes:
    """What every client asks the broker, all under one number."""
    return encode_request(fetch(offset, HELD_S), FETCH_VERSION, offset)


def over_kafka(name: str, peer: str) -> Server:
    """A server in `bench.peers` that answers fetches."""
    return Server(name, f"bench.peers.{peer}:serve", question, answer_bytes([len(PAYLOAD)]))


OURS = over_kafka("purgatory.serve", "broker")
BARE = over_kafka("asyncio.Protocol", "bare_fetches")
AIOHTTP = over_http("aiohttp's handler", "aiohttp_handler")
GOALS = {  # as ratios: of memory, of answers a second
    BARE.name: ("at most 1.5", "at least 0.8"),
    AIOHTTP.name: ("at most 0.33", "at least 3"),
    NODE_IS: ("at most 0.4", "at least 1.5"),
}


def servers() -> list[Server]:
    """Ours, then the peers that are here."""
    found = [OURS, BARE, AIOHTTP]
    if NODE is not None:
        found.append(Server(NODE_IS, [NODE, "--expose-gc", NODE_SERVER], get))
    return found


def rows(effort: float = 1.0) -> Iterator[Row | LeftOut]:
    found = measured(servers(), effort)
    figures: tuple[tuple[str, str, Better, Callable[[Holding], float]], ...] = (
        ("memory", "bytes a client", "lower", user_bytes),
        ("one event for all", "answers a second", "higher", rate),
    )
    for number, (what, unit, better, figure) in enumerate(figures):
        title = f"{found[OURS.name][0].clients:,} parked fetches: {what}"
        for name, goals in GOALS.items():
            if name not in found:
                yield LeftOut(title, OURS.name, name, "node is not installed")
                continue
            ours, other = (tuple(map(figure, found[who])) for who in (OURS.name, name))
            yield Row(title, OURS.name, name, unit, ours, other, better, goals[number])


def main() -> None:
    """The servers one by one, and what else went on."""
    print(f"load {os.getloadavg()[0]:.1f} before")
    printed(measured(servers(), 1.0))
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
