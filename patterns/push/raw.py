"""Push in its barest form, on TCP: the client registers once, and from then on the server speaks.

    client → server     a frame with the offset wanted (8 bytes; −1: from now on)
    server → client     a frame with the offset that will come first (8 bytes); another than wanted: a refusal
    server → client     a frame for each event, without end, without a question
    server ↔ client     an empty frame: "still there?", answered by an empty frame: "still here"

A frame is a length in four bytes and so many bytes (`wire.framing.frames`). That is all that push needs:
a connection that stays open. HTTP, WebSocket and server-sent events are ways to get one through a browser.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from patterns.push.contract import BREAKS, RETRY_S, Follow, Serve, resume
from patterns.push.events import MOST_FRAME_BYTES, decode_event, encode_events
from patterns.push.outbox import Overload
from patterns.push.subscribers import BUFFER_EVENTS, PushServer, Subscribers, bound_buffers
from patterns.wait.log import Event, Log
from patterns.wire.framing import FrameParser, FramingError, encode_frame
from patterns.wire.listen import Address, listen

HEARTBEAT_S = 15.0  # how often the server asks "still there?"
SILENCE_S = 40.0  # how long either side may hear nothing before it gives the other up: two heartbeats, and a margin
WRITE_BUFFER_BYTES = 65_536  # what may wait in this process behind the socket's own buffer
HEARTBEAT = encode_frame(b"")
FROM_NOW = -1
REGISTRATION_BYTES = 12  # of each of the two frames in which the offset is agreed on
PIECE_BYTES = 65_536


async def serve_raw(
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
    open_to_the_network: bool = False,
) -> PushServer:
    """Push every event to everyone who has registered.

    overload, buffer_events: the bargain for a subscriber for whom more than so many events wait; see `Overload`.
    write_buffer_bytes, kernel_buffer_bytes: when more waits for the path, the next events wait in the outbox.
    heartbeat_s: how often "still there?" is sent, also while events are.
    silence_s: how long a subscriber may say nothing, or take nothing, before it is given up.
    """
    subscribers = Subscribers(log, overload, buffer_events)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bound_buffers(writer.transport, write_buffer_bytes, kernel_buffer_bytes)
        frames = _Frames(reader, silence_s)
        try:
            async with asyncio.TaskGroup() as tasks:
                if (wanted := await frames.next()) is None or (offset := agree(wanted, writer)) is None:
                    return
                speaking = [tasks.create_task(tell(offset, writer)), tasks.create_task(beat(writer))]
                while await frames.next() is not None:
                    pass  # a client says nothing but "still here"
                for task in speaking:
                    task.cancel()
        except* TimeoutError:
            subscribers.unheard += 1
            writer.transport.abort()  # it does not read: no word would reach it
        except* FramingError:
            writer.transport.abort()  # it speaks another language

    def agree(wanted: bytes, writer: asyncio.StreamWriter) -> int | None:
        """The offset from which to push; None if the log ends before the one that is wanted."""
        offset = int.from_bytes(wanted, "big", signed=True)
        first = log.next_offset if offset == FROM_NOW else max(0, min(offset, log.next_offset))
        writer.write(encode_frame(first.to_bytes(8, "big", signed=True)))
        return first if offset in {first, FROM_NOW} else None

    async def tell(offset: int, writer: asyncio.StreamWriter) -> None:
        async with aclosing(subscribers.events(offset, writer.transport)) as news:
            async for events in news:
                writer.write(encode_events(events))
                async with asyncio.timeout(silence_s):
                    await writer.drain()  # here the client's pace becomes the server's

    async def beat(writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(heartbeat_s)
            writer.write(HEARTBEAT)

    return PushServer(await listen(talk, host, port, open_to_the_network=open_to_the_network), subscribers)


async def follow_raw(
    address: Address,
    offset: int = 0,
    *,
    from_now: bool = False,
    silence_s: float = SILENCE_S,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Register once, then yield events as they come.

    from_now: register without an offset, and after every break again: what happens meanwhile is missed.
    silence_s: how long to hear nothing, not even a heartbeat, before the connection is given up.
    retry_s, breaks: see `resume`. `LookupError` when the server has no such offset.
    """

    async def one_connection(offset: int) -> AsyncGenerator[Event, None]:
        async with asyncio.timeout(silence_s):
            reader, writer = await asyncio.open_connection(*address)
        try:
            frames = _Frames(reader, silence_s)
            wanted = FROM_NOW if from_now else offset
            writer.write(encode_frame(wanted.to_bytes(8, "big", signed=True)))
            if (first := await frames.next()) is None:
                return
            if wanted not in {FROM_NOW, int.from_bytes(first, "big", signed=True)}:
                got = f"a log that ends before offset {int.from_bytes(first, 'big', signed=True)}"
                raise LookupError(f"expected events from offset {wanted} on, got {got}; follow from there, or from 0")
            while (frame := await frames.next()) is not None:
                if frame:
                    yield decode_event(frame)
                else:
                    writer.write(HEARTBEAT)
        finally:
            writer.transport.abort()

    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


class _Frames:
    """The frames that the other side sends, as long as it is never silent for more than `silence_s` seconds."""

    def __init__(self, reader: asyncio.StreamReader, silence_s: float) -> None:
        self._reader, self._silence_s = reader, silence_s
        self._parser = FrameParser(MOST_FRAME_BYTES)
        self._frames: deque[bytes] = deque()

    async def next(self) -> bytes | None:
        """The next frame; None when the other side has hung up. `TimeoutError` when it is silent."""
        while not self._frames:
            async with asyncio.timeout(self._silence_s):
                data = await self._reader.read(PIECE_BYTES)
            if not data:
                return None
            self._frames += self._parser.feed(data)
        return self._frames.popleft()


_: tuple[Serve, Follow] = (serve_raw, follow_raw)
