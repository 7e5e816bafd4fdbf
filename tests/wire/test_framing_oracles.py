"""Others read what we write, and we read what others write: h11 and aiohttp's own parsers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import h11
import pytest
from aiohttp import http
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given, settings
from hypothesis import strategies as st
from test_framing_encoding import BODIES, HEADERS, HOST, TARGETS, pieces_of

from patterns.wire.framing import (
    FramingError,
    Request,
    RequestAssembler,
    RequestParser,
    Response,
    ResponseAssembler,
    State,
    encode,
)

METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"])


def lowered(headers: object) -> list[tuple[str, str]]:
    """Headers as every party can compare them: names in lower case, without those that say the length."""
    assert isinstance(headers, list | tuple)
    found = [
        (name.decode("latin-1").lower(), value.decode("latin-1")) if isinstance(name, bytes) else (name.lower(), value)
        for name, value in headers
    ]
    return [field for field in found if field[0] not in {"content-length", "transfer-encoding"}]


def events(connection: h11.Connection) -> Iterator[h11.Event]:
    while isinstance(event := connection.next_event(), h11.Event):
        yield event
        if isinstance(event, h11.EndOfMessage):
            return


@given(METHODS, TARGETS, HEADERS, BODIES, st.booleans(), st.data())
def test_h11_reads_our_request_and_we_read_its_response(
    method: str,
    target: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    chunked: bool,
    data: st.DataObject,
) -> None:
    request = Request(method, target, HOST + headers, body)
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(encode(request, chunked=chunked))
    head, *parts, _ = events(theirs)
    assert isinstance(head, h11.Request)
    assert (head.method, head.target) == (method.encode(), target.encode())
    assert lowered(list(head.headers)) == lowered(request.headers)
    assert b"".join(bytes(part.data) for part in parts if isinstance(part, h11.Data)) == body

    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    length = [] if chunked else [(b"Content-Length", str(len(body)).encode())]
    answer = b""
    for event in (
        h11.InformationalResponse(status_code=103, headers=[]),
        h11.Response(status_code=203, reason=b"Well", headers=sent + length),
        h11.Data(body),
        h11.EndOfMessage(),
    ):
        answer += theirs.send(event) or b""
    ours = ResponseAssembler()
    ours.parser.expect(method)
    found = [message for piece in pieces_of(data, answer) for message in ours.feed(piece)]
    interim, final = (message.what for message in found)
    assert isinstance(interim, Response)
    assert isinstance(final, Response)
    assert (interim.status, final.status, final.reason, final.body) == (103, 203, "Well", body)
    assert lowered(final.headers) == lowered(headers)
    assert found[-1].end == len(answer)


@given(METHODS, TARGETS, HEADERS, BODIES, st.booleans(), st.data())
def test_we_read_h11_s_request_and_it_reads_our_response(
    method: str,
    target: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
    chunked: bool,
    data: st.DataObject,
) -> None:
    theirs = h11.Connection(h11.CLIENT)
    sent = [(name.encode(), value.encode("latin-1")) for name, value in HOST + headers]
    length = (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", str(len(body)).encode())
    question = b""
    for event in (
        h11.Request(method=method, target=target, headers=[*sent, length]),
        h11.Data(body),
        h11.EndOfMessage(headers=[(b"Sum", b"1")] if chunked else []),
    ):
        question += theirs.send(event) or b""
    ours = RequestAssembler()
    (found,) = (message for piece in pieces_of(data, question) for message in ours.feed(piece))
    assert isinstance(found.what, Request)
    assert (found.what.method, found.what.target, found.what.body) == (method, target, body)
    assert lowered(found.what.headers) == lowered(HOST + headers)
    assert lowered(found.trailers) == ([("sum", "1")] if chunked else [])

    response = Response(200, "Fine", headers, body)
    theirs.receive_data(encode(response, chunked=chunked))
    head, *parts, _ = events(theirs)
    assert isinstance(head, h11.Response)
    assert (head.status_code, head.reason) == (200, b"Fine")
    assert lowered(list(head.headers)) == lowered(headers)
    assert b"".join(bytes(part.data) for part in parts if isinstance(part, h11.Data)) == body


def read_by_aiohttp(stream: bytes, *, is_request: bool) -> list[tuple[object, ...]]:
    """(method or status, target or reason, headers, body) of each message; raises what aiohttp raises."""

    async def read() -> list[tuple[object, ...]]:
        loop = asyncio.get_running_loop()
        parser_class = http.HttpRequestParser if is_request else http.HttpResponseParser
        parser = parser_class(BaseProtocol(loop), loop, 2**16)
        found, _, _ = parser.feed_data(stream)
        messages: list[tuple[object, ...]] = []
        for message, payload in found:
            headers = [(name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in message.raw_headers]
            words = (message.method, message.path) if is_request else (message.code, message.reason)
            messages.append((*words, lowered(headers), await payload.read()))
        return messages

    return asyncio.run(read())


ASCII_HEADERS = HEADERS.map(lambda headers: tuple((name, ascii(value)) for name, value in headers))
PATHS = st.text("/abz09._-~%&=", max_size=20).map(lambda text: "/a" + text.replace("%", "%20"))


@settings(max_examples=50)
@given(st.lists(st.tuples(METHODS, PATHS, ASCII_HEADERS, BODIES, st.booleans()), min_size=1, max_size=4))
def test_aiohttp_reads_our_requests(
    asked: list[tuple[str, str, tuple[tuple[str, str], ...], bytes, bool]],
) -> None:
    stream = b"".join(
        encode(Request(method, path, HOST + headers, body), chunked=chunked)
        for method, path, headers, body, chunked in asked
    )
    assert read_by_aiohttp(stream, is_request=True) == [
        (method, path, lowered(HOST + headers), body) for method, path, headers, body, _ in asked
    ]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([200, 404, 500]), ASCII_HEADERS, BODIES, st.booleans()), max_size=4))
def test_aiohttp_reads_our_responses(
    answered: list[tuple[int, tuple[tuple[str, str], ...], bytes, bool]],
) -> None:
    stream = b"".join(
        encode(Response(status, "Said", headers, body), chunked=chunked) for status, headers, body, chunked in answered
    )
    assert read_by_aiohttp(stream, is_request=False) == [
        (status, "Said", lowered(headers), body) for status, headers, body, _ in answered
    ]


SMUGGLED = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
SHAPES = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 5_0\r\n",
    b"Content-Length : 5\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"X: 1\nTransfer-Encoding: chunked\r\n",
    b"X: 1\rTransfer-Encoding: chunked\r\n",
    b"X: \0\r\n",
    b"Host: b\r\n",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_h11_or_aiohttp_refuse_as_smuggling_we_refuse(shape: bytes) -> None:
    stream = b"POST / HTTP/1.1\r\nHost: a\r\n" + shape + b"\r\n" + SMUGGLED
    refused_by = []
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(stream)
    try:
        theirs.next_event()
    except h11.RemoteProtocolError:
        refused_by.append("h11")
    try:
        read_by_aiohttp(stream, is_request=True)
    except http.HttpProcessingError:
        refused_by.append("aiohttp")
    assert refused_by, "a shape that both let through is no evidence"
    ours = RequestParser()
    with pytest.raises(FramingError):
        ours.feed(stream)
    assert ours.state is State.FAILED
