"""Whole messages, with the place in the stream where each starts and ends."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Generic, TypeVar

from patterns.wire.framing.directions import RequestParser, ResponseParser
from patterns.wire.framing.events import Data, Event, Head
from patterns.wire.framing.http1 import Parser
from patterns.wire.framing.messages import Headers, Limits, Request, Response

P = TypeVar("P", bound=Parser)


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: `stream[start:end]` are exactly its bytes."""

    what: Request | Response
    start: int
    end: int
    trailers: Headers = ()


class Assembler(Generic[P]):
    """Collects a parser's events into messages; errors and limits are the parser's."""

    def __init__(self, parser: P) -> None:
        self.parser = parser
        self._end = 0
        self._head: Head | None = None
        self._body = BytesIO()  # hands its bytes out without copying them once more

    @property
    def pending_bytes(self) -> int:
        """Bytes that came since the last whole message."""
        return self.parser.at - self._end + self.parser.pending_bytes

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by these bytes, in order."""
        return self._collect(events) if (events := self.parser.feed(data)) else []

    def feed_eof(self) -> list[Message]:
        """The stream has ended: the message that only its end completes, if there is one."""
        return self._collect(self.parser.feed_eof())

    def _collect(self, events: list[Event]) -> list[Message]:
        found: list[Message] = []
        for event in events:
            if isinstance(event, Head):
                self._head = event
            elif self._head is None:
                pass  # bytes of another protocol, behind a switch
            elif isinstance(event, Data):
                self._body.write(event.data)
            else:
                what = self._head.message
                if self._body.tell():
                    what = replace(what, body=self._body.getvalue())
                    self._body = BytesIO()
                found.append(Message(what, self._head.start, event.at, event.trailers))
                self._end, self._head = event.at, None
        return found


class RequestAssembler(Assembler[RequestParser]):
    """Whole requests out of a client's bytes."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(RequestParser(limits))


class ResponseAssembler(Assembler[ResponseParser]):
    """Whole responses out of a server's bytes; tell `parser.expect(method)` what was asked."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(ResponseParser(limits))
