"""h11 as an oracle, both ways: each check raises when it and we read the same bytes differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import h11
from framing_exchanges import HOST, Exchange, decoded, encoded_request, encoded_response, fed, one, own
from fuzz_framing import Fuzzed, Outcome

from patterns.wire import framing
from patterns.wire.framing import Request, Response


def check_requests_with_h11(exchange: Exchange) -> None:
    """h11's server reads our request, and we read that of h11's client."""
    asked = exchange.request
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(encoded_request(exchange))
    head, *parts, _ = events(theirs)
    assert isinstance(head, h11.Request)
    assert (head.method.decode(), head.target.decode()) == (asked.method, asked.target)
    assert own(decoded(head.headers.raw_items()), asked.headers) == asked.headers
    assert joined(parts) == exchange.question
    assert theirs.trailing_data == (b"", False)

    client = h11.Connection(h11.CLIENT)
    size = ("Transfer-Encoding", "chunked") if exchange.request_chunked else ("Content-Length", len(exchange.question))
    fields = [(name, str(value).encode("latin-1")) for name, value in (*HOST, *asked.headers, size)]
    sent = [h11.Request(method=asked.method, target=asked.target, headers=fields)]
    ends = h11.EndOfMessage(headers=[("Sum", "1")] if exchange.request_chunked else [])
    stream = sent_by(client, [*sent, *(h11.Data(part) for part in exchange.request_parts), ends])
    message = one(fed(framing.RequestAssembler(), stream, exchange.seed))
    assert isinstance(message.what, Request)
    assert (message.what.method, message.what.target, message.what.version) == (asked.method, asked.target, "HTTP/1.1")
    assert own(message.what.headers, asked.headers) == asked.headers
    assert message.what.body == exchange.question
    assert message.trailers == ((("Sum", "1"),) if exchange.request_chunked else ())
    assert (message.start, message.end) == (0, len(stream))


def check_responses_with_h11(exchange: Exchange) -> None:
    """h11's client reads our response, and we read that of h11's server, behind an interim one."""
    answered = exchange.response
    client = h11.Connection(h11.CLIENT)
    question = sent_by(client, [h11.Request(method=exchange.request.method, target="/", headers=[("Host", "a")])])
    question += sent_by(client, [h11.EndOfMessage()])
    client.receive_data(encoded_response(exchange))
    head, *parts, _ = events(client)
    assert isinstance(head, h11.Response)
    assert (head.status_code, head.reason.decode()) == (answered.status, answered.reason)
    assert own(decoded(head.headers.raw_items()), answered.headers) == answered.headers
    assert joined(parts) == exchange.answer
    assert client.trailing_data == (b"", False)

    server = h11.Connection(h11.SERVER)
    server.receive_data(question)
    list(events(server))
    fields = [(name, value.encode("latin-1")) for name, value in answered.headers]
    if not exchange.response_chunked and not exchange.has_no_answer_body:
        fields.append(("Content-Length", str(len(exchange.answer)).encode()))
    interim = h11.InformationalResponse(status_code=103, headers=[])
    final = h11.Response(status_code=answered.status, reason=answered.reason.encode(), headers=fields)
    parts = [] if exchange.has_no_answer_body else [h11.Data(part) for part in exchange.response_parts]
    stream = sent_by(server, [interim, final, *parts, h11.EndOfMessage()])
    ours = framing.ResponseAssembler()
    ours.parser.expect(exchange.request.method)
    hints, message = fed(ours, stream, exchange.seed)
    assert isinstance(hints.what, Response)
    assert isinstance(message.what, Response)
    assert (hints.what.status, message.what.status) == (103, answered.status)
    assert message.what.reason == answered.reason
    assert own(message.what.headers, answered.headers) == answered.headers
    assert message.what.body == exchange.answer
    assert message.end == len(stream)


def events(theirs: h11.Connection) -> Iterator[h11.Event]:
    while isinstance(event := theirs.next_event(), h11.Event):
        yield event
        if isinstance(event, h11.EndOfMessage):
            return
    raise AssertionError(f"h11 does not find the end: {event}")


def joined(parts: Sequence[h11.Event]) -> bytes:
    return b"".join(bytes(part.data) for part in parts if isinstance(part, h11.Data))


def sent_by(theirs: h11.Connection, what: Sequence[h11.Event]) -> bytes:
    return b"".join(theirs.send(event) or b"" for event in what)


def compare_fuzzed_with_h11(case: Fuzzed, said: Outcome) -> int:
    """Each whole message that we found h11 must read with the same border and words. Returns how many it read."""
    count = start = 0
    body = b""
    message: Request | Response | None = None
    methods = iter(case.methods)
    asked = "GET"
    for event in said.events:
        match event:
            case framing.Head():
                message, start, body = event.message, event.start, b""
                asked = next(methods, "GET") if is_final(message) else asked
            case framing.Data():
                body += event.data
            case framing.End() if message is not None:
                if isinstance(message, Response) and (message.status == 101 or asked == "CONNECT"):
                    return count  # behind it comes another protocol
                if len(message.header("Content-Length") or "") > 20:
                    continue  # h11 gives up on it even where it frames nothing, as in an answer to HEAD
                lasts = said.state is framing.State.CLOSED and event.at == len(case.stream)
                theirs = read_by_h11(case.stream[start : event.at], message, asked, lasts)
                fields, trailers = ([lowered(*field) for field in found] for found in (message.headers, event.trailers))
                words = (message.method, message.target) if isinstance(message, Request) else (message.status,)
                assert theirs == (*words, fields, body, trailers), case
                count += 1
    return count


def is_final(message: Request | Response) -> bool:
    return isinstance(message, Response) and message.status >= 200


def lowered(name: str, value: str) -> tuple[str, str]:
    """A header as h11 gives it: the name in lower case, and the coding, whose case means nothing, too."""
    name = name.lower()
    return name, value.lower() if name == "transfer-encoding" else value


def read_by_h11(stream: bytes, like: Request | Response, asked: str, stream_ends: bool) -> tuple[object, ...]:
    """Its words, headers, body and trailers, if h11 takes all of the stream for one message like that."""
    theirs = h11.Connection(h11.SERVER if isinstance(like, Request) else h11.CLIENT)
    if isinstance(like, Response):
        sent_by(theirs, [h11.Request(method=asked, target="/", headers=[("Host", "a")]), h11.EndOfMessage()])
    theirs.receive_data(stream)
    head = theirs.next_event()
    if isinstance(head, h11.InformationalResponse):
        assert theirs.trailing_data == (b"", False), stream
        return head.status_code, decoded(head.headers), b"", []
    assert isinstance(head, h11.Request | h11.Response), stream
    if stream_ends:
        theirs.receive_data(b"")
    *parts, end = events(theirs)
    assert isinstance(end, h11.EndOfMessage)
    assert theirs.trailing_data[0] == b"", stream
    words = (head.method.decode(), head.target.decode()) if isinstance(head, h11.Request) else (head.status_code,)
    return *words, decoded(head.headers), joined(parts), decoded(end.headers)
