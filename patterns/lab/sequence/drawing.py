"""The sequence diagram as SVG: two life lines, time down the page, an arrow a message."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from patterns.lab.anatomy.visible import clipped, size, visible
from patterns.lab.sequence.layout import CROSSING, MOST_PIECES, OPENING, Layout, Ruler, lay_out
from patterns.lab.sequence.line import Line
from patterns.lab.sequence.story import Step, What
from patterns.lab.sequence.times import Clock, span
from patterns.lab.style import svg

WIDTH = 720
AXIS = 74
"""Room for the times, px, on either side."""
TOP = 46
GLYPH = 6.65
"""Width of a monospaced character of the labels (11 px), px."""

_COLOURS = {True: "var(--bcp-1,#0072b2)", False: "var(--bcp-2,#d55e00)"}
_MESSAGES = (What.MESSAGE, What.BYTES)
_DASHES = {What.CLOSE: " d", What.END: " e", What.RESET: " e", What.CUT: " e"}


@dataclass(frozen=True, slots=True)
class Lane:
    """A pair of life lines: their places across the page, and what stands above them."""

    client: float
    server: float
    heading: str = ""

    @property
    def letters(self) -> int:
        """How many letters of a label have room between the lines."""
        return int((self.server - self.client - 30) / GLYPH)


def lanes_for(connections: Sequence[int], *, apart: bool) -> dict[int, Lane]:
    """The lane of each connection: all in one, or side by side."""
    if not apart or len(connections) < 2:
        return dict.fromkeys(connections, Lane(AXIS, WIDTH - AXIS))
    pitch = (WIDTH - AXIS - 14 + 30) / len(connections)
    return {
        one: Lane(AXIS + n * pitch, AXIS + (n + 1) * pitch - 30, f"connection {one}")
        for n, one in enumerate(connections)
    }


def draw(
    steps: Sequence[Step], names: tuple[str, str], clock: Clock, words: str, *, apart: bool, numbered: bool
) -> str:
    """The SVG element. `words` is its label for those who do not see it."""
    connections = sorted({step.connection for step in steps})
    lane_of = lanes_for(connections, apart=apart)
    layout = lay_out(steps, [connections.index(s.connection) if apart else 0 for s in steps])
    lanes = list(dict.fromkeys(lane_of.values()))
    top = TOP + (16 if lanes[0].heading else 0)
    height = top + layout.height + 26
    body = "".join(
        [
            *_life_lines(lanes, names, top, layout),
            *_times(steps, layout, clock, top, lane_of, apart=apart),
            *_steps(steps, lane_of, layout, top, numbered=numbered),
        ]
    )
    return svg(WIDTH, height, words, body)


# The frame


def _life_lines(lanes: Sequence[Lane], names: tuple[str, str], top: float, layout: Layout) -> Iterator[str]:
    bottom = top + layout.height + 16
    most = 18 if len(lanes) == 1 else max(4, lanes[0].letters // 2)
    for lane in lanes:
        if lane.heading:
            middle = (lane.client + lane.server) / 2
            yield f'<text class="s" x="{middle:.1f}" y="13" text-anchor="middle">{lane.heading}</text>'
        anchors = ("start", "end") if lane.heading else ("middle", "middle")
        for at, name, anchor in zip((lane.client, lane.server), names, anchors, strict=True):
            yield (
                f'<text class="n" x="{at:.1f}" y="{top - 28:.1f}" text-anchor="{anchor}">'
                f"{escape(clipped(name, most))}</text>"
            )
            path, y = "", top - 20.0
            for middle, _ in layout.breaks:
                path += f"M{at:.1f} {y:.1f}V{top + middle - 4:.1f}"
                y = top + middle + 4
            yield f'<path class="l" d="{path}M{at:.1f} {y:.1f}V{bottom:.1f}"/>'
            for middle, _ in layout.breaks:
                for edge in (-4, 4):
                    yield f'<path class="l" d="M{at - 6:.1f} {top + middle + edge + 2.5:.1f}l12 -5"/>'


def _times(
    steps: Sequence[Step], layout: Layout, clock: Clock, top: float, lane_of: dict[int, Lane], *, apart: bool
) -> Iterator[str]:
    """Each instant beside the life line where it happened; side by side, all of them at the left."""
    yield f'<text class="s" x="{AXIS - 12}" y="{top - 10:.1f}" text-anchor="end">{clock.unit}</text>'
    left: list[tuple[float, float]] = []
    right: list[tuple[float, float]] = []
    for step, (tail, head) in zip(steps, layout.ends, strict=True):
        at_client, at_server = (tail, head) if step.to_server else (head, tail)
        times = (step.sent_s, step.arrived_s) if step.to_server else (step.arrived_s, step.sent_s)
        left.append((at_client, times[0]))
        (left if apart else right).append((at_server, times[1]))
    lane = next(iter(lane_of.values()))
    gaps = [(middle, f"+ {span(seconds)}") for middle, seconds in layout.breaks]
    for instants, x, anchor in ((left, lane.client - 12, "end"), (right, lane.server + 12, "start")):
        taken: list[float] = []
        for y, text in gaps if anchor == "end" else []:
            taken.append(y)
            yield f'<text class="s i" x="{x:.1f}" y="{top + y + 4:.1f}" text-anchor="{anchor}">{text}</text>'
        told = ""
        for y, time_s in sorted(instants):
            text = clock.tell(time_s)
            if text == told or any(abs(y - other) < 12 for other in taken):
                continue
            taken.append(y)
            told = text
            yield f'<text class="s" x="{x:.1f}" y="{top + y + 4:.1f}" text-anchor="{anchor}">{text}</text>'


# The steps


def _steps(
    steps: Sequence[Step], lane_of: dict[int, Lane], layout: Layout, top: float, *, numbered: bool
) -> Iterator[str]:
    """All lines, then all labels: no line is drawn over a label."""
    labels = []
    for n, step in enumerate(steps):
        lane = lane_of[step.connection]
        start, end = (lane.client, lane.server) if step.to_server else (lane.server, lane.client)
        tail, head = layout.ends[n]
        short = (8 if end < start else -8) if numbered else 0  # a numbered circle may stand there
        arrow = Line(start, top + tail, end + short, top + head)
        pieces = _fine(step, arrow, layout.ruler) if len(step.pieces) > 1 else []
        if pieces:
            lines = "".join([*_pieces(pieces), *_ends(step, pieces[-1])])
        else:
            lines = "".join([_path(step, arrow, layout.ruler), *_ends(step, arrow)])
        colour = _COLOURS[step.to_server] if step.what in _MESSAGES else "var(--bcp-soft,#5f6368)"
        title = f"<title>{escape(hover(step))}</title>"
        yield f'<g data-testid="step" data-what="{step.what}" style="--c:{colour}">{title}{lines}</g>'
        label = _label(step, _leaning(step, arrow, pieces), layout.label_at[n], lane.letters)
        labels.append(f"<g>{title}{label}{_number(step, arrow) if numbered else ''}</g>")
    yield from labels


def _path(step: Step, arrow: Line, ruler: Ruler) -> str:
    if step.what is What.OPEN:
        return _handshake(step, arrow, ruler)
    short = 0 if step.what in (What.CUT, What.CLOSE) else 8
    return f'<path class="a{_DASHES.get(step.what, "")}" d="{arrow.path(0, short)}"/>'


def _leaning(step: Step, arrow: Line, pieces: Sequence[Line]) -> Line:
    """The line on which the label stands: between many pieces, on the first of few, on an opening's first leg."""
    if pieces:
        apart = pieces[-1].y0 - pieces[0].y0
        return pieces[0].moved(apart / 2 + 8) if apart > 40 else pieces[0]
    if step.what is What.OPEN:
        return Line(arrow.x0, arrow.y0, arrow.x1, arrow.y0 + (arrow.y1 - arrow.y0) * 2 * OPENING)
    return arrow


