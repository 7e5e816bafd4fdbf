"""Server-sent events: push over an HTTP response that never ends (WHATWG HTML, §9.2).

People say that push needs a protocol for both directions. Here the client says one thing, an ordinary GET, and
never speaks again: events come as lines of text, the number of each in `id:`. After a break the client asks
again and says in `Last-Event-ID` how far it got, as every browser's EventSource does by itself.

What a way back would be good for shows in what is lacking: nobody can ask the client "still there?". That is why a
response has a greatest age: a client that lives comes back, and one that does not is forgotten.

    id: 17
    data: 1.2500000000000000e+01 aGVsbG8=

    :

The data is the time, in the 17 digits that lose nothing, and the payload in base64, for a line cannot hold any
byte. An empty line ends an event. A line that begins with a colon is a comment, here the heartbeat.
"""

import asyncio
import base64
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from patterns.push.contract import BREAKS, RETRY_S, Follow, Serve, resume
from patterns.push.event_stream import EventStreamParser
from patterns.push.outbox import Overload
from patterns.push.raw import HEARTBEAT_S, PIECE_BYTES, SILENCE_S, WRITE_BUFFER_BYTES
from patterns.push.subscribers import BUFFER_EVENTS, PushServer, Subscribers, bound_buffers
from patterns.request_response.requests import Requests
from patterns.wait.log import Event, Log
from patterns.wire.framing import Data, FramingError, Head, Limits, Request, Response, ResponseParser, encode
from patterns.wire.listen import Address, listen

MOST_AGE_S = 600.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
COMMENT = b":\n\n"
_OFFSET = re.compile("[0-9]{1,18}")
_ENDLESS = Limits(body_bytes=1 << 62)


def encode_sse(event: Event) -> bytes:
    """An event as lines of text."""
    payload = base64.b64encode(event.payload).decode()
    return f"id: {event.offset}\ndata: {event.time_s:.16e} {payload}\n\n".encode()


def sse_bytes(offset: int, payload_bytes: int) -> int:
    """The size of an event as lines of text; times from 1e-99 to 1e99 s are all of the same length."""
    return len(encode_sse(Event(offset, 1.0, bytes(payload_bytes))))


def decode_sse(number: str, data: str) -> Event:
    """The event that `encode_sse` has written; `ConnectionError` if it is another server's."""
    try:
        time_s, payload = data.split(" ")
        return Event(int(number), float(time_s), base64.b64decode(payload, validate=True))
    except ValueError:
        raise ConnectionError(
            f"expected 'id: OFFSET' and 'data: TIME BASE64', got {number!r}, {data[:100]!r}"
        ) from None


async def serve_sse(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    overload: Overload | str = Overload.DISCONNECT,
    buffer_events: int = BUFFER_EVENTS,
    write_buffer_bytes: int = WRITE_BUFFER_BYTES,
    kernel_buffer_bytes: int | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    silence_s: float = SILENCE_S,
    most_age_s: float = MOST_AGE_S,
    open_to_the_network: bool = False,
) -> PushServer:
    """Push every event to everyone who has asked `GET /events?from=N` (or `from=now`).

    most_age_s: after so many seconds a response ends, and the client has to ask again to go on.
    silence_s: how long a client may take nothing; that it says nothing is as it should be.
    The other options are `serve_raw`'s.
    """
    subscribers = Subscribers(log, overload, buffer_events)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bound_buffers(writer.transport, write_buffer_bytes, kernel_buffer_bytes)
        try:
            request = await Requests(reader, writer, None, silence_s, silence_s).next()
        except (TimeoutError, FramingError):
            return
        if request is None:
            return
        if (offset := _wanted(request, log)) is None:
            why = f"GET /events?from=N takes 0 to {log.next_offset}, or now\n".encode()
            writer.write(encode(Response(416, headers=(("Connection", "close"),), body=why)))
            return
        writer.write(HEAD)
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = [tasks.create_task(tell(offset, writer)), tasks.create_task(beat(writer))]
                await until_it_hangs_up(reader)
                for task in speaking:
                    task.cancel()
        except* TimeoutError:
            subscribers.unheard += 1
            writer.transport.abort()

    async def tell(offset: int, writer: asyncio.StreamWriter) -> None:
        async with aclosing(subscribers.events(offset, writer.transport)) as news:
            async for events in news:
                writer.write(b"".join(map(encode_sse, events)))
                async with asyncio.timeout(silence_s):
                    await writer.drain()

    async def beat(writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(heartbeat_s)
            writer.write(COMMENT)

    async def until_it_hangs_up(reader: asyncio.StreamReader) -> None:
        try:
            async with asyncio.timeout(most_age_s):
                while await reader.read(PIECE_BYTES):
                    pass
        except TimeoutError:
            pass

    return PushServer(await listen(talk, host, port, open_to_the_network=open_to_the_network), subscribers)


def _wanted(request: Request, log: Log) -> int | None:
    """The offset to begin with, or None if the log has none such: what came last counts more than the target."""
    last = request.header("Last-Event-ID")
    path, _, wanted = request.target.partition("?from=")
    if request.method != "GET" or path != "/events":
        return None
    if last is not None:
        offset = int(last) + 1 if _OFFSET.fullmatch(last) else -1
    elif wanted in {"", "now"}:
        offset = log.next_offset
    else:
        offset = int(wanted) if _OFFSET.fullmatch(wanted) else -1
    return offset if 0 <= offset <= log.next_offset else None


async def follow_sse(
    address: Address,
    offset: int = 0,
    *,
    from_now: bool = False,
    silence_s: float = SILENCE_S,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Ask once, then yield events as they come. The options are `follow_raw`'s."""

    async def one_connection(next_offset: int) -> AsyncGenerator[Event, None]:
        async with asyncio.timeout(silence_s):
            reader, writer = await asyncio.open_connection(*address)
        try:
            parser, lines = ResponseParser(_ENDLESS), EventStreamParser()
            parser.expect("GET")
            writer.write(encode(ask(next_offset)))
            while True:
                async with asyncio.timeout(silence_s):
                    data = await reader.read(PIECE_BYTES)
                for piece in parser.feed(data) if data else parser.feed_eof():
                    match piece:
                        case Head(message=Response(status=status)) if status != 200:
                            raise LookupError(f"expected 200 for events from offset {next_offset} on, got {status}")
                        case Data(data=text):
                            for number, line in lines.feed(text):
                                yield decode_sse(number, line)
                if not data:
                    return
        finally:
            writer.transport.abort()

    def ask(next_offset: int) -> Request:
        last = (("Last-Event-ID", str(next_offset - 1)),) if next_offset > offset and not from_now else ()
        headers = (("Host", str(address)), ("Accept", "text/event-stream"), *last)
        return Request("GET", f"/events?from={'now' if from_now else offset}", headers)

    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


_: tuple[Serve, Follow] = (serve_sse, follow_sse)
