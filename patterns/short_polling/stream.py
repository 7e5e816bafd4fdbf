"""The stream of events by short polling: the client asks, naps, and asks again.

The server is lesson 1's, unchanged: a handler that answers at once with what there is. All that is new is in
the client: when to ask again, and the answer that says "not yet".
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from patterns.push.contract import BREAKS, RETRY_S, Follow, Serve, resume
from patterns.request_response import connect
from patterns.request_response import serve as serve_handler
from patterns.short_polling.exchange import Question, answer, read_answer, understand
from patterns.short_polling.pace import Pace, fixed
from patterns.wait.log import Event, Log
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address, Server

IDLE_S = 75.0  # how long a connection may be without a question
ANSWER_S = 30.0  # a poll is answered at once, but may come over a slow path


async def serve(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    not_yet: int = 204,
    retry_after_s: int | None = None,
    idle_timeout_s: float = IDLE_S,
    open_to_the_network: bool = False,
) -> Server:
    """Answer every poll at once.

    not_yet: the status when there is nothing new, 204, or 200 with an empty body; 304 to whoever asks conditionally.
    idle_timeout_s: how long a client may nap before its connection is closed; then it needs a new one.
    retry_after_s: seconds that clients are told to wait after "not yet" (`Retry-After`, RFC 9110 §10.2.3).
    """
    if not_yet not in {200, 204}:
        raise ValueError(f"expected not_yet to be 200 or 204, got {not_yet!r}; 304 goes to who asks with if_none_match")

    async def handle(request: Request) -> Response:
        question = understand(request)
        if isinstance(question, Response):
            return question
        return answer(log, question, not_yet=not_yet, retry_after_s=retry_after_s)

    return await serve_handler(
        handle, host, port, idle_timeout_s=idle_timeout_s, open_to_the_network=open_to_the_network
    )


async def follow(
    address: Address,
    offset: int = 0,
    *,
    interval_s: float = 1.0,
    pace: Pace | None = None,
    if_none_match: bool = False,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Ask for news at once, then every `interval_s` seconds, over one kept connection; yield each event.

    The naps are counted from ask to ask, so a slow answer does not slow the pace; but a question is asked only
    when the last one is answered. `Retry-After` makes a nap longer, never shorter.

    pace: another rhythm than a fixed one, begun anew after news: `lambda: exponential(0.1, 10.0)`.
    if_none_match: ask conditionally, and be answered 304 in place of 204.
    retry_s, breaks: see `push.resume`.
    """

    async def one_connection(offset: int) -> AsyncGenerator[Event, None]:
        loop = asyncio.get_running_loop()
        naps, etag, due_s = begin(), None, loop.time()
        async with connect(address) as connection:
            while True:
                question = Question(offset, etag=etag if if_none_match else None)
                answer = read_answer(question, await connection.ask(question.request(), timeout_s=ANSWER_S))
                for event in answer.events:
                    offset = event.offset + 1
                    yield event
                etag = answer.etag
                if answer.events:
                    naps = begin()
                if not answer.has_more:
                    due_s += max(next(naps), answer.retry_after_s)
                    await asyncio.sleep(due_s - loop.time())
                due_s = max(due_s, loop.time())  # a turn that is past is not made up for

    begin = pace or (lambda: fixed(interval_s))
    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


_: tuple[Serve, Follow] = (serve, follow)
