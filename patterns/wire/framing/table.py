"""The parser's states, the moves between them, and nothing else: the table is the machine, and its picture.

A message goes from `START_LINE` through `HEADERS` to one of four ways in which a body ends (RFC 9112 §6.3):
there is none, its length is said, it comes in chunks, or it lasts until the connection closes. All but the
last lead back to `START_LINE`, for the next message on the same connection.
"""

from enum import StrEnum


class State(StrEnum):
    """What the parser reads next."""

    START_LINE = "start line"
    HEADERS = "headers"
    BODY = "body of known length"
    CHUNK_SIZE = "chunk size"
    CHUNK_DATA = "chunk data"
    CHUNK_END = "chunk end"
    TRAILERS = "trailers"
    UNTIL_CLOSE = "body until close"
    SWITCHED = "another protocol"
    CLOSED = "closed"
    FAILED = "failed"

    __hash__ = str.__hash__  # the table is asked at every move, and Enum's own hash is written in Python


class Move(StrEnum):
    """What it has just found."""

    START = "start line"
    NO_BODY = "empty line, no body"
    LENGTH = "empty line, a length"
    CHUNKED = "empty line, chunked"
    OPEN_END = "empty line, no length"
    SWITCH = "HTTP ends"
    COMPLETE = "last byte"
    SIZE = "size"
    CHUNK = "last byte of chunk"
    CHUNK_LINE = "end of chunk"
    LAST_SIZE = "size 0"
    TRAILERS_END = "empty line"
    STREAM_END = "end of stream"
    ERROR = "error"

    __hash__ = str.__hash__


S, M = State, Move
TRANSITIONS: dict[tuple[State, Move], State] = {
    (S.START_LINE, M.START): S.HEADERS,
    (S.HEADERS, M.NO_BODY): S.START_LINE,
    (S.HEADERS, M.LENGTH): S.BODY,
    (S.BODY, M.COMPLETE): S.START_LINE,
    (S.HEADERS, M.CHUNKED): S.CHUNK_SIZE,
    (S.CHUNK_SIZE, M.SIZE): S.CHUNK_DATA,
    (S.CHUNK_DATA, M.CHUNK): S.CHUNK_END,
    (S.CHUNK_END, M.CHUNK_LINE): S.CHUNK_SIZE,
    (S.CHUNK_SIZE, M.LAST_SIZE): S.TRAILERS,
    (S.TRAILERS, M.TRAILERS_END): S.START_LINE,
    (S.HEADERS, M.OPEN_END): S.UNTIL_CLOSE,
    (S.UNTIL_CLOSE, M.STREAM_END): S.CLOSED,
    (S.START_LINE, M.STREAM_END): S.CLOSED,
    (S.HEADERS, M.SWITCH): S.SWITCHED,
    (S.START_LINE, M.SWITCH): S.SWITCHED,
    (S.SWITCHED, M.STREAM_END): S.CLOSED,
} | {(state, M.ERROR): S.FAILED for state in S if state not in {S.SWITCHED, S.CLOSED, S.FAILED}}
"""Every legal move; what is not here is illegal."""


class IllegalMove(RuntimeError):
    """A move that the table does not have; nothing was changed."""

    def __init__(self, state: State, move: Move) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move

    def __str__(self) -> str:
        state, move = self.state, self.move
        legal = ", ".join(found.name for start, found in TRANSITIONS if start is state) or "no move"
        return f"no move {move.name} ({move}) leads from state {state.name} ({state}); from there: {legal}"


def follow(state: State, move: Move) -> State:
    """The state that `move` leads to from `state`; `IllegalMove` if the table has no such move."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise IllegalMove(state, move) from None
