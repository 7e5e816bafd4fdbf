"""WebSocket frames out of a stream of bytes (RFC 6455 §5).

The problem: behind a 101 the connection is no longer HTTP, and what is pushed there has other borders.
The assumption: both sides speak frames from the first byte on; a client masks every frame, a server none.
The bargain: it reads frames, not messages: what came in three fragments is three frames, as on the wire.
It inflates nothing: a frame of a message compressed by an extension (RSV1, RFC 7692 §6) is said to be so,
and its payload is left as it came.

FramingError
    BadFrame        400  bytes that are no frame: a reserved bit or opcode, a mask missing or too much, a
                         length not written in the shortest way, a control frame that is long or in parts, a
                         continuation of nothing
    BodyTooLarge    413  a payload over the limit
    Truncated       400  the stream ended inside a frame
"""

from dataclasses import dataclass
from enum import IntEnum

from patterns.wire.framing.errors import BodyTooLarge, FramingError, Truncated


class BadFrame(FramingError):
    """Bytes that are no WebSocket frame (RFC 6455 §5.2), or not here (§5.4, §5.5)."""


class Opcode(IntEnum):
    """What a frame is (RFC 6455 §11.8); from 8 on it is a control frame."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

    @property
    def is_control(self) -> bool:
        """Whether it speaks of the connection; such frames may come between the fragments of a message."""
        return self >= Opcode.CLOSE


OPCODES = {opcode.value: opcode for opcode in Opcode}
CONTROL_BYTES = 125  # the most that a control frame carries (RFC 6455 §5.5)
LABEL_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame: `stream[start:end]` are exactly its bytes, `payload` is without the mask.

    fin: the last frame of its message. compressed: part of a message that an extension has compressed.
    """

    opcode: Opcode
    payload: bytes
    fin: bool
    masked: bool
    compressed: bool
    start: int
    end: int

    @property
    def length(self) -> int:
        """Bytes of the payload."""
        return len(self.payload)

    @property
    def label(self) -> str:
        """What it is, in a few words: `text "hello"`, `ping, 4 bytes`, `close 1000 "bye"`."""
        name = self.opcode.name.lower()
        if not self.fin:
            name = f"{name}, more to come"
        if self.compressed:
            return f"{name}, compressed, {self.length} bytes"
        if self.opcode is Opcode.TEXT:
            return f"{name} {_quoted(self.payload)}"
        if self.opcode is Opcode.CLOSE and self.length >= 2:
            reason = f" {_quoted(self.payload[2:])}" if self.length > 2 else ""
            return f"{name} {int.from_bytes(self.payload[:2], 'big')}{reason}"
        return f"{name}, {self.length} bytes"


def _quoted(text: bytes) -> str:
    # cut in bytes first: a label of a payload of megabytes should not cost megabytes
    shown = text[: 4 * LABEL_CHARACTERS].decode("utf-8", "replace")
    is_cut = len(shown) > LABEL_CHARACTERS or len(text) > 4 * LABEL_CHARACTERS
    return f'"{shown[:LABEL_CHARACTERS]}{"…" if is_cut else ""}"'


