"""Run as a module: a crowd of clients in a process apart, so that what they cost is not the server's.

The problem: clients in the server's process share its memory, its loop and its lock, and measuring them
disturbs what is measured. The assumption: a pipe to whoever gives the orders.
The bargain: orders come as JSON lines on stdin, each is replied to by one JSON line on stdout, followed by
`bytes` bytes of doubles (machine order) where there are times to tell. The end of stdin ends the process,
whatever it does at the moment.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterable
from typing import Any

from patterns.cost.process.crowd import Client, Crowd
from patterns.cost.process.fits import raise_descriptor_limit

DRAIN_S = 10.0  # after the time of a load is over: how long its last answers may take


def reply(what: dict[str, Any], times: Iterable[float] = ()) -> None:
    """One line, then the times."""
    data = array("d", times).tobytes()
    output = sys.stdout.buffer
    output.write(json.dumps({**what, "bytes": len(data)}).encode() + b"\n" + data)
    output.flush()


def counts(crowd: Crowd) -> dict[str, Any]:
    """How the crowd stands."""
    connected = sum(client.connected for client in crowd.clients)
    return {
        "connected": connected,
        "answered": crowd.answered,
        "reconnected": crowd.reconnected,
        "failed": crowd.failed,
        "statuses": crowd.statuses,
    }


def answers(crowd: Crowd, order: dict[str, Any]) -> None:
    """Wait until `count` clients have their answer, `limit_s` at most; (sent, first, last byte) of each that has."""
    until_s = time.monotonic() + order["limit_s"]
    while crowd.done < order["count"] and crowd.open and time.monotonic() < until_s:
        crowd.turn(until_s)
    done = [client for client in crowd.clients if client.done]
    reply(counts(crowd), [moment for client in done for moment in (client.sent_s, client.first_s, client.last_s)])


def again(crowd: Crowd, order: dict[str, Any]) -> None:
    """Every client sends the (new) request once more: one after the other, evenly over `over_s`."""
    crowd.request = base64.b64decode(order["request"])
    asking = [client for client in crowd.clients if client.sock is not None]
    begin_s, each_s = time.monotonic(), order["over_s"] / max(1, len(asking))
    for number, client in enumerate(asking):
        due_s = begin_s + number * each_s
        while time.monotonic() < due_s:
            crowd.turn(due_s)
        if client.sock is not None:
            crowd.ask(client)
    reply(counts(crowd))


def load(crowd: Crowd, order: dict[str, Any]) -> None:
    """Ask again as soon as answered, until `requests` are sent or `duration_s` is over; (sent, last byte) of each."""
    crowd.request = base64.b64decode(order["request"])
    left: int | None = order["requests"]
    begin_s = time.monotonic()
    until_s = begin_s + order["duration_s"]
    waiting: set[Client] = set()
    times = array("d")

    def next_request(client: Client) -> None:
        nonlocal left
        if time.monotonic() >= until_s or left == 0:
            waiting.discard(client)
            return
        left = None if left is None else left - 1
        waiting.add(client)
        due.append(client)

    def answered(client: Client) -> None:
        times.extend((client.sent_s, client.last_s))
        next_request(client)

    due: list[Client] = []  # asked from here, not from within the answer: a server that refuses would nest for ever
    crowd.on_answer, crowd.on_failure = answered, next_request
    for client in crowd.clients:
        next_request(client)
    while waiting and time.monotonic() < until_s + DRAIN_S:
        asked, due[:] = due[:], []
        for client in asked:
            crowd.ask(client)
        crowd.turn(0.0 if due or not waiting else until_s + DRAIN_S)
    end_s = time.monotonic()
    reply({**counts(crowd), "unanswered": len(waiting), "begin_s": begin_s, "end_s": end_s}, times)
    crowd.on_answer = crowd.on_failure = None


def first_line() -> bytes:
    """The first line of stdin and not a byte more: the rest is the crowd's to read."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        line += byte
    return line


def standing(crowd: Crowd, _: dict[str, Any]) -> None:
    """How the crowd stands, without waiting."""
    reply(counts(crowd))


ORDERS: dict[str, Callable[[Crowd, dict[str, Any]], None]] = {
    "answers": answers,
    "again": again,
    "load": load,
    "standing": standing,
}


def main() -> None:
    """Take the first order, which opens the crowd; then one after the other."""
    raise_descriptor_limit()
    order = json.loads(first_line())
    crowd = Crowd(order)
    crowd.connect_all(order["batch"], time.monotonic() + order["limit_s"])
    reply(counts(crowd))
    while True:
        while crowd.orders:
            order = crowd.orders.popleft()
            ORDERS[order["do"]](crowd, order)
        crowd.turn(float("inf"))


if __name__ == "__main__":
    main()
