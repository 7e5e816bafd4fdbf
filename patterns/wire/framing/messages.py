"""What a message is, apart from its bytes, and how much of one a parser is willing to read."""

from dataclasses import dataclass
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]
"""Name and value, in the order and the spelling of the wire; bytes over 0x7F are latin-1."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a parser reads before it refuses; line ends count, a body counts as decoded."""

    start_line_bytes: int = 8_192
    headers_bytes: int = 65_536  # all of them with the empty line; the trailers once more
    header_count: int = 100
    body_bytes: int = 16 * 1024 * 1024
    chunk_line_bytes: int = 256


class _Fields:
    """What requests and responses share: header fields, looked up without regard to case."""

    __slots__ = ()
    headers: Headers
    version: str

    def header(self, name: str, default: str | None = None) -> str | None:
        """The value of the first header of that name, or `default`."""
        wanted = name.lower()
        return next((value for field, value in self.headers if field.lower() == wanted), default)

    def all(self, name: str) -> list[str]:
        """Every value of that name, in order; a list in one field is split at its commas (RFC 9110 §5.6.1)."""
        wanted = name.lower()
        values = [value for field, value in self.headers if field.lower() == wanted]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may carry another message after this one (RFC 9112 §9.3)."""
        wishes = {wish.lower() for wish in self.all("Connection")}
        return "close" not in wishes and (self.version != "HTTP/1.0" or "keep-alive" in wishes)


@dataclass(frozen=True, slots=True)
class Request(_Fields):
    """`method` and `target` say what is asked; `body` is empty for most questions."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    version: str = "HTTP/1.1"


@dataclass(frozen=True, slots=True)
class Response(_Fields):
    """`status` says how it went (RFC 9110 §15); an empty `reason` is filled from the standard's list."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    version: str = "HTTP/1.1"

    def __post_init__(self) -> None:
        if not self.reason:
            object.__setattr__(self, "reason", _REASONS.get(self.status, ""))

    @property
    def never_has_a_body(self) -> bool:
        """Whether its status alone says that it ends with its head: 1xx, 204, 304 (RFC 9112 §6.3)."""
        return self.status < 200 or self.status in {204, 304}