def _number(step: Step, arrow: Line) -> str:
    at = f'x="{arrow.x0:.1f}" y="{arrow.y0 + 3.5:.1f}"'
    return (
        f'<circle class="k" cx="{arrow.x0:.1f}" cy="{arrow.y0:.1f}" r="7.5"/>'
        f'<text class="c" {at} text-anchor="middle">{step.connection}</text>'
    )


def _handshake(step: Step, line: Line, ruler: Ruler) -> str:
    """There, back and there again: what a new connection takes before the server has it (RFC 9293 §3.5)."""
    third = (step.arrived_s - step.sent_s) / 3
    there, back = (_before(step, line, ruler, step.sent_s + n * third) for n in (1, 2))
    legs = (
        f"M{line.x0:.1f} {line.y0:.1f}L{line.x1:.1f} {there:.1f}L{line.x0:.1f} {back:.1f}L{line.x1:.1f} {line.y1:.1f}"
    )
    return f'<path class="a d" d="{legs}"/>'


def _before(step: Step, line: Line, ruler: Ruler, time_s: float) -> float:
    """The height of a time during a step, by the sender's life line."""
    return min(line.y0 + ruler.at(time_s) - ruler.at(step.sent_s), line.y1)


def _fine(step: Step, whole: Line, ruler: Ruler) -> list[Line]:
    """A line for each piece of a message; the first and the last are where the message begins and ends."""
    lines = []
    for sent_s, arrived_s in step.pieces:
        y0 = _before(step, whole, ruler, sent_s)
        y1 = max(whole.y1 - ruler.at(step.arrived_s) + ruler.at(arrived_s), y0)
        lines.append(Line(whole.x0, y0, whole.x1, y1))
    return lines