class WebSocketParser:
    """Frames out of bytes in any pieces; one parser for each direction.

    masked: whether its sender has to mask: a client has, a server must not (RFC 6455 §5.1).
    max_payload: bytes; a longer one raises `BodyTooLarge` as soon as its length is known.
    at: how many bytes of the stream belong to whole frames.

    Frames that came before an error are returned first, and the next call raises; after that every call does.
    """

    def __init__(self, *, masked: bool, max_payload: int = 16 * 1024 * 1024) -> None:
        self.masked = masked
        self.max_payload = max_payload
        self.at = 0
        self._buffer = bytearray()
        self._wanted = 2  # so many bytes have to be there before it is worth looking again
        self._message: Frame | None = None  # the first frame of the message that is not yet over
        self._failure: FramingError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes that were fed and belong to a frame that is not yet whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by these bytes, in order."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        self._buffer += data
        frames: list[Frame] = []
        used = 0
        try:
            while len(self._buffer) - used >= self._wanted and (frame := self._next(used)) is not None:
                frames.append(frame)
                used += frame.end - frame.start
        except FramingError as error:
            self._failure = error
        del self._buffer[:used]
        if self._failure is not None and not frames:
            raise self._failure
        return frames

    def feed_eof(self) -> None:
        """The stream has ended; `Truncated` if it did so inside a frame."""
        if self._failure is None and self._buffer:
            got = f"the end of the stream after {len(self._buffer)} of its bytes"
            self._failure = Truncated("the rest of the frame", got, "treat what came as incomplete")
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def _next(self, used: int) -> Frame | None:
        """The frame that begins `used` bytes into the buffer, or None and `_wanted` says how much there must be."""
        buffer = self._buffer
        first, second = buffer[used], buffer[used + 1]
        opcode = self._check_head(first, second)
        short = second & 0x7F
        head = 2 + {126: 2, 127: 8}.get(short, 0)
        here = len(buffer) - used
        if here < head:
            self._wanted = head
            return None
        length = short if head == 2 else int.from_bytes(buffer[used + 2 : used + head], "big")
        self._check_length(head, length)
        payload_start = head + 4 * self.masked
        size = payload_start + length
        if here < size:
            self._wanted = size
            return None
        self._wanted = 2
        payload = bytes(buffer[used + payload_start : used + size])
        if self.masked:
            payload = unmask(payload, bytes(buffer[used + head : used + payload_start]))
        is_fin = bool(first & 0x80)
        compressed = bool(first & 0x40) or (
            opcode is Opcode.CONTINUATION and self._message is not None and self._message.compressed
        )
        frame = Frame(opcode, payload, is_fin, self.masked, compressed, self.at, self.at + size)
        self.at = frame.end
        if not opcode.is_control:
            self._message = None if is_fin else self._message or frame
        return frame

    def _check_head(self, first: int, second: int) -> Opcode:
        opcode = OPCODES.get(first & 0x0F)
        if opcode is None:
            raise BadFrame("an opcode of 0, 1, 2, 8, 9 or 10", str(first & 0x0F), "check where the frame starts")
        if first & 0x30:
            raise BadFrame("RSV2 and RSV3 unset", f"a first byte of 0x{first:02x}", "agree on no such extension")
        if bool(second & 0x80) is not self.masked:
            who, got = ("client", "unmasked") if self.masked else ("server", "masked")
            rule = "a masked frame" if self.masked else "an unmasked frame"
            mend = "mask it (RFC 6455 §5.3)" if self.masked else "send it without a mask"
            raise BadFrame(f"{rule} from the {who}", f"an {got} one" if self.masked else f"a {got} one", mend)
        if opcode.is_control:
            if not first & 0x80 or second & 0x7F > CONTROL_BYTES or first & 0x40:
                wanted = f"a control frame in one piece, uncompressed, of at most {CONTROL_BYTES} bytes"
                raise BadFrame(wanted, f"0x{first:02x} 0x{second:02x}", "shorten it")
        elif opcode is Opcode.CONTINUATION and (self._message is None or first & 0x40):
            got = "one where no message is under way" if self._message is None else "one with RSV1 set"
            raise BadFrame("a continuation of a message, with RSV1 unset", got, "start with text or binary")
        elif opcode is not Opcode.CONTINUATION and self._message is not None:
            got = f"a new {opcode.name.lower()} frame"
            raise BadFrame("a continuation of the message under way", got, "end it first, with FIN set")
        return opcode

    def _check_length(self, head: int, length: int) -> None:
        least = {2: 0, 4: 126, 10: 1 << 16}[head]
        if length < least or length >= 1 << 63:
            wanted = "a length in the fewest bytes that hold it, below 2^63"
            raise BadFrame(wanted, f"{length} in {head - 2} bytes", "write it as RFC 6455 §5.2 says")
        if length > self.max_payload:
            raise BodyTooLarge(f"a payload of at most {self.max_payload} bytes", f"one of {length}", "send it in parts")


def unmask(payload: bytes, key: bytes) -> bytes:
    """`payload` with its mask taken off, or put on: byte i XOR key[i mod 4] (RFC 6455 §5.3)."""
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
