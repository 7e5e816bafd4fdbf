"""What a parser finds in the bytes: a head, pieces of a body, an end. Each says where it ends in the stream."""

from dataclasses import dataclass

from patterns.wire.framing.messages import Headers, Request, Response


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and headers; `message` has no body yet. `stream[start:at]` are exactly its bytes."""

    message: Request | Response
    at: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of the body, decoded. `at`: where they end in the stream."""

    data: bytes
    at: int


@dataclass(frozen=True, slots=True)
class End:
    """The message is whole. `at`: the first byte after it."""

    trailers: Headers
    at: int


Event = Head | Data | End
