"""A notification by request-response: the client pulls, for the server cannot call.

The problem: something happens at the server, and the client should know.
The assumption: the server knows of a client only what its last request said, and has no open question
to answer.
The bargain: the client asks again and again. Most answers are "nothing", and news is as old as the
interval allows. Lessons 3 to 6 are about better bargains.
"""

import asyncio
import itertools
import json
import math
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

from patterns.request_response.client import Disconnected, connect
from patterns.request_response.server import Handler
from patterns.wait.log import Event, Log
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address

MOST_EVENTS = 1_000  # in one answer; who is further behind asks again
MOST_BYTES = 131_072  # of payloads in one answer, unless a single one is longer
ROUNDING = 1e-9  # of an interval: 0.3 / 0.1 is three turns, though in floating point it is a little less
_BYTES = "surrogateescape"


def notices(log: Log) -> Handler:
    """`GET /notices?after=N`: the events from offset N on, as a JSON list; an empty list says "nothing".

    At most MOST_EVENTS and MOST_BYTES at once: who is further behind asks again, from where the answer ended.
    JSON has text and no bytes: those of a payload that are not UTF-8 travel as lone surrogates, U+DC80 to
    U+DCFF (Python's "surrogateescape", PEP 383), from which `pull` makes the same bytes again.
    """

    async def handle(request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return Response(405, headers=(("Allow", "GET, HEAD"),), body=b"notices are to be read: GET or HEAD\n")
        try:
            after = parse_qs(urlsplit(request.target).query).get("after", ["0"])[0]
        except ValueError as error:
            return Response(400, body=f"the target takes a path and ?after=N, got none: {error}\n".encode())
        if not (re.fullmatch("[0-9]{1,18}", after) and int(after) <= log.next_offset):
            return Response(400, body=f"after=N takes 0 to {log.next_offset}, got {after[:20]!r}\n".encode())
        found = _as_many_as_fit(log.read(int(after), MOST_EVENTS))
        events = [[event.offset, event.time_s, event.payload.decode(errors=_BYTES)] for event in found]
        return Response(200, headers=(("Content-Type", "application/json"),), body=json.dumps(events).encode())

    return handle


def _as_many_as_fit(events: list[Event]) -> list[Event]:
    up_to = itertools.accumulate(len(event.payload) for event in events)
    return events[: max(1, sum(size <= MOST_BYTES for size in up_to))]


async def pull(address: Address, *, interval_s: float, duration_s: float) -> AsyncIterator[Event]:
    """Ask every `interval_s` seconds for `duration_s` seconds, over one kept connection; yield what is new.

    The asks keep to a grid, `interval_s`, 2 · `interval_s`, …, so a quick server is asked
    ⌊`duration_s` / `interval_s`⌋ times. A turn that passes while an answer is still awaited is skipped, not
    made up for. A connection that the server closed in a pause is opened anew and the question asked again,
    which a GET allows (RFC 9110 §9.2.2); `Disconnected` when that fails too. Any status but 200 is a
    `LookupError`.
    """
    loop = asyncio.get_running_loop()
    start, after, turn, again = loop.time(), 0, 1, False
    turns = math.floor(duration_s / interval_s + ROUNDING)
    while turn <= turns:
        async with connect(address) as connection:
            while turn <= turns:
                await asyncio.sleep(start + turn * interval_s - loop.time())
                request = Request("GET", f"/notices?after={after}")
                try:
                    response = await connection.ask(request)
                except Disconnected:
                    if again:
                        raise
                    again = True  # once: the server may have closed it in the pause
                    break
                again = False
                for event in _events(request, response):
                    after = event.offset + 1
                    yield event
                turn = max(turn + 1, math.ceil((loop.time() - start) / interval_s - ROUNDING))


def _events(request: Request, response: Response) -> list[Event]:
    if response.status != 200:
        got = f"{response.status} {response.reason}: {response.body[:200].decode(errors='replace').strip()}"
        raise LookupError(f"expected 200 for {request.target}, got {got}")
    return [
        Event(offset, time_s, payload.encode(errors=_BYTES)) for offset, time_s, payload in json.loads(response.body)
    ]
