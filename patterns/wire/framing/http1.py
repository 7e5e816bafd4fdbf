"""Where a message starts and where it ends: HTTP/1.1 without a socket (RFC 9112).

The problem: a connection is a stream of bytes and has no borders. The network cuts it where it likes.
The assumption: bytes come in order, in any pieces, and never come back.
The bargain: the parser keeps what is not yet whole, and decides by what the bytes say, never by a pause.
What could be read in two ways is refused (two lengths, folded headers, odd chunk sizes, bare line feeds):
if two parsers on one path disagree about a border, a request can be smuggled through between them.

The parser is a table (`TRANSITIONS`): in each state one method reads, and what it finds is a move. A byte
is searched once for the end of its line, and taken with the line, so the work grows with the bytes and not
with the number of pieces they come in.
"""

from collections.abc import Callable

from patterns.wire.framing.body import (
    body_too_large,
    check_size,
    check_trailers,
    read_chunk_size,
    read_plain_chunk_size,
)
from patterns.wire.framing.errors import BadChunk, FramingError, StartLineTooLong, Truncated
from patterns.wire.framing.events import Data, End, Event, Head
from patterns.wire.framing.grammar import header_fault, headers_too_large, read_fields
from patterns.wire.framing.messages import Headers, Limits, Request, Response
from patterns.wire.framing.table import Move, State, follow

WHOLE_CHUNK_LINE_BYTES = 9  # a size under 256 MiB and its line end; a longer line is read the longer way


