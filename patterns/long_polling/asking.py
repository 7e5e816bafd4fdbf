"""The client: short polling's, without the nap, and with a time-out that is longer than the server's."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from patterns.long_polling.held import WAIT_S
from patterns.push.contract import BREAKS, RETRY_S, Follow, resume
from patterns.request_response import connect
from patterns.short_polling.exchange import Question, read_answer
from patterns.wait.log import Event
from patterns.wire.listen import Address

MARGIN_S = 10.0  # by which the client's time-out is longer: the way there and back, and a busy server


async def follow(
    address: Address,
    offset: int = 0,
    *,
    wait_s: float = WAIT_S,
    client_wait_s: float | None = None,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Ask for news, wait for the answer, ask again at once; yield each event.

    At most one question is open. The next one is asked when all events of the last answer have been taken:
    who works slowly asks rarely, and gets several events in one answer.

    wait_s: how long the server is asked to hold a question.
    client_wait_s: how long to wait for its answer, `wait_s` + 10 by default. When it has passed, the connection is
        given up and the question asked on a new one: the answer could still come and would answer the next question.
    retry_s, breaks: see `push.resume`.
    """
    patience_s = wait_s + MARGIN_S if client_wait_s is None else client_wait_s
    if not (wait_s > 0 and patience_s > 0):
        raise ValueError(f"expected time-outs above 0 s, got wait_s={wait_s!r}, client_wait_s={client_wait_s!r}")

    async def one_connection(offset: int) -> AsyncGenerator[Event, None]:
        while True:
            async with connect(address) as connection:
                while True:
                    question = Question(offset, wait_s=wait_s)
                    try:
                        response = await connection.ask(question.request(), timeout_s=patience_s)
                    except TimeoutError:
                        break  # the server may still hold it, and never know
                    answer = read_answer(question, response)
                    for event in answer.events:
                        offset = event.offset + 1
                        yield event
                    if answer.is_busy or answer.retry_after_s:
                        await asyncio.sleep(max(answer.retry_after_s, retry_s))

    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


_: Follow = follow
