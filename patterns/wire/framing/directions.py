"""The two directions: bytes from a client are requests, bytes from a server are responses.

They differ in the first line and in one question: does a body follow when the head names no length? After a
request none does; after a response one does, until the connection closes. And a response's bytes do not
suffice to find its end: the answer to HEAD looks like the answer to GET. So a `ResponseParser` is told what
was asked.
"""

from collections import deque

from patterns.wire.framing.body import check_host, check_size, how_it_ends
from patterns.wire.framing.grammar import read_request_line, read_status_line
from patterns.wire.framing.http1 import Parser
from patterns.wire.framing.messages import Headers, Limits, Request, Response
from patterns.wire.framing.table import Move


class RequestParser(Parser):
    """Bytes from a client: requests, one behind the other."""

    _may_pass_over_empty_lines = True  # RFC 9112 §2.2

    def _understand(self, start_line: str) -> None:
        self._method, self._target, self._version = read_request_line(start_line)

    def _finish_head(self, headers: Headers) -> tuple[Request, Move]:
        check_host(headers, self._version)
        move, self._remaining = how_it_ends(headers, self._version)
        check_size(self._remaining, self.limits)
        if move is None or (move is Move.LENGTH and not self._remaining):
            move = Move.NO_BODY
        return Request(self._method, self._target, headers, version=self._version), move


class ResponseParser(Parser):
    """Bytes from a server. `expect(method)` says what was asked; without it, GET is assumed."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits)
        self._asked: deque[str] = deque()

    def expect(self, method: str) -> None:
        """A request of that method has been sent; its response comes after those already expected."""
        self._asked.append(method)

    def _understand(self, start_line: str) -> None:
        self._version, status, self._reason = read_status_line(start_line)
        self._status = int(status)

    def _finish_head(self, headers: Headers) -> tuple[Response, Move]:
        response = Response(self._status, self._reason, headers, version=self._version)
        is_interim = self._status < 200 and self._status != 101  # the response itself is still to come
        method = "GET" if not self._asked else self._asked[0] if is_interim else self._asked.popleft()
        move, length = how_it_ends(headers, self._version)
        if self._status == 101 or (method == "CONNECT" and 200 <= self._status < 300):
            return response, Move.SWITCH  # RFC 9110 §15.2.2, §9.3.6
        if response.never_has_a_body or method == "HEAD":
            return response, Move.NO_BODY
        check_size(length, self.limits)
        self._remaining = length
        if move is Move.LENGTH and not length:
            move = Move.NO_BODY
        return response, move or Move.OPEN_END
