"""The held question: a server that answers when there is an answer, and meanwhile does nothing.

The problem: a client that asks "is there news?" is told "no" again and again. The assumption: a question may
stay open; the connection carries nothing meanwhile and costs only the memory for remembering it.
The bargain: the answer leaves in the moment of the event. In exchange the server remembers everyone who
waits, needs a time-out of its own (nobody waits for ever, and a path that is silent is cut by middleboxes), and has
to notice who has gone without a word.

What a held question costs here is a timer, an entry among the log's watchers and its connection. No
task waits for the event: the connection's one task keeps reading, so that it sees a client hang up while
the question is held; the answer is written by whoever ends the waiting, the log or the timer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from patterns.push.contract import Serve
from patterns.request_response.server import answer as in_bytes
from patterns.short_polling.exchange import Question, answer, understand
from patterns.wait.log import Event, Log
from patterns.wire.framing import FramingError, Request, RequestAssembler, Response, encode
from patterns.wire.listen import Listening, listen

PIECE_BYTES = 65_536
WAIT_S = 30.0  # how long a question is held at most
IDLE_S = 75.0  # how long a connection may be without a question
WRITE_S = 30.0  # how long a client may refuse to take an answer


class Held:
    """A question that is held: answers once, with what is new or, after `wait_s` seconds, with nothing."""

    def __init__(self, log: Log, wait_s: float, respond: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._respond = respond
        self._end: asyncio.Handle = self._loop.call_later(wait_s, self.end)
        self._unwatch = log.watch(self._happened)
        self.is_over = False

    def _happened(self, _: Event) -> None:
        """Answer in the loop's next turn: what else happens in this one goes into the same answer."""
        self.drop()
        self.is_over = False
        self._end = self._loop.call_soon(self.end)

    def end(self) -> None:
        """Answer now; does nothing when it is over."""
        if not self.is_over:
            self.drop()
            self._respond()

    def drop(self) -> None:
        """Forget the question, without an answer."""
        self.is_over = True
        self._end.cancel()
        self._unwatch()


async def serve(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    wait_s: float = WAIT_S,
    not_yet: int = 204,
    open_to_the_network: bool = False,
) -> Listening:
    """Hold every question until there is an event for it, or for `wait_s` seconds, or less if the client says so.

    not_yet: the status after that, 204, or 200 with an empty body.

    A client that hangs up while its question is held is noticed at once and forgotten. One that asks again
    on the same connection before it is answered gets its first answer at once, whatever it is: at most one question
    of a connection is held. How many are held in all, `log.watchers` tells.
    """
    if not_yet not in {200, 204}:
        raise ValueError(f"expected not_yet to be 200 or 204, got {not_yet!r}")

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests = RequestAssembler()
        held: Held | None = None
        is_last = False
        try:
            while not writer.transport.is_closing():
                async with asyncio.timeout(wait_s + IDLE_S):
                    data = await reader.read(PIECE_BYTES)
                if not data:
                    return
                for message in requests.feed(data):
                    assert isinstance(message.what, Request)
                    if is_last:
                        continue  # it said that there would be none
                    if held is not None:
                        held.end()  # answers keep the order of the questions
                    is_last = not message.what.keep_alive
                    held = hold(message.what, writer)
                    async with asyncio.timeout(WRITE_S):
                        await writer.drain()
        except FramingError as error:
            if is_last:
                return
            if held is not None:
                held.end()
            refusal = Response(error.status, headers=(("Connection", "close"),), body=f"{error}\n".encode())
            writer.write(encode(refusal))
        except TimeoutError:
            return  # a client that says nothing, or takes nothing
        finally:
            if held is not None:
                held.drop()

    def hold(request: Request, writer: asyncio.StreamWriter) -> Held | None:
        """Answer the request now, or hold it."""
        question = understand(request)
        if isinstance(question, Response):
            send(writer, *in_bytes(request, question))
            return None
        if question.offset != log.next_offset:
            send(writer, *in_bytes(request, answer(log, question)))
            return None
        limit_s = wait_s if question.wait_s is None else min(wait_s, question.wait_s)
        keep_alive = request.keep_alive
        return Held(log, limit_s, lambda: send(writer, *told(question, keep_alive, log.next_offset)))

    @lru_cache(maxsize=8)
    def told(question: Question, keep_alive: bool, next_offset: int) -> tuple[bytes, bool]:
        """What there is before `next_offset`: put into bytes once for all who wait for the same, not once for each."""
        asked = question.request() if keep_alive else replace(question.request(), headers=(("Connection", "close"),))
        return in_bytes(asked, answer(log, question, not_yet=not_yet))

    def send(writer: asyncio.StreamWriter, data: bytes, is_last: bool) -> None:
        writer.write(data)
        if is_last:
            writer.write_eof()

    return await listen(converse, host, port, open_to_the_network=open_to_the_network)


_: Serve = serve
