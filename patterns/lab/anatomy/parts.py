"""The parts of HTTP messages with their places, as the course's own parser finds them; pure.

Where each message ends is the parser's word. Inside, lines are told apart by their line feeds, so that what is
incomplete or wrong can be shown as well, up to the byte where the parser stops.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from patterns.lab.anatomy.visible import is_text, size
from patterns.wire.framing import FramingError, RequestAssembler, ResponseAssembler, State

LINE_BYTES = 300
ROW_BYTES = 16
MOST_ROWS = 24
MOST_CHUNKS = 6


class Form(StrEnum):
    """How the bytes of a row are shown."""

    LINE = "line"
    HEX = "hex"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Row:
    """Some bytes on a line of their own. `words` are (start, end, name) of named bytes, within the row."""

    start: int
    data: bytes
    form: Form = Form.LINE
    note: str = ""
    words: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Rows under one bracket; `kind` says which colour, `label` what it is."""

    kind: str
    label: str
    rows: tuple[Row, ...]

    @property
    def size_bytes(self) -> int:
        """How many bytes the part has."""
        return sum(len(row.data) for row in self.rows)


@dataclass(slots=True)
class Whole:
    """A message, or what has come of one: bytes `start` to `end` of what was given.

    lacks: what is still to come, "" for a whole message. trouble: the parser's objection, at byte `stops_at`.
    """

    name: str
    start: int
    end: int
    parts: list[Part] = field(default_factory=list)
    lacks: str = ""
    trouble: str = ""
    stops_at: int | None = None

    @property
    def head_bytes(self) -> int:
        """Start line, headers and the empty line."""
        return sum(part.size_bytes for part in self.parts if part.kind in ("start", "headers", "empty"))

    @property
    def sums(self) -> str:
        """Its size and how it divides."""
        total = self.end - self.start
        if self.parts[0].kind == "other":
            return size(total)
        return f"head {size(self.head_bytes)} + body {size(total - self.head_bytes)} = {size(total)}"


def dissect(data: bytes, answering: str = "GET") -> list[Whole]:
    """The messages in `data` (requests, or responses to `answering`) and what is left behind the last one."""
    is_response = data.lstrip(b"\r\n").startswith(b"HTTP/"[: len(data)] or b"HTTP/")
    assembler = ResponseAssembler() if is_response else RequestAssembler()
    if isinstance(assembler, ResponseAssembler):
        for _ in range(data.count(b"HTTP/1.")):
            assembler.parser.expect(answering)
    name, trouble = "response" if is_response else "request", ""
    messages = []
    try:
        messages += assembler.feed(data)
        messages += assembler.feed(b"")  # an objection behind whole messages is raised by the next call
    except FramingError as error:
        trouble = str(error)
    found = [Whole("", one.start, one.end, list(_parts(data, one.start, one.end))) for one in messages]
    at = found[-1].end if found else 0
    if at < len(data):
        rest = Whole("", at, len(data), trouble=trouble)
        if trouble and not _looks_like_http(data[at:]):
            rest.parts = [_content("other", "not HTTP", at, data[at:])]
            name = "bytes" if not found else name
        else:
            rest.parts = list(_parts(data, at, len(data)))
            rest.lacks = "" if trouble else _lacks(rest, assembler.parser.state)
            rest.stops_at = at + _objection(type(assembler), data[at:]) if trouble else None
        found.append(rest)
    for number, whole in enumerate(found, 1):
        whole.name = f"{name} {number}" if len(found) > 1 else f"the {name}"
    return found


def _objection(assembler: type[RequestAssembler] | type[ResponseAssembler], data: bytes) -> int:
    """The place of the first byte at which the parser objects."""

    def objects(count: int) -> bool:
        fresh = assembler()
        try:
            fresh.feed(data[:count])
            fresh.feed(b"")
        except FramingError:
            return True
        return False

    return max(0, bisect_left(range(len(data)), True, key=objects) - 1)


def _looks_like_http(data: bytes) -> bool:
    return re.match(rb"\r?\n?([!-~]+ \S+ HTTP/|HTTP/\d)", data) is not None


# The head


def _parts(data: bytes, start: int, end: int) -> Iterator[Part]:
    at = start
    while data[at:end].startswith(b"\r\n"):
        yield Part("other", "empty line, passed over", (Row(at, b"\r\n"),))
        at += 2
    line, at = _line(data, at, end)
    yield Part("start", "start line", (Row(at - len(line), line, words=_words(line)),))
    headers, empty = [], b""
    while at < end:
        line, at = _line(data, at, end)
        if line in (b"\r\n", b"\n"):
            empty = line
            break
        headers.append(Row(at - len(line), line, note=_note(line)))
    if headers:
        counted = f"{len(headers)} header{'s' if len(headers) > 1 else ''}"
        yield Part("headers", counted, tuple(_shortened(headers, MOST_ROWS)))
    if not empty:
        return
    yield Part("empty", "empty line: the head ends here", (Row(at - len(empty), empty),))
    if at < end:
        chunked = any(re.match(rb"transfer-encoding:.*chunked", row.data, re.I) for row in headers)
        yield from _chunks(data, at, end) if chunked else [_content("body", "body", at, data[at:end])]


