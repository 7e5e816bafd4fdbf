"""Events as bytes: the offset, the time, the payload as it is; the same in every lesson but for what is around it.

Eight bytes of offset and eight of time (IEEE 754, so that not a bit of it is lost), both big-endian, and then
the payload to the end. Where the end is, the frame around it says: a length in front (raw TCP, and the list
in the body of an HTTP answer) or WebSocket's own.
"""

import struct
from collections.abc import Iterable

from patterns.wait.log import Event
from patterns.wire.framing import BadLength, FrameParser, encode_frame
from patterns.wire.framing.frames import PREFIX_BYTES

_HEAD = struct.Struct(">Qd")
HEAD_BYTES = _HEAD.size
MOST_FRAME_BYTES = 1 << 20
MOST_PAYLOAD_BYTES = MOST_FRAME_BYTES - HEAD_BYTES


def encode_event(event: Event) -> bytes:
    """An event's 16 bytes of offset and time, and its payload; `BadLength` for a payload over 1 MiB."""
    if len(event.payload) > MOST_PAYLOAD_BYTES:
        allowed = f"a payload of at most {MOST_PAYLOAD_BYTES} bytes"
        raise BadLength(allowed, f"{len(event.payload)} in event {event.offset}", "append it in parts")
    return _HEAD.pack(event.offset, event.time_s) + event.payload


def decode_event(data: bytes) -> Event:
    """The event that `encode_event` has written; `BadLength` if the bytes are too few for one."""
    if len(data) < HEAD_BYTES:
        raise BadLength(f"an event of at least {HEAD_BYTES} bytes", str(len(data)), "see what the other side sends")
    offset, time_s = _HEAD.unpack_from(data)
    return Event(offset, time_s, data[HEAD_BYTES:])


def encode_events(events: Iterable[Event]) -> bytes:
    """Any number of events behind one another, each with its length in front."""
    return b"".join(encode_frame(encode_event(event)) for event in events)


def decode_events(data: bytes) -> list[Event]:
    """The events that `encode_events` has written; `FramingError` if the bytes are not that."""
    parser = FrameParser(MOST_FRAME_BYTES)
    payloads = parser.feed(data)
    parser.feed_eof()
    return [decode_event(payload) for payload in payloads]


def event_bytes(payload_bytes: int) -> int:
    """The size of an event in `encode_events`: 4 + 8 + 8 + its payload, whatever its offset and time."""
    return PREFIX_BYTES + HEAD_BYTES + payload_bytes