class Parser:
    """What both directions share. `state` is what it reads next, `at` how many bytes it has used.

    `feed` takes any bytes and returns the events that they complete. Wrong bytes raise a `FramingError`; if
    events came before the error they are returned, and the next call raises. After that every call raises.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.state = State.START_LINE
        self.at = 0
        self._buffer = bytearray()
        self._searched = 0  # how far the buffer is known to hold no line end
        self._failure: FramingError | None = None
        self._after_last = 0  # where the last message ended
        self._start = 0  # where the present one started
        self._fields: list[tuple[str, str]] = []  # of the head, later of the trailers
        self._field_bytes = 0
        self._body_bytes = 0
        self._remaining = 0  # of the body, or of the chunk; else 0

    @property
    def pending_bytes(self) -> int:
        """Bytes that were fed and belong to something not yet whole."""
        return len(self._buffer)

    @property
    def remaining_bytes(self) -> int:
        """Bytes of the present body, or of the present chunk, that are still to be fed; elsewhere 0."""
        return self._remaining

    def feed(self, data: bytes) -> list[Event]:
        """The events completed by these bytes, in order."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self.state is State.CLOSED:
            self.move(Move.START)  # which the table does not have
        if len(data) < self._remaining and not self._buffer and type(data) is bytes:
            self._remaining -= len(data)  # nothing but body, and not its end: no need to copy it
            self.at += len(data)
            return [Data(data, self.at)] if data else []
        self._buffer += data
        events: list[Event] = []
        try:
            while _READ[self.state](self, events):
                pass
        except FramingError as error:
            self._fail(error)
            if not events:
                raise
        return events

    def feed_eof(self) -> list[Event]:
        """The stream has ended: the last event of a body until close, or `Truncated` inside a message."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self.state is State.CLOSED:
            return []
        is_between = self.state is State.START_LINE and not self._buffer
        if is_between or self.state in {State.UNTIL_CLOSE, State.SWITCHED}:
            events: list[Event] = [End((), self.at)] if self.state is State.UNTIL_CLOSE else []
            self.move(Move.STREAM_END)
            return events
        lacking = f", {self._remaining} bytes short" if self._remaining else ""
        got = f"the end of the stream in its {self.state}{lacking}"
        self._fail(error := Truncated("the rest of the message", got, "treat what came as incomplete"))
        raise error

    def move(self, move: Move) -> None:
        """Go where the table says; an illegal move raises `IllegalMove` and changes nothing.

        The parser moves itself. What it cannot know is that a server has agreed to another protocol (101,
        or 2xx to CONNECT): after `requests.move(Move.SWITCH)` what follows comes untouched, as `Data`.
        """
        self.state = follow(self.state, move)

    def _fail(self, error: FramingError) -> None:
        self.move(Move.ERROR)
        self._failure = error
        self._buffer.clear()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer if count == len(self._buffer) else self._buffer[:count])
        del self._buffer[:count]
        self._searched = 0
        self.at += count
        return taken

    def _line(self, room: int, too_long: Callable[[], FramingError]) -> str | None:
        """The next line with its line end, or None while that has not come; room in bytes."""
        size = self._buffer.find(b"\n", self._searched) + 1
        if (size or len(self._buffer) + 1) > room:
            raise too_long()
        if not size:
            self._searched = len(self._buffer)
            return None
        return self._take(size).decode("latin-1")

    # Each of these reads in one state. It returns whether the next one may go on at once.

    def _read_start_line(self, events: list[Event]) -> bool:
        used = self.at - self._after_last  # by empty lines
        line = self._line(self.limits.start_line_bytes - used, self._start_line_too_long)
        if line is None:
            return False
        if line == "\r\n" and self._may_pass_over_empty_lines:
            return True
        self._start = self.at - len(line)
        self._understand(line)
        self._fields, self._field_bytes, self._body_bytes = [], 0, 0
        self.move(Move.START)
        return True

    def _start_line_too_long(self) -> FramingError:
        return StartLineTooLong(f"a start line of at most {self.limits.start_line_bytes} bytes", "more", "shorten it")

    def _take_fields(self) -> bool:
        """Take the header lines that are whole; True if the empty line behind them is among them."""
        buffer, limits = self._buffer, self.limits
        if buffer.find(b"\n", self._searched) < 0:
            self._searched = len(buffer)
            if self._field_bytes + len(buffer) >= limits.headers_bytes:
                raise headers_too_large(limits)
            return False
        if buffer.startswith(b"\r\n"):
            size, is_end = 2, True
        else:
            size = buffer.find(b"\r\n\r\n", max(0, self._searched - 3)) + 4
            if not (is_end := size > 3):
                size = buffer.rfind(b"\n", self._searched) + 1
        lines = buffer[: size - 2 if is_end else size].decode("latin-1")
        fields = read_fields(lines)
        used = self._field_bytes + size
        if fields is None or used > limits.headers_bytes or len(self._fields) + len(fields) > limits.header_count:
            whole = buffer[:size].decode("latin-1")
            raise header_fault(whole, limits, self._field_bytes, len(self._fields))
        if not is_end and used + len(buffer) - size >= limits.headers_bytes:
            raise headers_too_large(limits)
        self._fields += fields
        self._field_bytes = used
        self._take(size)
        self._searched = 0 if is_end else len(buffer)
        return is_end

    def _read_headers(self, events: list[Event]) -> bool:
        if not self._take_fields():
            return False
        message, move = self._finish_head(tuple(self._fields))
        events.append(Head(message, self.at, self._start))
        self.move(move)
        if move is Move.NO_BODY or move is Move.SWITCH:
            self._end(events)
        self._fields, self._field_bytes = [], 0
        return True

    def _read_trailers(self, events: list[Event]) -> bool:
        if not self._take_fields():
            return False
        trailers = tuple(self._fields)
        check_trailers(trailers)
        self.move(Move.TRAILERS_END)
        self._end(events, trailers)
        return True

    def _end(self, events: list[Event], trailers: Headers = ()) -> None:
        events.append(End(trailers, self.at))
        self._after_last = self.at

    def _read_body(self, events: list[Event]) -> bool:
        if not self._buffer:
            return False
        data = self._take(min(self._remaining, len(self._buffer)))
        self._remaining -= len(data)
        events.append(Data(data, self.at))
        if self._remaining:
            return False
        if self.state is State.CHUNK_DATA:
            self.move(Move.CHUNK)
        else:
            self.move(Move.COMPLETE)
            self._end(events)
        return True

    def _read_chunk_size(self, events: list[Event]) -> bool:
        if not self._searched:
            self._take_whole_chunks(events)
        line = self._line(self.limits.chunk_line_bytes, self._chunk_line_too_long)
        if line is None:
            return False
        self._remaining = read_chunk_size(line)
        self._body_bytes += self._remaining
        check_size(self._body_bytes, self.limits)
        self.move(Move.SIZE if self._remaining else Move.LAST_SIZE)
        return True

    def _take_whole_chunks(self, events: list[Event]) -> None:
        """Take at one go the chunks that have come whole: SIZE, CHUNK and CHUNK_LINE would lead back here.

        Whatever is not whole, not right, over a limit or the last is left, to be read line by line.
        """
        buffer, start = self._buffer, 0
        longest = min(self.limits.chunk_line_bytes, WHOLE_CHUNK_LINE_BYTES)
        while (data_start := buffer.find(b"\r\n", start, start + longest) + 2) > 1:
            size = read_plain_chunk_size(buffer[start : data_start - 2])
            data_end = data_start + size
            if not size or not buffer.startswith(b"\r\n", data_end):
                break
            if self._body_bytes + size > self.limits.body_bytes:
                break
            self._body_bytes += size
            events.append(Data(bytes(buffer[data_start:data_end]), self.at + data_end))
            start = data_end + 2
        del buffer[:start]
        self.at += start

    def _chunk_line_too_long(self) -> FramingError:
        most = f"a chunk size line of at most {self.limits.chunk_line_bytes} bytes"
        return BadChunk(most, "more", "leave out the extensions")

    def _read_chunk_end(self, events: list[Event]) -> bool:
        found = bytes(self._buffer[:2])
        if found != b"\r\n":
            if b"\r\n".startswith(found):
                return False
            got = ascii(found[: 2 if found[:1] == b"\r" else 1].decode("latin-1"))
            raise BadChunk("CR LF after a chunk", got, "send as many bytes as its size said")
        self._take(2)
        self.move(Move.CHUNK_LINE)
        return True

    def _read_until_close(self, events: list[Event]) -> bool:
        room = self.limits.body_bytes - self._body_bytes
        if data := self._take(min(room, len(self._buffer))):
            self._body_bytes += len(data)
            events.append(Data(data, self.at))
        if self._buffer:
            raise body_too_large(self.limits, "more")
        return False

    def _hand_through(self, events: list[Event]) -> bool:
        if self._buffer:
            events.append(Data(self._take(len(self._buffer)), self.at))
        return False

    # What each direction reads in its own way.

    _may_pass_over_empty_lines = False

    def _understand(self, start_line: str) -> None:
        raise NotImplementedError("a Parser reads nothing by itself: take RequestParser or ResponseParser")

    def _finish_head(self, headers: Headers) -> tuple[Request | Response, Move]:
        raise NotImplementedError


_READ: dict[State, Callable[[Parser, list[Event]], bool]] = {
    State.START_LINE: Parser._read_start_line,
    State.HEADERS: Parser._read_headers,
    State.BODY: Parser._read_body,
    State.CHUNK_SIZE: Parser._read_chunk_size,
    State.CHUNK_DATA: Parser._read_body,
    State.CHUNK_END: Parser._read_chunk_end,
    State.TRAILERS: Parser._read_trailers,
    State.UNTIL_CLOSE: Parser._read_until_close,
    State.SWITCHED: Parser._hand_through,
}
