"""The parser's picture, drawn from its table: every state, every move, where it is now and how it came there."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from patterns.lab.machine_picture import Lines, Way, machine_picture
from patterns.lab.style import Drawing
from patterns.wire.framing import (
    TRANSITIONS,
    FramingError,
    Move,
    Parser,
    RequestParser,
    ResponseParser,
    State,
)

__all__ = ["path_of", "state_picture"]

Path = tuple[State, ...]

_PLACES = {
    State.START_LINE: (290.0, 32.0),
    State.HEADERS: (290.0, 128.0),
    State.BODY: (104.0, 242.0),
    State.CHUNK_SIZE: (290.0, 242.0),
    State.UNTIL_CLOSE: (472.0, 242.0),
    State.SWITCHED: (622.0, 242.0),
    State.TRAILERS: (104.0, 336.0),
    State.CHUNK_DATA: (290.0, 336.0),
    State.CHUNK_END: (290.0, 430.0),
    State.CLOSED: (540.0, 430.0),
    State.FAILED: (104.0, 430.0),
}

# Where a straight line would run through something: the way, and the place of its label (x, y, anchor).
_WAYS: dict[tuple[State, State], Way] = {
    (State.HEADERS, State.START_LINE): ("M236 111C206 92 206 68 236 49", (206, 84, "end")),
    (State.BODY, State.START_LINE): ("M84 225V44Q84 38 90 38H224", (78, 200, "end")),
    (State.TRAILERS, State.START_LINE): ("M38 336H26Q20 336 20 330V32Q20 26 26 26H224", (26, 300, "start")),
    (State.HEADERS, State.BODY): ("M224 134Q128 148 118 225", (164, 168, "start")),
    (State.HEADERS, State.UNTIL_CLOSE): ("M356 138Q424 156 452 225", (448, 194, "start")),
    (State.HEADERS, State.SWITCHED): ("M356 122Q540 116 594 225", (500, 137, "middle")),
    (State.START_LINE, State.SWITCHED): ("M356 38H626Q632 38 632 44V225", (500, 52, "middle")),
    (State.START_LINE, State.CLOSED): ("M356 26H694Q700 26 700 32V424Q700 430 694 430H606", (500, 20, "middle")),
    (State.UNTIL_CLOSE, State.CLOSED): ("M470 259Q490 360 520 413", (502, 300, "start")),
    (State.SWITCHED, State.CLOSED): ("M610 259Q594 360 562 413", (612, 330, "start")),
    (State.CHUNK_SIZE, State.TRAILERS): ("M236 259Q180 290 140 319", (178, 276, "end")),
    (State.CHUNK_END, State.CHUNK_SIZE): ("M356 430Q396 430 396 400V272Q396 242 358 242", (402, 404, "start")),
}


def state_picture(
    now: Parser | State | None = None,
    *,
    fed: bytes = b"",
    title: str = "",
    table: Mapping[tuple[State, Move], State] = TRANSITIONS,
) -> Drawing:
    """The state diagram of `table`.

    now: a parser, or a state, to be marked as the present one. fed: bytes for a parser of its own; the way
    that they take is drawn thick, each move with how often it was taken, and `now` is where it ends.
    """
    path = path_of(fed) if fed else ()
    state = now.state if isinstance(now, Parser) else now if now is not None else path[-1] if path else None
    taken = Counter(pairwise(path))
    words = _sentence(table, state, path)
    return machine_picture(table, Lines(_PLACES, _WAYS), state, taken, words, title)


def path_of(data: bytes) -> Path:
    """The states that a parser fed with `data` goes through, from the first; responses by their first bytes."""
    parser = ResponseParser() if data.startswith(b"HTTP/") else RequestParser()
    path = [parser.state]
    for byte in data:
        try:
            parser.feed(bytes((byte,)))
        except FramingError:
            return (*path, parser.state)
        if parser.state is not path[-1]:
            path.append(parser.state)
    return tuple(path)


def _sentence(table: Mapping[tuple[State, Move], State], state: State | None, path: Path) -> str:
    states = {start for start, _ in table} | set(table.values())
    parts = [f"State diagram of the parser: {len(states)} states, {len(table)} moves."]
    if state is not None:
        parts.append(f"Now it reads: {state}.")
    if path:
        shown = path if len(path) <= 24 else (*path[:12], "…", *path[-11:])
        parts.append(f"It came by {', '.join(shown)}.")
    return " ".join(parts)
