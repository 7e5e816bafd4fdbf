"""How messages become bytes. What would not come back as the same message is refused, not sent.

That is more than tidiness: a line break inside a header's value would be read as the end of the header, and
what follows it as a header, or a message, that nobody meant to send.
"""

from patterns.wire.framing.body import how_it_ends
from patterns.wire.framing.errors import BadHeader, BadLength, BadStartLine, UnsupportedVersion
from patterns.wire.framing.grammar import TARGET, TOKEN, VALUE, VERSIONS
from patterns.wire.framing.messages import Request, Response
from patterns.wire.framing.table import Move

LAST_CHUNK = b"0\r\n\r\n"
"""The chunk of size zero: the end signal of the chunked coding (RFC 9112 §7.1)."""


def encode(message: Request | Response, *, chunked: bool = False) -> bytes:
    """The bytes of a message: start line, headers, an empty line, the body.

    Unless the headers say already where the body ends, `Content-Length` is added, or with `chunked`
    `Transfer-Encoding: chunked`; what has no body by rule gets neither. A chunked body is one chunk; one that
    is to follow in several is sent behind a head encoded by hand, with `encode_chunk` and `LAST_CHUNK`.

    Raises `BadStartLine` or `BadHeader` for what would not come back as it was, and `BadLength` for a body
    that its headers or its status contradict.
    """
    if message.version not in VERSIONS:
        raise UnsupportedVersion("HTTP/1.1 or HTTP/1.0", repr(message.version), "choose one of them")
    for name, value in message.headers:
        if not (TOKEN.fullmatch(name) and VALUE.fullmatch(value) and value == value.strip(" \t")):
            raise BadHeader(
                "a name that is a token and a value on one line, in latin-1, without spaces around it",
                f"{name!r}: {value!r}",
                "mend it or encode it",
            )
    start = _request_line(message) if isinstance(message, Request) else _status_line(message)
    headers, body = message.headers, message.body
    move, length = how_it_ends(headers, message.version)
    if isinstance(message, Response) and message.never_has_a_body:
        if body or chunked:
            raise BadLength(f"no body with status {message.status}", f"{len(body)} bytes", "choose another status")
    elif move is Move.LENGTH:
        is_perhaps_to_head = isinstance(message, Response) and not body  # whose length is that of another body
        if chunked or (length != len(body) and not is_perhaps_to_head):
            got = "chunked besides" if chunked else f"{len(body)} bytes"
            raise BadLength(f"a body of {length} bytes, as Content-Length says", got, "let encode() count it")
    elif chunked or move is Move.CHUNKED:
        if move is None:
            headers = (*headers, ("Transfer-Encoding", "chunked"))
            how_it_ends(headers, message.version)  # HTTP/1.0 knows no chunks
        body = (encode_chunk(body) if body else b"") + LAST_CHUNK
    elif body or isinstance(message, Response) or message.method in {"POST", "PUT", "PATCH"}:
        headers = (*headers, ("Content-Length", str(len(body))))
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _request_line(request: Request) -> str:
    if not (TOKEN.fullmatch(request.method) and TARGET.fullmatch(request.target)):
        raise BadStartLine(
            "a method and a target without spaces, in ASCII",
            f"{request.method!r} {request.target!r}",
            "percent-encode what a target may not hold",
        )
    return f"{request.method} {request.target} {request.version}"


def _status_line(response: Response) -> str:
    if not (100 <= response.status <= 999 and VALUE.fullmatch(response.reason)):
        raise BadStartLine(
            "a status of three digits and a reason on one line, in latin-1",
            f"{response.status} {response.reason!r}",
            "mend them",
        )
    return f"{response.version} {response.status} {response.reason}"


def encode_chunk(data: bytes) -> bytes:
    """One chunk: its size in hexadecimal, its data (RFC 9112 §7.1). Empty data would be the end signal."""
    if not data:
        raise ValueError("expected data for a chunk, got none; an empty chunk ends the message: send LAST_CHUNK")
    return b"%x\r\n%b\r\n" % (len(data), data)