def _pieces(lines: Sequence[Line]) -> Iterator[str]:
    """A message that came in pieces: a fine line each, at most MOST_PIECES, between the first and the last."""
    first, last = lines[0], lines[-1]
    yield (
        f'<path class="b" d="M{first.x0:.1f} {first.y0:.1f}L{first.x1:.1f} {first.y1:.1f}'
        f'L{last.x1:.1f} {last.y1:.1f}L{last.x0:.1f} {last.y0:.1f}Z"/>'
    )
    every = math.ceil(len(lines) / MOST_PIECES)
    inner = "".join(one.path(0, 3) for one in lines[every:-1:every])
    yield f'<path class="p" d="{inner}"/>' if inner else ""
    yield f'<path class="a" d="{first.path(0, 3)}"/><path class="a" d="{last.path(0, 8)}"/>'


def _ends(step: Step, line: Line) -> Iterator[str]:
    at = f'transform="{line.turn}"'
    if step.what in _MESSAGES:
        yield f'<path class="h" {at} d="M0 0L-10 -4.2L-8 0L-10 4.2Z"/>'
    elif step.what is What.END:
        yield f'<path class="a" {at} d="M-9 -4.5L-1 0L-9 4.5"/><path class="a" {at} d="M-12 -6v12"/>'
    elif step.what is What.RESET:
        yield f'<path class="x" {at} d="M-11 -5l10 10m0 -10l-10 10"/>'
    elif step.what is What.CUT:
        inward = 16 if line.x1 > line.x0 else -16
        for x, y in ((line.x0 + inward, line.y0), (line.x1 - inward, line.y1)):
            yield f'<path class="x" d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"/>'
    else:
        fill = "o" if step.what is What.OPEN else "h"
        for x, y in ((line.x0, line.y0), (line.x1, line.y1)):
            yield f'<rect class="{fill}" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'


def _label(step: Step, line: Line, label_at: float, letters: int) -> str:
    what, much = caption(step)
    share = CROSSING if label_at == CROSSING else 0.5
    room = letters * 45 // 100 if share == CROSSING else letters
    x, y = line.x0 + (line.x1 - line.x0) * share, line.y0 + (line.y1 - line.y0) * share
    return (
        f'<text class="{"m" if step.what in _MESSAGES else "w"}" text-anchor="middle" y="-5" '
        f'transform="translate({x:.1f} {y:.1f}) rotate({line.slope:.2f})">'
        f"{escape(clipped(what, max(4, room - len(much))))}"
        + (f'<tspan class="t">{escape(much)}</tspan>' if much else "")
        + "</text>"
    )


def caption(step: Step) -> tuple[str, str]:
    """The label in two parts: what it is, which may be shortened, and how much it was."""
    if step.what not in _MESSAGES:
        return step.label, ""
    pieces = f" · {len(step.pieces)} pieces" if len(step.pieces) > 1 else ""
    trouble = f" · ✗ {step.trouble.partition(':')[0]}" if step.is_broken else ""
    return step.label, f" · {size(step.size_bytes)}{pieces}{trouble}"


def hover(step: Step) -> str:
    """What shows when the pointer rests on a step: its label, trouble, and first bytes."""
    parts = [f"connection {step.connection}: {''.join(caption(step))}", step.trouble]
    first = [visible(line) for line in step.first.splitlines(keepends=True)]
    if len(step.first) < step.size_bytes:
        first.append("…")
    return "\n".join([part for part in parts if part] + first)
