"""What can be wrong with the bytes, each with a name.

FramingError                a ValueError: `expected`, `got`, `mend`, and the `status` a server answers with
    BadStartLine            400  not "method target version", or not "version status reason"
    UnsupportedVersion      505  HTTP, but neither 1.1 nor 1.0
    BadHeader               400  a header line that is not "name: value", or Host missing or doubled
    BadLength               400  where the body ends is said badly, or in two ways
    UnsupportedCoding       501  a transfer coding other than chunked
    BadChunk                400  a chunk without its size, its data or its end
    HeadTooLarge            431  headers over the limit, in bytes or in number
        StartLineTooLong    414  a first line over the limit
    BodyTooLarge            413  a body over the limit
    Truncated               400  the stream ended inside a message
"""


class FramingError(ValueError):
    """Bytes that are no message; says what was expected, what came and what to do."""

    status = 400

    def __init__(self, expected: str, got: str, mend: str) -> None:
        super().__init__(expected, got, mend)
        self.expected = expected
        self.got = got
        self.mend = mend

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}; {self.mend}"


class BadStartLine(FramingError):
    """The first line is neither a request line nor a status line (RFC 9112 §3, §4)."""


class UnsupportedVersion(FramingError):
    """Another version of HTTP than 1.1 and 1.0 (RFC 9110 §15.6.6)."""

    status = 505


class BadHeader(FramingError):
    """A header line that is not a field line (RFC 9112 §5), or a Host that is missing or doubled (§3.2)."""


class BadLength(FramingError):
    """Where the body ends is said badly, or in two ways (RFC 9112 §6.3)."""


class UnsupportedCoding(FramingError):
    """A transfer coding that is not implemented here (RFC 9112 §6.1)."""

    status = 501


class BadChunk(FramingError):
    """A chunk that breaks the chunked coding (RFC 9112 §7.1)."""


class HeadTooLarge(FramingError):
    """Headers or trailers over the limits (RFC 6585 §5)."""

    status = 431


class StartLineTooLong(HeadTooLarge):
    """A first line over the limit; nearly always it is the target (RFC 9110 §15.5.15)."""

    status = 414


class BodyTooLarge(FramingError):
    """A body over the limit (RFC 9110 §15.5.14)."""

    status = 413


class Truncated(FramingError):
    """The stream ended before the message did (RFC 9112 §8)."""
