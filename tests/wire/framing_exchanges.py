"""Questions and answers as the oracles exchange them: generated, and put into our bytes.

They call the framing through its module, so that a fault planted there is what they meet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fuzz_framing import cut
from hypothesis import strategies as st

from patterns.wire import framing
from patterns.wire.framing import Headers, Message, Request, Response

FRAMING_NAMES = {"host", "content-length", "transfer-encoding", "connection"}
HOST = (("Host", "a"),)
TOKENS = st.text("!#$%&'*+-.^_`|~0129abzABZ", min_size=1, max_size=12)
TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
PATHS = st.text("/abz09._-~%&=", max_size=20).map(lambda text: "/a" + text.replace("%", "%20"))
LATIN_1 = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f") | st.just("\t"), max_size=30
)
ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
METHODS = st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
REASONS = st.sampled_from(["OK", "Well said", "Nicht da!"])
HTTP_1_1 = st.just("HTTP/1.1")
STATUSES = st.sampled_from([200, 201, 204, 304, 404, 500])
PARTS = st.lists(st.binary(min_size=1, max_size=100) | st.sampled_from([b"\r\n\r\n", b"0\r\n\r\n"]), max_size=4)


def headers(values: st.SearchStrategy[str]) -> st.SearchStrategy[Headers]:
    """Header fields that say nothing about framing; no name twice (aiohttp's client keeps only one of `A` and `a`)."""
    names = TOKENS.filter(lambda name: name.lower() not in FRAMING_NAMES)
    fields = st.tuples(names, values.map(lambda text: text.strip(" \t")))
    return st.lists(fields, max_size=5, unique_by=lambda field: field[0].lower()).map(tuple)


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, without what frames them: their bodies come in parts, chunked or not."""

    request: Request
    request_parts: tuple[bytes, ...]
    request_chunked: bool
    request_connection: str | None
    response: Response
    response_parts: tuple[bytes, ...]
    response_chunked: bool
    response_connection: str | None
    seed: int
    """Of the pieces in which the bytes come."""

    @property
    def has_no_answer_body(self) -> bool:
        return self.request.method == "HEAD" or self.response.status in {204, 304}

    @property
    def question(self) -> bytes:
        return b"".join(self.request_parts)

    @property
    def answer(self) -> bytes:
        return b"" if self.has_no_answer_body else b"".join(self.response_parts)


def exchanges(
    targets: st.SearchStrategy[str] = PATHS,
    values: st.SearchStrategy[str] = ASCII,
    versions: st.SearchStrategy[str] = HTTP_1_1,
    methods: st.SearchStrategy[str] = METHODS,
    reasons: st.SearchStrategy[str] = REASONS,
) -> st.SearchStrategy[Exchange]:
    requests = st.builds(Request, methods, targets, headers(values), st.just(b""), versions)
    responses = st.builds(Response, STATUSES, reasons, headers(values), st.just(b""), versions)
    parts = PARTS.map(tuple)
    wish = st.sampled_from([None, None, None, "close", "keep-alive"])
    return st.builds(
        Exchange, requests, parts, st.booleans(), wish, responses, parts, st.booleans(), wish, st.integers(0, 1 << 32)
    )


def encoded_request(exchange: Exchange, host: str = "a") -> bytes:
    fields = (("Host", host), *exchange.request.headers, *connection(exchange.request_connection))
    return encoded(replace(exchange.request, headers=fields), exchange.request_parts, exchange.request_chunked)


def encoded_response(exchange: Exchange) -> bytes:
    """As the server of that exchange would send it: the answer to HEAD has the length of what it leaves out."""
    fields = (*exchange.response.headers, *connection(exchange.response_connection))
    response = replace(exchange.response, headers=fields)
    if response.status in {204, 304}:
        return framing.encode(response)
    if exchange.request.method == "HEAD":
        length = str(len(b"".join(exchange.response_parts)))
        return framing.encode(replace(response, headers=(*fields, ("Content-Length", length))))
    return encoded(response, exchange.response_parts, exchange.response_chunked)


def connection(wish: str | None) -> Headers:
    return (("Connection", wish),) if wish else ()


def encoded(message: Request | Response, parts: Sequence[bytes], chunked: bool) -> bytes:
    """With a length, or chunk by chunk; HTTP/1.0 has no chunks."""
    if not chunked or message.version == "HTTP/1.0":
        return framing.encode(replace(message, body=b"".join(parts)))
    head = framing.encode(message, chunked=True)
    assert head.endswith(b"\r\n\r\n0\r\n\r\n")
    return head[:-5] + b"".join(map(framing.encode_chunk, parts)) + framing.LAST_CHUNK


def own(fields: Sequence[tuple[str, str]], wanted: Headers) -> Headers:
    """Of the fields those whose names were generated, in order and spelling."""
    names = {name.lower() for name, _ in wanted}
    return tuple(field for field in fields if field[0].lower() in names)


def decoded(fields: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def one(messages: list[Message]) -> Message:
    (message,) = messages
    return message


def fed(assembler: framing.RequestAssembler | framing.ResponseAssembler, stream: bytes, seed: int) -> list[Message]:
    """The messages of a whole stream that comes in pieces; none of them needs its end to be whole."""
    found = [message for piece in cut(stream, random.Random(seed)) for message in assembler.feed(piece)]
    assert assembler.feed_eof() == []
    return found


def is_kept(version: str, wish: str | None) -> bool:
    """RFC 9112 §9.3, in one line."""
    return wish == "keep-alive" or (wish is None and version == "HTTP/1.1")


ANY_VERSION = st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])
CONVERSATIONS = st.lists(exchanges(versions=ANY_VERSION), min_size=1, max_size=4)
"""For aiohttp: its client takes only paths for targets, and neither side writes latin-1."""
OURS_ALONE = st.lists(exchanges(TARGETS, LATIN_1, ANY_VERSION, METHODS | TOKENS, LATIN_1.filter(bool)), max_size=4)
"""All that the grammar allows."""
