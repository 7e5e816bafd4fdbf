"""The other way to find a border: a length in front of everything.

Four bytes, big-endian, then that many bytes. There is nothing to search for and nothing to escape, and so
no way to read it in two ways; the price is that the sender has to know the length before it starts.
Kafka's protocol, DNS over TCP (with two bytes) and gRPC frame their messages so.
"""

from patterns.wire.framing.errors import BodyTooLarge, FramingError, Truncated

PREFIX_BYTES = 4


class FrameParser:
    """Frames out of bytes in any pieces. `at` is how many bytes of the stream belong to whole frames.

    A length over `max_frame` raises `BodyTooLarge`. As with HTTP, frames that came before it are returned
    first and the next call raises; after that every call raises.
    """

    def __init__(self, max_frame: int = 1 << 20) -> None:
        self.max_frame = max_frame
        self.at = 0
        self._buffer = bytearray()
        self._failure: FramingError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes that were fed and belong to a frame that is not yet whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads completed by these bytes, in order."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        buffer = self._buffer
        buffer += data
        payloads: list[bytes] = []
        start, come = 0, len(buffer)
        while (payload_start := start + PREFIX_BYTES) <= come:
            length = int.from_bytes(buffer[start:payload_start], "big")
            if length > self.max_frame:
                allowed = f"a frame of at most {self.max_frame} bytes"
                self._failure = BodyTooLarge(allowed, f"one of {length}", "send it in parts")
                break
            if payload_start + length > come:
                break
            start = payload_start + length
            payloads.append(bytes(buffer[payload_start:start]))
        del buffer[:start]
        self.at += start
        if self._failure is not None and not payloads:
            raise self._failure
        return payloads

    def feed_eof(self) -> None:
        """The stream has ended; `Truncated` if it did so inside a frame."""
        if self._failure is None and self._buffer:
            got = f"the end of the stream after {len(self._buffer)} of its bytes"
            self._failure = Truncated("the rest of the frame", got, "treat what came as incomplete")
        if self._failure is not None:
            raise self._failure.with_traceback(None)


def encode_frame(payload: bytes) -> bytes:
    """`payload` with its length in front; at most 4 GiB − 1 bytes (`OverflowError`)."""
    return len(payload).to_bytes(PREFIX_BYTES, "big") + payload