def _line(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    found = data.find(b"\n", at, end)
    after = end if found < 0 else found + 1
    return data[at:after], after


def _words(line: bytes) -> tuple[tuple[int, int, str], ...]:
    """The three words of a start line (RFC 9112 §3, §4)."""
    names = ("version", "status", "reason") if line.startswith(b"HTTP/") else ("method", "target", "version")
    found = re.match(rb"(\S+) (\S+) ([^\r\n]*)", line)
    if found is None:
        return ()
    return tuple((found.start(n), found.end(n), name) for n, name in enumerate(names, 1) if found[n])


def _note(line: bytes) -> str:
    name, _, value = line.decode("latin-1").partition(":")
    name, value = name.strip().lower(), value.strip()
    if name == "content-length" and value.isdecimal():
        return f"the body has {int(value):,} byte{'' if value == '1' else 's'}" if int(value) else "no body"
    if name == "transfer-encoding" and value.lower() == "chunked":
        return "the body comes in chunks"
    if name == "connection":
        return {"close": "the last on this connection", "keep-alive": "more may follow"}.get(value.lower(), "")
    return ""


# The body


def _chunks(data: bytes, at: int, end: int) -> Iterator[Part]:
    """The chunked coding (RFC 9112 §7.1): size line, data, CR LF; size 0; trailers; an empty line."""
    chunks: list[Part] = []
    while at < end:
        line, after = _line(data, at, end)
        count = re.match(rb"[0-9a-fA-F]+", line)
        if count is None or not line.endswith(b"\n"):
            yield from _shortened_chunks(chunks)
            yield Part("chunk", "chunk size, incomplete", (Row(at, line),))
            return
        length = int(count[0], 16)
        if not length:
            yield from _shortened_chunks(chunks)
            yield from _last_chunk(data, at, after, end)
            return
        note = f"hexadecimal: {length:,} byte{'s' if length > 1 else ''} of data" if length > 9 else ""
        close = min(after + length, end)
        rows = [Row(at, line, note=note), *_rows(after, data[after:close])]
        border = data[close : min(close + 2, end)]
        if border and rows[-1].form is Form.LINE:
            rows[-1] = Row(rows[-1].start, rows[-1].data + border)
        elif border:
            rows.append(Row(close, border))
        chunks.append(Part("chunk", f"chunk {len(chunks) + 1}: {size(length)} of data", tuple(rows)))
        at = close + len(border)
    yield from _shortened_chunks(chunks)


def _last_chunk(data: bytes, at: int, after: int, end: int) -> Iterator[Part]:
    yield Part("last", "last chunk: size 0, the end signal", (Row(at, data[at:after]),))
    trailers: list[Row] = []
    while after < end:
        line, after = _line(data, after, end)
        if line == b"\r\n":
            if trailers:
                yield Part("headers", "trailers", tuple(trailers))
            yield Part("last", "empty line: the message ends here", (Row(after - 2, line),))
            return
        trailers.append(Row(after - len(line), line))
    if trailers:
        yield Part("headers", "trailers", tuple(trailers))


def _shortened_chunks(chunks: list[Part]) -> Iterator[Part]:
    if len(chunks) <= MOST_CHUNKS:
        yield from chunks
        return
    front, back = chunks[: MOST_CHUNKS - 2], chunks[-2:]
    between = chunks[MOST_CHUNKS - 2 : -2]
    left_out = b"".join(row.data for part in between for row in part.rows)
    yield from front
    yield Part("chunk", f"{len(between)} more chunks", (Row(between[0].rows[0].start, left_out, Form.LEFT_OUT),))
    yield from back


def _content(kind: str, label: str, at: int, data: bytes) -> Part:
    return Part(kind, label, tuple(_rows(at, data)))


def _rows(at: int, data: bytes) -> list[Row]:
    """Text line by line, anything else as a hex dump; the middle of what is long is left out."""
    if is_text(data):
        lines = [piece for line in data.splitlines(keepends=True) for piece in _cut(line, LINE_BYTES)]
        form = Form.LINE
    else:
        lines, form = _cut(data, ROW_BYTES), Form.HEX
    rows = []
    for line in lines:
        rows.append(Row(at, line, form))
        at += len(line)
    return _shortened(rows, MOST_ROWS)


def _cut(data: bytes, width: int) -> list[bytes]:
    return [data[n : n + width] for n in range(0, len(data), width)]


def _shortened(rows: list[Row], most: int) -> list[Row]:
    if len(rows) <= most:
        return rows
    front, back = rows[: most - 5], rows[-4:]
    between = rows[most - 5 : -4]
    return [*front, Row(between[0].start, b"".join(row.data for row in between), Form.LEFT_OUT), *back]


def _lacks(rest: Whole, state: State) -> str:
    """What is still to come, by what the parser waits for."""
    last = rest.parts[-1]
    if state in (State.START_LINE, State.HEADERS):
        return "the head has not ended: an empty line is still to come"
    if state is State.UNTIL_CLOSE:
        return "no length is given: the body goes on until the connection closes"
    if state is State.BODY:
        notes = (row.data for part in rest.parts if part.kind == "headers" for row in part.rows)
        length = next(int(line.split(b":")[1]) for line in notes if line.lower().startswith(b"content-length:"))
        return _still(length - (rest.end - rest.start - rest.head_bytes))
    if state is State.CHUNK_DATA:
        line = last.rows[0].data
        length = int(line.split(b";")[0], 16)
        return f"{_still(length - last.size_bytes + len(line))} in this chunk, and the last chunk"
    if state is State.TRAILERS:
        return "still needs the empty line at the end"
    return "still needs the last chunk, of size 0"


def _still(count: int) -> str:
    return f"still needs {count:,} byte{'' if count == 1 else 's'}"
