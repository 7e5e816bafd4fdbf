"""The parser's picture, drawn from its table: every state, every move, where it is now and how it came there.

The problem: a drawing of a state machine and the machine drift apart.
The assumption: the machine is a table, so the table can be drawn.
The bargain: only the places of the states are set by hand; which moves there are is read from `TRANSITIONS`.
A state without a place stands in a row of its own at the bottom, so a new one is never missing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from textwrap import wrap

from patterns.lab.style import Drawing, svg
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
Edge = tuple[State, State]
Place = tuple[float, float]

WIDTH, BOX, TALL = 720.0, 132.0, 34.0

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
_WAYS: dict[Edge, tuple[str, tuple[float, float, str]]] = {
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

_CSS = (
    "<style>.bcp-states rect{fill:var(--bcp-paper,#fff);stroke:var(--bcp-soft,#5f6368);stroke-width:1.2}"
    ".bcp-states .been rect{stroke:var(--bcp-1,#0072b2);stroke-width:2.4}"
    ".bcp-states .now rect{fill:var(--bcp-1,#0072b2);stroke:var(--bcp-1,#0072b2)}"
    ".bcp-states .move{fill:none;stroke:var(--bcp-soft,#5f6368);stroke-width:1.1}"
    ".bcp-states .tip{fill:var(--bcp-soft,#5f6368)}"
    ".bcp-states .taken .move{stroke:var(--bcp-1,#0072b2);stroke-width:2.6}"
    ".bcp-states .taken .tip{fill:var(--bcp-1,#0072b2)}"
    ".bcp-states svg text{font-size:11px;fill:var(--bcp-soft,#5f6368);paint-order:stroke;"
    "stroke:var(--bcp-paper,#fff);stroke-width:5px;stroke-linejoin:round}"
    ".bcp-states svg .taken text{fill:var(--bcp-ink,#212121);font-weight:600}"
    ".bcp-states svg .state text{font-size:11.5px;fill:var(--bcp-ink,#212121);stroke:none}"
    ".bcp-states svg .now text{fill:var(--bcp-paper,#fff);font-weight:600}"
    ".bcp-states .error{stroke-dasharray:2 3}</style>"
)


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
    lines = [f"{start:<21} ── {move:<22} ──▶ {end}" for (start, move), end in table.items()]
    return Drawing(
        "states",
        _draw(table, state, taken, words),
        "\n".join([*([title] if title else []), *lines, words]),
        css=_CSS,
        title=title,
        summary="The table of moves",
        table=_table(table, taken),
    )


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


def _table(table: Mapping[tuple[State, Move], State], taken: Counter[Edge]) -> str:
    rows = "".join(
        f"<tr><td>{escape(start)}</td><td>{escape(move)}</td><td>{escape(end)}</td>"
        f"<td>{taken[start, end] or ''}</td></tr>"
        for (start, move), end in table.items()
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("from", "on", "to", "taken"))
    return f'<table class="bcp-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


# The drawing


def _draw(table: Mapping[tuple[State, Move], State], now: State | None, taken: Counter[Edge], words: str) -> str:
    places = _placed(table)
    height = max(y for _, y in places.values()) + TALL / 2 + 8
    sources = {end: {start for (start, _), other in table.items() if other is end} for end in table.values()}
    everywhere = {end for end, starts in sources.items() if len(starts) > max(3, len(places) / 2)}
    edges: dict[Edge, list[Move]] = {}
    for (start, move), end in table.items():
        if end not in everywhere:
            edges.setdefault((start, end), []).append(move)
    body = [part for edge, moves in edges.items() for part in _edge(edge, moves, taken[edge], places)]
    body += [part for end in sorted(everywhere) for part in _from_anywhere(end, table, places, taken)]
    been = {state for edge in taken for state in edge}
    body += [_state(state, place, now is state, state in been) for state, place in places.items()]
    return svg(WIDTH, height, words, "".join(body))


def _placed(table: Mapping[tuple[State, Move], State]) -> dict[State, Place]:
    states = list(dict.fromkeys([start for start, _ in table] + list(table.values())))
    places = {state: _PLACES[state] for state in states if state in _PLACES}
    lowest = max((y for _, y in places.values()), default=-60.0)
    homeless = [state for state in states if state not in _PLACES]
    for n, state in enumerate(homeless):
        places[state] = ((n % 4 + 0.5) * WIDTH / 4, lowest + 94 * (1 + n // 4))
    return places


def _state(state: State, place: Place, is_now: bool, been: bool) -> str:
    x, y = place
    looks = "state" + (" now" if is_now else "") + (" been" if been else "")
    text = f"▸ {state}" if is_now else str(state)
    return (
        f'<g class="{looks}" data-state="{state.name}"><rect x="{x - BOX / 2:g}" y="{y - TALL / 2:g}" '
        f'width="{BOX:g}" height="{TALL:g}" rx="6"/>'
        f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle">{escape(text)}</text></g>'
    )


def _edge(edge: Edge, moves: list[Move], times: int, places: Mapping[State, Place]) -> Iterator[str]:
    label = ", ".join(moves) + (f" ×{times}" if times > 1 else "")
    way, at = _WAYS.get(edge) or _straight(places[edge[0]], places[edge[1]])
    yield f'<g class="{"taken" if times else ""}" data-move="{edge[0].name} {edge[1].name}">'
    yield f'<path class="move" d="{way}"/>{_tip(way)}{_lines(wrap(label, 40 if edge in _WAYS else 13), at)}</g>'


def _lines(lines: list[str], at: tuple[float, float, str]) -> str:
    x, y, anchor = at
    top = y - 6.5 * (len(lines) - 1)
    return "".join(
        f'<text x="{x:g}" y="{top + 13 * n:g}" text-anchor="{anchor}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )


def _straight(start: Place, end: Place) -> tuple[str, tuple[float, float, str]]:
    (x0, y0), (x1, y1) = start, end
    if abs(y1 - y0) >= TALL:
        y0, y1 = y0 + (TALL / 2 if y1 > y0 else -TALL / 2), y1 - (TALL / 2 if y1 > y0 else -TALL / 2)
    else:
        x0, x1 = x0 + (BOX / 2 if x1 > x0 else -BOX / 2), x1 - (BOX / 2 if x1 > x0 else -BOX / 2)
    return f"M{x0:g} {y0:g}L{x1:g} {y1:g}", ((x0 + x1) / 2 + 8, (y0 + y1) / 2 + 4, "start")


def _tip(way: str) -> str:
    """The head of an arrow at the end of a path, in the direction of its last stretch."""
    (x0, y0), (x1, y1) = _last_two(way)
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    left = f"{x1 - 9 * ux - 4 * uy:.1f} {y1 - 9 * uy + 4 * ux:.1f}"
    right = f"{x1 - 9 * ux + 4 * uy:.1f} {y1 - 9 * uy - 4 * ux:.1f}"
    return f'<path class="tip" d="M{x1:g} {y1:g}L{left}L{right}Z"/>'


def _last_two(way: str) -> tuple[Place, Place]:
    points: list[Place] = []
    for command in way.translate({ord(letter): f" {letter}" for letter in "MLHVQC"}).split(" "):
        if not command:
            continue
        if command[0] in "HV":
            x, y = points[-1]
            points.append((float(command[1:]), y) if command[0] == "H" else (x, float(command[1:])))
            numbers: list[float] = []
            continue
        if command[0].isalpha():
            numbers = [float(command[1:])]
        else:
            numbers.append(float(command))
        if len(numbers) == 2:
            points.append((numbers[0], numbers[1]))
            numbers = []
    return points[-2], points[-1]


def _from_anywhere(
    end: State, table: Mapping[tuple[State, Move], State], places: Mapping[State, Place], taken: Counter[Edge]
) -> Iterator[str]:
    """A state that most others lead to: one arrow for all, so that the rest can be seen."""
    x, y = places[end]
    moves = dict.fromkeys(move for (_, move), other in table.items() if other is end)
    sources = {start for (start, _), other in table.items() if other is end}
    came = [start for start in sources if taken[start, end]]
    others = [str(state) for state in places if state not in sources and state is not end]
    but = f" but {', '.join(others)}" if others else ""
    label = f"{', '.join(moves)}, from any{but}"
    if came:
        label = f"{', '.join(moves)}, now from {came[0]}"
    way = f"M{x:g} {y - TALL / 2 - 40:g}V{y - TALL / 2:g}"
    yield f'<g class="{"taken" if came else ""}" data-move="ANY {end.name}">'
    yield f'<path class="move error" d="{way}"/>{_tip(way)}'
    yield f"{_lines(wrap(label, 21), (x + 8, y - TALL / 2 - 21, 'start'))}</g>"
