"""What a subscriber costs to the byte, as the functions for it say and the tap sees."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from patterns.push import (
    follow,
    follow_raw,
    follow_sse,
    message_bytes,
    registration_bytes,
    serve,
    serve_raw,
    serve_sse,
    sse_bytes,
)
from patterns.push.events import (
    MOST_PAYLOAD_BYTES,
    decode_event,
    decode_events,
    encode_event,
    encode_events,
    event_bytes,
)
from patterns.push.raw import REGISTRATION_BYTES
from patterns.push.sse import HEAD
from patterns.wait.log import Event, Log
from patterns.wire.framing import FramingError
from patterns.wire.tap import Direction, tap

SIZES = (0, 1, 109, 110, 1000, 65_519, 65_520, 100_000)


@pytest.mark.parametrize("form", ["websocket", "raw", "server-sent events"])
async def test_a_registration_and_its_events(form: str) -> None:
    forms: dict[str, Any] = {
        "websocket": (serve, follow, lambda _, size: message_bytes(size)),
        "raw": (serve_raw, follow_raw, lambda _, size: event_bytes(size)),
        "server-sent events": (serve_sse, follow_sse, sse_bytes),
    }
    serve_it, follow_it, size_of = forms[form]
    log = Log()
    for size in SIZES:
        log.append(bytes(size), 12.5)
    async with await serve_it(log) as server, await tap(server.address) as path:
        async with aclosing(follow_it(path.address)) as events:
            for _ in SIZES:
                await anext(events)
            await asyncio.sleep(1)
            up, down = (path.traffic.bytes(way) for way in Direction)
        asked, agreed = {
            "websocket": registration_bytes(path.address),
            "raw": (REGISTRATION_BYTES, REGISTRATION_BYTES),
            "server-sent events": (
                len(f"GET /events?from=0 HTTP/1.1\r\nHost: {path.address}\r\nAccept: text/event-stream\r\n\r\n"),
                len(HEAD),
            ),
        }[form]
    assert up == asked
    assert down == agreed + sum(size_of(offset, size) for offset, size in enumerate(SIZES))


def test_an_event_as_bytes() -> None:
    event = Event(258, -1.0, b"\0news\xff")
    assert encode_event(event) == b"\0\0\0\0\0\0\x01\x02" + b"\xbf\xf0\0\0\0\0\0\0" + b"\0news\xff"
    assert decode_event(encode_event(event)) == event
    events = [Event(offset, 0.1 * offset, bytes(offset)) for offset in range(50)]
    assert decode_events(encode_events(events)) == events
    assert len(encode_events(events)) == sum(event_bytes(len(event.payload)) for event in events)


def test_what_is_no_event_and_what_is_too_large_for_one() -> None:
    with pytest.raises(FramingError) as caught:
        decode_event(bytes(15))
    assert str(caught.value) == "expected an event of at least 16 bytes, got 15; see what the other side sends"
    with pytest.raises(FramingError) as caught:
        encode_event(Event(3, 0.0, bytes(MOST_PAYLOAD_BYTES + 1)))
    assert str(caught.value) == (
        "expected a payload of at most 1048560 bytes, got 1048561 in event 3; append it in parts"
    )
    with pytest.raises(FramingError):
        decode_events(encode_events([Event(0, 0.0, b"cut")])[:-1])
