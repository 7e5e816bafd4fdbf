"""HTTP/1.1 as the tap reads it: both directions of a connection, front to back.

What only both directions together tell: the answer to HEAD has no body, and after 101, or 2xx to CONNECT,
there is no HTTP any more (RFC 9110 §7.8, §9.3.6). So the requests that have passed are told to the reader of
the responses, also one of which only the method has come: a server may answer before it has heard all.

A `text/event-stream` never ends by itself, and is of interest while it lasts: its head is a message, and so
is every chunk behind it, as a `Part`, when it is whole.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from patterns.wire.framing import (
    Data,
    Event,
    Head,
    Headers,
    Limits,
    Request,
    RequestParser,
    Response,
    ResponseParser,
)
from patterns.wire.tap.framings import WEBSOCKET, Framing, Message, Readers, Switch

# Who only watches refuses nothing for its size; what is kept, Traffic limits.
WATCHING = Limits(start_line_bytes=1 << 20, headers_bytes=1 << 30, header_count=1 << 30, body_bytes=1 << 60)


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of an event stream, or, empty, its end. `data`: without the chunk's size and line ends."""

    data: bytes


class Requests:
    """A `Reader` of a client's requests."""

    def __init__(self) -> None:
        self._parser = RequestParser(WATCHING)
        self._head: Head | None = None
        self._body = bytearray()
        self._start_of_head = b""  # of a head that is not whole: at least as far as its method goes
        self._is_told = False  # the method of the present request is among `asked`
        self.asked: deque[str] = deque()  # methods that the reader of the responses has not been told
        self.unanswered: deque[tuple[str, int]] = deque()  # methods of whole requests, and where they end

    @property
    def within(self) -> str:
        """The parser's state."""
        return self._parser.state

    def feed(self, data: bytes) -> list[Message]:
        """The requests completed by these bytes."""
        messages: list[Message] = []
        end_of_last = -1
        for event in self._parser.feed(data):
            if isinstance(event, Head):
                self._head = event
                if not self._is_told:
                    assert isinstance(event.message, Request)
                    self.asked.append(event.message.method)
                    self._is_told = True
            elif isinstance(event, Data):
                self._body += event.data
            else:
                assert self._head is not None
                messages.append(message := _message(self._head, self._body, event.at, event.trailers))
                self.unanswered.append((message.what.method, event.at))
                self._head, self._body, self._is_told = None, bytearray(), False
                end_of_last = event.at
        if self._head is None:
            size = self._parser.at + self._parser.pending_bytes - end_of_last
            self._start_of_head = data[len(data) - size :] if end_of_last >= 0 else self._start_of_head + data
        return messages

    def eof(self) -> list[Message]:
        """Nothing, or `Truncated`: a request ends before its stream does."""
        self._parser.feed_eof()
        return []

    def tell(self, parser: ResponseParser) -> None:
        """Tell what was asked, as far as it is known."""
        if not self._is_told:
            method, is_whole, _ = self._start_of_head.lstrip().partition(b" ")
            if is_whole:
                self.asked.append(method.decode("latin-1"))
                self._is_told = True
        while self.asked:
            parser.expect(self.asked.popleft())


class Responses:
    """A `Reader` of a server's responses to `requests`."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._parser = ResponseParser(WATCHING)
        self._head: Head | None = None
        self._body = bytearray()  # in an event stream only of the part under way
        self._is_stream = False
        self._start = self._end = 0  # of the part under way: its first byte, and where its data ends
        self._line_end = 0  # bytes behind the data that belong to the part: CR LF of a chunk
        self.finals: deque[tuple[Response, int]] = deque()  # not interim, and where they end

    @property
    def within(self) -> str:
        """The parser's state."""
        return self._parser.state

    def feed(self, data: bytes) -> list[Message]:
        """The responses, and the parts of event streams, completed by these bytes."""
        self._requests.tell(self._parser)
        messages = self._collect(self._parser.feed(data))
        if self._is_stream and self._parser.at >= self._end + self._line_end:
            messages += self._part()
        return messages

    def eof(self) -> list[Message]:
        """The response that only the end of the stream ends."""
        return self._collect(self._parser.feed_eof())

    def _collect(self, events: Iterable[Event]) -> list[Message]:
        messages: list[Message] = []
        for event in events:
            if isinstance(event, Head):
                self._head = event
                if is_event_stream(event.message):
                    messages.append(self._whole(event, event.at))
                    self._is_stream, self._start = True, event.at
                    self._line_end = 2 if event.message.header("Transfer-Encoding") else 0
            elif self._head is None:
                pass  # bytes of another protocol, behind a switch
            elif isinstance(event, Data):
                if self._is_stream and event.at - len(event.data) != self._end:
                    messages += self._part()
                self._body += event.data
                self._end = event.at
            else:
                if not self._is_stream:
                    messages.append(self._whole(self._head, event.at, event.trailers))
                else:
                    messages += self._part()
                    if event.at > self._start:
                        messages.append(Message(Part(b""), self._start, event.at, "end of the event stream"))
                self._head, self._body, self._is_stream = None, bytearray(), False
        return messages

    def _whole(self, head: Head, end: int, trailers: Headers = ()) -> Message:
        assert isinstance(head.message, Response)
        if head.message.status >= 200 or head.message.status == 101:
            self.finals.append((head.message, end))
        return _message(head, self._body, end, trailers)

    def _part(self) -> list[Message]:
        """The part whose data has come, if there is one."""
        if not self._body:
            return []
        data, self._body = bytes(self._body), bytearray()
        start, self._start = self._start, self._end + self._line_end
        return [Message(Part(data), start, self._start, f"part: {_first_line(data)}")]


def _message(head: Head, body: bytearray, end: int, trailers: Headers) -> Message:
    what = replace(head.message, body=bytes(body)) if body else head.message
    label = f"{what.method} {what.target}" if isinstance(what, Request) else f"{what.status} {what.reason}".rstrip()
    return Message(what, head.start, end, label, trailers)


def _first_line(data: bytes) -> str:
    return data[:400].decode("utf-8", "replace").strip().partition("\n")[0][:100]


def is_event_stream(message: Request | Response) -> bool:
    """Whether its body comes event by event, and no length says where it ends."""
    kind = message.header("Content-Type") or ""
    return (
        isinstance(message, Response)
        and kind.partition(";")[0].strip().lower() == "text/event-stream"
        and message.header("Content-Length") is None
    )


def _readers() -> Readers:
    requests = Requests()
    responses = Responses(requests)

    def switch() -> Switch | None:
        while requests.unanswered and responses.finals:
            method, asked = requests.unanswered.popleft()
            response, answered = responses.finals.popleft()
            if response.status == 101:
                to = response.header("Upgrade", "another protocol") or ""
                is_known = to.strip().lower() == "websocket"
                return Switch(asked, answered, to, WEBSOCKET if is_known else None)
            if method == "CONNECT" and response.status < 300:
                return Switch(asked, answered, "a tunnel", None)
        return None

    return Readers(requests, responses, switch)


HTTP = Framing("HTTP/1.1", _readers)
