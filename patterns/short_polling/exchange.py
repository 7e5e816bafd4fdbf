"""One poll: the question, its answers, and their exact size in bytes; pure, and long polling asks with it, too.

    GET /events?from=17             what is there from offset 17 on?
    200, events in the body         this; `Link: …; rel="next"` if there is more, to be asked for at once
    204                             not yet (or 200 with an empty body: the server chooses)
    304                             not yet, to who says `If-None-Match: "17"` (RFC 9110 §13.1.2)
    416                             the log is shorter than that: this is another log, or it was lost

The `ETag` of an answer is the offset that the next event will have: it changes exactly when there is news.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patterns.push.events import decode_events, encode_events, event_bytes
from patterns.wait.log import Event, Log, OffsetBeyondEnd
from patterns.wire.framing import Headers, Request, Response, encode
from patterns.wire.listen import Address

MOST_EVENTS = 1000  # in one answer
MOST_BYTES = 1 << 16  # likewise, unless a single event has more: a slow path carries it within the time-outs
_TARGET = re.compile(r"/events\?from=([0-9]{1,18})(?:&wait=([0-9]{1,9}(?:\.[0-9]{1,9})?))?")


@dataclass(frozen=True, slots=True)
class Question:
    """`GET /events?from=offset`, and with `wait_s`, long polling's `&wait=…`; `etag` of the last answer, if any."""

    offset: int
    wait_s: float | None = None
    etag: str | None = None

    def request(self) -> Request:
        """The question as a request; `Host` is the connection's to add."""
        waiting = "" if self.wait_s is None else f"&wait={self.wait_s:.9f}".rstrip("0").rstrip(".")
        headers = () if self.etag is None else (("If-None-Match", self.etag),)
        return Request("GET", f"/events?from={self.offset}{waiting}", headers)


def understand(request: Request) -> Question | Response:
    """The question in a request, or the response that refuses it: 404, 405, 400."""
    path, _, _ = request.target.partition("?")
    if path != "/events":
        return _refuse(404, f"expected /events, got {path[:100]}; there is nothing else here")
    if request.method != "GET":
        return _refuse(405, f"expected GET, got {request.method}; events are only read here", ("Allow", "GET"))
    if (found := _TARGET.fullmatch(request.target)) is None:
        return _refuse(400, "expected /events?from=N or /events?from=N&wait=S, in digits; say from where on")
    wait_s = None if found[2] is None else float(found[2])
    return Question(int(found[1]), wait_s, request.header("If-None-Match"))


def answer(log: Log, question: Question, *, not_yet: int = 204, retry_after_s: int | None = None) -> Response:
    """What is there now: 200 with events, `not_yet` or 304 without, 416 from beyond the end."""
    try:
        events, is_all = _some(log.read(question.offset, MOST_EVENTS))
    except OffsetBeyondEnd as error:
        return _refuse(416, str(error))
    etag = f'"{log.next_offset}"'
    headers: Headers = (("ETag", etag),)
    if events:
        if not is_all or events[-1].offset + 1 < log.next_offset:
            headers = (*headers, ("Link", f'</events?from={events[-1].offset + 1}>; rel="next"'))
        return Response(200, headers=headers, body=encode_events(events))
    if retry_after_s is not None:
        headers = (*headers, ("Retry-After", str(retry_after_s)))
    return Response(304 if question.etag == etag else not_yet, headers=headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response tells: the events; the next question's etag; whether to ask for more at once; how long to rest.

    `is_busy`: it was 429 or 503, no answer to the question at all.
    """

    events: list[Event]
    etag: str | None = None
    has_more: bool = False
    retry_after_s: float = 0.0
    is_busy: bool = False


def read_answer(question: Question, response: Response) -> Answer:
    """The answer in a response; `LookupError` for a status that does not answer the question."""
    retry_after_s = retry_after(response)
    if response.status in {429, 503}:
        return Answer([], question.etag, retry_after_s=retry_after_s, is_busy=True)
    if response.status not in {200, 204, 304}:
        got = f"{response.status} {response.reason}: {response.body[:200].decode(errors='replace').strip()}"
        raise LookupError(f"expected 200, 204 or 304 for {question.request().target}, got {got}")
    has_more = 'rel="next"' in (response.header("Link") or "")
    return Answer(decode_events(response.body), response.header("ETag"), has_more, retry_after_s)


def retry_after(response: Response) -> float:
    """For how many seconds `Retry-After` asks to wait; 0 without one. The other form, a date, is not understood."""
    seconds = response.header("Retry-After") or ""
    return float(seconds) if re.fullmatch("[0-9]{1,9}", seconds) else 0.0


def question_bytes(address: Address, question: Question) -> int:
    """The size of a question on the wire, `Host` included."""
    asked = question.request()
    return len(encode(Request(asked.method, asked.target, (("Host", str(address)), *asked.headers))))


def answer_bytes(next_offset: int, payload_bytes: Sequence[int] = (), *, not_yet: int = 204) -> int:
    """The size of an answer with these payloads, or with none: `not_yet` 200, 204 or 304.

    It depends on how many digits `next_offset` and the body's length have; time and offset of an event do not show.
    For an answer that holds all there is, without `Retry-After`.
    """
    size = sum(map(event_bytes, payload_bytes))
    head = Response(200 if size else not_yet, headers=(("ETag", f'"{next_offset}"'),), body=b"\0" * size)
    return len(encode(head))


def _some(events: list[Event]) -> tuple[list[Event], bool]:
    """As many of the events as one answer should hold, at least one; whether that is all of them."""
    room = MOST_BYTES
    for count, event in enumerate(events):
        room -= event_bytes(len(event.payload))
        if room < 0 and count:
            return events[:count], False
    return events, True


def _refuse(status: int, why: str, *headers: tuple[str, str]) -> Response:
    return Response(status, headers=(("Content-Type", "text/plain"), *headers), body=f"{why}\n".encode())
