"""Any state machine that is a table, drawn: its states as boxes, its moves as arrows, and the way that was taken.

The problem: a drawing of a state machine and the machine drift apart.
The assumption: the machine is a table, so the table can be drawn.
The bargain: only the places of the states are set by hand; which moves there are is read from the table. A state
without a place stands in a row of its own at the bottom, so a new one is never missing; an arrow without a way is
straight.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from textwrap import wrap
from typing import Generic, TypeVar

from patterns.lab.style import Drawing, svg

S = TypeVar("S", bound=StrEnum)
M = TypeVar("M", bound=StrEnum)
Table = Mapping[tuple[S, M], S]
"""(state, move) → state."""
Edge = tuple[S, S]
Place = tuple[float, float]
Way = tuple[str, tuple[float, float, str]]
"""A path as SVG writes it, and the place of its label (x, y, anchor)."""

WIDTH, BOX, TALL = 720.0, 132.0, 34.0

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


@dataclass(frozen=True, slots=True)
class Lines(Generic[S]):
    """How a machine is laid out: where its states stand, and where a straight line would run through something.

    wide: of a box. letters: in a line of a label that has its own place.
    """

    places: Mapping[S, Place] = field(default_factory=dict)
    ways: Mapping[Edge[S], Way] = field(default_factory=dict)
    wide: float = BOX
    letters: int = 40


def machine_picture(
    table: Table[S, M], lines: Lines[S], now: S | None, taken: Counter[Edge[S]], words: str, title: str
) -> Drawing:
    """The diagram, with the table as its alternative. words: what it shows, for those who do not see it."""
    told = [f"{start:<21} ── {move:<22} ──▶ {end}" for (start, move), end in table.items()]
    return Drawing(
        "states",
        _draw(table, lines, now, taken, words),
        "\n".join([*([title] if title else []), *told, words]),
        css=_CSS,
        title=title,
        summary="The table of moves",
        table=_table(table, taken),
    )


def _table(table: Table[S, M], taken: Counter[Edge[S]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(start)}</td><td>{escape(move)}</td><td>{escape(end)}</td>"
        f"<td>{taken[start, end] or ''}</td></tr>"
        for (start, move), end in table.items()
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("from", "on", "to", "taken"))
    return f'<table class="bcp-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _draw(table: Table[S, M], lines: Lines[S], now: S | None, taken: Counter[Edge[S]], words: str) -> str:
    places = _placed(table, lines.places)
    height = max(y for _, y in places.values()) + TALL / 2 + 8
    sources = {end: {start for (start, _), other in table.items() if other is end} for end in table.values()}
    everywhere = {end for end, starts in sources.items() if len(starts) > max(3, len(places) / 2)}
    edges: dict[Edge[S], list[M]] = {}
    for (start, move), end in table.items():
        if end not in everywhere:
            edges.setdefault((start, end), []).append(move)
    body = [part for edge, moves in edges.items() for part in _edge(edge, moves, taken[edge], places, lines)]
    body += [part for end in sorted(everywhere) for part in _from_anywhere(end, table, places, taken)]
    been = {state for edge in taken for state in edge}
    body += [_state(state, place, now is state, state in been, lines.wide) for state, place in places.items()]
    return svg(WIDTH, height, words, "".join(body))


def _placed(table: Table[S, M], given: Mapping[S, Place]) -> dict[S, Place]:
    states = list(dict.fromkeys([start for start, _ in table] + list(table.values())))
    places = {state: given[state] for state in states if state in given}
    lowest = max((y for _, y in places.values()), default=-60.0)
    homeless = [state for state in states if state not in given]
    for n, state in enumerate(homeless):
        places[state] = ((n % 4 + 0.5) * WIDTH / 4, lowest + 94 * (1 + n // 4))
    return places


def _state(state: S, place: Place, is_now: bool, been: bool, wide: float) -> str:
    x, y = place
    looks = "state" + (" now" if is_now else "") + (" been" if been else "")
    text = f"▸ {state}" if is_now else str(state)
    return (
        f'<g class="{looks}" data-state="{state.name}"><rect x="{x - wide / 2:g}" y="{y - TALL / 2:g}" '
        f'width="{wide:g}" height="{TALL:g}" rx="6"/>'
        f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle">{escape(text)}</text></g>'
    )


def _edge(edge: Edge[S], moves: list[M], times: int, places: Mapping[S, Place], lines: Lines[S]) -> Iterator[str]:
    label = ", ".join(moves) + (f" ×{times}" if times > 1 else "")
    way, at = lines.ways.get(edge) or _straight(places[edge[0]], places[edge[1]], lines.wide)
    yield f'<g class="{"taken" if times else ""}" data-move="{edge[0].name} {edge[1].name}">'
    letters = lines.letters if edge in lines.ways else 13
    yield f'<path class="move" d="{way}"/>{_tip(way)}{_lines(wrap(label, letters), at)}</g>'


def _lines(lines: list[str], at: tuple[float, float, str]) -> str:
    x, y, anchor = at
    top = y - 6.5 * (len(lines) - 1)
    return "".join(
        f'<text x="{x:g}" y="{top + 13 * n:g}" text-anchor="{anchor}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )


def _straight(start: Place, end: Place, wide: float) -> tuple[str, tuple[float, float, str]]:
    (x0, y0), (x1, y1) = start, end
    if abs(y1 - y0) >= TALL:
        y0, y1 = y0 + (TALL / 2 if y1 > y0 else -TALL / 2), y1 - (TALL / 2 if y1 > y0 else -TALL / 2)
    else:
        x0, x1 = x0 + (wide / 2 if x1 > x0 else -wide / 2), x1 - (wide / 2 if x1 > x0 else -wide / 2)
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


def _from_anywhere(end: S, table: Table[S, M], places: Mapping[S, Place], taken: Counter[Edge[S]]) -> Iterator[str]:
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
