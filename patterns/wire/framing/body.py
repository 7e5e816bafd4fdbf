"""Where the body ends, by what the head says (RFC 9112 §6.3), and the lines between chunks (§7.1).

Two parsers on one path that disagree about this border let a request be smuggled through between them. So
what could be read in two ways is refused here, even where the RFC permits to guess: two lengths, a length
beside a transfer coding, a coding besides chunked, a size with anything but digits in it.
"""

import re

from patterns.wire.framing.errors import BadChunk, BadHeader, BadLength, BodyTooLarge, UnsupportedCoding
from patterns.wire.framing.grammar import shown
from patterns.wire.framing.messages import Headers, Limits
from patterns.wire.framing.table import Move

BEYOND_ANY_LIMIT = 1 << 62  # for lengths of so many digits that reading them as a number would be work
_LENGTH = re.compile(r"[0-9]++")
_PLAIN_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_CHUNK_LINE = re.compile(r"([0-9A-Fa-f]++)(?:;[\t\x20-\x7e\x80-\xff]*+)?\r\n")  # the extension is passed over


def how_it_ends(headers: Headers, version: str) -> tuple[Move | None, int]:
    """The way in which the body ends and, for `LENGTH`, after how many bytes; no move: the head does not say.

    Raises `BadLength` or `UnsupportedCoding` when it says so badly.
    """
    names = [name.lower() for name, _ in headers]
    lengths = _values("content-length", names, headers)
    codings = _values("transfer-encoding", names, headers)
    if codings and lengths:
        raise BadLength("one way to find the end", "Content-Length and Transfer-Encoding", "send only one of them")
    if codings:
        _check_coding(", ".join(codings).lower(), version)
        return Move.CHUNKED, 0
    if not lengths:
        return None, 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise BadLength(
            "one Content-Length in decimal digits",
            " and ".join(map(shown, lengths)),
            "send the number of the body's bytes, once",
        )
    return Move.LENGTH, int(lengths[0]) if len(lengths[0]) < 19 else BEYOND_ANY_LIMIT


def _values(wanted: str, names: list[str], headers: Headers) -> list[str]:
    """The values of every header of that name; `names` are those of `headers` in lower case."""
    if wanted not in names:
        return []
    return [value for name, (_, value) in zip(names, headers, strict=True) if name == wanted]


def _check_coding(coding: str, version: str) -> None:
    if version == "HTTP/1.0":
        raise BadLength("no Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)", shown(coding), "speak HTTP/1.1")
    if coding == "chunked":
        return
    names = [name.strip() for name in coding.split(",")]
    if names.count("chunked") > 1 or "chunked" in names[:-1]:
        raise BadLength("chunked once, as the last coding", shown(coding), "send Transfer-Encoding: chunked")
    raise UnsupportedCoding("Transfer-Encoding: chunked", shown(coding), "send chunked alone")


def check_host(headers: Headers, version: str) -> None:
    """One Host in a request, or in HTTP/1.0 at most one (RFC 9112 §3.2); else `BadHeader`."""
    hosts = [name.lower() for name, _ in headers].count("host")
    if hosts > 1:
        raise BadHeader("one Host header (RFC 9112 §3.2)", f"{hosts} of them", "send only one")
    if not hosts and version != "HTTP/1.0":
        raise BadHeader("a Host header (RFC 9112 §3.2)", "none", "add a Host header")


def check_trailers(trailers: Headers) -> None:
    """No trailer may say anew where the message ends or whom it is for (RFC 9110 §6.5.1); else `BadHeader`."""
    for name, _ in trailers:
        if name.lower() in {"content-length", "transfer-encoding", "host"}:
            raise BadHeader("trailers that frame nothing (RFC 9110 §6.5.1)", name, "send it in the head")


def check_size(size: int, limits: Limits) -> None:
    """`BodyTooLarge` if a body of `size` bytes is over the limit."""
    if size > limits.body_bytes:
        raise body_too_large(limits, f"{size}" if size < BEYOND_ANY_LIMIT else "a number of many digits")


def body_too_large(limits: Limits, got: str) -> BodyTooLarge:
    """The refusal of a body over the limit."""
    return BodyTooLarge(f"a body of at most {limits.body_bytes} bytes", got, "send it in parts")


def read_plain_chunk_size(line: bytearray) -> int:
    """The size in a chunk line without its line end; 0 unless it is nothing but a few digits."""
    return int(line, 16) if _PLAIN_SIZE.fullmatch(line) else 0


def read_chunk_size(line: str) -> int:
    """The size in a whole chunk line; else `BadChunk`."""
    found = _CHUNK_LINE.fullmatch(line)
    if found is None:
        raise BadChunk("a chunk size in hexadecimal digits", shown(line), "send the size, CR LF, then the data")
    return int(found[1], 16)
